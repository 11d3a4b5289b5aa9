/**
 * TLB invalidation, and the delayed-invalidation blocks.
 *
 * A request is carried out directly if the pmap is loaded on the current CPU, and by IPI on the other CPUs that have it
 * loaded. With PCIDs, every CPU that may hold translations of the pmap under an old PCID is forced to allocate a new
 * one. FreeBSD: sys/amd64/amd64/pmap.c pmap_invalidate_page and below; sys/x86/x86/mp_x86.c smp_targeted_tlb_shootdown.
 */
import {
  CONTEXT_FLUSHES,
  DELAYED_INVALIDATIONS,
  INVALIDATE_ALLS,
  INVALIDATE_PAGES,
  INVALIDATE_RANGES,
  INVALIDATE_RANGE_PAGES,
  INVLPGS,
  INVLTLBS,
  INVPCIDS,
  IPIS,
  REACHED_INVALIDATE_OTHERS,
  SHOOTDOWNS,
} from '../counters.ts';
import type { Machine } from '../hunks.ts';
import { PG_PROMOTED_HI } from '../hw/entry.ts';
import { INVPCID_ADDR, INVPCID_CTX, invlpg, invpcid, loadCr3 } from '../hw/tlb.ts';
import { KernelPanic } from '../panic.ts';
import type { Cpu } from '../state/cpu.ts';
import type { Pmap } from '../state/pmap.ts';
import { type Frame, NPTEPG, PAGE_SIZE, type Pages, runOf } from '../units.ts';
import { activeElsewhere, isActive, isActiveElsewhere } from './active.ts';

/** PCID bit of the user root under page-table isolation. FreeBSD: PMAP_PCID_USER_PT */
export const PMAP_PCID_USER_PT = 0x800;

/**
 * A range of at least this many pages is invalidated by flushing the whole TLB. FreeBSD: PMAP_INVLPG_THRESHOLD /
 * PAGE_SIZE
 */
const INVLPG_THRESHOLD: Pages = 4096;

/**
 * Runs before the current CPU's own flush: forces every other CPU that may have translations under an old PCID to
 * allocate a new one, and interrupts those that have the pmap loaded. Returns whether any were interrupted. FreeBSD:
 * pmap_invalidate_preipi, smp_targeted_tlb_shootdown, pmap_invalidate_preipi_pcid, pmap_invalidate_preipi_nopcid
 */
function reachOthers(m: Machine, pmap: Pmap): boolean {
  const { cpus, curcpu } = m;
  const here = cpus[curcpu].curpmap === pmap;
  if (here && cpus.length === 1) return false;
  if (m.config.pcid) {
    const { pcidGen } = pmap;
    for (let cpu = 0; cpu < cpus.length; cpu++) if (cpu !== curcpu || !here) pcidGen[cpu] = 0;
  }
  return isActiveElsewhere(pmap, curcpu) && interrupt(m, pmap, activeElsewhere(pmap, curcpu));
}

function interrupt(m: Machine, pmap: Pmap, targets: number): boolean {
  const { counters } = m;
  counters[REACHED_INVALIDATE_OTHERS]++;
  if (!m.hunks.invalidateOthers(m, pmap)) return false;
  counters[SHOOTDOWNS]++;
  counters[IPIS] += targets;
  return true;
}

/**
 * Drops a page under the user root's PCID too, unless the next return to user mode flushes that PCID anyway. FreeBSD:
 * pmap_invalidate_page_pcid_cb, pmap_invalidate_page_pcid_invpcid_cb
 */
function flushUserPage(m: Machine, cpu: Cpu, pmap: Pmap, hi: number, lo: number): boolean {
  if (!m.config.pcid || cpu.userFlushPending) return false;
  invpcid(cpu, INVPCID_ADDR, pmap.pcid[cpu.id] | PMAP_PCID_USER_PT, hi, lo);
  return true;
}

/**
 * Flushes a page on this CPU. Returns whether that used INVPCID. FreeBSD: pmap_invalidate_page_cb,
 * pmap_invalidate_page_nopcid_cb
 */
function flushPage(m: Machine, cpu: Cpu, pmap: Pmap, hi: number, lo: number): boolean {
  invlpg(cpu, hi, lo);
  return pmap.topUser !== 0 && flushUserPage(m, cpu, pmap, hi, lo);
}

/**
 * FreeBSD: pmap_invalidate_all_cb, pmap_invalidate_all_nopcid_cb, pmap_invalidate_all_pcid_cb,
 * pmap_invalidate_all_pcid_invpcid_cb
 */
function flushAll(m: Machine, cpu: Cpu, pmap: Pmap): void {
  if (!m.config.pcid) {
    const { isolated, userRoot, userPcid } = cpu;
    loadCr3(cpu, cpu.root, 0, false);
    cpu.isolated = isolated;
    cpu.userRoot = userRoot;
    cpu.userPcid = userPcid;
    return;
  }
  invpcid(cpu, INVPCID_CTX, pmap.pcid[cpu.id], 0, 0);
  if (pmap.topUser !== 0) cpu.userFlushPending = true;
}

