/**
 * runComparison: every workload through every column, compared as it runs.
 */
import { type Column } from '../columns/column.ts';
import { type Host, type Ran, inLockstep } from '../columns/lockstep.ts';
import type { PiecedWorkload } from '../workload/pieces.ts';
import { type StateDifference, StateDifferences } from './closer-look.ts';
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

/** columns: those of the plan, in its order, then the silent ones. Throws WorkloadError. */
export async function runComparison(
  plan: Plan,
  columns: readonly Column[],
  workloads: readonly PiecedWorkload[],
  { check, leastMs }: ComparisonOptions,
  host: ComparisonHost,
): Promise<Compared> {
  const compared: WorkloadComparison[] = [];
  const states = new StateDifferences(columns);
  for (const workload of workloads) {
    if (host.isInterrupted()) break;
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
    if (ran === null || host.isInterrupted()) break;
    host.ran(workload, ran);
    const comparison = comparer.finish(ran.runs);
    compared.push(comparison);
    if (workload.whole !== null) await states.look(comparison, workload.whole);
  }
  return { workloads: compared, states: states.found, complete: compared.length === workloads.length };
}
