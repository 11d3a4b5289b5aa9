/** run: one workload on one machine with one variant. The result is a RunRecord. */
import type { Machine, Variant } from '../../core/index.ts';
import type { Workload } from '../workload/ops.ts';
import { headOf, pieceOf } from '../workload/pieces.ts';
import type { RunOptions, RunRecord } from './record.ts';
import { type RunWatch, Session } from './session.ts';

export interface RunResult {
  readonly record: RunRecord;
  /** the machine for reuse; null if the run failed, because its state is then unknown */
  readonly machine: Machine | null;
}

/** machine: one to reuse, or null. */
export function run(
  machine: Machine | null,
  workload: Workload,
  variant: Variant,
  options: RunOptions = {},
  watch: RunWatch = {},
): RunResult {
  const piece = pieceOf(workload);
  const session = new Session(machine, { head: headOf(workload), variant, options, watch }, piece);
  const part = session.take(piece);
  return { record: Object.assign(part, session.end()), machine: session.machine };
}
