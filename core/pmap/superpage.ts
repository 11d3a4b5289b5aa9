/**
 * Promotion of 512 4K mappings to one 2M mapping, and demotion back. Promotion saves the page-table page (in pm_root),
 * so that demotion needs no memory.
 */
import { DEMOTIONS, PROMOTIONS, PROMOTION_FAILURES } from '../counters.ts';
import type { Machine } from '../hunks.ts';
import {
  PG_A,
  PG_FRAME_HI,
  PG_FRAME_LO,
  PG_M,
  PG_MANAGED,
  PG_PDE_PAT,
  PG_PROMOTED_HI,
  PG_PS,
  PG_PS_FRAME_LO,
  PG_PTE_PAT,
  PG_PTE_PROMOTE_HI,
  PG_PTE_PROMOTE_LO,
  PG_RW,
  PG_U,
  PG_V,
  PG_W,
  entryLo,
  frameOf,
  tableFrame,
  tableWords,
} from '../hw/entry.ts';
import { KernelPanic } from '../panic.ts';
import { RUN_PAGES, VM_PAGE_BITS_ALL, VPO_UNMANAGED } from '../state/page.ts';
import { PMAP_PDE_SUPERPAGE, type Pmap } from '../state/pmap.ts';
import { type Frame, NPTEPG, PAGE_SIZE, runOf, wordOf } from '../units.ts';
import { invalidatePdePage } from './invalidate.ts';
import { removePde } from './leaf.ts';
import { allocPtPage, freeDelayed, insertPtPage, ptPindex, removePtPage } from './pt-page.ts';
import { changePvListLock, freePvEntry, pvInsertTail, pvRemove2m, pvRemove4k, pvSetVa, takePvEntry } from './pv.ts';
import { reservePvEntries } from './reclaim.ts';
import { pdeAt } from './tables.ts';

/** May the pmap have 2M mappings? FreeBSD: pmap_ps_enabled */
export const pmapPsEnabled = (m: Machine, pmap: Pmap): boolean =>
  m.psEnabled && (pmap.flags & PMAP_PDE_SUPERPAGE) !== 0;

/** First address of the 2M page, low half. FreeBSD: trunc_2mpage */
const trunc2m = (lo: number): number => lo & PG_PS_FRAME_LO;

/** Moves the PAT index bit to its position in a leaf of the other size. FreeBSD: pmap_swap_pat */
const patToPde = (lo: number): number => ((lo & PG_PTE_PAT) !== 0 ? (lo & ~PG_PTE_PAT) | PG_PDE_PAT : lo);
const patToPte = (lo: number): number => ((lo & PG_PDE_PAT) !== 0 ? (lo & ~PG_PDE_PAT) | PG_PTE_PAT : lo);

/** Fills a page-table page with mappings of consecutive pages. FreeBSD: pmap_fill_ptp */
function fillPtp(m: Machine, frame: Frame, lo: number, hi: number): void {
  const { words } = m;
  let at = wordOf(frame);
  for (let entry = lo, end = at + 2 * NPTEPG; at < end; at += 2, entry += PAGE_SIZE) {
    words[at] = entry;
    words[at + 1] = hi;
  }
}

/** All PTEs must be alike to be promoted. A writeable but clean PTE loses RW, which needs no TLB flush. */
function writeProtectClean(words: Int32Array, pte: number): number {
  const lo = words[pte];
  return (lo & (PG_M | PG_RW)) === PG_RW ? (words[pte] = lo & ~PG_RW) : lo;
}

/**
 * Tries to replace the 512 4K mappings under a PDE by one 2M mapping: they must map an aligned, contiguous 2M frame,
 * all accessed, with equal attributes. Mappings that were write-protected on the way stay so if it fails. No TLB flush:
 * the 2M mapping gives the same translations. FreeBSD: sys/amd64/amd64/pmap.c pmap_promote_pde
 */
