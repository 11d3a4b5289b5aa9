/**
 * Operations on all mappings of one page, in every pmap. They take the page's pv list lock and then try each pmap's
 * lock in turn: with one thread the attempt never fails.
 */
import { PAGES_ZEROED, PMAP_TRY_LOCKS, PV_LIST_READ_LOCKS, PV_LIST_WRITE_LOCKS } from '../counters.ts';
import { leavePlace } from '../events.ts';
import type { Machine } from '../hunks.ts';
import { MODIFIED, PG_A, PG_M, PG_PS, PG_RW, PG_V, PG_W, tableFrame } from '../hw/entry.ts';
import { physCopy, physZero } from '../hw/phys.ts';
import { vmPageDirty } from '../page/page.ts';
import { KernelPanic } from '../panic.ts';
import { EV_CLEAR_MODIFY, EV_COPY_PAGE, EV_REMOVE_ALL, EV_REMOVE_WRITE } from '../places.ts';
import { PGA_REFERENCED, PGA_WRITEABLE, RUN_PAGES, VPO_UNMANAGED } from '../state/page.ts';
import type { Pmap } from '../state/pmap.ts';
import { type Frame, PAGE_SIZE, runOf } from '../units.ts';
import { delayedInvlWait, pmapInvalidatePage } from './invalidate.ts';
import { freeDelayed, pmapResidentCountAdj } from './pt-page.ts';
import { unwirePtp } from './ptp.ts';
import { freePvEntry, pvInsertTail, pvNext, pvPmap, pvUnlink, pvVaHi, pvVaLo } from './pv.ts';
import { demotePde } from './superpage.ts';
import { pdeAt, pteIn } from './tables.ts';

/** pmap_ts_referenced counts at most this many references. FreeBSD: PMAP_TS_REFERENCED_MAX */
const TS_REFERENCED_MAX = 5;
/** pmap_page_exists_quick asks at most this many mappings. */
const EXISTS_QUICK_MAX = 16;

function assertManaged(m: Machine, frame: Frame, where: string): void {
  if ((m.page.oflags[frame] & VPO_UNMANAGED) !== 0) throw new KernelPanic(where, 'page is not managed', { frame });
}

function lockPage(m: Machine, frame: Frame): void {
  m.counters[PV_LIST_WRITE_LOCKS]++;
  m.pvListLocked = runOf(frame) + 1;
  if (m.recording) m.events.instances.locked(runOf(frame));
}

const isWriteMapped = (m: Machine, frame: Frame): boolean => (m.page.aflags[frame] & PGA_WRITEABLE) !== 0;

/** The PDE above a mapping on the page's 4K list; it is never a leaf. */
function pdeOf4k(m: Machine, pmap: Pmap, pv: number, where: string): number {
  const { words } = m;
  const pde = words[pdeAt(m, pmap, pvVaHi(words, pv), pvVaLo(words, pv))];
  if ((pde & PG_PS) !== 0) throw new KernelPanic(where, "found a 2mpage in page's pv list", { pmap: pmap.id });
  return pde;
}

/** Removes all mappings of the page. FreeBSD: sys/amd64/amd64/pmap.c pmap_remove_all */
export function pmapRemoveAll(m: Machine, frame: Frame): void {
  const { words, page, counters } = m;
  if (m.recording) m.events.emit(EV_REMOVE_ALL, 0, page.object[frame], page.pindex[frame], 0, 0, 0, 0, frame);
  assertManaged(m, frame, 'pmap_remove_all');
  const run = runOf(frame);
  lockPage(m, frame);
  for (let pv = page.pvHead2m[run]; pv !== 0; pv = page.pvHead2m[run]) {
    const pmap = pvPmap(m, pv);
    pmap.generation++;
    const hi = pvVaHi(words, pv);
    const lo = pvVaLo(words, pv);
    counters[PMAP_TRY_LOCKS]++;
    demotePde(m, pmap, pdeAt(m, pmap, hi, lo), hi, lo);
  }
  for (let pv = page.pvHead[frame]; pv !== 0; pv = page.pvHead[frame]) {
    const pmap = pvPmap(m, pv);
    pmap.generation++;
    const hi = pvVaHi(words, pv);
    const lo = pvVaLo(words, pv);
    counters[PMAP_TRY_LOCKS]++;
    pmapResidentCountAdj(m, pmap, -1);
    const pde = pdeOf4k(m, pmap, pv, 'pmap_remove_all');
    const pte = pteIn(pde, lo);
    const old = words[pte];
    words[pte] = 0;
    words[pte + 1] = 0;
    if ((old & PG_W) !== 0) pmap.stats.wiredCount--;
    if ((old & PG_A) !== 0) page.aflags[frame] |= PGA_REFERENCED;
    if ((old & MODIFIED) === MODIFIED) vmPageDirty(m, frame);
    unwirePtp(m, pmap, hi, lo, tableFrame(pde));
    pmapInvalidatePage(m, pmap, hi, lo);
    pvUnlink(words, page.pvHead, page.pvTail, frame, pv);
    freePvEntry(m, pmap, pv);
  }
  page.aflags[frame] &= ~PGA_WRITEABLE;
  m.pvListLocked = 0;
  delayedInvlWait(m, frame);
  freeDelayed(m);
  leavePlace(m);
}

