/**
 * The free single frames. The lowest one is allocated first, so a page's frame depends on what is in use and never on
 * the order in which pages were freed: revisions free pages in different orders, and pv list locks are per 2M frame.
 *
 * On an aged machine the sets hold places instead of frames. Of a group of K runs, place i is frame i / K of run i mod K,
 * so that pages taken one after the other lie in K runs in turn.
 */
import type { Machine } from '../hunks.ts';
import { type FrameSet, RUN_PAGES, type VmPages } from '../state/page.ts';
import type { Frame } from '../units.ts';

/** Frees a single frame; page.nonZero tells which set it goes to. FreeBSD: none */
export function pageGive(m: Machine, frame: Frame): void {
  const { page } = m;
  insert(page.nonZero[frame] === 0 ? page.freeZero : page.freeOther, placeOf(page, frame));
}

const isAged = ({ agedFrom, agedTo }: VmPages, at: number): boolean => at >= agedFrom && at < agedTo;

function placeOf(page: VmPages, frame: Frame): number {
  if (!isAged(page, frame)) return frame;
  const { agedFrom, agedRuns } = page;
  const at = (frame - agedFrom) % (agedRuns * RUN_PAGES);
  return frame - at + (at % RUN_PAGES) * agedRuns + Math.floor(at / RUN_PAGES);
}

/** The frame at a place of a set. FreeBSD: none */
export function frameOfPlace(page: VmPages, place: number): Frame {
  if (!isAged(page, place)) return place;
  const { agedFrom, agedRuns } = page;
  const at = (place - agedFrom) % (agedRuns * RUN_PAGES);
  return place - at + (at % agedRuns) * RUN_PAGES + Math.floor(at / agedRuns);
}

/**
 * Makes the next group of runs of an aged machine single free frames. Returns false if the machine is not aged, or has
 * no whole group left. FreeBSD: none
 */
export function takeAgedGroup(m: Machine): boolean {
  const { page } = m;
  const end = page.next + page.agedRuns * RUN_PAGES;
  if (page.agedRuns === 1 || page.next !== page.agedTo || end > page.runLow) return false;
  page.agedTo = end;
  for (; page.next < end; page.next++) insert(page.freeZero, page.next);
  return true;
}

function insert(set: FrameSet, frame: Frame): void {
  const { level0, level1, level2, level3 } = set;
  set.count++;
  level0[frame >>> 5] |= 1 << (frame & 31);
  level1[frame >>> 10] |= 1 << ((frame >>> 5) & 31);
  level2[frame >>> 15] |= 1 << ((frame >>> 10) & 31);
  level3[frame >>> 20] |= 1 << ((frame >>> 15) & 31);
}

const lowestBit = (word: number): number => 31 - Math.clz32(word & -word);

/** Takes the frame at the lowest place of a set; 0 if the set is empty. FreeBSD: none */
export function takeLowest(page: VmPages, set: FrameSet): Frame {
  if (set.count === 0) return 0;
  set.count--;
  const { level0, level1, level2, level3 } = set;
  let at3 = 0;
  while (level3[at3] === 0) at3++;
  const at2 = (at3 << 5) | lowestBit(level3[at3]);
  const at1 = (at2 << 5) | lowestBit(level2[at2]);
  const at0 = (at1 << 5) | lowestBit(level1[at1]);
  const word0 = level0[at0];
  const rest0 = word0 & (word0 - 1);
  level0[at0] = rest0;
  if (rest0 === 0) {
    const rest1 = level1[at1] & (level1[at1] - 1);
    level1[at1] = rest1;
    if (rest1 === 0) {
      const rest2 = level2[at2] & (level2[at2] - 1);
      level2[at2] = rest2;
      if (rest2 === 0) level3[at3] &= level3[at3] - 1;
    }
  }
  return frameOfPlace(page, (at0 << 5) | lowestBit(word0));
}

/** Removes the places [from, to), and neighbours, from a set that is being emptied. FreeBSD: none */
export function clearPlaces(set: FrameSet, from: Frame, to: Frame): void {
  if (set.count === 0 || from >= to) return;
  set.level0.fill(0, from >>> 5, ((to - 1) >>> 5) + 1);
  set.level1.fill(0, from >>> 10, ((to - 1) >>> 10) + 1);
  set.level2.fill(0, from >>> 15, ((to - 1) >>> 15) + 1);
  set.level3.fill(0, from >>> 20, ((to - 1) >>> 20) + 1);
}
