/** 2M mappings created directly, not by promotion of 512 small ones. FreeBSD: sys/amd64/amd64/pmap.c pmap_enter_pde */
import { SUPERPAGE_MAPPINGS } from '../counters.ts';
import type { Machine } from '../hunks.ts';
import {
  PG_M,
  PG_MANAGED,
  PG_NX_HI,
  PG_PS,
  PG_RW,
  PG_U,
  PG_V,
  PG_W,
  entryHi,
  entryLo,
  frameOf,
  tableFrame,
} from '../hw/entry.ts';
import { KernelPanic } from '../panic.ts';
import { PGA_WRITEABLE, RUN_PAGES, VPO_UNMANAGED } from '../state/page.ts';
import type { Pmap } from '../state/pmap.ts';
import {
  type Frame,
  KERN_FAILURE,
  KERN_RESOURCE_SHORTAGE,
  KERN_SUCCESS,
  NPTEPG,
  VM_PROT_EXECUTE,
  runOf,
} from '../units.ts';
import { allocPde, pdPageOf } from './alloc-pte.ts';
import { delayedInvlFinish, delayedInvlStart, invalidatePdePage, pmapInvalidateAll } from './invalidate.ts';
import { removePde } from './leaf.ts';
import { freeDelayed, pmapResidentCountAdj } from './pt-page.ts';
import { abortPtp } from './ptp.ts';
import { changePvListLock, pvInsertTail, pvSetVa, tryGetPvEntry } from './pv.ts';
import { getPvEntry } from './reclaim.ts';
import { removePtes } from './remove.ts';

/** What pmap_enter_pde is allowed to do besides creating a mapping. */
export interface EnterPdeLeave {
  /** Sleep for a page-table page. */
  readonly sleep: boolean;
  /** Replace an existing mapping. */
  readonly replace: boolean;
  /** Reclaim pv entries from other mappings. */
  readonly reclaim: boolean;
}

export const ENTER_PDE: EnterPdeLeave = { sleep: true, replace: true, reclaim: true };
export const ENTER_PDE_NOSLEEP: EnterPdeLeave = { sleep: false, replace: true, reclaim: true };
const ENTER_PDE_AHEAD: EnterPdeLeave = { sleep: false, replace: false, reclaim: false };

/**
 * Creates the pv entry of a 2M mapping. Returns false if there is no memory and reclaiming is not allowed.
 * FreeBSD: pmap_pv_insert_pde
 */
export function pvInsertPde(m: Machine, pmap: Pmap, hi: number, lo: number, first: Frame, reclaim: boolean): boolean {
  const pv = reclaim ? getPvEntry(m, pmap) : tryGetPvEntry(m, pmap);
  if (pv === 0) return false;
  pvSetVa(m.words, pv, hi, lo);
  changePvListLock(m, first);
  pvInsertTail(m.words, m.page.pvHead2m, m.page.pvTail2m, runOf(first), pv);
  return true;
}

/**
 * Maps the 2M page of a leaf entry (newLo, newHi) at an address. The pmap is locked. Returns KERN_SUCCESS; KERN_FAILURE
 * if something is mapped there and may not be replaced; KERN_RESOURCE_SHORTAGE if memory is short.
 * FreeBSD: pmap_enter_pde
 */
export function enterPde(
  m: Machine,
  pmap: Pmap,
  hi: number,
  lo: number,
  newLo: number,
  newHi: number,
  leave: EnterPdeLeave,
): number {
  const { words, page } = m;
  if ((newLo & PG_W) !== 0) throw new KernelPanic('pmap_enter_pde', 'cannot create wired user mapping');
  if ((newLo & (PG_M | PG_RW)) === PG_RW) throw new KernelPanic('pmap_enter_pde', 'newpde is missing PG_M');
  const pde = allocPde(m, pmap, hi, lo, leave.sleep);
  if (pde === 0) return KERN_RESOURCE_SHORTAGE;
  const pdPage = pdPageOf(pde);
  if ((words[pde] & PG_V) !== 0) {
    if (page.refCount[pdPage] <= 1)
      throw new KernelPanic('pmap_enter_pde', "pdpg's reference count is too low", { frame: pdPage });
    if (!leave.replace) {
      page.refCount[pdPage]--;
      return KERN_FAILURE;
    }
    breakMappings(m, pmap, pde, hi, lo);
  }
  if ((newLo & PG_MANAGED) !== 0) {
    const first = frameOf(newLo, newHi) & ~(RUN_PAGES - 1);
    if (!pvInsertPde(m, pmap, hi, lo, first, leave.reclaim)) {
      abortPtp(m, pmap, hi, lo, pdPage);
      return KERN_RESOURCE_SHORTAGE;
    }
    if ((newLo & PG_RW) !== 0)
      for (let frame = first; frame < first + RUN_PAGES; frame++) page.aflags[frame] |= PGA_WRITEABLE;
  }
  pmapResidentCountAdj(m, pmap, NPTEPG);
  words[pde] = newLo;
  words[pde + 1] = newHi;
  m.counters[SUPERPAGE_MAPPINGS]++;
  return KERN_SUCCESS;
}

/**
 * Removes what a valid PDE maps and flushes it at once. The reference taken for the new mapping keeps the PD page
 * alive.
 */
function breakMappings(m: Machine, pmap: Pmap, pde: number, hi: number, lo: number): void {
  const { words } = m;
  const outer = m.delayedFree;
  m.delayedFree = 0;
  const oldLo = words[pde];
  const oldHi = words[pde + 1];
  if ((oldLo & PG_PS) !== 0) {
    removePde(m, pmap, pde, hi, lo);
    invalidatePdePage(m, pmap, hi, lo, oldHi);
  } else {
    delayedInvlStart(m);
    if (removePtes(m, pmap, hi, lo, NPTEPG, tableFrame(oldLo))) pmapInvalidateAll(m, pmap);
    delayedInvlFinish(m);
  }
  freeDelayed(m);
  m.delayedFree = outer;
  if (words[pde] !== 0) throw new KernelPanic('pmap_enter_pde', 'non-zero pde', { pde: words[pde] >>> 0 });
}

/** Maps 2M ahead of use, read-only and not accessed; never sleeps, replaces or reclaims. FreeBSD: pmap_enter_2mpage */
export function enter2mpage(m: Machine, pmap: Pmap, hi: number, lo: number, frame: Frame, prot: number): boolean {
  const managed = (m.page.oflags[frame] & VPO_UNMANAGED) === 0 ? PG_MANAGED : 0;
  const nx = (prot & VM_PROT_EXECUTE) === 0 ? PG_NX_HI : 0;
  const newLo = entryLo(frame, PG_PS | PG_V | PG_U | managed);
  return enterPde(m, pmap, hi, lo, newLo, entryHi(frame, nx), ENTER_PDE_AHEAD) === KERN_SUCCESS;
}