/** Removes write access from all mappings of the page; 2M ones are demoted. FreeBSD: pmap_remove_write */
export function pmapRemoveWrite(m: Machine, frame: Frame): void {
  const { page } = m;
  if (m.recording) m.events.emit(EV_REMOVE_WRITE, 0, page.object[frame], page.pindex[frame], 0, 0, 0, 0, frame);
  assertManaged(m, frame, 'pmap_remove_write');
  if (isWriteMapped(m, frame)) removeWriteMapped(m, frame);
  leavePlace(m);
}

function removeWriteMapped(m: Machine, frame: Frame): void {
  const { words, page, counters } = m;
  lockPage(m, frame);
  let next = 0;
  for (let pv = page.pvHead2m[runOf(frame)]; pv !== 0; pv = next) {
    next = pvNext(words, pv);
    const pmap = pvPmap(m, pv);
    pmap.generation++;
    const hi = pvVaHi(words, pv);
    const lo = pvVaLo(words, pv);
    counters[PMAP_TRY_LOCKS]++;
    const pde = pdeAt(m, pmap, hi, lo);
    if ((words[pde] & PG_RW) !== 0) demotePde(m, pmap, pde, hi, lo);
    assertLocked(m, frame, 'pmap_remove_write');
  }
  for (let pv = page.pvHead[frame]; pv !== 0; pv = pvNext(words, pv)) {
    const pmap = pvPmap(m, pv);
    pmap.generation++;
    counters[PMAP_TRY_LOCKS]++;
    const lo = pvVaLo(words, pv);
    const pte = pteIn(pdeOf4k(m, pmap, pv, 'pmap_remove_write'), lo);
    const old = words[pte];
    if ((old & PG_RW) === 0) continue;
    words[pte] = old & ~MODIFIED;
    if ((old & PG_M) !== 0) vmPageDirty(m, frame);
    pmapInvalidatePage(m, pmap, pvVaHi(words, pv), lo);
  }
  m.pvListLocked = 0;
  page.aflags[frame] &= ~PGA_WRITEABLE;
  delayedInvlWait(m, frame);
}

function assertLocked(m: Machine, frame: Frame, where: string): void {
  if (m.pvListLocked !== runOf(frame) + 1) throw new KernelPanic(where, 'inconsistent pv lock', { frame });
}

/**
 * Clears the modified bit of all mappings of the page. A writeable 2M mapping is demoted and this page in it is made
 * read-only, so that a later write may promote it again. FreeBSD: pmap_clear_modify
 */
export function pmapClearModify(m: Machine, frame: Frame): void {
  const { page } = m;
  if (m.recording) m.events.emit(EV_CLEAR_MODIFY, 0, page.object[frame], page.pindex[frame], 0, 0, 0, 0, frame);
  assertManaged(m, frame, 'pmap_clear_modify');
  if (isWriteMapped(m, frame)) clearModifyMapped(m, frame);
  leavePlace(m);
}

function clearModifyMapped(m: Machine, frame: Frame): void {
  const { words, page, counters } = m;
  lockPage(m, frame);
  let next = 0;
  for (let pv = page.pvHead2m[runOf(frame)]; pv !== 0; pv = next) {
    next = pvNext(words, pv);
    const pmap = pvPmap(m, pv);
    pmap.generation++;
    const hi = pvVaHi(words, pv);
    const lo = pvVaLo(words, pv);
    counters[PMAP_TRY_LOCKS]++;
    const pde = pdeAt(m, pmap, hi, lo);
    const old = words[pde];
    if ((old & PG_RW) === 0 || !demotePde(m, pmap, pde, hi, lo) || (old & PG_W) !== 0) continue;
    const at = lo + (frame % RUN_PAGES) * PAGE_SIZE;
    words[pteIn(words[pde], at)] &= ~MODIFIED;
    vmPageDirty(m, frame);
    pmapInvalidatePage(m, pmap, hi, at);
  }
  for (let pv = page.pvHead[frame]; pv !== 0; pv = pvNext(words, pv)) {
    const pmap = pvPmap(m, pv);
    pmap.generation++;
    counters[PMAP_TRY_LOCKS]++;
    const lo = pvVaLo(words, pv);
    const pte = pteIn(pdeOf4k(m, pmap, pv, 'pmap_clear_modify'), lo);
    if ((words[pte] & MODIFIED) !== MODIFIED) continue;
    words[pte] &= ~PG_M;
    pmapInvalidatePage(m, pmap, pvVaHi(words, pv), lo);
  }
  m.pvListLocked = 0;
}

