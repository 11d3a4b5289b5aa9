/**
 * Page-table pages: finding an entry, counting the pages, allocating them without sleeping, linking and unlinking them.
 *
 * An entry is named by the index of its low word in m.words; 0 means "no table there". An address comes as two halves.
 * References: a page-table page counts its non-zero entries; a new page's first reference stands for the entry that the
 * caller will store. The root is not counted.
 */
import {
  KERNEL_PT_PAGE_COUNT,
  NON_ZERO_FREES,
  PT_PAGE_ALLOCS,
  PT_PAGE_FREES,
  USER_PT_PAGE_COUNT,
} from '../counters.ts';
import { PG_A, PG_M, PG_NX_HI, PG_PS, PG_RW, PG_TABLE, PG_U, PG_V, entryLo, frameOf, tableWords } from '../hw/entry.ts';
import type { Machine } from '../hunks.ts';
import { vmPageAllocNoobj, vmPageAllocNoobjWait, vmPageFree, vmPageUnwireNoq } from '../page/page.ts';
import { KernelPanic } from '../panic.ts';
import type { Pmap } from '../state/pmap.ts';
import {
  type Frame,
  NBPDP,
  NBPDR,
  NBPML4,
  NPTEPG,
  NUPDE,
  NUPDPE,
  NUPML4E,
  type Pages,
  type Va,
  WORDS_PER_PAGE,
  vaHi,
  vaLo,
  vaOf,
} from '../units.ts';
import { pmapInvalidatePage } from './invalidate.ts';

/** First index of PD, PDP and PML4 pages among a pmap's page-table pages; PT pages come first, by va >> 21. */
const PD_INDEX = NUPDE;
const PDP_INDEX = NUPDE + NUPDPE;
const PML4_INDEX = NUPDE + NUPDPE + NUPML4E;

export const ptPindex = (hi: number, lo: number): number => (hi >>> 0) * 2048 + (lo >>> 21);
const pdPindex = (hi: number, lo: number): number => PD_INDEX + (hi >>> 0) * 4 + (lo >>> 30);
const pdpPindex = (hi: number): number => PDP_INDEX + (hi >>> 7);
const pml4Pindex = (hi: number): number => PML4_INDEX + (hi >>> 16);

/** pmap_pml4e */
export function pml4eAt(m: Machine, pmap: Pmap, hi: number): number {
  const root = pmap.top << 10;
  if (!m.la57) return root + (((hi >>> 7) & 511) << 1);
  const pml5e = m.words[root + (((hi >>> 16) & 511) << 1)]!;
  return (pml5e & PG_V) === 0 ? 0 : tableWords(pml5e) + (((hi >>> 7) & 511) << 1);
}

/** pmap_pdpe */
export function pdpeAt(m: Machine, pmap: Pmap, hi: number, lo: number): number {
  const at = pml4eAt(m, pmap, hi);
  if (at === 0) return 0;
  const pml4e = m.words[at]!;
  return (pml4e & PG_V) === 0 ? 0 : tableWords(pml4e) + ((((hi << 2) | (lo >>> 30)) & 511) << 1);
}

/** pmap_pde */
export function pdeAt(m: Machine, pmap: Pmap, hi: number, lo: number): number {
  const at = pdpeAt(m, pmap, hi, lo);
  if (at === 0) return 0;
  const pdpe = m.words[at]!;
  if ((pdpe & (PG_V | PG_PS)) !== PG_V) return notDirectory(pmap, pdpe, hi, lo);
  return tableWords(pdpe) + (((lo >>> 21) & 511) << 1);
}

function notDirectory(pmap: Pmap, pdpe: number, hi: number, lo: number): number {
  if ((pdpe & PG_V) === 0) return 0;
  throw new KernelPanic('pmap_pde', 'for 1G page', { pmap: pmap.id, va: vaOf(hi, lo) });
}

