/**
 * run: one workload, one machine, one variant; what came of it is a RunRecord.
 */
import type { Machine, Variant } from '../../core/index.ts';
import type { Workload } from '../workload/ops.ts';
import { headOf, pieceOf } from '../workload/pieces.ts';
import type { RunOptions, RunRecord } from './record.ts';
import { type RunWatch, Session } from './session.ts';

export interface RunResult {
  readonly record: RunRecord;
  /** the machine to use again; null if the run failed, which can leave anything behind */
  readonly machine: Machine | null;
}

/** machine: one to use again, or null. */
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
  return { record: { ...part, ...session.end() }, machine: session.machine };
}
