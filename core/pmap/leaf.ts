/** Removing one leaf, 4K or 2M, with its pv entry and its reference on the page-table page. The caller flushes TLBs. */
import { REACHED_RESERVED_PT_PAGE_FREED } from '../counters.ts';
import type { Machine } from '../hunks.ts';
import { frameOf, MODIFIED, PG_A, PG_MANAGED, PG_W, tableFrame } from '../hw/entry.ts';
import { vmPageDirty } from '../page/page.ts';
import { KernelPanic } from '../panic.ts';
import { PGA_REFERENCED, PGA_WRITEABLE, RUN_PAGES, VM_PAGE_BITS_ALL } from '../state/page.ts';
import type { Pmap } from '../state/pmap.ts';
import { type Frame, NPTEPG, PDRMASK, runOf } from '../units.ts';
import { delayedInvlPage } from './invalidate.ts';
import { delayFree, pmapResidentCountAdj, removePtPage } from './pt-page.ts';
import { unwirePtp } from './ptp.ts';
import { changePvListLock, freePvEntry, pvFree4k, pvRemove2m } from './pv.ts';
import { pdpeAt } from './tables.ts';

/** Transfers the dirty and referenced bits of a 4K mapping being removed to its page. FreeBSD: pmap_remove_pte */
export function saveBits(m: Machine, frame: Frame, oldLo: number): void {
  if ((oldLo & MODIFIED) === MODIFIED) vmPageDirty(m, frame);
  if ((oldLo & PG_A) !== 0) m.page.aflags[frame] |= PGA_REFERENCED;
}

/**
 * Unmaps the page of a valid PTE in the PT page `ptp`. Returns whether the PT page was unlinked.
 * FreeBSD: sys/amd64/amd64/pmap.c pmap_remove_pte
 */
export function removePte(m: Machine, pmap: Pmap, pte: number, hi: number, lo: number, ptp: Frame): boolean {
  const { words, page } = m;
  const old = words[pte];
  const oldHi = words[pte + 1];
  words[pte] = 0;
  words[pte + 1] = 0;
  if ((old & PG_W) !== 0) pmap.stats.wiredCount--;
  pmapResidentCountAdj(m, pmap, -1);
  if ((old & PG_MANAGED) !== 0) {
    const frame = frameOf(old, oldHi);
    const run = runOf(frame);
    if ((old & MODIFIED) === MODIFIED) vmPageDirty(m, frame);
    changePvListLock(m, frame);
    pvFree4k(m, pmap, frame, hi, lo);
    let aflags = page.aflags[frame];
    if ((old & PG_A) !== 0) aflags |= PGA_REFERENCED;
    if (page.pvHead[frame] === 0 && page.pvHead2m[run] === 0) aflags &= ~PGA_WRITEABLE;
    page.aflags[frame] = aflags;
    delayedInvlPage(m, frame);
  }
  return unwirePtp(m, pmap, hi, lo, ptp);
}

/**
 * Frees the saved page table page (pm_root) of a 2M mapping that was removed, without a TLB flush of its own.
 * FreeBSD: pmap_remove_pde, pmap_remove_pages
 */
export function freeReserved(m: Machine, pmap: Pmap, hi: number, lo: number, where: string): void {
  const kept = removePtPage(pmap, hi, lo);
  if (kept === 0) return;
  const { page } = m;
  if (page.valid[kept] !== VM_PAGE_BITS_ALL) throw new KernelPanic(where, 'pte page not promoted', { frame: kept });
  m.counters[REACHED_RESERVED_PT_PAGE_FREED]++;
  m.hunks.reservedPtPageFreed(m, pmap);
  const refCount = page.refCount[kept];
  if (refCount !== NPTEPG) throw new KernelPanic(where, 'pte page ref count error', { frame: kept, refCount });
  page.refCount[kept] = 0;
  delayFree(m, kept, false);
}

/**
 * Unmaps the 2M page of a valid PDE and frees its saved page table page. Returns whether the PD page was unlinked.
 * mayLock: see core/pmap/superpage.ts demotePde. FreeBSD: sys/amd64/amd64/pmap.c pmap_remove_pde
 */
export function removePde(m: Machine, pmap: Pmap, pde: number, hi: number, lo: number, mayLock = true): boolean {
  const { words, page } = m;
  if ((lo & PDRMASK) !== 0) throw new KernelPanic('pmap_remove_pde', 'sva is not 2mpage aligned', { lo });
  const old = words[pde];
  const oldHi = words[pde + 1];
  words[pde] = 0;
  words[pde + 1] = 0;
  if ((old & PG_W) !== 0) pmap.stats.wiredCount -= NPTEPG;
  pmapResidentCountAdj(m, pmap, -NPTEPG);
  if ((old & PG_MANAGED) !== 0) {
    if (!mayLock) throw new KernelPanic('pmap_remove_pde', 'lockp is NULL', { pmap: pmap.id });
    const first = frameOf(old, oldHi) & ~(RUN_PAGES - 1);
    changePvListLock(m, first);
    freePvEntry(m, pmap, pvRemove2m(m, pmap, first, hi, lo, 'pmap_pvh_free'));
    const others = page.pvHead2m[runOf(first)] !== 0;
    for (let frame = first; frame < first + RUN_PAGES; frame++) {
      saveBits(m, frame, old);
      if (!others && page.pvHead[frame] === 0) page.aflags[frame] &= ~PGA_WRITEABLE;
    }
    delayedInvlPage(m, first);
  }
  freeReserved(m, pmap, hi, lo, 'pmap_remove_pde');
  return unwirePtp(m, pmap, hi, lo, tableFrame(words[pdpeAt(m, pmap, hi, lo)]));
}
