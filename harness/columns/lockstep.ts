/**
 * Runs columns through one workload in lockstep: each runs a piece, all parts are passed on, then the next piece
 * follows. Memory holds one piece and one part per column at a time.
 */
import type { RunEnd, RunOptions, RunPart } from '../run/record.ts';
import type { Piece, PiecedWorkload, WorkloadHead } from '../workload/pieces.ts';
import type { Column } from './column.ts';
import { runLimitMs } from './run-limit.ts';

/** The environment of a run: a command line, or a web page. */
export interface Host {
  /** ms since some moment */
  readonly now: () => number;
  /**
   * Called before those columns run, after `ops` ops of the workload. May take time, to handle an interrupt or to
   * repaint.
   */
  readonly running: (columns: string, head: WorkloadHead, ops: number) => Promise<void>;
  readonly isInterrupted: () => boolean;
}

export interface Lockstep {
  readonly columns: readonly Column[];
  readonly workload: PiecedWorkload;
  readonly options: RunOptions;
  /**
   * limit of a whole run in a process of its own, in ms of CPU time, given the time that the slowest built-in variant
   * has taken so far
   */
  readonly limitMs: (slowest: number) => number;
  /** receives the columns' parts of a piece, in column order */
  readonly take: (piece: Piece, parts: readonly RunPart[]) => void;
}

/** Time taken, in ms. */
export interface Pace {
  readonly reading: number;
  /** per column */
  readonly running: readonly number[];
}

export interface Ran {
  /** in column order */
  readonly runs: readonly RunEnd[];
  readonly pace: Pace;
}

/** Returns the result of each run; null if interrupted. Throws WorkloadError. */
export async function inLockstep(lockstep: Lockstep, host: Host): Promise<Ran | null> {
  const { columns, workload, options, limitMs, take } = lockstep;
  const { head } = workload;
  const runs = columns.map((column) => column.begin(head, options));
  const running = columns.map(() => 0);
  let reading = 0;
  const indices = columns.map((_column, i) => i);
  const builtIn = indices.filter((i) => columns[i].kind === 'built-in');
  const others = indices.filter((i) => columns[i].kind !== 'built-in');
  const parts: RunPart[] = [];
  const run = async (i: number, piece: Piece, limit: number): Promise<void> => {
    const start = host.now();
    parts[i] = await runs[i].take(piece, limit);
    running[i] += host.now() - start;
  };
  let start = host.now();
  for await (const piece of workload.pieces()) {
    reading += host.now() - start;
    if (host.isInterrupted()) return null;
    for (const i of builtIn) {
      await host.running(columns[i].facts.id, head, piece.from);
      await run(i, piece, Infinity);
    }
    if (others.length > 0) await host.running(others.map((i) => columns[i].facts.id).join(', '), head, piece.from);
    const limit = limitMs(Math.max(0, ...builtIn.map((i) => running[i])));
    await Promise.all(others.map((i) => run(i, piece, limit)));
    if (host.isInterrupted()) return null;
    take(piece, parts);
    start = host.now();
  }
  return { runs: runs.map(({ end }) => end!), pace: { reading, running } };
}

/** Runs one column through a workload without interruption. Throws WorkloadError. */
export async function runAlone(
  column: Column,
  workload: PiecedWorkload,
  options: RunOptions,
  host: Omit<Host, 'isInterrupted'>,
  take: (piece: Piece, part: RunPart) => void = () => {},
): Promise<{ readonly run: RunEnd; readonly pace: Pace }> {
  const limitMs = (): number => runLimitMs(workload.head.length, options.check);
  const ran = await inLockstep(
    { columns: [column], workload, options, limitMs, take: (piece, [part]) => take(piece, part) },
    { ...host, isInterrupted: () => false },
  );
  const { runs, pace } = ran!;
  return { run: runs[0], pace };
}
