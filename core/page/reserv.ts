/**
 * Reservations: aligned runs of 512 frames, each owned by one object, so that its pages are laid out as a 2M mapping
 * requires. Also tracks which runs are fully populated, which promotion needs to know.
 *
 * Frame s of a run with first index f holds page index f + s of its owner; colour and index determine s. Runs are taken
 * from the top of RAM downwards, single pages from the bottom upwards. When memory is short, the run that has been
 * partly in use for longest is broken. A run is identified by the number of its 2M frame; 0 means none.
 * FreeBSD: sys/vm/vm_reserv.c
 */
import type { Machine } from '../hunks.ts';
import { RUN_MAP_WORDS, RUN_PAGES } from '../state/page.ts';
import { OBJ_ANON, type VmObject } from '../state/vm.ts';
import { firstOf, type Frame, runOf } from '../units.ts';
import { pageGive } from './free-list.ts';

/** Is the 2M frame of this page a fully populated reservation? FreeBSD: vm_reserv_level_iffullpop(m) == 0 */
export const reservIsFull = (m: Machine, frame: Frame): boolean => m.page.runFull[runOf(frame)] !== 0;

/**
 * Records whether the 2M frame of this page is a fully populated reservation, and sets its first page's psind to match.
 * FreeBSD: vm_reserv_populate, vm_reserv_depopulate
 */
export function reservSetFull(m: Machine, frame: Frame, full: boolean): void {
  const { page } = m;
  page.runFull[runOf(frame)] = full ? 1 : 0;
  page.psind[frame - (frame % RUN_PAGES)] = full ? 1 : 0;
}

/**
 * First frame of the page's fully populated run if the object owns that run, else 0. FreeBSD: vm_reserv_to_superpage
 */
export function reservToSuperpage(m: Machine, frame: Frame, object: VmObject): Frame {
  const { page } = m;
  const run = runOf(frame);
  return page.runFull[run] !== 0 && page.runOwner[run] === object ? firstOf(run) : 0;
}

/**
 * Takes a free, 2M-aligned run of 512 frames, none of them allocated. Returns its number, or 0 if there is none.
 * FreeBSD: none
 */
export function reservTakeRun(m: Machine): number {
  const { page } = m;
  const frame = page.freeRun;
  if (frame !== 0) {
    page.freeRun = page.listNext[frame];
    page.listNext[frame] = 0;
    return runOf(frame);
  }
  if (page.runLow - RUN_PAGES < page.next) return 0;
  page.runLow -= RUN_PAGES;
  return runOf(page.runLow);
}

/** Frees a run with no allocated frames. */
function freeRun(m: Machine, run: number): void {
  const { page } = m;
  const first = firstOf(run);
  page.listNext[first] = page.freeRun;
  page.freeRun = first;
}

/** FreeBSD: vm_reserv_insert */
function ownRun(m: Machine, run: number, object: VmObject, first: number): void {
  const { page } = m;
  const head = object.runHead;
  page.runOwner[run] = object;
  page.runFirst[run] = first;
  page.runNext[run] = head;
  page.runPrev[run] = 0;
  if (head !== 0) page.runPrev[head] = run;
  object.runHead = run;
}

/** FreeBSD: vm_reserv_remove */
function disownRun(m: Machine, run: number): void {
  const { page } = m;
  const object = page.runOwner[run]!;
  const next = page.runNext[run];
  const prev = page.runPrev[run];
  if (prev === 0) object.runHead = next;
  else page.runNext[prev] = next;
  if (next !== 0) page.runPrev[next] = prev;
  page.runOwner[run] = null;
}

function queuePart(m: Machine, run: number): void {
  const { page } = m;
  page.partPrev[run] = page.partTail;
  page.partNext[run] = 0;
  if (page.partTail === 0) page.partHead = run;
  else page.partNext[page.partTail] = run;
  page.partTail = run;
}

function unqueuePart(m: Machine, run: number): void {
  const { page } = m;
  const next = page.partNext[run];
  const prev = page.partPrev[run];
  if (prev === 0) page.partHead = next;
  else page.partNext[prev] = next;
  if (next === 0) page.partTail = prev;
  else page.partPrev[next] = prev;
}

const mapWord = (run: number, slot: number): number => run * RUN_MAP_WORDS + (slot >>> 5);
const isUsed = (m: Machine, run: number, slot: number): boolean =>
  (m.page.runMap[mapWord(run, slot)] & (1 << (slot & 31))) !== 0;

/** FreeBSD: vm_reserv_populate */
function populate(m: Machine, run: number, slot: number): Frame {
  const { page } = m;
  page.runMap[mapWord(run, slot)] |= 1 << (slot & 31);
  const count = ++page.runCount[run];
  if (count === 1) queuePart(m, run);
  if (count === RUN_PAGES) {
    unqueuePart(m, run);
    reservSetFull(m, firstOf(run), true);
  }
  return firstOf(run) + slot;
}

