/**
 * Physical pages: allocation and freeing of single pages, dirtying, waiting for memory, and simulated memory shortage.
 *
 * Frames that were never allocated need no list: they are between page.next and page.runLow, and their words are 0. So
 * boot and reset touch only what was used. A page of an object is the lowest free frame. Pages without an object
 * (page-table pages, pv chunks) come from separate runs, so that a revision that frees those in a different order does
 * not move the pages of objects.
 */
import { ALLOC_FAILURES, PAGES_DIRTIED, PAGES_ZEROED, SHORT_ALLOCS, VM_WAITS } from '../counters.ts';
import type { Machine } from '../hunks.ts';
import { physZero } from '../hw/phys.ts';
import { KernelPanic } from '../panic.ts';
import { PQ_NONE, RUN_MAP_WORDS, RUN_PAGES, VM_PAGE_BITS_ALL, VPO_UNMANAGED } from '../state/page.ts';
import { firstOf, type Frame, LOW_FRAMES, PAGE_SIZE, runOf } from '../units.ts';
import { clearPlaces, pageGive, takeAgedGroup, takeLowest } from './free-list.ts';
import { reservFreePage, reservReclaim, reservTakeRun } from './reserv.ts';

/**
 * Under a limit, memory becomes available again after this many failures, as after a sleep; otherwise a caller that
 * retries would loop for ever.
 */
export const LIMIT_FAILURES = 64;

/**
 * Makes all pages free. Allocation starts at frame `first`; the caller owns the frames below it (pageClaim). Clears
 * what was used since the last call. FreeBSD: vm_page_startup
 */
export function pageInit(m: Machine, first: Frame): void {
  pageClear(m);
  const { page } = m;
  page.first = first;
  page.next = first;
  page.agedRuns = 1;
  page.agedFrom = 0;
  page.agedTo = 0;
  m.frames = m.config.ram / PAGE_SIZE;
  m.lowFrames = Math.min(m.frames, LOW_FRAMES);
  page.runLow = m.frames - (m.frames % RUN_PAGES);
  page.freeRun = 0;
  page.tableZero = 0;
  page.tableOther = 0;
  page.tableNext = 0;
  page.tableEnd = 0;
  page.partHead = 0;
  page.partTail = 0;
  page.claimed = 0;
  page.limit = -1;
  page.failuresLeft = 0;
}

/**
 * Ends boot: divides what is left between pages without an object and those of objects.
 *
 * With more than 4 GiB, all memory below is for pages without an object, so that one word names a page-table page or a pv
 * entry; objects get it when nothing else is left. Their pages begin as far above 4 GiB as they otherwise would above 0:
 * then they share 2M frames, and pv list locks, with the same others.
 *
 * On an aged machine, single pages are spread over the configured number of runs from now on. What is left of the run in
 * which boot ended becomes page-table pages. FreeBSD: none
 */
export function pageDivide(m: Machine): void {
  const { page } = m;
  const { agedRuns = 1 } = m.config;
  const split = isSplit(m);
  if (agedRuns === 1 && !split) return;
  const { next } = page;
  const end = agedRuns === 1 ? next : Math.ceil(next / RUN_PAGES) * RUN_PAGES;
  page.tableNext = next;
  page.tableEnd = split ? LOW_FRAMES : end;
  page.runTables.fill(1, runOf(next), Math.ceil(page.tableEnd / RUN_PAGES));
  page.next = split ? LOW_FRAMES + end : end;
  if (split) page.first = page.next;
  page.agedRuns = agedRuns;
  page.agedFrom = page.next;
  page.agedTo = page.next;
}

/** Are the frames below 4 GiB only for pages without an object? */
const isSplit = ({ frames }: Machine): boolean => frames > LOW_FRAMES;

