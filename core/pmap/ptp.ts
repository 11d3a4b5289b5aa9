/**
 * Linking and unlinking page-table pages.
 *
 * A page-table page's reference count is its number of non-zero entries; a new page's first reference stands for the
 * entry that the caller is about to store. Entries of the root are not counted.
 */
import type { Machine } from '../hunks.ts';
import { PG_NX_HI, PG_TABLE, PG_V, entryLo, tableFrame, tableWords } from '../hw/entry.ts';
import { KernelPanic } from '../panic.ts';
import type { Pmap } from '../state/pmap.ts';
import { type Frame, NUPDE, NUPDPE, NUPML4E, type Pages, frameAt, wordOf } from '../units.ts';
import { pmapInvalidatePage } from './invalidate.ts';
import { delayFree, freeDelayed, pmapFreePtPage, pmapPtPageCountAdj, ptPindex, takePtPage } from './pt-page.ts';
import { pdSlot, pdpSlot, pml4Slot, pml5Slot } from './tables.ts';

/** Levels of page-table pages. */
export const LEVEL_PT = 1;
export const LEVEL_PD = 2;
export const LEVEL_PDP = 3;
const LEVEL_PML4 = 4;

/** First index of PD, PDP and PML4 pages among a pmap's page-table pages; PT pages come first, by va >> 21. */
const PD_INDEX = NUPDE;
const PDP_INDEX = NUPDE + NUPDPE;
const PML4_INDEX = NUPDE + NUPDPE + NUPML4E;

/** FreeBSD: pmap_pde_pindex, pmap_pdpe_pindex, pmap_pml4e_pindex, pmap_pml5e_pindex */
function pindexOf(level: number, hi: number, lo: number): number {
  if (level === LEVEL_PT) return ptPindex(hi, lo);
  if (level === LEVEL_PD) return PD_INDEX + (hi >>> 0) * 4 + (lo >>> 30);
  return level === LEVEL_PDP ? PDP_INDEX + (hi >>> 7) : PML4_INDEX + (hi >>> 16);
}

/**
 * Drops a reference on a page-table page. Returns true if it was the last one and the page was unlinked. FreeBSD:
 * pmap_unwire_ptp, pmap_unuse_pt
 */
export function unwirePtp(m: Machine, pmap: Pmap, hi: number, lo: number, frame: Frame): boolean {
  const { refCount } = m.page;
  if ((refCount[frame] = refCount[frame] - 1) !== 0) return false;
  unlinkTable(m, pmap, hi, lo, frame);
  return true;
}

/** Unlinks an empty page-table page, and every table above that becomes empty as a result. FreeBSD: _pmap_unwire_ptp */
function unlinkTable(m: Machine, pmap: Pmap, hi: number, lo: number, empty: Frame): void {
  const { words, la57 } = m;
  const { refCount, pindex } = m.page;
  const index = pindex[empty];
  const root = wordOf(pmap.top);
  let freed = 0;
  let frame = empty;
  let more = true;
  const pml4e = la57 ? tableWords(words[root + pml5Slot(hi)]) + pml4Slot(hi) : root + pml4Slot(hi);
  if (index < PDP_INDEX) {
    const pdp = tableFrame(words[pml4e]);
    const pdpe = wordOf(pdp) + pdpSlot(hi, lo);
    if (index < PD_INDEX) {
      const pd = tableFrame(words[pdpe]);
      clearEntry(words, wordOf(pd) + pdSlot(lo));
      delayFree(m, frame, true);
      freed++;
      frame = pd;
      more = (refCount[pd] = refCount[pd] - 1) === 0;
    }
    if (more) {
      clearEntry(words, pdpe);
      delayFree(m, frame, true);
      freed++;
      frame = pdp;
      more = (refCount[pdp] = refCount[pdp] - 1) === 0;
    }
  }
  if (more && index < PML4_INDEX) {
    const pml4 = frameAt(pml4e);
    clearEntry(words, pml4e);
    if (!la57 && pmap.topUser !== 0) clearEntry(words, wordOf(pmap.topUser) + pml4Slot(hi));
    delayFree(m, frame, true);
    freed++;
    frame = pml4;
    more = la57 && (refCount[pml4] = refCount[pml4] - 1) === 0;
  }
  if (more) {
    clearEntry(words, root + pml5Slot(hi));
    if (pmap.topUser !== 0) clearEntry(words, wordOf(pmap.topUser) + pml5Slot(hi));
    delayFree(m, frame, true);
    freed++;
  }
  pmapPtPageCountAdj(m, pmap, -freed);
}

function clearEntry(words: Int32Array, at: number): void {
  words[at] = 0;
  words[at + 1] = 0;
}

/**
 * Drops the reference taken for a mapping that was not made. Paging-structure caches may hold the pages being freed.
 * FreeBSD: pmap_abort_ptp
 */
export function abortPtp(m: Machine, pmap: Pmap, hi: number, lo: number, frame: Frame): void {
  const outer = m.delayedFree;
  m.delayedFree = 0;
  if (unwirePtp(m, pmap, hi, lo, frame)) {
    pmapInvalidatePage(m, pmap, hi, lo);
    freeDelayed(m);
  }
  m.delayedFree = outer;
}