/**
 * Counts the accessed bits of the page's mappings, up to a limit, and clears them. The bit of a 2M mapping covers 512
 * pages and is cleared only for the page that a hash selects. Also dirties the page if a modified bit is seen. 0 means
 * that the page has no references at all. FreeBSD: sys/amd64/amd64/pmap.c pmap_ts_referenced
 */
export function pmapTsReferenced(m: Machine, frame: Frame): number {
  assertManaged(m, frame, 'pmap_ts_referenced');
  lockPage(m, frame);
  let found = tsReferenced2m(m, frame);
  if (found < TS_REFERENCED_MAX) found += tsReferenced4k(m, frame, TS_REFERENCED_MAX - found);
  m.pvListLocked = 0;
  return found;
}

function tsReferenced2m(m: Machine, frame: Frame): number {
  const { words, page, counters } = m;
  const { pvHead2m, pvTail2m } = page;
  const run = runOf(frame);
  const first = pvHead2m[run];
  let found = 0;
  let pv = first;
  if (first === 0) return 0;
  do {
    const pmap = pvPmap(m, pv);
    pmap.generation++;
    const hi = pvVaHi(words, pv);
    const lo = pvVaLo(words, pv);
    counters[PMAP_TRY_LOCKS]++;
    const pde = pdeAt(m, pmap, hi, lo);
    const old = words[pde];
    if ((old & MODIFIED) === MODIFIED) vmPageDirty(m, frame);
    if ((old & PG_A) !== 0) {
      found++;
      // The kernel hashes the pmap's address too; its low bits are zero, so it has no effect. Wired mappings stay
      // accessed: demotion would destroy a mapping that is not accessed.
      if (((frame ^ (lo >>> 21)) & (RUN_PAGES - 1)) === 0 && (old & PG_W) === 0) {
        words[pde] = old & ~PG_A;
        pmapInvalidatePage(m, pmap, hi, lo);
      }
    }
    rotate(words, pvHead2m, pvTail2m, run, pv);
    if (found >= TS_REFERENCED_MAX) break;
    pv = pvHead2m[run];
  } while (pv !== first);
  return found;
}

function tsReferenced4k(m: Machine, frame: Frame, max: number): number {
  const { words, page, counters } = m;
  const { pvHead, pvTail } = page;
  const first = pvHead[frame];
  let found = 0;
  let pv = first;
  if (first === 0) return 0;
  do {
    const pmap = pvPmap(m, pv);
    pmap.generation++;
    const lo = pvVaLo(words, pv);
    counters[PMAP_TRY_LOCKS]++;
    const pte = pteIn(pdeOf4k(m, pmap, pv, 'pmap_ts_referenced'), lo);
    const old = words[pte];
    if ((old & MODIFIED) === MODIFIED) vmPageDirty(m, frame);
    if ((old & PG_A) !== 0) {
      words[pte] = old & ~PG_A;
      pmapInvalidatePage(m, pmap, pvVaHi(words, pv), lo);
      found++;
    }
    rotate(words, pvHead, pvTail, frame, pv);
    pv = pvHead[frame];
  } while (pv !== first && found < max);
  return found;
}

/** Moves the first entry of a list to its end, so that the next scan starts with a different one. */
function rotate(words: Int32Array, heads: Int32Array, tails: Int32Array, index: number, pv: number): void {
  if (pvNext(words, pv) === 0) return;
  pvUnlink(words, heads, tails, index, pv);
  pvInsertTail(words, heads, tails, index, pv);
}