/** Ranges [from, to) of the frames that were ever allocated, or claimed, ascending and apart. FreeBSD: none */
export function usedFrames(m: Machine): [from: Frame, to: Frame][] {
  const { first, next, runLow, tableNext, claimed } = m.page;
  return [
    [1, isSplit(m) ? tableNext : claimed + 1],
    [first, next],
    [runLow, m.frames],
  ];
}

/**
 * Frames 1..last are used by the caller without being allocated, and pageInit must clear them too. last < page.first.
 * FreeBSD: none
 */
export function pageClaim(m: Machine, last: Frame): void {
  if (last >= m.page.first) throw new RangeError(`pageClaim: frame ${last} can be allocated, first ${m.page.first}`);
  m.page.claimed = Math.max(m.page.claimed, last);
}

function pageClear(m: Machine): void {
  const { page } = m;
  clearFrames(m, 0, 1);
  for (const [from, to] of usedFrames(m)) {
    clearFrames(m, from, to);
    clearPlaces(page.freeZero, from, to);
    clearPlaces(page.freeOther, from, to);
  }
  page.freeZero.count = 0;
  page.freeOther.count = 0;
  if (isSplit(m)) page.runTables.fill(0, 0, runOf(LOW_FRAMES));
}

function clearFrames(m: Machine, from: Frame, to: Frame): void {
  if (from >= to) return;
  const { page } = m;
  const { nonZero } = page;
  for (let frame = from; frame < to; frame++) if (nonZero[frame] !== 0) physZero(m, frame);
  nonZero.fill(0, from, to);
  page.refCount.fill(0, from, to);
  page.aflags.fill(0, from, to);
  page.oflags.fill(0, from, to);
  page.valid.fill(0, from, to);
  page.dirty.fill(0, from, to);
  page.psind.fill(0, from, to);
  page.busy.fill(0, from, to);
  page.queue.fill(PQ_NONE, from, to);
  page.pindex.fill(0, from, to);
  page.object.fill(0, from, to);
  page.listNext.fill(0, from, to);
  page.listPrev.fill(0, from, to);
  page.pvHead.fill(0, from, to);
  page.pvTail.fill(0, from, to);
  const fromRun = runOf(from);
  const toRun = runOf(to - 1) + 1;
  page.pvHead2m.fill(0, fromRun, toRun);
  page.pvTail2m.fill(0, fromRun, toRun);
  page.invlGen.fill(0, fromRun, toRun);
  page.runFull.fill(0, fromRun, toRun);
  page.runTables.fill(0, fromRun, toRun);
  page.runOwner.fill(null, fromRun, toRun);
  page.runFirst.fill(0, fromRun, toRun);
  page.runCount.fill(0, fromRun, toRun);
  page.runMap.fill(0, fromRun * RUN_MAP_WORDS, toRun * RUN_MAP_WORDS);
  page.runNext.fill(0, fromRun, toRun);
  page.runPrev.fill(0, fromRun, toRun);
  page.partNext.fill(0, fromRun, toRun);
  page.partPrev.fill(0, fromRun, toRun);
}

/** Takes a free frame, zeroed if requested; its vm_page fields are all 0. Returns 0 if there is none. FreeBSD: none */
export function pageTake(m: Machine, zero: boolean): Frame {
  const { page } = m;
  if (page.limit >= 0 && !withinLimit(m)) return 0;
  let frame = takeSingle(m, zero);
  if (frame === 0) {
    frame = tableTake(m, zero);
    page.listNext[frame] = 0;
  }
  if (frame === 0) countFailure(m);
  return frame;
}

function takeSingle(m: Machine, zero: boolean): Frame {
  const { page } = m;
  let frame = takeLowest(page, zero ? page.freeZero : page.freeOther);
  if (frame !== 0) return frame;
  frame = takeLowest(page, zero ? page.freeOther : page.freeZero);
  if (frame !== 0) {
    if (zero) clearPage(m, frame);
    return frame;
  }
  if (takeAgedGroup(m)) return takeSingle(m, zero);
  if (page.next < page.runLow) return page.next++;
  return reservReclaim(m) ? takeSingle(m, zero) : 0;
}