/** FreeBSD: sys/amd64/amd64/pmap.c pmap_invalidate_page, pmap_invalidate_page_curcpu_cb */
export function pmapInvalidatePage(m: Machine, pmap: Pmap, hi: number, lo: number): void {
  const { counters, cpus, curcpu } = m;
  const cpu = cpus[curcpu];
  const here = cpu.curpmap === pmap;
  counters[INVALIDATE_PAGES]++;
  if (!here || cpus.length !== 1) flushPageElsewhere(m, pmap, hi, lo);
  if (!here) return;
  counters[INVLPGS]++;
  invlpg(cpu, hi, lo);
  if (pmap.topUser !== 0 && flushUserPage(m, cpu, pmap, hi, lo)) counters[INVPCIDS]++;
}

function flushPageElsewhere(m: Machine, pmap: Pmap, hi: number, lo: number): void {
  if (!reachOthers(m, pmap)) return;
  const { cpus, curcpu } = m;
  for (let id = 0; id < cpus.length; id++)
    if (id !== curcpu && isActive(pmap, id)) flushPage(m, cpus[id], pmap, hi, lo);
}

/**
 * Invalidates `pages` 4K pages from an address, all within 2M. FreeBSD: pmap_invalidate_range,
 * pmap_invalidate_range_curcpu_cb, pmap_invalidate_range_cb, pmap_invalidate_range_nopcid_cb,
 * pmap_invalidate_range_pcid_cb, pmap_invalidate_range_pcid_invpcid_cb
 */
function pmapInvalidateRange(m: Machine, pmap: Pmap, hi: number, lo: number, pages: Pages): void {
  if (pages >= INVLPG_THRESHOLD) {
    pmapInvalidateAll(m, pmap);
    return;
  }
  const { counters, cpus, curcpu } = m;
  const here = cpus[curcpu];
  counters[INVALIDATE_RANGES]++;
  counters[INVALIDATE_RANGE_PAGES] += pages;
  if (reachOthers(m, pmap))
    for (let id = 0; id < cpus.length; id++)
      if (id !== curcpu && isActive(pmap, id))
        for (let page = 0; page < pages; page++) flushPage(m, cpus[id], pmap, hi, lo + page * PAGE_SIZE);
  if (here.curpmap !== pmap) return;
  counters[INVLPGS] += pages;
  for (let page = 0; page < pages; page++)
    if (flushPage(m, here, pmap, hi, lo + page * PAGE_SIZE)) counters[INVPCIDS]++;
}

/** FreeBSD: sys/amd64/amd64/pmap.c pmap_invalidate_all, pmap_invalidate_all_curcpu_cb */
export function pmapInvalidateAll(m: Machine, pmap: Pmap): void {
  const { counters, cpus, curcpu } = m;
  const here = cpus[curcpu];
  counters[INVALIDATE_ALLS]++;
  if (reachOthers(m, pmap))
    for (let id = 0; id < cpus.length; id++) if (id !== curcpu && isActive(pmap, id)) flushAll(m, cpus[id], pmap);
  if (here.curpmap !== pmap) return;
  counters[m.config.pcid ? CONTEXT_FLUSHES : INVLTLBS]++;
  flushAll(m, here, pmap);
}

/**
 * Invalidates a 2M mapping that is being removed. If it was promoted, TLBs may still hold its 4K translations.
 * FreeBSD: pmap_invalidate_pde_page
 */
export function invalidatePdePage(m: Machine, pmap: Pmap, hi: number, lo: number, oldPdeHi: number): void {
  if ((oldPdeHi & PG_PROMOTED_HI) !== 0) pmapInvalidateRange(m, pmap, hi, lo, NPTEPG);
  else pmapInvalidatePage(m, pmap, hi, lo);
}

/**
 * Opens a delayed-invalidation block: until it is finished, code that removes a page's last mapping must assume that
 * TLBs still hold mappings removed in the block. FreeBSD: pmap_delayed_invl_start, pmap_delayed_invl_start_u,
 * pmap_delayed_invl_start_l
 */
export function delayedInvlStart(m: Machine): void {
  if (m.invlOpen !== 0) throw nested();
  m.counters[DELAYED_INVALIDATIONS]++;
  m.invlOpen = ++m.invlBegun;
}

const nested = (): KernelPanic => new KernelPanic('pmap_delayed_invl_start', 'already in a delayed invalidation block');

/** FreeBSD: pmap_delayed_invl_finish, pmap_delayed_invl_finish_u, pmap_delayed_invl_finish_l */
export function delayedInvlFinish(m: Machine): void {
  m.invlFinished = m.invlOpen;
  m.invlOpen = 0;
}

/**
 * Notes that a mapping of this page was removed; the open block, if any, will flush it. FreeBSD:
 * pmap_delayed_invl_page, pmap_delayed_invl_genp
 */
export function delayedInvlPage(m: Machine, frame: Frame): void {
  const { invlOpen } = m;
  if (invlOpen !== 0) m.page.invlGen[runOf(frame)] = invlOpen;
}

/**
 * Waits for pending flushes of this page; with one thread there are never any. FreeBSD: pmap_delayed_invl_wait,
 * pmap_delayed_invl_wait_u, pmap_delayed_invl_wait_l
 */
export function delayedInvlWait(m: Machine, frame: Frame): void {
  if (m.page.invlGen[runOf(frame)] > m.invlFinished)
    throw new KernelPanic('pmap_delayed_invl_wait', 'waits for its own thread', { frame });
}
