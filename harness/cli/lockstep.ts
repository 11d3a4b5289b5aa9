/**
 * Columns through one workload in lockstep: each runs a piece, all parts are handed on, then comes the next piece. What
 * is held at a time is one piece and one part per column.
 */
import { setImmediate as turn } from 'node:timers/promises';
import type { RunEnd, RunOptions, RunPart } from '../run/record.ts';
import type { Piece, PiecedWorkload, WorkloadHead } from '../workload/pieces.ts';
import { type Column, beginRun } from './columns.ts';

export interface Lockstep {
  readonly columns: readonly Column[];
  readonly workload: PiecedWorkload;
  readonly options: RunOptions;
  /** wall limit of a whole run in a process of its own, given how long the slowest built-in variant has taken so far */
  readonly wallMs: (slowest: number) => number;
  /** what the columns made of a piece, in their order */
  readonly take: (piece: Piece, parts: readonly RunPart[]) => void;
  /** which columns run now, after how many ops */
  readonly say: (columns: string, ops: number) => void;
  readonly isInterrupted: () => boolean;
}

/** How long it took, ms. */
export interface Pace {
  readonly reading: number;
  /** per column */
  readonly running: readonly number[];
}

/** What each run came to, in the order of the columns; null: interrupted. Throws WorkloadError. */
export async function inLockstep(lockstep: Lockstep): Promise<{ runs: RunEnd[]; pace: Pace } | null> {
  const { columns, workload, options, wallMs, take, say, isInterrupted } = lockstep;
  const runs = columns.map((column) => beginRun(column, workload.head, options));
  const running = columns.map(() => 0);
  let reading = 0;
  const indices = columns.map((_column, i) => i);
  const builtIn = indices.filter((i) => columns[i].kind === 'built-in');
  const others = indices.filter((i) => columns[i].kind !== 'built-in');
  const parts: RunPart[] = [];
  const run = async (i: number, piece: Piece, limit: number): Promise<void> => {
    const start = performance.now();
    parts[i] = await runs[i].take(piece, limit - running[i]);
    running[i] += performance.now() - start;
  };
  let start = performance.now();
  for await (const piece of workload.pieces()) {
    reading += performance.now() - start;
    if (isInterrupted()) return null;
    for (const i of builtIn) {
      say(columns[i].facts.id, piece.from);
      await turn();
      await run(i, piece, Infinity);
    }
    if (others.length > 0) say(others.map((i) => columns[i].facts.id).join(', '), piece.from);
    const limit = wallMs(Math.max(0, ...builtIn.map((i) => running[i])));
    await Promise.all(others.map((i) => run(i, piece, limit)));
    if (isInterrupted()) return null;
    take(piece, parts);
    start = performance.now();
  }
  return { runs: runs.map(({ end }) => end!), pace: { reading, running } };
}

/** Which share of the ops is done; nothing at the start. */
export const shareText = (ops: number, { length }: WorkloadHead): string =>
  ops === 0 ? '' : ` ${Math.floor((100 * ops) / length)}%`;

const rate = (count: number, ms: number): string =>
  Math.round((1000 * count) / Math.max(1, ms)).toLocaleString('en-US');

/** How fast a recording was decoded and run, and the most memory that this process has taken, in a line. */
export function paceText(
  { head }: PiecedWorkload,
  columns: readonly Column[],
  runs: readonly RunEnd[],
  { reading, running }: Omit<Pace, 'reading'> & { readonly reading: number | null },
): string {
  const read = head.trace === null || reading === null ? '' : ` decoded at ${rate(head.trace.lines, reading)} lines/s,`;
  const ran = columns.map(({ facts }, i) => `${facts.id} at ${rate(runs[i].ops, running[i])} ops/s`);
  const resident = Math.round(process.resourceUsage().maxRSS / 1024);
  return `${head.name}: ${head.length.toLocaleString('en-US')} ops;${read} ${ran.join(', ')}; ${resident} MiB resident at most`;
}

/** What a reader of the results should know of how the recording was read. */
export function repairText({ name, trace }: WorkloadHead): string | null {
  if (trace === null || trace.exitsAdded === 0) return null;
  const { exitsAdded } = trace;
  const who = exitsAdded === 1 ? '1 process is' : `${exitsAdded} processes are`;
  return `${name}: ${who} still alive where the recording ends, exits were added there: was it cut off?`;
}