export function promotePde(m: Machine, pmap: Pmap, hi: number, lo: number): void {
  const { words } = m;
  const pde = pdeAt(m, pmap, hi, lo);
  const table = words[pde];
  const first = tableWords(table);
  if ((words[first] & ((PG_FRAME_LO & ~PG_PS_FRAME_LO) | PG_A | PG_V)) !== (PG_A | PG_V)) {
    m.counters[PROMOTION_FAILURES]++;
    return;
  }
  const newLo = writeProtectClean(words, first);
  const newHi = words[first + 1];
  let expected = (newLo & (PG_PS_FRAME_LO | PG_A | PG_V)) + (NPTEPG - 1) * PAGE_SIZE;
  for (let pte = first + 2 * (NPTEPG - 1); pte > first; pte -= 2) {
    const fits =
      (words[pte] & (PG_FRAME_LO | PG_A | PG_V)) === (expected | 0) &&
      (words[pte + 1] & PG_FRAME_HI) === (newHi & PG_FRAME_HI);
    if (
      !fits ||
      ((writeProtectClean(words, pte) ^ newLo) & PG_PTE_PROMOTE_LO) !== 0 ||
      ((words[pte + 1] ^ newHi) & PG_PTE_PROMOTE_HI) !== 0
    ) {
      m.counters[PROMOTION_FAILURES]++;
      return;
    }
    expected -= PAGE_SIZE;
  }
  const ptp = tableFrame(table);
  if (m.page.pindex[ptp] !== ptPindex(hi, lo))
    throw new KernelPanic('pmap_promote_pde', "page table page's pindex is wrong", { frame: ptp });
  m.page.valid[ptp] = VM_PAGE_BITS_ALL;
  insertPtPage(m, pmap, ptp);
  if ((newLo & PG_MANAGED) !== 0) promotePv(m, pmap, frameOf(newLo, newHi), hi, trunc2m(lo));
  words[pde] = patToPde(newLo) | PG_PS;
  words[pde + 1] = newHi | PG_PROMOTED_HI;
  m.counters[PROMOTIONS]++;
}

/** The first page's pv entry becomes the 2M mapping's; the others are freed. FreeBSD: pmap_pv_promote_pde */
function promotePv(m: Machine, pmap: Pmap, first: Frame, hi: number, lo: number): void {
  const { words, page } = m;
  changePvListLock(m, first);
  const pv = pvRemove4k(m, pmap, first, hi, lo, 'pmap_pv_promote_pde');
  pvInsertTail(words, page.pvHead2m, page.pvTail2m, runOf(first), pv);
  for (let i = 1; i < NPTEPG; i++)
    freePvEntry(m, pmap, pvRemove4k(m, pmap, first + i, hi, lo + i * PAGE_SIZE, 'pmap_pvh_free'));
}

/** Removes the mapping instead of demoting it. FreeBSD: pmap_demote_pde_abort */
function abortDemotion(m: Machine, pmap: Pmap, pde: number, hi: number, lo: number, mayLock: boolean): void {
  const outer = m.delayedFree;
  m.delayedFree = 0;
  const oldHi = m.words[pde + 1];
  const start = trunc2m(lo);
  removePde(m, pmap, pde, hi, start, mayLock);
  invalidatePdePage(m, pmap, hi, start, oldHi);
  freeDelayed(m);
  m.delayedFree = outer;
}

/**
 * Replaces a 2M mapping by 512 4K mappings and returns true. If the mapping was never accessed, or no page-table page
 * is available, it is destroyed and flushed instead and the result is false. Otherwise there is no TLB flush. mayLock
 * false: the caller has no pv list lock to switch (lockp is NULL), so a managed mapping causes a panic.
 * FreeBSD: sys/amd64/amd64/pmap.c pmap_demote_pde_locked
 */
