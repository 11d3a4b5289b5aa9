/** The free lists of single pages. */
import type { Machine } from '../hunks.ts';
import type { Frame } from '../units.ts';

/** Puts a page at the head of its free list; page.nonZero says which. */
export function pageGive(m: Machine, frame: Frame): void {
  const { page } = m;
  if (page.nonZero[frame] === 0) {
    page.listNext[frame] = page.freeZero;
    page.freeZero = frame;
  } else {
    page.listNext[frame] = page.freeOther;
    page.freeOther = frame;
  }
}
