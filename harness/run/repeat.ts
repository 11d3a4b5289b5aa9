/** Two runs of one workload: what they did op by op. */
import type { PerOp, RunPart } from './record.ts';

/** The first op that the two did not do alike; null if they did all that both reached alike. */
export function firstDifference(a: RunPart, b: RunPart): number | null {
  const most = Math.min(a.ops, b.ops);
  for (let op = 0; op < most; op++) if (!isSame(a.perOp, b.perOp, op)) return op;
  return a.ops === b.ops ? null : most;
}

function isSame(a: PerOp, b: PerOp, op: number): boolean {
  const fields = [a.code, a.value, a.residentCount, a.wiredCount, a.topPages, a.mappedPages, a.excessPages];
  const others = [b.code, b.value, b.residentCount, b.wiredCount, b.topPages, b.mappedPages, b.excessPages];
  if (!fields.every((field, i) => Object.is(field[op], others[i][op]))) return false;
  // Lists are numbered as they occur: while all ops counted alike, equal lists have one number, and begin at one place.
  const list = a.counterList[op];
  const [from, to] = [a.counterFrom[list], a.counterFrom[list + 1]];
  if (b.counterList[op] !== list || b.counterFrom[list + 1] !== to) return false;
  for (let k = from; k < to; k++)
    if (a.counterIndex[k] !== b.counterIndex[k] || a.counterDelta[k] !== b.counterDelta[k]) return false;
  return true;
}
