/**
 * TLB invalidation, and the delayed-invalidation blocks.
 *
 * A request is carried out on the current CPU if the pmap is loaded there, and by interrupt on the others that have it
 * loaded; with PCIDs, every CPU that may hold translations of it under an old PCID is made to take a new one.
 * FreeBSD: sys/amd64/amd64/pmap.c pmap_invalidate_page and below; sys/x86/x86/mp_x86.c smp_targeted_tlb_shootdown.
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
import { PG_PROMOTED_HI } from '../hw/entry.ts';
import { INVPCID_ADDR, INVPCID_CTX, invlpg, invpcid, loadCr3 } from '../hw/tlb.ts';
import type { Machine } from '../hunks.ts';
import { KernelPanic } from '../panic.ts';
import type { Cpu } from '../state/cpu.ts';
import type { Pmap } from '../state/pmap.ts';
import { type Frame, NPTEPG, PAGE_SIZE, type Pages } from '../units.ts';

/** PCID bit of the user root under page-table isolation. FreeBSD: PMAP_PCID_USER_PT */
export const PMAP_PCID_USER_PT = 0x800;

/** From this many pages up a range is invalidated as a whole TLB. FreeBSD: PMAP_INVLPG_THRESHOLD / PAGE_SIZE */
const INVLPG_THRESHOLD: Pages = 4096;

/** Makes every CPU that may have cached translations under an old PCID take a new one. FreeBSD: pmap_invalidate_preipi */
function expirePcids(m: Machine, pmap: Pmap): void {
  if (!m.config.pcid) return;
  const { cpus, curcpu } = m;
  const { pcidGen } = pmap;
  const keep = cpus[curcpu]!.curpmap === pmap ? curcpu : -1;
  for (let cpu = 0; cpu < cpus.length; cpu++) if (cpu !== keep) pcidGen[cpu] = 0;
}

const bitLo = (cpu: number): number => (cpu < 32 ? 1 << cpu : 0);
const bitHi = (cpu: number): number => (cpu < 32 ? 0 : 1 << (cpu - 32));

function popcount(word: number): number {
  let count = 0;
  for (let rest = word; rest !== 0; rest &= rest - 1) count++;
  return count;
}

/** Whether other CPUs have the pmap loaded and may be interrupted; counts the shootdown. */
function interruptOthers(m: Machine, pmap: Pmap): boolean {
  const othersLo = pmap.activeLo & ~bitLo(m.curcpu);
  const othersHi = pmap.activeHi & ~bitHi(m.curcpu);
  if ((othersLo | othersHi) === 0) return false;
  const { counters } = m;
  counters[REACHED_INVALIDATE_OTHERS]!++;
  if (!m.hunks.invalidateOthers(m, pmap)) return false;
  counters[SHOOTDOWNS]!++;
  counters[IPIS]! += popcount(othersLo) + popcount(othersHi);
  return true;
}

const isActive = (pmap: Pmap, cpu: number): boolean =>
  cpu < 32 ? (pmap.activeLo & (1 << cpu)) !== 0 : (pmap.activeHi & (1 << (cpu - 32))) !== 0;

/** The user PCID is flushed one address at a time, unless all of it goes at the next return to user mode anyway. */
const flushesUserPcid = (m: Machine, cpu: Cpu, pmap: Pmap): boolean =>
  m.config.pcid && pmap.topUser !== 0 && !cpu.userFlushPending;

function flushPage(m: Machine, cpu: Cpu, pmap: Pmap, hi: number, lo: number): void {
  invlpg(cpu, hi, lo);
  if (flushesUserPcid(m, cpu, pmap)) invpcid(cpu, INVPCID_ADDR, pmap.pcid[cpu.id]! | PMAP_PCID_USER_PT, hi, lo);
}

function flushAll(m: Machine, cpu: Cpu, pmap: Pmap): void {
  if (!m.config.pcid) {
    const { isolated, userRoot, userPcid } = cpu;
    loadCr3(cpu, cpu.root, 0, false);
    cpu.isolated = isolated;
    cpu.userRoot = userRoot;
    cpu.userPcid = userPcid;
    return;
  }
  invpcid(cpu, INVPCID_CTX, pmap.pcid[cpu.id]!, 0, 0);
  if (pmap.topUser !== 0) cpu.userFlushPending = true;
}

