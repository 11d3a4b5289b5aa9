/** Changing attributes of mappings: protection, wiring, accessed and modified bits. */
import { PMAP_LOCKS } from '../counters.ts';
import { enterCall, leavePlace } from '../events.ts';
import type { Machine } from '../hunks.ts';
import {
  MODIFIED,
  PG_A,
  PG_M,
  PG_MANAGED,
  PG_NX_HI,
  PG_PROMOTED_HI,
  PG_PS,
  PG_RW,
  PG_V,
  PG_W,
  frameOf,
  tableFrame,
} from '../hw/entry.ts';
import { vmPageDirty } from '../page/page.ts';
import { KernelPanic } from '../panic.ts';
import { EV_ADVISE, EV_PROTECT, EV_UNWIRE } from '../places.ts';
import { RUN_PAGES } from '../state/page.ts';
import type { Pmap } from '../state/pmap.ts';
import {
  MADV_DONTNEED,
  MADV_FREE,
  NBPDP,
  NBPDR,
  NPTEPG,
  PAGE_SIZE,
  VM_PROT_ALL,
  VM_PROT_EXECUTE,
  VM_PROT_NONE,
  VM_PROT_WRITE,
  type Va,
  vaHi,
  vaLo,
} from '../units.ts';
import { delayedInvlFinish, delayedInvlStart, pmapInvalidateAll } from './invalidate.ts';
import { assertWhole1g } from './large-page.ts';
import { removePte } from './leaf.ts';
import { removeUnrecorded } from './remove.ts';
import { demotePde } from './superpage.ts';
import { pdeSpan, pteIn } from './tables.ts';

const WRITTEN = PG_MANAGED | PG_M | PG_RW;

/** Demotes a 2M mapping and handles the pv list lock itself. FreeBSD: pmap_demote_pde */
function demoteUnlocked(m: Machine, pmap: Pmap, pde: number, va: Va): boolean {
  const demoted = demotePde(m, pmap, pde, vaHi(va), vaLo(va));
  m.pvListLocked = 0;
  return demoted;
}

/**
 * Restricts all mappings in [sva, eva) to `prot`. Never adds rights. VM_PROT_NONE unmaps.
 * FreeBSD: sys/amd64/amd64/pmap.c pmap_protect
 */
export function pmapProtect(m: Machine, pmap: Pmap, sva: Va, eva: Va, prot: number): void {
  enterCall(m, EV_PROTECT, pmap.id, sva, eva, prot);
  if ((prot & ~VM_PROT_ALL) !== 0) throw new KernelPanic('pmap_protect', 'invalid prot', { prot });
  if (prot === VM_PROT_NONE) removeUnrecorded(m, pmap, sva, eva);
  else if ((prot & (VM_PROT_WRITE | VM_PROT_EXECUTE)) !== (VM_PROT_WRITE | VM_PROT_EXECUTE))
    protectRange(m, pmap, sva, eva, prot);
  leavePlace(m);
}

/** FreeBSD: pmap_protect */
function protectRange(m: Machine, pmap: Pmap, sva: Va, eva: Va, prot: number): void {
  const { words } = m;
  const keepLo = (prot & VM_PROT_WRITE) === 0 ? ~MODIFIED : -1;
  const addHi = (prot & VM_PROT_EXECUTE) === 0 ? PG_NX_HI : 0;
  let changed = false;
  m.counters[PMAP_LOCKS]++;
  pmap.generation++;
  for (let va = sva; va < eva; va = m.spanEnd) {
    const pde = pdeSpan(m, pmap, va);
    const next = m.spanEnd;
    if (pde === 0) continue;
    if (pde < 0) {
      assertWhole1g('pmap_protect', next <= eva);
      if (protectLeaf(words, -pde, keepLo, addHi, 0)) changed = true;
      continue;
    }
    const entry = words[pde];
    if (entry === 0) continue;
    if ((entry & PG_PS) !== 0) {
      if (va + NBPDR === next && eva >= next) {
        if (protectPde(m, pde, keepLo, addHi)) changed = true;
        continue;
      }
      if (!demoteUnlocked(m, pmap, pde, va)) continue;
    }
    const end = next > eva ? eva : next;
    let pte = pteIn(words[pde], vaLo(va));
    for (let left = (end - va) / PAGE_SIZE; left > 0; left--, pte += 2) {
      const old = words[pte];
      if ((old & PG_V) === 0) continue;
      if (keepLo !== -1 && (old & WRITTEN) === WRITTEN) vmPageDirty(m, frameOf(old, words[pte + 1]));
      if (protectLeaf(words, pte, keepLo, addHi, 0)) changed = true;
    }
  }
  if (changed) pmapInvalidateAll(m, pmap);
}

/** Returns whether the entry changed; dropHi is cleared only in that case. */
function protectLeaf(words: Int32Array, at: number, keepLo: number, addHi: number, dropHi: number): boolean {
  const oldLo = words[at];
  const oldHi = words[at + 1];
  const newLo = oldLo & keepLo;
  const newHi = oldHi | addHi;
  if (newLo === oldLo && newHi === oldHi) return false;
  words[at] = newLo;
  words[at + 1] = newHi & ~dropHi;
  return true;
}

/**
 * A change is followed by a flush that also drops the 4K translations from TLBs, so PG_PROMOTED is cleared. FreeBSD:
 * pmap_protect_pde
 */