function clearPage(m: Machine, frame: Frame): void {
  m.counters[PAGES_ZEROED]++;
  physZero(m, frame);
  m.page.nonZero[frame] = 0;
}

/** No frame is free. */
function countFailure({ counters }: Machine): void {
  counters[SHORT_ALLOCS]++;
  counters[ALLOC_FAILURES]++;
}

/** May this allocation succeed under the limit? Counts it. */
function withinLimit(m: Machine): boolean {
  const { page } = m;
  if (page.limit > 0) {
    m.counters[SHORT_ALLOCS]++;
    page.limit--;
    return true;
  }
  countFailure(m);
  if (--page.failuresLeft <= 0) vmWait(m);
  return false;
}

/**
 * The next `count` page allocations succeed; later ones fail until someone waits for memory. -1: no limit. FreeBSD:
 * none
 */
export function pageLimit(m: Machine, count: number): void {
  m.page.limit = count;
  m.page.failuresLeft = LIMIT_FAILURES;
}

/**
 * Allocates a wired page without an object: a page-table page or a pv chunk. Returns 0 if there is none. These pages
 * come from separate runs, most recently freed first, so that they never affect where the pages of objects are.
 * FreeBSD: sys/vm/vm_page.c vm_page_alloc_noobj, vm_page_alloc_noobj_domain, _vm_page_alloc_noobj_domain
 */
export function vmPageAllocNoobj(m: Machine, zero: boolean): Frame {
  const { page } = m;
  let frame = zero ? page.tableZero : page.tableOther;
  if (frame === 0 || page.limit >= 0) {
    frame = takeNoobj(m, zero);
    if (frame === 0) return 0;
  } else if (zero) page.tableZero = page.listNext[frame];
  else page.tableOther = page.listNext[frame];
  page.refCount[frame] = 1;
  page.oflags[frame] = VPO_UNMANAGED;
  return frame;
}

function takeNoobj(m: Machine, zero: boolean): Frame {
  const { page } = m;
  if (page.limit >= 0 && !withinLimit(m)) return 0;
  let frame = tableTake(m, zero);
  if (frame === 0 && isSplit(m)) assertLowLeft(m);
  else if (frame === 0) {
    const first = firstOf(reservTakeRun(m));
    if (first !== 0) {
      page.runTables[runOf(first)] = 1;
      page.tableNext = first;
      page.tableEnd = first + RUN_PAGES;
      frame = tableTake(m, zero);
    } else frame = takeSingle(m, zero);
  }
  if (frame === 0) countFailure(m);
  return frame;
}

/**
 * Throws RangeError if memory is left, but none below 4 GiB: this machine cannot have more page tables and pv entries.
 */
function assertLowLeft(m: Machine): void {
  if (!isExhausted(m)) throw new RangeError('ram: no memory below 4 GiB is left for page tables and pv entries');
}

/** Takes a frame from the runs of pages without an object; 0 if all are in use. */
function tableTake(m: Machine, zero: boolean): Frame {
  const { page } = m;
  const { listNext } = page;
  let frame = zero ? page.tableZero : page.tableOther;
  if (frame !== 0) {
    if (zero) page.tableZero = listNext[frame];
    else page.tableOther = listNext[frame];
    return frame;
  }
  frame = zero ? page.tableOther : page.tableZero;
  if (frame !== 0) {
    if (zero) {
      page.tableOther = listNext[frame];
      clearPage(m, frame);
    } else page.tableZero = listNext[frame];
    return frame;
  }
  if (page.tableNext === page.tableEnd) return 0;
  frame = page.tableNext++;
  if (zero && page.nonZero[frame] !== 0) clearPage(m, frame);
  return frame;
}

