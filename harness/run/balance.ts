/**
 * Leaks at the end of a workload. Once no process is left, every gauge must be back at its initial value, and no page
 * may be in use except those of files, which stay in memory like any cache.
 */
import { COUNTER_NAMES, GAUGES, type Machine, usedFrames } from '../../core/index.ts';
import type { Balance, Leftover } from './record.ts';

/** Number of pages in use that do not belong to a file. */
export function pagesInUse(m: Machine): number {
  const { refCount, object } = m.page;
  let used = 0;
  for (const [from, to] of usedFrames(m))
    for (let frame = from; frame < to; frame++) if (refCount[frame] !== 0 || object[frame] !== 0) used++;
  for (const file of m.files) used -= file.object.residentCount - file.unread;
  return used;
}

/** start, end: the counters before the first op and after the last. pagesAtStart: pagesInUse() before the first op. */
export function balanceOf(
  m: Machine,
  start: Float64Array,
  end: Float64Array,
  pagesAtStart: number,
  alive: number,
): Balance {
  if (alive > 0) return { alive, left: [] };
  const left: Leftover[] = [];
  for (const gauge of GAUGES)
    if (end[gauge] !== start[gauge]) left.push({ what: COUNTER_NAMES[gauge], start: start[gauge], end: end[gauge] });
  const pages = pagesInUse(m);
  if (pages !== pagesAtStart) left.push({ what: 'pagesInUse', start: pagesAtStart, end: pages });
  return { alive, left };
}
