/**
 * What happened in one op, as a vector over BASES: the occasions that terms of a declaration count.
 */
import {
  CLEANUPS_WITHOUT_SHARED_PAGE,
  CLEANUPS_WITH_OTHER_MEMORY,
  REACHED_EXEC_BEFORE_TEARDOWN,
  REACHED_EXIT_BEFORE_VMSPACE_EXIT,
  REACHED_PINIT_TOP_PAGE,
  REACHED_RELEASE_TOP_PAGE,
  REACHED_RESERVED_PT_PAGE_FREED,
  REACHED_VMSPACE_CLEAR,
  REMOVE_CALLS,
  SHARED_EXITS_OF_ABI_WITHOUT_SHARED_PAGE,
  SOLE_EXITS,
  SWAPOUT_ENTRIES,
  SWAPOUT_OBJECTS,
  SWAPOUT_PAGES,
  TEARDOWNS_OF_ABI_WITHOUT_SHARED_PAGE,
  TEARDOWNS_WITHOUT_ITS_TABLE,
  TEARDOWNS_WITHOUT_SHARED_PAGE,
  TEARDOWNS_WITH_OTHER_MEMORY,
  TEARDOWNS_WITH_PAGES_ABOVE,
  TEARDOWNS_WITH_SUPERPAGE,
  VM_MAP_READ_LOCKS,
} from '../../core/counters.ts';
import { BASES, type Measure } from '../declare/measure.ts';

export type Occasions = number[];

const NONE: Readonly<Occasions> = BASES.map(() => 0);
export const newOccasions = (): Occasions => NONE.slice();

/** Occasions of one op, from what the op added to each counter; live top-level pages by how much they grew. */
export function readOccasions(into: Occasions, added: ArrayLike<number>): void {
  into[0] = added[REACHED_PINIT_TOP_PAGE] - added[REACHED_RELEASE_TOP_PAGE];
  into[1] = added[REACHED_EXEC_BEFORE_TEARDOWN];
  into[2] = added[REACHED_EXIT_BEFORE_VMSPACE_EXIT];
  into[3] = added[SOLE_EXITS];
  into[4] = added[REMOVE_CALLS];
  into[5] = added[REACHED_RESERVED_PT_PAGE_FREED];
  into[6] = added[TEARDOWNS_WITHOUT_SHARED_PAGE];
  into[7] = added[TEARDOWNS_WITHOUT_ITS_TABLE];
  into[8] = added[TEARDOWNS_WITH_PAGES_ABOVE];
  into[9] = added[TEARDOWNS_OF_ABI_WITHOUT_SHARED_PAGE];
  into[10] = added[SHARED_EXITS_OF_ABI_WITHOUT_SHARED_PAGE];
  into[11] = added[REACHED_VMSPACE_CLEAR];
  into[12] = added[SWAPOUT_ENTRIES];
  into[13] = added[SWAPOUT_OBJECTS];
  into[14] = added[SWAPOUT_PAGES];
  into[15] = added[TEARDOWNS_WITH_OTHER_MEMORY];
  into[16] = added[TEARDOWNS_WITH_SUPERPAGE];
  into[17] = added[VM_MAP_READ_LOCKS];
  into[18] = added[CLEANUPS_WITH_OTHER_MEMORY];
  into[19] = added[CLEANUPS_WITHOUT_SHARED_PAGE];
}

/** Lower and upper bound of a difference: the steps' terms, each on its own side's occasions. */
export interface Expected {
  /** measures of the steps from the common ancestor to the candidate, and to the reference */
  readonly forward: Measure;
  readonly backward: Measure;
}

/** Sum of the steps' terms on these occasions; each step counts the occasions of its own side. */
export function termsOf({ forward, backward }: Expected, ofCandidate: Occasions, ofReference: Occasions): number {
  let terms = 0;
  for (let i = 0; i < ofCandidate.length; i++)
    terms += forward.per[i] * ofCandidate[i] - backward.per[i] * ofReference[i];
  return terms;
}

/** May a difference (candidate minus reference) lie this far above, or below, what the terms come to? */
export function mayStray(
  { forward, backward }: Expected,
  astray: number,
  ofCandidate: Occasions,
  ofReference: Occasions,
): boolean {
  if (astray === 0) return true;
  if (astray > 0 ? forward.more || backward.fewer : forward.fewer || backward.more) return true;
  return beyondRoom({ forward, backward }, astray, ofCandidate, ofReference) === 0;
}

/** What is left of such a distance when the room that the steps make on its side is taken off; of the same sign. */
export function beyondRoom(
  { forward, backward }: Expected,
  astray: number,
  ofCandidate: Occasions,
  ofReference: Occasions,
): number {
  const side = Math.sign(astray);
  const room = roomOf(forward, ofCandidate, side) + roomOf(backward, ofReference, -side);
  return side * Math.max(0, Math.abs(astray) - room);
}

/** How far a measure lets a difference lie above its terms (side 1), or below them (side -1). */
function roomOf({ room }: Measure, occasions: Occasions, side: number): number {
  if (room === null) return 0;
  let far = 0;
  for (let i = 0; i < occasions.length; i++) {
    // Fewer live top-level pages than before turn the sides round.
    const n = side * occasions[i];
    far += n > 0 ? room.above[i] * n : -room.below[i] * n;
  }
  return far;
}

/** Does a difference fit what is expected on these occasions? */
export const fits = (expected: Expected, difference: number, ofCandidate: Occasions, ofReference: Occasions): boolean =>
  mayStray(expected, difference - termsOf(expected, ofCandidate, ofReference), ofCandidate, ofReference);