/** Returns a frame to the set or run it came from. */
function give(m: Machine, frame: Frame): void {
  const { page } = m;
  if (page.runTables[runOf(frame)] === 0) pageGive(m, frame);
  else if (page.nonZero[frame] === 0) {
    page.listNext[frame] = page.tableZero;
    page.tableZero = frame;
  } else {
    page.listNext[frame] = page.tableOther;
    page.tableOther = frame;
  }
}

/**
 * Like vmPageAllocNoobj, but sleeps until memory is available and never fails. FreeBSD: vm_page_alloc_noobj with
 * VM_ALLOC_WAITOK
 */
export function vmPageAllocNoobjWait(m: Machine, zero: boolean): Frame {
  while (m.page.limit === 0 || isExhausted(m)) vmWait(m);
  return vmPageAllocNoobj(m, zero);
}

/**
 * Frees a page without references, mappings or object. zeroed: all its words are 0. FreeBSD: sys/vm/vm_page.c
 * vm_page_free_toq, vm_page_free, vm_page_free_zero
 */
export function vmPageFree(m: Machine, frame: Frame, zeroed: boolean): void {
  freePrep(m, frame, zeroed);
  if (m.page.runCount[runOf(frame)] === 0) give(m, frame);
  else reservFreePage(m, frame);
}

/** FreeBSD: vm_page_free_prep */
function freePrep(m: Machine, frame: Frame, zeroed: boolean): void {
  const { page } = m;
  const refCount = page.refCount[frame];
  if (refCount !== 0) throw new KernelPanic('vm_page_free_prep', 'page has references', { frame, refCount });
  if (page.pvHead[frame] !== 0) throw new KernelPanic('vm_page_free_prep', 'freeing mapped page', { frame });
  page.oflags[frame] = 0;
  page.aflags[frame] = 0;
  page.valid[frame] = 0;
  page.dirty[frame] = 0;
  page.queue[frame] = PQ_NONE;
  page.pindex[frame] = 0;
  if (zeroed) page.nonZero[frame] = 0;
}

/**
 * Frees a page from vmPageAllocNoobj that was never mapped and has no references; page.nonZero says whether it is
 * zeroed. FreeBSD: vm_page_free_toq
 */
export function vmPageFreeNoobj(m: Machine, frame: Frame): void {
  const { page } = m;
  page.oflags[frame] = 0;
  page.valid[frame] = 0;
  if (page.nonZero[frame] !== 0 || page.runTables[runOf(frame)] === 0) give(m, frame);
  else {
    page.listNext[frame] = page.tableZero;
    page.tableZero = frame;
  }
}

/** Drops the wiring of a page from vmPageAllocNoobj; the caller frees the page. FreeBSD: vm_page_unwire_noq */
export function vmPageUnwireNoq(m: Machine, frame: Frame): void {
  m.page.refCount[frame]--;
}

/** FreeBSD: sys/vm/vm_page.h vm_page_dirty */
export function vmPageDirty(m: Machine, frame: Frame): void {
  m.counters[PAGES_DIRTIED]++;
  m.page.dirty[frame] = VM_PAGE_BITS_ALL;
}

/**
 * Sleeps until memory is available, which ends a limit. Panics if every frame is in use, since nobody would wake the
 * sleeper. FreeBSD: sys/vm/vm_page.c vm_wait
 */
export function vmWait(m: Machine): void {
  const { page } = m;
  m.counters[VM_WAITS]++;
  page.limit = -1;
  if (isExhausted(m)) throw new KernelPanic('vm_wait', 'no free pages', { frames: m.frames });
}

function isExhausted(m: Machine): boolean {
  const { page } = m;
  return (
    page.freeZero.count === 0 &&
    page.freeOther.count === 0 &&
    page.tableZero === 0 &&
    page.tableOther === 0 &&
    page.tableNext === page.tableEnd &&
    page.next >= page.runLow &&
    page.freeRun === 0 &&
    page.partHead === 0
  );
}
