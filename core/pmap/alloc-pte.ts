/** Page-table pages for a mapping about to be made: a large mapping in the way is demoted, and the caller may sleep. */
import { PMAP_LOCKS } from '../counters.ts';
import type { Machine } from '../hunks.ts';
import { PG_PS, PG_V, tableFrame, tableWords } from '../hw/entry.ts';
import { vmWait } from '../page/page.ts';
import { KernelPanic } from '../panic.ts';
import type { Pmap } from '../state/pmap.ts';
import { type Frame, frameAt, wordOf } from '../units.ts';
import { LEVEL_PD, LEVEL_PT, makeTable } from './ptp.ts';
import { demotePde } from './superpage.ts';
import { pdSlot, pdeAt, pdpeAt } from './tables.ts';

/**
 * Drops all locks and sleeps for memory. The caller must look everything up again. FreeBSD: pmap_allocpte_alloc,
 * pmap_enter_largepage
 */
export function sleepForMemory(m: Machine): void {
  m.pvListLocked = 0;
  if (m.invlOpen !== 0) throw new KernelPanic('pmap_allocpte_alloc', 'sleeps in a delayed invalidation block');
  vmWait(m);
  m.counters[PMAP_LOCKS]++;
}

/**
 * Links a new PT page for an address; its first reference belongs to the caller. Returns 0 if there is no memory, after
 * a sleep if sleeping is allowed. FreeBSD: pmap_allocpte_alloc
 */
export function allocPtp(m: Machine, pmap: Pmap, hi: number, lo: number, sleep: boolean): Frame {
  const frame = makeTable(m, pmap, hi, lo, LEVEL_PT);
  if (frame === 0 && sleep) sleepForMemory(m);
  return frame;
}

/**
 * Returns the PDE of an address, allocates its PD page if missing, and takes a reference on the PD page for the caller.
 * Returns 0 if there is no memory and the caller may not sleep. FreeBSD: pmap_alloc_pde
 */
export function allocPde(m: Machine, pmap: Pmap, hi: number, lo: number, sleep: boolean): number {
  const { words } = m;
  const slot = pdSlot(lo);
  for (;;) {
    const at = pdpeAt(m, pmap, hi, lo);
    const pdpe = at === 0 ? 0 : words[at];
    if ((pdpe & PG_V) !== 0) {
      if ((pdpe & PG_PS) !== 0) throw new KernelPanic('pmap_pdpe_to_pde', 'pdpe is a leaf', { pdpe: pdpe >>> 0 });
      m.page.refCount[tableFrame(pdpe)]++;
      return tableWords(pdpe) + slot;
    }
    const pd = makeTable(m, pmap, hi, lo, LEVEL_PD);
    if (pd !== 0) return wordOf(pd) + slot;
    if (!sleep) return 0;
    sleepForMemory(m);
  }
}

/** The PD page that contains a PDE. FreeBSD: none */
export const pdPageOf = (pde: number): Frame => frameAt(pde);

/**
 * Returns the PT page of an address, allocates it if missing, and takes a reference for the caller. Returns 0 if there
 * is no memory. FreeBSD: pmap_allocpte as pmap_copy calls it: it may neither sleep nor switch pv list locks, so a
 * managed 2M mapping in the way causes a panic, as in the kernel.
 */
export function allocPte(m: Machine, pmap: Pmap, hi: number, lo: number): Frame {
  const { words } = m;
  let pde = pdeAt(m, pmap, hi, lo);
  if (pde !== 0 && (words[pde] & (PG_PS | PG_V)) === (PG_PS | PG_V) && !demotePde(m, pmap, pde, hi, lo, false)) pde = 0;
  if (pde === 0 || (words[pde] & PG_V) === 0) return allocPtp(m, pmap, hi, lo, false);
  const frame = tableFrame(words[pde]);
  m.page.refCount[frame]++;
  return frame;
}
