/** pmap_remove: unmaps a range of addresses. */
import {
  PMAP_LOCKS,
  REACHED_REMOVE_IS_NOOP,
  REACHED_REMOVE_LOOP_DONE,
  REMOVE_CALLS,
  REMOVE_EARLY_EXITS,
  REMOVE_LOOPS,
  REMOVE_LOOP_BREAKS,
} from '../counters.ts';
import { enterCall, leavePlace, noteRemove } from '../events.ts';
import type { Machine } from '../hunks.ts';
import { PG_PS, PG_V, tableFrame, tableWords } from '../hw/entry.ts';
import { EV_REMOVE } from '../places.ts';
import type { Pmap } from '../state/pmap.ts';
import { type Frame, NBPDP, NBPDR, NBPML4, NBPML5, PAGE_SIZE, type Va, vaHi, vaLo, vaOf } from '../units.ts';
import { delayedInvlFinish, delayedInvlStart, pmapInvalidateAll, pmapInvalidatePage } from './invalidate.ts';
import { assertWhole1g } from './large-page.ts';
import { removePde, removePte } from './leaf.ts';
import { freeDelayed, pmapResidentCountAdj } from './pt-page.ts';
import { unwirePtp } from './ptp.ts';
import { demotePde } from './superpage.ts';
import { nextSpan, pdSlot, pdeAt, pdpSlot, pml4eAt, ptPageOf, pteOf } from './tables.ts';

/**
 * Unmaps [sva, eva), page-aligned. If the pmap has nothing mapped, it returns at its first test, before taking any
 * lock. FreeBSD: sys/amd64/amd64/pmap.c pmap_remove
 */
export function pmapRemove(m: Machine, pmap: Pmap, sva: Va, eva: Va): void {
  const { counters } = m;
  const isEmpty = pmap.stats.residentCount === 0;
  enterCall(m, EV_REMOVE, pmap.id, sva, eva);
  counters[REMOVE_CALLS]++;
  counters[REACHED_REMOVE_IS_NOOP]++;
  const early = m.hunks.removeIsNoop(m, pmap);
  if (isEmpty || early) noteRemove(m, isEmpty, early);
  if (early) counters[REMOVE_EARLY_EXITS]++;
  else if (eva - sva === PAGE_SIZE) removePage(m, pmap, vaHi(sva), vaLo(sva));
  else removeFull(m, pmap, sva, eva);
  leavePlace(m);
}

/** pmap_remove as called by pmap_protect: the VM layer did not call it, so it emits no event. FreeBSD: pmap_protect */
export function removeUnrecorded(m: Machine, pmap: Pmap, sva: Va, eva: Va): void {
  m.events.muted = true;
  pmapRemove(m, pmap, sva, eva);
  m.events.muted = false;
}

function removeFull(m: Machine, pmap: Pmap, sva: Va, eva: Va): void {
  delayedInvlStart(m);
  m.counters[PMAP_LOCKS]++;
  pmap.generation++;
  if (removeRange(m, pmap, sva, eva)) pmapInvalidateAll(m, pmap);
  m.pvListLocked = 0;
  delayedInvlFinish(m);
  freeDelayed(m);
}

/**
 * Removal of a single page, a very common case. If a 2M mapping covers it or there is no PD page, it is handled like
 * any range. FreeBSD: pmap_remove_page
 */
function removePage(m: Machine, pmap: Pmap, hi: number, lo: number): void {
  delayedInvlStart(m);
  m.counters[PMAP_LOCKS]++;
  pmap.generation++;
  const ptp = ptPageOf(m, pmap, hi, lo);
  if (ptp !== 0) {
    const pte = pteOf(ptp, lo);
    if ((m.words[pte] & PG_V) !== 0) {
      removePte(m, pmap, pte, hi, lo, ptp);
      pmapInvalidatePage(m, pmap, hi, lo);
    }
  } else removePageUnusual(m, pmap, hi, lo);
  m.pvListLocked = 0;
  delayedInvlFinish(m);
  freeDelayed(m);
}

function removePageUnusual(m: Machine, pmap: Pmap, hi: number, lo: number): void {
  const at = pdeAt(m, pmap, hi, lo);
  if (at !== 0 && (m.words[at] & PG_PS) === 0) return;
  const va = vaOf(hi, lo);
  if (removeRange(m, pmap, va, va + PAGE_SIZE)) pmapInvalidateAll(m, pmap);
}

/** The outer loop. Returns whether anything was unmapped. */
function removeRange(m: Machine, pmap: Pmap, sva: Va, eva: Va): boolean {
  const { words, counters, hunks } = m;
  let any = false;
  let next = 0;
  for (let va = sva; va < eva; va = next) {
    counters[REACHED_REMOVE_LOOP_DONE]++;
    if (hunks.removeLoopDone(m, pmap)) {
      counters[REMOVE_LOOP_BREAKS]++;
      break;
    }
    counters[REMOVE_LOOPS]++;
    const hi = vaHi(va);
    const lo = vaLo(va);
    const pml4eWord = pml4eAt(m, pmap, hi);
    if (pml4eWord === 0) {
      next = nextSpan(va, NBPML5);
      continue;
    }
    const pml4e = words[pml4eWord];
    if ((pml4e & PG_V) === 0) {
      next = nextSpan(va, NBPML4);
      continue;
    }
    next = nextSpan(va, NBPDP);
    const pdpeWord = tableWords(pml4e) + pdpSlot(hi, lo);
    const pdpe = words[pdpeWord];
    if ((pdpe & PG_V) === 0) continue;
    if ((pdpe & PG_PS) !== 0) {
      assertWhole1g('pmap_remove', next <= eva);
      any = true;
      words[pdpeWord] = 0;
      words[pdpeWord + 1] = 0;
      pmapResidentCountAdj(m, pmap, -NBPDP / PAGE_SIZE);
      unwirePtp(m, pmap, hi, lo, tableFrame(pml4e));
      continue;
    }
    next = nextSpan(va, NBPDR);
    const pdeWord = tableWords(pdpe) + pdSlot(lo);
    let pde = words[pdeWord];
    if (pde === 0) continue;
    if ((pde & PG_PS) !== 0) {
      if (va + NBPDR === next && eva >= next) {
        any = true;
        removePde(m, pmap, pdeWord, hi, lo);
        continue;
      }
      if (!demotePde(m, pmap, pdeWord, hi, lo)) continue;
      pde = words[pdeWord];
    }
    if (next > eva) next = eva;
    if (removePtes(m, pmap, hi, lo, (next - va) / PAGE_SIZE, tableFrame(pde))) any = true;
  }
  return any;
}

/**
 * Unmaps `pages` pages starting at an address, all in the PT page `ptp`; stops if the PT page is unlinked. Returns
 * whether anything was unmapped. FreeBSD: pmap_remove_ptes
 */
export function removePtes(m: Machine, pmap: Pmap, hi: number, lo: number, pages: number, ptp: Frame): boolean {
  const { words } = m;
  let any = false;
  let pte = pteOf(ptp, lo);
  for (let at = lo, left = pages; left > 0; left--, at = (at + PAGE_SIZE) | 0, pte += 2) {
    if (words[pte] === 0) continue;
    any = true;
    if (removePte(m, pmap, pte, hi, at, ptp)) break;
  }
  return any;
}
