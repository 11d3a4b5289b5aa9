import type { Machine, Variant } from '../../core/index.ts';
import type { RunOptions, RunRecord } from '../../harness/run/record.ts';
import { run } from '../../harness/run/run.ts';
import type { RunWatch } from '../../harness/run/session.ts';
import type { Workload } from '../../harness/workload/ops.ts';

let machine: Machine | null = null;

/** What run() records, on the machine of the run before: run.test.ts shows that a record does not depend on it. */
export function recordOf(workload: Workload, variant: Variant, options?: RunOptions, watch?: RunWatch): RunRecord {
  const result = run(machine, workload, variant, options, watch);
  ({ machine } = result);
  return result.record;
}
