/** What is said beside an answer: how far a run is, how fast it went, what was checked, what failed. */
import type { Column, failureOf } from '../columns/column.ts';
import type { Pace } from '../columns/lockstep.ts';
import { CHECKED_OPS, type RunEnd } from '../run/record.ts';
import type { Workload } from '../workload/ops.ts';
import type { PiecedWorkload, WorkloadHead } from '../workload/pieces.ts';
import { callPlace } from '../workload/places.ts';
import { number, plural } from './words.ts';

/** Which share of the ops is done; nothing at the start. */
export const shareText = (ops: number, { length }: WorkloadHead): string =>
  ops === 0 ? '' : ` ${Math.floor((100 * ops) / length)}%`;

const rate = (count: number, ms: number): string => number(Math.round((1000 * count) / Math.max(1, ms)));

/**
 * How fast a recording was decoded and run, and the most memory that this process has taken, in a line. reading: ms, null
 * where it is not known.
 */
export function paceText(
  { head }: PiecedWorkload,
  columns: readonly Column[],
  runs: readonly RunEnd[],
  { reading, running }: Omit<Pace, 'reading'> & { readonly reading: number | null },
  residentMiB: number,
): string {
  const read = head.trace === null || reading === null ? '' : ` decoded at ${rate(head.trace.lines, reading)} lines/s,`;
  const ran = columns.map(({ facts }, i) => `${facts.id} at ${rate(runs[i].ops, running[i])} ops/s`);
  return `${head.name}: ${number(head.length)} ops;${read} ${ran.join(', ')}; ${residentMiB} MiB resident at most`;
}

/** What a reader of the results should know of how the recording was read. */
export function repairText({ name, trace }: WorkloadHead): string | null {
  if (trace === null || trace.exitsAdded === 0) return null;
  const { exitsAdded } = trace;
  const who = exitsAdded === 1 ? '1 process is' : `${exitsAdded} processes are`;
  return `${name}: ${who} still alive at the end of the recording, where exits were added: was it cut off?`;
}

/** Which workloads were checked after every op, and which at checkpoints only. */
export function checkedText(workloads: readonly Pick<WorkloadHead, 'name' | 'length'>[]): string {
  const long = workloads.filter(({ length }) => length >= CHECKED_OPS).map(({ name }) => name);
  const short = workloads.length - long.length;
  const parts = [
    ...(short === 0 ? [] : [`after every op of ${short} ${short === 1 ? 'workload' : 'workloads'}`]),
    ...(long.length === 0 ? [] : [`at process exits, stops, snapshots and the end of ${long.join(', ')}`]),
  ];
  return `\ninvariants checked ${parts.join(', ')}\n`;
}

/** One line about a run that failed. whole: its workload; null: only a piece of it is in memory. */
export function failureText(
  { variant, workload, ended }: NonNullable<ReturnType<typeof failureOf>>,
  whole: Workload | null,
): string {
  const place = whole === null || ended.op === null ? null : callPlace(whole, ended.op);
  const where = place === null ? workload : `line ${place.line} of ${workload}, ${place.process}: ${place.call}`;
  return `pmapdiff: ${variant}: ${ended.message}, while running ${where}\n`;
}

/** A run that ended in a panic: what is said of it is of the ops before only. */
export function earlyEndText({ workload, variant, ops, ended }: RunEnd, length: number): string {
  const why = ended.kind === 'panic' ? `panic: ${ended.where}: ${ended.reason}` : ended.kind;
  return `pmapdiff: ${workload} under ${variant}: ${why}; only ${number(ops)} of ${plural(length, 'op')} ran`;
}