/** Does any mapping of the page have all bits of `mask`? FreeBSD: pmap_page_test_mappings */
function testMappings(m: Machine, frame: Frame, mask: number): boolean {
  const { words, page, counters } = m;
  counters[PV_LIST_READ_LOCKS]++;
  for (let pv = page.pvHead[frame]; pv !== 0; pv = pvNext(words, pv)) {
    counters[PMAP_TRY_LOCKS]++;
    if ((leafOf(m, pv) & mask) === mask) return true;
  }
  for (let pv = page.pvHead2m[runOf(frame)]; pv !== 0; pv = pvNext(words, pv)) {
    counters[PMAP_TRY_LOCKS]++;
    if ((leafOf(m, pv) & mask) === mask) return true;
  }
  return false;
}

/** Low word of the leaf that belongs to a pv entry. FreeBSD: pmap_pte */
function leafOf(m: Machine, pv: number): number {
  const { words } = m;
  const lo = pvVaLo(words, pv);
  const pde = words[pdeAt(m, pvPmap(m, pv), pvVaHi(words, pv), lo)];
  return (pde & PG_PS) !== 0 ? pde : words[pteIn(pde, lo)];
}

/** Was the page modified through any mapping? FreeBSD: pmap_is_modified */
export function pmapIsModified(m: Machine, frame: Frame): boolean {
  assertManaged(m, frame, 'pmap_is_modified');
  return isWriteMapped(m, frame) && testMappings(m, frame, MODIFIED);
}

/** Was the page accessed through any mapping? FreeBSD: pmap_is_referenced */
export function pmapIsReferenced(m: Machine, frame: Frame): boolean {
  assertManaged(m, frame, 'pmap_is_referenced');
  return testMappings(m, frame, PG_V | PG_A);
}

/** Number of wired mappings of the page; 0 for an unmanaged one. FreeBSD: pmap_page_wired_mappings */
export function pmapPageWiredMappings(m: Machine, frame: Frame): number {
  const { words, page, counters } = m;
  if ((page.oflags[frame] & VPO_UNMANAGED) !== 0) return 0;
  counters[PV_LIST_READ_LOCKS]++;
  let count = 0;
  for (let pv = page.pvHead[frame]; pv !== 0; pv = pvNext(words, pv)) {
    counters[PMAP_TRY_LOCKS]++;
    if ((leafOf(m, pv) & PG_W) !== 0) count++;
  }
  for (let pv = page.pvHead2m[runOf(frame)]; pv !== 0; pv = pvNext(words, pv)) {
    counters[PMAP_TRY_LOCKS]++;
    if ((leafOf(m, pv) & PG_W) !== 0) count++;
  }
  return count;
}

/** Does this pmap map the page? Only the page's first mappings are asked. FreeBSD: pmap_page_exists_quick */
export function pmapPageExistsQuick(m: Machine, pmap: Pmap, frame: Frame): boolean {
  const { words, page, counters } = m;
  assertManaged(m, frame, 'pmap_page_exists_quick');
  counters[PV_LIST_READ_LOCKS]++;
  let left = EXISTS_QUICK_MAX;
  for (let pv = page.pvHead[frame]; pv !== 0 && left > 0; pv = pvNext(words, pv), left--)
    if (pvPmap(m, pv) === pmap) return true;
  for (let pv = page.pvHead2m[runOf(frame)]; pv !== 0 && left > 0; pv = pvNext(words, pv), left--)
    if (pvPmap(m, pv) === pmap) return true;
  return false;
}

/** Does the page have any managed mapping? FreeBSD: pmap_page_is_mapped */
export function pmapPageIsMapped(m: Machine, frame: Frame): boolean {
  const { page } = m;
  if ((page.oflags[frame] & VPO_UNMANAGED) !== 0) return false;
  m.counters[PV_LIST_READ_LOCKS]++;
  return page.pvHead[frame] !== 0 || page.pvHead2m[runOf(frame)] !== 0;
}

/** Zeroes a page, unless it is known to be zero. FreeBSD: pmap_zero_page */
export function pmapZeroPage(m: Machine, frame: Frame): void {
  const { nonZero } = m.page;
  if (nonZero[frame] === 0) return;
  m.counters[PAGES_ZEROED]++;
  physZero(m, frame);
  nonZero[frame] = 0;
}

/** Copies a page. FreeBSD: pmap_copy_page */
export function pmapCopyPage(m: Machine, src: Frame, dst: Frame): void {
  const { page } = m;
  if (m.recording)
    m.events.emit(EV_COPY_PAGE, 0, page.object[src], page.pindex[src], page.object[dst], page.pindex[dst], src, 0, dst);
  // A copy all the same, whatever is in it.
  if (page.nonZero[src] !== 0) physCopy(m, src, dst);
  else if (page.nonZero[dst] !== 0) physZero(m, dst);
  page.nonZero[dst] = Number(page.nonZero[src] !== 0);
  leavePlace(m);
}