/** FreeBSD: sys/amd64/amd64/pmap.c pmap_invalidate_page */
export function pmapInvalidatePage(m: Machine, pmap: Pmap, hi: number, lo: number): void {
  const { counters, cpus, curcpu } = m;
  const cpu = cpus[curcpu]!;
  counters[INVALIDATE_PAGES]!++;
  expirePcids(m, pmap);
  if (interruptOthers(m, pmap))
    for (let id = 0; id < cpus.length; id++)
      if (id !== curcpu && isActive(pmap, id)) flushPage(m, cpus[id]!, pmap, hi, lo);
  if (cpu.curpmap !== pmap) return;
  counters[INVLPGS]!++;
  if (flushesUserPcid(m, cpu, pmap)) counters[INVPCIDS]!++;
  flushPage(m, cpu, pmap, hi, lo);
}

/** Invalidates `pages` 4K pages from an address, all within 2M. FreeBSD: pmap_invalidate_range */
export function pmapInvalidateRange(m: Machine, pmap: Pmap, hi: number, lo: number, pages: Pages): void {
  if (pages >= INVLPG_THRESHOLD) {
    pmapInvalidateAll(m, pmap);
    return;
  }
  const { counters, cpus, curcpu } = m;
  const here = cpus[curcpu]!;
  counters[INVALIDATE_RANGES]!++;
  counters[INVALIDATE_RANGE_PAGES]! += pages;
  expirePcids(m, pmap);
  if (interruptOthers(m, pmap))
    for (let id = 0; id < cpus.length; id++)
      if (id !== curcpu && isActive(pmap, id))
        for (let page = 0; page < pages; page++) flushPage(m, cpus[id]!, pmap, hi, lo + page * PAGE_SIZE);
  if (here.curpmap !== pmap) return;
  counters[INVLPGS]! += pages;
  if (flushesUserPcid(m, here, pmap)) counters[INVPCIDS]! += pages;
  for (let page = 0; page < pages; page++) flushPage(m, here, pmap, hi, lo + page * PAGE_SIZE);
}

/** FreeBSD: sys/amd64/amd64/pmap.c pmap_invalidate_all */
export function pmapInvalidateAll(m: Machine, pmap: Pmap): void {
  const { counters, cpus, curcpu } = m;
  const here = cpus[curcpu]!;
  counters[INVALIDATE_ALLS]!++;
  expirePcids(m, pmap);
  if (interruptOthers(m, pmap))
    for (let id = 0; id < cpus.length; id++) if (id !== curcpu && isActive(pmap, id)) flushAll(m, cpus[id]!, pmap);
  if (here.curpmap !== pmap) return;
  counters[m.config.pcid ? CONTEXT_FLUSHES : INVLTLBS]!++;
  flushAll(m, here, pmap);
}

/**
 * Invalidates a 2M mapping that goes. A promoted one may still have its 4K translations in TLBs.
 * FreeBSD: pmap_invalidate_pde_page
 */
export function invalidatePdePage(m: Machine, pmap: Pmap, hi: number, lo: number, oldPdeHi: number): void {
  if ((oldPdeHi & PG_PROMOTED_HI) !== 0) pmapInvalidateRange(m, pmap, hi, lo, NPTEPG);
  else pmapInvalidatePage(m, pmap, hi, lo);
}

/**
 * Opens a delayed-invalidation block: until it is finished, whoever takes away a page's last mapping must assume that
 * TLBs still hold mappings removed in it. FreeBSD: pmap_delayed_invl_start
 */
export function delayedInvlStart(m: Machine): void {
  if (m.invlOpen !== 0) throw new KernelPanic('pmap_delayed_invl_start', 'already in a delayed invalidation block');
  m.counters[DELAYED_INVALIDATIONS]!++;
  m.invlOpen = ++m.invlBegun;
}

/** FreeBSD: pmap_delayed_invl_finish */
export function delayedInvlFinish(m: Machine): void {
  m.invlFinished = m.invlOpen;
  m.invlOpen = 0;
}

/** A mapping of this page went away; its flush comes with the open block, if there is one. FreeBSD: pmap_delayed_invl_page */
export function delayedInvlPage(m: Machine, frame: Frame): void {
  const { invlOpen } = m;
  if (invlOpen !== 0) m.page.invlGen[frame >>> 9] = invlOpen;
}

/** Waits for the flushes that this page awaits: never long with one thread. FreeBSD: pmap_delayed_invl_wait */
export function delayedInvlWait(m: Machine, frame: Frame): void {
  if (m.page.invlGen[frame >>> 9]! > m.invlFinished)
    throw new KernelPanic('pmap_delayed_invl_wait', 'waits for its own thread', { frame });
}
