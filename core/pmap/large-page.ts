/**
 * Non-transparent superpages: unmanaged 2M and 1G mappings that are created and removed only as a whole.
 * FreeBSD: sys/amd64/amd64/pmap.c pmap_enter_largepage, PMAP_ENTER_LARGEPAGE.
 */
import type { Machine } from '../hunks.ts';
import { PG_FRAME_HI, PG_PS, PG_PS_FRAME_LO, PG_V, PG_W, frameOf, tableFrame, tableWords } from '../hw/entry.ts';
import { KernelPanic } from '../panic.ts';
import type { Pmap } from '../state/pmap.ts';
import {
  KERN_RESOURCE_SHORTAGE,
  KERN_SUCCESS,
  NBPDP,
  NBPDR,
  PAGE_SIZE,
  VM_MAXUSER_ADDRESS_LA57,
  type Va,
  vaHi,
  vaLo,
  wordOf,
} from '../units.ts';
import { sleepForMemory } from './alloc-pte.ts';
import { pmapResidentCountAdj } from './pt-page.ts';
import { LEVEL_PD, LEVEL_PDP, makeTable } from './ptp.ts';
import { pdSlot, pdeAt, pdpSlot, pdpeAt, pml4eAt } from './tables.ts';

/** A range must cover all of a 1G mapping, which cannot be demoted. FreeBSD: none */
export function assertWhole1g(where: string, whole: boolean): void {
  if (!whole) throw new KernelPanic(where, 'partial update of non-transparent 1G mapping');
}

/**
 * Maps an aligned 2M (psind 1) or 1G (psind 2) run with the given entry, over a mapping of the same run or over
 * nothing. Does not flush TLBs. Returns a KERN_ code. FreeBSD: pmap_enter_largepage
 */
export function enterLargepage(m: Machine, pmap: Pmap, va: Va, lo: number, hi: number, sleep: boolean, psind: number) {
  const { words } = m;
  const size = psind === 2 ? NBPDP : NBPDR;
  const frame = frameOf(lo, hi);
  if ((frame * PAGE_SIZE) % size !== 0)
    throw new KernelPanic('pmap_enter_largepage', 'unaligned phys address', { frame, psind });
  if (va % size !== 0) throw new KernelPanic('pmap_enter_largepage', 'unaligned va', { va, psind });
  if (va + size >= VM_MAXUSER_ADDRESS_LA57)
    throw new KernelPanic('pmap_enter_largepage', 'overflowing user map', { va, psind });
  const at = psind === 2 ? slot1g(m, pmap, va, sleep) : slot2m(m, pmap, va, sleep);
  if (at === 0) return KERN_RESOURCE_SHORTAGE;
  const old = words[at];
  const moved = ((old ^ lo) & PG_PS_FRAME_LO) | ((words[at + 1] ^ hi) & PG_FRAME_HI);
  words[at] = lo;
  words[at + 1] = hi;
  if ((old & PG_V) !== 0 && ((old & PG_PS) === 0 || moved !== 0))
    throw new KernelPanic('pmap_enter_largepage', 'changing phys page', { va, old: old >>> 0, new: lo >>> 0 });
  const pages = size / PAGE_SIZE;
  if ((lo & PG_W) !== 0 && (old & PG_W) === 0) pmap.stats.wiredCount += pages;
  else if ((lo & PG_W) === 0 && (old & PG_W) !== 0) pmap.stats.wiredCount -= pages;
  if ((old & PG_V) === 0) pmapResidentCountAdj(m, pmap, pages);
  return KERN_SUCCESS;
}

function slot1g(m: Machine, pmap: Pmap, va: Va, sleep: boolean): number {
  const { words } = m;
  const hi = vaHi(va);
  const lo = vaLo(va);
  const slot = pdpSlot(hi, lo);
  for (;;) {
    const at = pml4eAt(m, pmap, hi);
    const pml4e = at === 0 ? 0 : words[at];
    if ((pml4e & PG_V) !== 0) {
      const pdpe = tableWords(pml4e) + slot;
      if ((words[pdpe] & PG_V) === 0) m.page.refCount[tableFrame(pml4e)]++;
      return pdpe;
    }
    const pdp = makeTable(m, pmap, hi, lo, LEVEL_PDP);
    if (pdp !== 0) return wordOf(pdp) + slot;
    if (!sleep) return 0;
    sleepForMemory(m);
  }
}

function slot2m(m: Machine, pmap: Pmap, va: Va, sleep: boolean): number {
  const { words } = m;
  const hi = vaHi(va);
  const lo = vaLo(va);
  for (;;) {
    const pde = pdeAt(m, pmap, hi, lo);
    if (pde !== 0) {
      if ((words[pde] & PG_V) === 0) m.page.refCount[tableFrame(words[pdpeAt(m, pmap, hi, lo)])]++;
      return pde;
    }
    const pd = makeTable(m, pmap, hi, lo, LEVEL_PD);
    if (pd !== 0) return wordOf(pd) + pdSlot(lo);
    if (!sleep) return 0;
    sleepForMemory(m);
  }
}
