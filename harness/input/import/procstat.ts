/** `procstat -v`: the maps of processes, for execs that a ktrace recording does not show. */
import { WorkloadError, quoted } from '../../workload/errors.ts';
import { linesOf } from '../../workload/lines.ts';
import { readBlocks } from '../blocks.ts';
import { SHARED_PAGE, hex } from './image.ts';
import type { GivenImage, GivenMaps } from './open-images.ts';
import { type PageEvidence, type RangeSet, SEEN_WRITE } from './ranges.ts';
import { USER_END } from './values.ts';

const PAGE = 4096;
const HEADER = /^ *PID +START +END +PRT\b/;
const ROW =
  /^ *(\d+) +(0x[0-9a-f]+) +(0x[0-9a-f]+) +([r-][w-][x-]) +-?\d+ +-?\d+ +\d+ +\d+ +(\S+) +(--|[a-z]{2})(?: +(.*?))? *$/;

interface Row {
  readonly start: number;
  readonly end: number;
  readonly prot: string;
  readonly flags: string;
  readonly type: string;
  readonly path: string | null;
}

class Procstat implements GivenMaps {
  readonly #rows: ReadonlyMap<number, readonly Row[]>;

  constructor(rows: ReadonlyMap<number, readonly Row[]>) {
    this.#rows = rows;
  }

  /** Returns the rows of a process, without the shared page and its own mappings. */
  forPid(pid: number, mapped: RangeSet, evidence: PageEvidence): GivenImage | null {
    const rows = this.#rows.get(pid);
    if (rows === undefined) return null;
    const stack = rows.findLast(isStack);
    const offsets = new Map<string, number>();
    const maps = rows
      .filter(({ type }) => type !== 'ph')
      .filter(({ type, end }) => type !== 'gd' || end !== stack?.start)
      .flatMap((row) => {
        const { start, end, prot, path, type } = row;
        const base = path === null ? start : (offsets.get(path) ?? start);
        if (path !== null) offsets.set(path, base);
        return [...mapped.gaps(start, end)].map(([from, to]) => ({
          start: hex(from),
          end: hex(to),
          prot: written(evidence, from, to) ? `${prot[0]}w${prot[2]}` : prot,
          flags: type === 'gd' ? ['GUARD'] : path === null ? ['PRIVATE', 'ANON'] : ['PRIVATE'],
          file: row === stack ? '[stack]' : path,
          off: path === null ? 0 : from - base,
        }));
      });
    return { maps, sharedPage: rows.findLast(isSharedPage)?.start ?? null };
  }
}

/**
 * The stack grows down, or ends where the shared page was until FreeBSD 13.1; the guard below it is part of it.
 * (FreeBSD: usr.bin/procstat/procstat_vm.c, flag D)
 */
const isStack = ({ type, flags, end }: Row): boolean => type !== 'vn' && (flags.includes('D') || end === SHARED_PAGE);

/** (FreeBSD: sys/kern/kern_exec.c exec_map_stack maps it read-only and executable) */
const isSharedPage = ({ type, prot, start, end }: Row): boolean =>
  type === 'ph' && prot === 'r-x' && end - start === PAGE;

/** Were pages written, as before a run-time linker made them read-only? */
function written(evidence: PageEvidence, start: number, end: number): boolean {
  return evidence.runs.some(
    ({ first, last, seen }) => (seen & SEEN_WRITE) !== 0 && first * PAGE < end && (last + 1) * PAGE > start,
  );
}

/** Throws WorkloadError at a line that is neither a header nor a row. */
export async function readProcstat(file: string): Promise<GivenMaps> {
  const rows = new Map<number, Row[]>();
  let line = 0;
  for await (const block of readBlocks(file, () => ({ total: 2 ** 28, expected: 'at most 256M of procstat' }))) {
    for (const text of linesOf(block)) {
      line++;
      if (HEADER.test(text) || text.trim() === '') continue;
      const match = ROW.exec(text);
      if (match === null) throw new WorkloadError({ file, line }, 'a row of procstat -v', quoted(text));
      const row = {
        start: Number(match[2]),
        end: Number(match[3]),
        prot: match[4],
        flags: match[5],
        type: match[6],
        path: match[7] === undefined || match[7] === '' ? null : match[7],
      };
      const pid = Number(match[1]);
      const known = rows.get(pid) ?? [];
      if (row.end <= row.start || row.end > USER_END || row.start % PAGE !== 0 || row.end % PAGE !== 0)
        throw new WorkloadError({ file, line }, 'a map of whole pages in user space', quoted(text));
      if (known.some(({ end }) => end > row.start))
        throw new WorkloadError({ file, line }, 'maps in address order, each process once', quoted(text));
      rows.set(pid, [...known, row]);
    }
  }
  if (rows.size === 0) throw new WorkloadError({ file, line: Math.max(line, 1) }, 'rows of procstat -v', 'none');
  return new Procstat(rows);
}