function protectPde(m: Machine, pde: number, keepLo: number, addHi: number): boolean {
  const old = m.words[pde];
  if (keepLo !== -1 && (old & WRITTEN) === WRITTEN) {
    const first = frameOf(old, m.words[pde + 1]) & ~(RUN_PAGES - 1);
    for (let frame = first; frame < first + RUN_PAGES; frame++) vmPageDirty(m, frame);
  }
  return protectLeaf(m.words, pde, keepLo, addHi, PG_PROMOTED_HI);
}

/**
 * Clears the wired attribute of all mappings in [sva, eva); each must have it. No TLB flush: hardware ignores the bit.
 * FreeBSD: sys/amd64/amd64/pmap.c pmap_unwire
 */
export function pmapUnwire(m: Machine, pmap: Pmap, sva: Va, eva: Va): void {
  enterCall(m, EV_UNWIRE, pmap.id, sva, eva);
  const { words } = m;
  const { stats } = pmap;
  m.counters[PMAP_LOCKS]++;
  pmap.generation++;
  for (let va = sva; va < eva; va = m.spanEnd) {
    const pde = pdeSpan(m, pmap, va);
    const next = m.spanEnd;
    if (pde === 0) continue;
    if (pde < 0) {
      assertWhole1g('pmap_unwire', next <= eva);
      words[-pde] &= ~PG_W;
      stats.wiredCount -= NBPDP / PAGE_SIZE;
      continue;
    }
    const entry = words[pde];
    if ((entry & PG_V) === 0) continue;
    if ((entry & PG_PS) !== 0) {
      if ((entry & PG_W) === 0) throw new KernelPanic('pmap_unwire', 'pde is missing PG_W', { pde: entry >>> 0 });
      if (va + NBPDR === next && eva >= next) {
        words[pde] = entry & ~PG_W;
        stats.wiredCount -= NPTEPG;
        continue;
      }
      if (!demoteUnlocked(m, pmap, pde, va)) throw new KernelPanic('pmap_unwire', 'demotion failed', { va });
    }
    const end = next > eva ? eva : next;
    let pte = pteIn(words[pde], vaLo(va));
    for (let left = (end - va) / PAGE_SIZE; left > 0; left--, pte += 2) {
      const old = words[pte];
      if ((old & PG_V) === 0) continue;
      if ((old & PG_W) === 0) throw new KernelPanic('pmap_unwire', 'pte is missing PG_W', { pte: old >>> 0 });
      words[pte] = old & ~PG_W;
      stats.wiredCount--;
    }
  }
  leavePlace(m);
}

/**
 * Clears accessed and modified bits of the managed mappings in [sva, eva): for MADV_DONTNEED after dirtying the pages,
 * for MADV_FREE without. 2M mappings are demoted; one page of each is unmapped, so that a later access may promote it
 * again. Other advice does nothing. FreeBSD: sys/amd64/amd64/pmap.c pmap_advise
 */
export function pmapAdvise(m: Machine, pmap: Pmap, sva: Va, eva: Va, advice: number): void {
  enterCall(m, EV_ADVISE, pmap.id, sva, eva, advice);
  if (advice === MADV_DONTNEED || advice === MADV_FREE) adviseRange(m, pmap, sva, eva, advice);
  leavePlace(m);
}

/** FreeBSD: pmap_advise */
function adviseRange(m: Machine, pmap: Pmap, sva: Va, eva: Va, advice: number): void {
  const { words } = m;
  let changed = false;
  delayedInvlStart(m);
  m.counters[PMAP_LOCKS]++;
  pmap.generation++;
  for (let va = sva; va < eva; va = m.spanEnd) {
    const pde = pdeSpan(m, pmap, va);
    const next = m.spanEnd;
    if (pde < 0) assertWhole1g('pmap_advise', next <= eva);
    if (pde <= 0) continue;
    const entry = words[pde];
    if ((entry & PG_V) === 0) continue;
    const end = next > eva ? eva : next;
    if ((entry & PG_PS) !== 0) {
      if ((entry & PG_MANAGED) === 0) continue;
      if (!demotePde(m, pmap, pde, vaHi(va), vaLo(va))) {
        m.pvListLocked = 0;
        continue;
      }
      if ((entry & PG_W) === 0) {
        const lo = vaLo(end - PAGE_SIZE);
        const pte = pteIn(words[pde], lo);
        if ((words[pte] & PG_V) === 0) throw new KernelPanic('pmap_advise', 'invalid PTE', { va });
        removePte(m, pmap, pte, vaHi(va), lo, tableFrame(words[pde]));
        changed = true;
      }
      m.pvListLocked = 0;
    }
    let pte = pteIn(words[pde], vaLo(va));
    for (let left = (end - va) / PAGE_SIZE; left > 0; left--, pte += 2) {
      const old = words[pte];
      if ((old & (PG_MANAGED | PG_V)) !== (PG_MANAGED | PG_V)) continue;
      if ((old & MODIFIED) === MODIFIED) {
        if (advice === MADV_DONTNEED) vmPageDirty(m, frameOf(old, words[pte + 1]));
        words[pte] = old & ~(PG_M | PG_A);
      } else if ((old & PG_A) !== 0) words[pte] = old & ~PG_A;
      else continue;
      changed = true;
    }
  }
  if (changed) pmapInvalidateAll(m, pmap);
  delayedInvlFinish(m);
}
