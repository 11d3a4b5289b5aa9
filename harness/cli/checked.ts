/** What --check has looked at, in words. */
import { CHECKED_OPS } from '../run/record.ts';
import type { WorkloadHead } from '../workload/pieces.ts';

/** Which workloads were checked after every op, and which at checkpoints only. */
export function checkedText(workloads: readonly WorkloadHead[]): string {
  const long = workloads.filter(({ length }) => length >= CHECKED_OPS).map(({ name }) => name);
  const short = workloads.length - long.length;
  const parts = [
    ...(short === 0 ? [] : [`after every op of ${short} ${short === 1 ? 'workload' : 'workloads'}`]),
    ...(long.length === 0 ? [] : [`at process exits, stops, snapshots and the end of ${long.join(', ')}`]),
  ];
  return `\ninvariants checked ${parts.join(', ')}\n`;
}