/**
 * Allocates and links a page-table page for an address, with any missing tables above it. The page itself is allocated
 * first. Returns 0 and changes nothing if there is no memory. FreeBSD: pmap_allocpte_nosleep, pmap_allocpte_getpml4,
 * pmap_allocpte_getpdp
 */
export function makeTable(m: Machine, pmap: Pmap, hi: number, lo: number, level: number): Frame {
  const frame = takePtPage(m, pindexOf(level, hi, lo), true);
  if (frame === 0) return 0;
  const { words } = m;
  const { refCount } = m.page;
  let count = 1;
  let table = pmap.top;
  // The first reference of a newly made table stands for the entry that this call stores in it.
  let made = false;
  if (m.la57) {
    const at = wordOf(table) + pml5Slot(hi);
    if ((words[at] & PG_V) !== 0) table = tableFrame(words[at]);
    else {
      table = takePtPage(m, pindexOf(LEVEL_PML4, hi, lo), true);
      if (table === 0) return makeFailed(m, pmap, hi, lo, frame, count, 0);
      linkTop(m, pmap, pml5Slot(hi), table);
      count++;
      made = true;
    }
  }

  let at = wordOf(table) + pml4Slot(hi);
  if (level === LEVEL_PDP || (words[at] & PG_V) === 0) {
    const pdp = level === LEVEL_PDP ? frame : takePtPage(m, pindexOf(LEVEL_PDP, hi, lo), true);
    if (pdp === 0) return makeFailed(m, pmap, hi, lo, frame, count, made ? table : 0);
    assertFree(words, at, 'pml4');
    if (!m.la57) linkTop(m, pmap, pml4Slot(hi), pdp);
    else {
      words[at] = entryLo(pdp, PG_TABLE);
      if (!made) refCount[table]++;
    }
    if (level === LEVEL_PDP) return makeDone(m, pmap, frame, count);
    count++;
    made = true;
    table = pdp;
  } else {
    table = tableFrame(words[at]);
    made = false;
  }

  at = wordOf(table) + pdpSlot(hi, lo);
  if (level === LEVEL_PD || (words[at] & PG_V) === 0) {
    const pd = level === LEVEL_PD ? frame : takePtPage(m, pindexOf(LEVEL_PD, hi, lo), true);
    if (pd === 0) return makeFailed(m, pmap, hi, lo, frame, count, made ? table : 0);
    assertFree(words, at, 'pdp');
    words[at] = entryLo(pd, PG_TABLE);
    if (!made) refCount[table]++;
    if (level === LEVEL_PD) return makeDone(m, pmap, frame, count);
    count++;
    table = pd;
  } else {
    table = tableFrame(words[at]);
    refCount[table]++;
  }

  at = wordOf(table) + pdSlot(lo);
  assertFree(words, at, 'pd');
  words[at] = entryLo(frame, PG_TABLE);
  return makeDone(m, pmap, frame, count);
}

function makeDone(m: Machine, pmap: Pmap, frame: Frame, count: Pages): Frame {
  pmapPtPageCountAdj(m, pmap, count);
  return frame;
}

/**
 * Handles running out of memory after `count` pages: frees the first, and `made`, a new table that gets no entry (0:
 * none).
 */
function makeFailed(m: Machine, pmap: Pmap, hi: number, lo: number, frame: Frame, count: Pages, made: Frame): Frame {
  pmapPtPageCountAdj(m, pmap, count);
  if (made !== 0) freeUnreferenced(m, pmap, hi, lo, made);
  pmapFreePtPage(m, pmap, frame, true);
  return 0;
}

function assertFree(words: Int32Array, at: number, level: string): void {
  if ((words[at] & PG_V) !== 0) throw taken(level, words[at]);
}

const taken = (level: string, entry: number): KernelPanic =>
  new KernelPanic('pmap_allocpte_nosleep', `${level} entry is valid`, { entry: entry >>> 0 });

/**
 * Links a page-table page into a root. If there is a user root, it gets the entry, and the kernel-mode root gets it
 * with NX: a return to user mode on the wrong root then faults at once.
 */
function linkTop(m: Machine, pmap: Pmap, slot: number, frame: Frame): void {
  const { words } = m;
  const at = wordOf(pmap.top) + slot;
  words[at] = entryLo(frame, PG_TABLE);
  if (pmap.topUser === 0) return;
  words[at + 1] = PG_NX_HI;
  words[wordOf(pmap.topUser) + slot] = entryLo(frame, PG_TABLE);
}

/** Frees a newly made table that gets no entry. FreeBSD: pmap_allocpte_free_unref */
function freeUnreferenced(m: Machine, pmap: Pmap, hi: number, lo: number, frame: Frame): void {
  const outer = m.delayedFree;
  m.delayedFree = 0;
  m.page.refCount[frame] = 0;
  unlinkTable(m, pmap, hi, lo, frame);
  pmapInvalidatePage(m, pmap, hi, lo);
  freeDelayed(m);
  m.delayedFree = outer;
}