/** Frees a page of a run, and the run itself with its last page. FreeBSD: vm_reserv_free_page, vm_reserv_depopulate */
export function reservFreePage(m: Machine, frame: Frame): void {
  const { page } = m;
  const run = runOf(frame);
  const slot = frame % RUN_PAGES;
  if (page.runCount[run] === RUN_PAGES) {
    reservSetFull(m, frame, false);
    queuePart(m, run);
  }
  page.runMap[mapWord(run, slot)] &= ~(1 << (slot & 31));
  if (--page.runCount[run] !== 0) return;
  unqueuePart(m, run);
  disownRun(m, run);
  freeRun(m, run);
}

/** Breaks a run: its free frames become single pages, frames in use stay where they are. FreeBSD: vm_reserv_break */
function breakRun(m: Machine, run: number): void {
  const { page } = m;
  disownRun(m, run);
  if (page.runCount[run] === RUN_PAGES) reservSetFull(m, firstOf(run), false);
  else unqueuePart(m, run);
  for (let slot = 0; slot < RUN_PAGES; slot++) if (!isUsed(m, run, slot)) pageGive(m, firstOf(run) + slot);
  page.runMap.fill(0, run * RUN_MAP_WORDS, (run + 1) * RUN_MAP_WORDS);
  page.runCount[run] = 0;
}

/** Breaks all runs of an object that is being destroyed. FreeBSD: vm_reserv_break_all */
export function reservBreakAll(m: Machine, object: VmObject): void {
  while (object.runHead !== 0) breakRun(m, object.runHead);
}

/**
 * Breaks a run to get single pages when memory is short. Returns false if there is no run to break.
 * FreeBSD: vm_reserv_reclaim_inactive
 */
export function reservReclaim(m: Machine): boolean {
  const { page } = m;
  const free = page.freeRun;
  if (free !== 0) {
    page.freeRun = page.listNext[free];
    for (let frame = free + RUN_PAGES - 1; frame >= free; frame--) pageGive(m, frame);
    return true;
  }
  if (page.partHead === 0) return false;
  breakRun(m, page.partHead);
  return true;
}

/** Does the object own the run of this page? */
const owns = (m: Machine, object: VmObject, frame: Frame): boolean => m.page.runOwner[runOf(frame)] === object;

/**
 * Returns the run of a neighbouring page (0: none) if the object owns it and it covers pindex, else 0.
 * FreeBSD: vm_reserv_from_object
 */
function runFor(m: Machine, object: VmObject, pindex: number, neighbour: Frame): number {
  const { page } = m;
  const run = runOf(neighbour);
  if (neighbour === 0 || page.runOwner[run] !== object) return 0;
  const at = pindex - page.runFirst[run];
  return at >= 0 && at < RUN_PAGES ? run : 0;
}

/**
 * Allocates a frame for page pindex of a coloured object from one of its runs or a new one; 0 if the caller must use a
 * single page. before is the resident page with the next lower index, 0 if there is none. FreeBSD: vm_reserv_alloc_page
 */
export function reservAllocPage(m: Machine, object: VmObject, pindex: number, before: Frame): Frame {
  const { page } = m;
  // As an int32: V8 would keep frames as doubles in every field and list that a frame made of this one reaches.
  const slot = ((object.color + pindex) % RUN_PAGES) | 0;
  const first = pindex - slot;
  if (first < 0 || pindex >= object.size) return 0;
  const after = before === 0 ? object.memqFirst : page.listNext[before];
  let run = runFor(m, object, pindex, before);
  if (run === 0) run = runFor(m, object, pindex, after);
  if (run !== 0) return isUsed(m, run, slot) ? 0 : populate(m, run, slot);
  if (before !== 0) {
    const left = owns(m, object, before) ? page.runFirst[runOf(before)] + RUN_PAGES : page.pindex[before] + 1;
    if (left > first) return 0;
  }
  if (after !== 0) {
    const right = owns(m, object, after) ? page.runFirst[runOf(after)] : page.pindex[after];
    // A run that would start before the object does is not used: the kernel's indices are unsigned.
    if (right >= 0 && first + RUN_PAGES > right) return 0;
  }
  if ((object.flags & OBJ_ANON) === 0 && first + RUN_PAGES > object.size) return 0;
  run = m.page.limit >= 0 ? 0 : reservTakeRun(m);
  if (run === 0) return 0;
  ownRun(m, run, object, first);
  return populate(m, run, slot);
}

/**
 * A page has moved to another object, down by `offset` indices: its run moves too if the old object owns it.
 * FreeBSD: vm_reserv_rename
 */
export function reservRename(m: Machine, frame: Frame, to: VmObject, from: VmObject, offset: number): void {
  const run = runOf(frame);
  if (m.page.runOwner[run] !== from) return;
  const first = m.page.runFirst[run] - offset;
  disownRun(m, run);
  ownRun(m, run, to, first);
}
