/** Every workload through every column, compared as it runs. */
import { type Column } from '../columns/column.ts';
import { type Host, type Ran, inLockstep } from '../columns/lockstep.ts';
import type { PiecedWorkload, WorkloadHead } from '../workload/pieces.ts';
import { type StateDifference, easiest, stateDifferences } from './closer-look.ts';
import type { Plan, WorkloadComparison } from './plan.ts';
import { WorkloadComparer } from './workload.ts';

/** A user's variant may take this many times as long as the slowest built-in one. */
const SLOWER = 20;

export interface ComparisonHost extends Host {
  /** Every column has run the workload. */
  readonly ran: (workload: PiecedWorkload, ran: Ran) => void;
}

export interface ComparisonOptions {
  /** check every invariant */
  readonly check: boolean;
  /** ms that a user's variant may take for one workload, however fast the built-in ones are */
  readonly leastMs: number;
}

export interface Compared {
  readonly workloads: readonly WorkloadComparison[];
  /** what maps and tables differ in, one workload a pair */
  readonly states: readonly StateDifference[];
  /** false: interrupted, the rest was not run */
  readonly complete: boolean;
}

/** A workload that every column has run. */
export interface WorkloadDone {
  readonly head: WorkloadHead;
  readonly comparison: WorkloadComparison;
  readonly states: readonly StateDifference[];
}

/**
 * columns: those of the plan, in its order, then the silent ones. Resolves to the first of the workloads if interrupted.
 * Throws WorkloadError.
 */
export async function runComparison(
  plan: Plan,
  columns: readonly Column[],
  workloads: Iterable<PiecedWorkload> | AsyncIterable<PiecedWorkload>,
  options: ComparisonOptions,
  host: ComparisonHost,
): Promise<WorkloadDone[]> {
  const done: WorkloadDone[] = [];
  for await (const workload of workloads) {
    const one = host.isInterrupted() ? null : await compareOne(plan, columns, workload, options, host);
    if (one === null) break;
    done.push(one);
  }
  return done;
}

/** One workload through every column. null: interrupted. Throws WorkloadError. */
export async function compareOne(
  plan: Plan,
  columns: readonly Column[],
  workload: PiecedWorkload,
  { check, leastMs }: ComparisonOptions,
  host: ComparisonHost,
): Promise<WorkloadDone | null> {
  const comparer = new WorkloadComparer(plan, workload.head);
  const ran = await inLockstep(
    {
      columns,
      workload,
      options: { check },
      limitMs: (slowest) => Math.max(leastMs, Math.ceil(SLOWER * slowest)),
      take: (piece, parts) => comparer.take(piece, parts),
    },
    host,
  );
  if (ran === null || host.isInterrupted()) return null;
  host.ran(workload, ran);
  const comparison = comparer.finish(ran.runs);
  const { head, whole } = workload;
  return { head, comparison, states: whole === null ? [] : await stateDifferences(columns, comparison, whole) };
}

/** done: the first of so many workloads, in their order. */
export const comparedOf = (done: readonly WorkloadDone[], workloads: number): Compared => ({
  workloads: done.map(({ comparison }) => comparison),
  states: easiest(done.flatMap(({ states }) => states)),
  complete: done.length === workloads,
});
