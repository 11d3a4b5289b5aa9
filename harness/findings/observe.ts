/** Observations read from a record, for the cells of the ledger. */
import { type CounterName, COUNTER_NAMES } from '../../core/counters.ts';
import type { RunRecord } from '../run/record.ts';
import { outcomeName } from '../workload/names.ts';

/** Index of an op; negative numbers count from the end: -1 is the last. Null if the record does not reach it. */
const positionOf = ({ ops }: RunRecord, op: number): number | null => {
  const at = op < 0 ? ops + op : op;
  return at >= 0 && at < ops ? at : null;
};

/** By how much op `op` changed a counter; a negative `op` counts from the end. Null if it was not run. */
export function added(record: RunRecord, name: CounterName, op: number): number | null {
  const at = positionOf(record, op);
  if (at === null) return null;
  return addedAt(record, COUNTER_NAMES.indexOf(name), at);
}

function addedAt({ perOp }: RunRecord, counter: number, at: number): number {
  const { counterList, counterFrom, counterIndex, counterDelta } = perOp;
  const list = counterList[at];
  for (let k = counterFrom[list]; k < counterFrom[list + 1]; k++)
    if (counterIndex[k] === counter) return counterDelta[k];
  return 0;
}

/** Value of a counter after op `op`. Null if it was not run. */
export function level(record: RunRecord, name: CounterName, op: number): number | null {
  const at = positionOf(record, op);
  if (at === null) return null;
  const counter = COUNTER_NAMES.indexOf(name);
  let value = record.start[counter];
  for (let i = 0; i <= at; i++) value += addedAt(record, counter, i);
  return value;
}

/** Outcome of op `op` as a word: ok, an errno, a signal. Null if it was not run. */
export function outcome(record: RunRecord, op: number): string | null {
  const at = positionOf(record, op);
  return at === null ? null : outcomeName(record.perOp.code[at]);
}

/**
 * user_pt_page_count minus the number of existing page-table pages (allocated and not yet freed), including top-level
 * pages. Both are counted where the event happens, so a page counted twice shows as 1. Null if op `op` was not run.
 */
export function surplusPtPages(record: RunRecord, op: number): number | null {
  const counted = level(record, 'userPtPageCount', op);
  const made = level(record, 'ptPageAllocs', op);
  const gone = level(record, 'ptPageFrees', op);
  return counted === null || made === null || gone === null ? null : counted - (made - gone);
}

/** Early exits and calls of pmap_remove in op `op`, as `early/calls`. */
export function earlyOfCalls(record: RunRecord, op: number): string | null {
  const early = added(record, 'removeEarlyExits', op);
  return early === null ? null : `${early}/${added(record, 'removeCalls', op)}`;
}

/** Full calls of pmap_remove in op `op` (those that take the pmap lock), and all calls, as `full of calls`. */
export function fullOfCalls(record: RunRecord, op: number): string | null {
  const calls = added(record, 'removeCalls', op);
  return calls === null ? null : `${calls - added(record, 'removeEarlyExits', op)!} of ${calls}`;
}

/** Early exits and calls of pmap_remove in all ops, as `early/calls`. */
export function earlyInAll({ removeByPlace: { exit, exec, other } }: RunRecord): string {
  return `${exit.early + exec.early + other.early}/${exit.calls + exec.calls + other.calls}`;
}