export function demotePde(m: Machine, pmap: Pmap, pde: number, hi: number, lo: number, mayLock = true): boolean {
  const { words, page } = m;
  const oldLo = words[pde];
  const oldHi = words[pde + 1];
  if ((oldLo & (PG_PS | PG_V)) !== (PG_PS | PG_V))
    throw new KernelPanic('pmap_demote_pde', 'oldpde is missing PG_PS and/or PG_V', { oldpde: oldLo >>> 0 });
  if ((oldLo & PG_A) === 0) {
    if ((oldLo & PG_W) !== 0) throw new KernelPanic('pmap_demote_pde', 'a wired mapping is missing PG_A');
    abortDemotion(m, pmap, pde, hi, lo, mayLock);
    return false;
  }
  let ptp = removePtPage(pmap, hi, lo);
  if (ptp === 0) {
    if ((oldLo & PG_W) !== 0)
      throw new KernelPanic('pmap_demote_pde', 'page table page for a wired mapping is missing');
    ptp = allocPtPage(m, pmap, ptPindex(hi, lo), false);
    if (ptp === 0) {
      abortDemotion(m, pmap, pde, hi, lo, mayLock);
      return false;
    }
    page.refCount[ptp] = NPTEPG;
  }
  if ((oldLo & (PG_M | PG_RW)) === PG_RW) throw new KernelPanic('pmap_demote_pde', 'oldpde is missing PG_M');
  const newLo = patToPte(oldLo & ~PG_PS);
  const first = wordOf(ptp);
  if (page.valid[ptp] === 0) fillPtp(m, ptp, newLo, oldHi);
  if ((((words[first] ^ newLo) & PG_FRAME_LO) | ((words[first + 1] ^ oldHi) & PG_FRAME_HI)) !== 0)
    throw new KernelPanic('pmap_demote_pde', 'firstpte and newpte map different physical addresses');
  if (((words[first] ^ newLo) & PG_PTE_PROMOTE_LO) !== 0 || ((words[first + 1] ^ oldHi) & PG_PTE_PROMOTE_HI) !== 0)
    fillPtp(m, ptp, newLo, oldHi);
  // Entries are reserved while the PDE is still a leaf: reclaiming must find the mapping and its pv entry consistent.
  if ((oldLo & PG_MANAGED) !== 0) {
    if (!mayLock) throw new KernelPanic('reserve_pv_entries', 'lockp is NULL', { pmap: pmap.id });
    reservePvEntries(m, pmap, NPTEPG - 1);
  }
  words[pde] = entryLo(ptp, PG_M | PG_A | (oldLo & PG_U) | PG_RW | PG_V);
  words[pde + 1] = 0;
  if ((oldLo & PG_MANAGED) !== 0) demotePv(m, pmap, frameOf(oldLo, oldHi) & ~(RUN_PAGES - 1), hi, trunc2m(lo));
  m.counters[DEMOTIONS]++;
  return true;
}

/** The 2M mapping's pv entry becomes the first page's; the others get new ones. FreeBSD: pmap_pv_demote_pde */
function demotePv(m: Machine, pmap: Pmap, first: Frame, hi: number, lo: number): void {
  const { words, page } = m;
  const { pvHead, pvTail } = page;
  changePvListLock(m, first);
  pvInsertTail(words, pvHead, pvTail, first, pvRemove2m(m, pmap, first, hi, lo, 'pmap_pv_demote_pde'));
  for (let i = 1; i < NPTEPG; i++) {
    const pv = takePvEntry(m, pmap);
    if (pv === 0) throw new KernelPanic('pmap_pv_demote_pde', 'missing spare', { pmap: pmap.id });
    if ((page.oflags[first + i] & VPO_UNMANAGED) !== 0)
      throw new KernelPanic('pmap_pv_demote_pde', 'page is not managed', { frame: first + i });
    pvSetVa(words, pv, hi, lo + i * PAGE_SIZE);
    pvInsertTail(words, pvHead, pvTail, first + i, pv);
  }
}
