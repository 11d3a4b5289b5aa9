/**
 * Page-table pages as pages: counting, allocating without sleeping, freeing (at once, or after the TLB flush), and
 * saving them under 2M mappings.
 */
import {
  KERNEL_PT_PAGE_COUNT,
  NON_ZERO_FREES,
  PT_PAGE_ALLOCS,
  PT_PAGE_FREES,
  USER_PT_PAGE_COUNT,
} from '../counters.ts';
import type { Machine } from '../hunks.ts';
import { vmPageAllocNoobj, vmPageAllocNoobjWait, vmPageFree, vmPageFreeNoobj, vmPageUnwireNoq } from '../page/page.ts';
import { KernelPanic } from '../panic.ts';
import type { Pmap } from '../state/pmap.ts';
import { type Frame, type Pages, WORDS_PER_PAGE } from '../units.ts';

/** Index of an address's PT page among a pmap's page-table pages. FreeBSD: pmap_pde_pindex */
export const ptPindex = (hi: number, lo: number): number => (hi >>> 0) * 2048 + (lo >>> 21);

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
 * Counts page-table pages: in kernel_pt_page_count for the kernel's pmap; else in user_pt_page_count, and also in the
 * pmap's resident_count if a pmap is given. FreeBSD: sys/amd64/amd64/pmap.c pmap_pt_page_count_adj,
 * pmap_pt_page_count_pinit
 */
export function pmapPtPageCountAdj(m: Machine, pmap: Pmap | null, count: Pages): void {
  if (pmap === m.kernelPmap) {
    m.counters[KERNEL_PT_PAGE_COUNT] += count;
    return;
  }
  if (pmap !== null) pmapResidentCountAdj(m, pmap, count);
  m.counters[USER_PT_PAGE_COUNT] += count;
}

/**
 * Allocates a page-table page, zeroed if requested, without counting it. Returns 0 if there is no memory.
 * FreeBSD: pmap_alloc_pt_page
 */
export function takePtPage(m: Machine, pindex: number, zero: boolean): Frame {
  const frame = vmPageAllocNoobj(m, zero);
  return frame === 0 ? 0 : initPtPage(m, frame, pindex);
}

function initPtPage(m: Machine, frame: Frame, pindex: number): Frame {
  m.page.pindex[frame] = pindex;
  m.page.nonZero[frame] = 1;
  m.counters[PT_PAGE_ALLOCS]++;
  return frame;
}

/**
 * Allocates and counts a page-table page, zeroed if requested. Returns 0 if there is no memory.
 * FreeBSD: pmap_alloc_pt_page
 */
export function allocPtPage(m: Machine, pmap: Pmap, pindex: number, zero: boolean): Frame {
  const frame = takePtPage(m, pindex, zero);
  if (frame !== 0) pmapPtPageCountAdj(m, pmap, 1);
  return frame;
}

/**
 * Allocates a zeroed page-table page and counts it for `pmap`. null means a top-level page: it is counted in
 * user_pt_page_count only, and the call sleeps until there is memory. Otherwise returns 0 if there is no memory.
 * FreeBSD: sys/amd64/amd64/pmap.c pmap_alloc_pt_page
 */
export function pmapAllocPtPage(m: Machine, pmap: Pmap | null, pindex: number): Frame {
  if (pmap !== null) return allocPtPage(m, pmap, pindex, true);
  const frame = initPtPage(m, vmPageAllocNoobjWait(m, true), pindex);
  pmapPtPageCountAdj(m, null, 1);
  return frame;
}

/**
 * Frees a wired page-table page at once and uncounts it. zeroed: all its entries are 0.
 * FreeBSD: sys/amd64/amd64/pmap.c pmap_free_pt_page
 */
export function pmapFreePtPage(m: Machine, pmap: Pmap | null, frame: Frame, zeroed: boolean): void {
  vmPageUnwireNoq(m, frame);
  const zero = zeroed && isZero(m, frame);
  if (zeroed && !zero) m.counters[NON_ZERO_FREES]++;
  m.counters[PT_PAGE_FREES]++;
  vmPageFree(m, frame, zero);
  pmapPtPageCountAdj(m, pmap, -1);
}

/** Are all entries 0? An entry with a high word also has a low one. */
function isZero(m: Machine, frame: Frame): boolean {
  const { words } = m;
  let any = 0;
  for (let at = frame * WORDS_PER_PAGE, end = at + WORDS_PER_PAGE; at < end; at += 8)
    any |= words[at] | words[at + 2] | words[at + 4] | words[at + 6];
  return any === 0;
}

/** Queues a page to be freed after the TLB flush. FreeBSD: pmap_add_delayed_free_list */
export function delayFree(m: Machine, frame: Frame, zeroed: boolean): void {
  m.page.nonZero[frame] = zeroed ? 0 : 1;
  m.page.listNext[frame] = m.delayedFree;
  m.delayedFree = frame;
}

/** Frees the queued pages. FreeBSD: vm_page_free_pages_toq */
export function freeDelayed(m: Machine): void {
  if (m.delayedFree !== 0) freeList(m);
}

function freeList(m: Machine): void {
  const { listNext } = m.page;
  let freed = 0;
  for (let frame = m.delayedFree, next = 0; frame !== 0; frame = next) {
    next = listNext[frame];
    vmPageFreeNoobj(m, frame);
    freed++;
  }
  m.delayedFree = 0;
  m.counters[PT_PAGE_FREES] += freed;
}

/** Saves a page-table page (in pm_root) while a 2M mapping replaces it. FreeBSD: pmap_insert_pt_page */
export function insertPtPage(m: Machine, pmap: Pmap, frame: Frame): void {
  pmap.reserved.set(m.page.pindex[frame], frame);
}

/**
 * Takes back the saved page table page (pm_root) of the 2M mapping at an address; 0 if there is none.
 * FreeBSD: pmap_remove_pt_page
 */
export function removePtPage(pmap: Pmap, hi: number, lo: number): Frame {
  const { reserved } = pmap;
  if (reserved.size === 0) return 0;
  const index = ptPindex(hi, lo);
  const frame = reserved.get(index);
  if (frame === undefined) return 0;
  reserved.delete(index);
  return frame;
}