/**
 * Finds the PDE of an address for a walk over a range: its word, 0 if there is no PD page, or minus the word of the PDPE that
 * maps 1G there. m.spanEnd becomes the end of the span that the entry stands for, at the level where the walk ended.
 */
export function pdeSpan(m: Machine, pmap: Pmap, va: Va): number {
  const { words } = m;
  const hi = vaHi(va);
  const lo = vaLo(va);
  const pml4eWord = pml4eAt(m, pmap, hi);
  const pml4e = pml4eWord === 0 ? 0 : words[pml4eWord]!;
  if ((pml4e & PG_V) === 0) {
    m.spanEnd = nextSpan(va, NBPML4);
    return 0;
  }
  const pdpeWord = tableWords(pml4e) + ((((hi << 2) | (lo >>> 30)) & 511) << 1);
  const pdpe = words[pdpeWord]!;
  if ((pdpe & (PG_V | PG_PS)) !== PG_V) {
    m.spanEnd = nextSpan(va, NBPDP);
    return (pdpe & PG_V) === 0 ? 0 : -pdpeWord;
  }
  m.spanEnd = nextSpan(va, NBPDR);
  return tableWords(pdpe) + (((lo >>> 21) & 511) << 1);
}

/** Start of the next aligned span of `span` bytes. */
export const nextSpan = (va: Va, span: number): Va => va - (va % span) + span;

/** pmap_pde_to_pte: the PTE of an address in the page-table page that a PDE's low word names. */
export const pteIn = (pde: number, lo: number): number => tableWords(pde) + (((lo >>> 12) & 511) << 1);

/** Adds to resident_count. FreeBSD: sys/amd64/amd64/pmap.c pmap_resident_count_adj */
export function pmapResidentCountAdj(_m: Machine, pmap: Pmap, count: Pages): void {
  const { stats } = pmap;
  const sum = stats.residentCount + count;
  if (sum < 0) throw residentUnderflow(pmap, count);
  stats.residentCount = sum;
}

function residentUnderflow(pmap: Pmap, count: Pages): KernelPanic {
  const { residentCount } = pmap.stats;
  return new KernelPanic('pmap_resident_count_adj', 'resident count underflow', {
    pmap: pmap.id,
    residentCount,
    count,
  });
}

/**
 * Counts page-table pages: kernel_pt_page_count for the kernel's pmap; else user_pt_page_count, and resident_count of the
 * pmap if one is given. FreeBSD: sys/amd64/amd64/pmap.c pmap_pt_page_count_adj
 */
export function pmapPtPageCountAdj(m: Machine, pmap: Pmap | null, count: Pages): void {
  if (pmap === m.kernelPmap) {
    m.counters[KERNEL_PT_PAGE_COUNT]! += count;
    return;
  }
  if (pmap !== null) pmapResidentCountAdj(m, pmap, count);
  m.counters[USER_PT_PAGE_COUNT]! += count;
}

/** A page-table page, zeroed if asked, counted. Returns 0 when there is no memory. */
export function allocPtPage(m: Machine, pmap: Pmap | null, pindex: number, zero: boolean): Frame {
  const frame = vmPageAllocNoobj(m, zero);
  return frame === 0 ? 0 : countPtPage(m, pmap, frame, pindex);
}

function countPtPage(m: Machine, pmap: Pmap | null, frame: Frame, pindex: number): Frame {
  m.page.pindex[frame] = pindex;
  m.page.nonZero[frame] = 1;
  m.counters[PT_PAGE_ALLOCS]!++;
  pmapPtPageCountAdj(m, pmap, 1);
  return frame;
}

/**
 * A zeroed page-table page, counted for `pmap`; null: a top-level page, counted in user_pt_page_count alone, and the call
 * sleeps until there is memory. Returns 0 when there is none. FreeBSD: sys/amd64/amd64/pmap.c pmap_alloc_pt_page
 */
