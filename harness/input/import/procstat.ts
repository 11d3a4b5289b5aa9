/** `procstat -v`: the maps of processes, for execs that a ktrace recording does not show. */
import { WorkloadError, quoted } from '../../workload/errors.ts';
import { linesOf } from '../../workload/lines.ts';
import { readBlocks } from '../blocks.ts';
import { type ImageMap, hex } from './image.ts';
import { type PageEvidence, type RangeSet, SEEN_WRITE } from './ranges.ts';
import type { GivenMaps } from './recording.ts';

const PAGE = 4096;
const SHARED_PAGE = 0x7ffffffff000;
const HEADER = /^ *PID +START +END +PRT\b/;
const ROW =
  /^ *(\d+) +(0x[0-9a-f]+) +(0x[0-9a-f]+) +([r-][w-][x-]) +-?\d+ +-?\d+ +\d+ +\d+ +(\S+) +(--|[a-z]{2})(?: +(.*?))? *$/;

interface Row {
  readonly start: number;
  readonly end: number;
  readonly prot: string;
  readonly type: string;
  readonly path: string | null;
}

class Procstat implements GivenMaps {
  readonly sharedPage: number;
  readonly #rows: ReadonlyMap<number, readonly Row[]>;

  constructor(rows: ReadonlyMap<number, readonly Row[]>, sharedPage: number) {
    this.#rows = rows;
    this.sharedPage = sharedPage;
  }

  /** Returns the rows of a process, without the shared page and its own mappings. */
  forPid(pid: number, mapped: RangeSet, evidence: PageEvidence): ImageMap[] | null {
    const rows = this.#rows.get(pid);
    if (rows === undefined) return null;
    const offsets = new Map<string, number>();
    return rows
      .filter(({ start, type }) => type !== 'ph' && start !== this.sharedPage)
      .filter(({ type }, i, own) => type !== 'gd' || !isStack(own[i + 1], this.sharedPage))
      .flatMap(({ start, end, prot, type, path }) => {
        const base = path === null ? start : (offsets.get(path) ?? start);
        if (path !== null) offsets.set(path, base);
        const stack = isStack({ type, end }, this.sharedPage);
        return [...mapped.gaps(start, end)].map(([from, to]) => ({
          start: hex(from),
          end: hex(to),
          prot: written(evidence, from, to) ? `${prot[0]}w${prot[2]}` : prot,
          flags: path === null ? ['PRIVATE', 'ANON'] : ['PRIVATE'],
          file: stack ? '[stack]' : path,
          off: path === null || stack ? 0 : from - base,
        }));
      });
  }
}

/** The stack is the row that ends at the shared page; the guard below it is part of it. */
const isStack = (row: Pick<Row, 'type' | 'end'> | undefined, sharedPage: number): boolean =>
  row !== undefined && row.end === sharedPage && row.type !== 'vn';

/** Were pages written, as before a run-time linker made them read-only? */
function written(evidence: PageEvidence, start: number, end: number): boolean {
  return evidence.runs.some(
    ({ first, last, seen }) => (seen & SEEN_WRITE) !== 0 && first * PAGE < end && (last + 1) * PAGE > start,
  );
}

/** Throws WorkloadError at a line that is neither a header nor a row. */
export async function readProcstat(file: string): Promise<GivenMaps> {
  const rows = new Map<number, Row[]>();
  let sharedPage = SHARED_PAGE;
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
        type: match[6],
        path: match[7] === undefined || match[7] === '' ? null : match[7],
      };
      const pid = Number(match[1]);
      const known = rows.get(pid) ?? [];
      if (known.some(({ end }) => end > row.start))
        throw new WorkloadError({ file, line }, 'maps in address order, each process once', quoted(text));
      rows.set(pid, [...known, row]);
      if (row.type === 'ph' && row.end - row.start === PAGE) sharedPage = row.start;
    }
  }
  if (rows.size === 0) throw new WorkloadError({ file, line: Math.max(line, 1) }, 'rows of procstat -v', 'none');
  return new Procstat(rows, sharedPage);
}