export function pmapAllocPtPage(m: Machine, pmap: Pmap | null, pindex: number): Frame {
  if (pmap !== null) return allocPtPage(m, pmap, pindex, true);
  return countPtPage(m, null, vmPageAllocNoobjWait(m, true), pindex);
}

/**
 * Frees a wired page-table page at once and uncounts it. zeroed: all its entries are 0.
 * FreeBSD: sys/amd64/amd64/pmap.c pmap_free_pt_page
 */
export function pmapFreePtPage(m: Machine, pmap: Pmap | null, frame: Frame, zeroed: boolean): void {
  vmPageUnwireNoq(m, frame);
  const zero = zeroed && isZero(m, frame);
  if (zeroed && !zero) m.counters[NON_ZERO_FREES]!++;
  m.counters[PT_PAGE_FREES]!++;
  vmPageFree(m, frame, zero);
  pmapPtPageCountAdj(m, pmap, -1);
}

/** All entries are 0: no entry has a high word without a low one. */
function isZero(m: Machine, frame: Frame): boolean {
  const { words } = m;
  const end = (frame + 1) * WORDS_PER_PAGE;
  let any = 0;
  for (let at = frame * WORDS_PER_PAGE; at < end; at += 2) any |= words[at]!;
  return any === 0;
}

/** Puts a page on the list of pages to free once TLBs are clean. FreeBSD: pmap_add_delayed_free_list */
export function delayFree(m: Machine, frame: Frame, zeroed: boolean): void {
  m.page.nonZero[frame] = zeroed ? 0 : 1;
  m.page.listNext[frame] = m.delayedFree;
  m.delayedFree = frame;
}

/** Frees the delayed pages. FreeBSD: vm_page_free_pages_toq */
export function freeDelayed(m: Machine): void {
  let frame = m.delayedFree;
  if (frame === 0) return;
  m.delayedFree = 0;
  const { listNext, nonZero } = m.page;
  do {
    const next = listNext[frame]!;
    m.counters[PT_PAGE_FREES]!++;
    vmPageFree(m, frame, nonZero[frame] === 0);
    frame = next;
  } while (frame !== 0);
}

/** Keeps a page-table page behind the 2M mapping that takes its place. FreeBSD: pmap_insert_pt_page */
export function insertPtPage(m: Machine, pmap: Pmap, frame: Frame): void {
  pmap.reserved.set(m.page.pindex[frame]!, frame);
}

/** Takes the page kept behind the 2M mapping at an address; 0: there is none. FreeBSD: pmap_remove_pt_page */
export function removePtPage(pmap: Pmap, hi: number, lo: number): Frame {
  const { reserved } = pmap;
  if (reserved.size === 0) return 0;
  const index = ptPindex(hi, lo);
  const frame = reserved.get(index);
  if (frame === undefined) return 0;
  reserved.delete(index);
  return frame;
}

/** Drops a reference to a page-table page. At the last one it is unlinked, true. FreeBSD: pmap_unwire_ptp */
export function unwirePtp(m: Machine, pmap: Pmap, hi: number, lo: number, frame: Frame): boolean {
  const { refCount } = m.page;
  if ((refCount[frame] = refCount[frame]! - 1) !== 0) return false;
  unlinkPtp(m, pmap, hi, lo, frame);
  return true;
}

/** FreeBSD: _pmap_unwire_ptp. The parent goes first onto the list of delayed pages, if this was its last entry. */
function unlinkPtp(m: Machine, pmap: Pmap, hi: number, lo: number, frame: Frame): void {
  const { words } = m;
  const pindex = m.page.pindex[frame]!;
  let parent = 0;
  if (pindex < PD_INDEX) {
    const pdpe = words[pdpeAt(m, pmap, hi, lo)]!;
    clear(words, tableWords(pdpe) + (((lo >>> 21) & 511) << 1));
    parent = frameOf(pdpe);
  } else if (pindex < PDP_INDEX) {
    const pml4e = words[pml4eAt(m, pmap, hi)]!;
    clear(words, tableWords(pml4e) + ((((hi << 2) | (lo >>> 30)) & 511) << 1));
    parent = frameOf(pml4e);
  } else if (pindex < PML4_INDEX) {
    clear(words, pml4eAt(m, pmap, hi));
    if (m.la57) parent = frameOf(words[(pmap.top << 10) + (((hi >>> 16) & 511) << 1)]!);
    else if (pmap.topUser !== 0) clear(words, (pmap.topUser << 10) + (((hi >>> 7) & 511) << 1));
  } else {
    const slot = ((hi >>> 16) & 511) << 1;
    clear(words, (pmap.top << 10) + slot);
    if (pmap.topUser !== 0) clear(words, (pmap.topUser << 10) + slot);
  }
  if (parent !== 0) unwirePtp(m, pmap, hi, lo, parent);
  pmapPtPageCountAdj(m, pmap, -1);
  delayFree(m, frame, true);
}

function clear(words: Int32Array, at: number): void {
  words[at] = 0;
  words[at + 1] = 0;
}

/**
 * Gives back the reference taken for a mapping that was not made. Paging-structure caches may hold the pages that go.
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

/** Frees a just made parent that got no entry. FreeBSD: pmap_allocpte_free_unref */
function freeUnreferenced(m: Machine, pmap: Pmap, hi: number, lo: number, frame: Frame): void {
  if (m.page.refCount[frame] !== 0) return;
  const outer = m.delayedFree;
  m.delayedFree = 0;
  unlinkPtp(m, pmap, hi, lo, frame);
  pmapInvalidatePage(m, pmap, hi, lo);
  freeDelayed(m);
  m.delayedFree = outer;
}

/**
 * The PML4E of an address, its PML4 page made if missing. addRef: the caller fills the slot, so the page gains a reference
 * if the slot is free. Returns 0 when there is no memory. FreeBSD: pmap_allocpte_getpml4
 */
function getPml4e(m: Machine, pmap: Pmap, hi: number, addRef: boolean): number {
  const { words } = m;
  if (!m.la57) return (pmap.top << 10) + (((hi >>> 7) & 511) << 1);
  const pml5e = (pmap.top << 10) + (((hi >>> 16) & 511) << 1);
  const made = (words[pml5e]! & PG_V) === 0;
  if (made && allocPml4Page(m, pmap, hi) === 0) return 0;
  const at = tableWords(words[pml5e]!) + (((hi >>> 7) & 511) << 1);
  if ((words[at]! & PG_V) === 0) holdParent(m, frameOf(words[pml5e]!), made, addRef);
  return at;
}

/** The PDPE of an address, missing tables above it made. As getPml4e. FreeBSD: pmap_allocpte_getpdp */
function getPdpe(m: Machine, pmap: Pmap, hi: number, lo: number, addRef: boolean): number {
  const { words } = m;
  const pml4e = getPml4e(m, pmap, hi, false);
  if (pml4e === 0) return 0;
  const made = (words[pml4e]! & PG_V) === 0;
  if (made && allocPdpPage(m, pmap, hi) === 0) {
    if (m.la57) freeUnreferenced(m, pmap, hi, lo, frameOf(words[(pmap.top << 10) + (((hi >>> 16) & 511) << 1)]!));
    return 0;
  }
  const at = tableWords(words[pml4e]!) + ((((hi << 2) | (lo >>> 30)) & 511) << 1);
  if ((words[at]! & PG_V) === 0) holdParent(m, frameOf(words[pml4e]!), made, addRef);
  return at;
}

/** A parent's reference for an entry that is about to be stored; its own first one may already stand for it. */
function holdParent(m: Machine, frame: Frame, made: boolean, addRef: boolean): void {
  if (made && !addRef) m.page.refCount[frame]!--;
  else if (!made && addRef) m.page.refCount[frame]!++;
}

/**
 * Links a page-table page into a root. With a user root, that one gets the entry, and the kernel-mode root gets it with
 * NX: a return to user mode on the wrong root faults at once.
 */
function linkTop(m: Machine, pmap: Pmap, slot: number, frame: Frame): void {
  const { words } = m;
  const at = (pmap.top << 10) + slot;
  words[at] = entryLo(frame, PG_TABLE);
  if (pmap.topUser === 0) return;
  words[at + 1] = PG_NX_HI;
  words[(pmap.topUser << 10) + slot] = entryLo(frame, PG_TABLE);
}

function assertFree(words: Int32Array, at: number, level: string): void {
  if ((words[at]! & PG_V) !== 0)
    throw new KernelPanic('pmap_allocpte_nosleep', `${level} entry is valid`, { entry: words[at]! >>> 0 });
}

function allocPml4Page(m: Machine, pmap: Pmap, hi: number): Frame {
  const frame = allocPtPage(m, pmap, pml4Pindex(hi), true);
  if (frame === 0) return 0;
  const slot = ((hi >>> 16) & 511) << 1;
  assertFree(m.words, (pmap.top << 10) + slot, 'pml5');
  linkTop(m, pmap, slot, frame);
  return frame;
}

/** FreeBSD: pmap_allocpte_nosleep for a PDP page. Returns 0 when there is no memory; nothing has changed then. */
export function allocPdpPage(m: Machine, pmap: Pmap, hi: number): Frame {
  const frame = allocPtPage(m, pmap, pdpPindex(hi), true);
  if (frame === 0) return 0;
  const at = getPml4e(m, pmap, hi, true);
  if (at === 0) {
    pmapFreePtPage(m, pmap, frame, true);
    return 0;
  }
  assertFree(m.words, at, 'pml4');
  if (m.la57) m.words[at] = entryLo(frame, PG_TABLE);
  else linkTop(m, pmap, ((hi >>> 7) & 511) << 1, frame);
  return frame;
}

/** FreeBSD: pmap_allocpte_nosleep for a PD page. */
export function allocPdPage(m: Machine, pmap: Pmap, hi: number, lo: number): Frame {
  const frame = allocPtPage(m, pmap, pdPindex(hi, lo), true);
  if (frame === 0) return 0;
  const at = getPdpe(m, pmap, hi, lo, true);
  if (at === 0) {
    pmapFreePtPage(m, pmap, frame, true);
    return 0;
  }
  assertFree(m.words, at, 'pdp');
  m.words[at] = entryLo(frame, PG_TABLE);
  return frame;
}

/** FreeBSD: pmap_allocpte_nosleep for a PT page. */
export function allocPtpNosleep(m: Machine, pmap: Pmap, hi: number, lo: number): Frame {
  const { words } = m;
  const frame = allocPtPage(m, pmap, ptPindex(hi, lo), true);
  if (frame === 0) return 0;
  const pdpe = getPdpe(m, pmap, hi, lo, false);
  if (pdpe === 0) {
    pmapFreePtPage(m, pmap, frame, true);
    return 0;
  }
  if ((words[pdpe]! & PG_V) !== 0) {
    m.page.refCount[frameOf(words[pdpe]!)]!++;
  } else if (allocPdPage(m, pmap, hi, lo) === 0) {
    freeUnreferenced(m, pmap, hi, lo, frameOf(words[pml4eAt(m, pmap, hi)]!));
    pmapFreePtPage(m, pmap, frame, true);
    return 0;
  }
  const at = tableWords(words[pdpe]!) + (((lo >>> 21) & 511) << 1);
  assertFree(words, at, 'pd');
  words[at] = entryLo(frame, PG_TABLE);
  return frame;
}

/** The entry of a page-table page whose 2M leaf was demoted: U follows the leaf. */
export const demotedEntry = (frame: Frame, oldPde: number): number =>
  entryLo(frame, PG_M | PG_A | (oldPde & PG_U) | PG_RW | PG_V);

/** A page-table page that holds 512 entries. */
export const FULL_PTP = NPTEPG;
