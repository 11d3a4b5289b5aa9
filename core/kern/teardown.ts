/**
 * What an address space that is about to be given up has at the shared page. Counted before the revision's own code
 * runs, from the machine's state alone, so that it is the same for every revision.
 * FreeBSD: sys/kern/kern_exec.c exec_free_abi_mappings
 */
import {
  CLEANUPS_WITHOUT_SHARED_PAGE,
  CLEANUPS_WITH_OTHER_MEMORY,
  SHARED_EXITS_OF_ABI_WITHOUT_SHARED_PAGE,
  TEARDOWNS_OF_ABI_WITHOUT_SHARED_PAGE,
  TEARDOWNS_WITHOUT_ITS_TABLE,
  TEARDOWNS_WITHOUT_SHARED_PAGE,
  TEARDOWNS_WITH_OTHER_MEMORY,
  TEARDOWNS_WITH_PAGES_ABOVE,
  TEARDOWNS_WITH_SUPERPAGE,
} from '../counters.ts';
import type { Machine } from '../hunks.ts';
import { PG_MANAGED, PG_PS, PG_V, PG_W, usedFrom } from '../hw/entry.ts';
import { pdeAt, ptPageOf, pteOf } from '../pmap/tables.ts';
import type { Pmap } from '../state/pmap.ts';
import type { Proc, Sysent } from '../state/proc.ts';
import type { VmMap, VmMapEntry, Vmspace } from '../state/vm.ts';
import { PAGE_SIZE, type Va, vaHi, vaLo, wordOf } from '../units.ts';
import { firstEndingAfter } from '../vm/entry-at.ts';

/** Entries of a root that user addresses use. */
const USER_HALF = 256;

const hasTables = ({ words }: Machine, { top, reserved }: Pmap): boolean =>
  reserved.size > 0 || usedFrom(words, wordOf(top), 0, USER_HALF) < USER_HALF;

/** Low word of the 2M mapping of an address; 0 if there is none. */
function superpageAt(m: Machine, pmap: Pmap, hi: number, lo: number): number {
  const at = pdeAt(m, pmap, hi, lo);
  const pde = at === 0 ? 0 : m.words[at];
  return (pde & (PG_V | PG_PS)) === (PG_V | PG_PS) ? pde : 0;
}

/** Low word of the mapping of an address, 4K or 2M; 0 if there is none. */
function leafAt(m: Machine, pmap: Pmap, hi: number, lo: number): number {
  const ptp = ptPageOf(m, pmap, hi, lo);
  return ptp === 0 ? superpageAt(m, pmap, hi, lo) : m.words[pteOf(ptp, lo)];
}

/** Does pmap_remove_pages leave a page in [start, end) mapped? */
function keepsPages(m: Machine, pmap: Pmap, start: Va, end: Va): boolean {
  for (let va = start; va < end; va += PAGE_SIZE) {
    const leaf = leafAt(m, pmap, vaHi(va), vaLo(va));
    if ((leaf & PG_V) !== 0 && (leaf & (PG_MANAGED | PG_W)) !== PG_MANAGED) return true;
  }
  return false;
}

/** The entry that holds va; null: none does. */
function entryAt(map: VmMap, va: Va): VmMapEntry | null {
  const entry = firstEndingAfter(map, va);
  return entry !== map.header && entry.start <= va ? entry : null;
}

/** An exec into the ABI of `sysent` is about to free the vmspace that it left. FreeBSD: none */
export function countCleanup(m: Machine, { sharedPage }: Sysent, { map }: Vmspace): void {
  if (sharedPage === null) return;
  const entry = entryAt(map, sharedPage.base);
  if (entry === null) m.counters[CLEANUPS_WITHOUT_SHARED_PAGE]++;
  else if (entry.object !== m.vm.sharedPage) m.counters[CLEANUPS_WITH_OTHER_MEMORY]++;
}

/** Call when p is about to give up its vmspace. isLast: p is its last user, so it is emptied. FreeBSD: none */
export function countTeardown(m: Machine, { sysent, vmspace }: Proc, isLast: boolean): void {
  const { sharedPage } = sysent;
  const { counters } = m;
  const { map, pmap } = vmspace;
  if (sharedPage === null) {
    counters[isLast ? TEARDOWNS_OF_ABI_WITHOUT_SHARED_PAGE : SHARED_EXITS_OF_ABI_WITHOUT_SHARED_PAGE]++;
    return;
  }
  const { base } = sharedPage;
  const entry = entryAt(map, base);
  if (entry !== null && entry.object !== m.vm.sharedPage) {
    counters[TEARDOWNS_WITH_OTHER_MEMORY]++;
    if (superpageAt(m, pmap, vaHi(base), vaLo(base)) !== 0) counters[TEARDOWNS_WITH_SUPERPAGE]++;
  }
  if (!isLast || !hasTables(m, pmap)) return;
  if (entry !== null && entry.object !== null) {
    const isAlone = entry.start === base && entry.end === base + PAGE_SIZE;
    if (isAlone && keepsPages(m, pmap, entry.end, sysent.maxUser)) counters[TEARDOWNS_WITH_PAGES_ABOVE]++;
    return;
  }
  counters[TEARDOWNS_WITHOUT_SHARED_PAGE]++;
  const pde = pdeAt(m, pmap, vaHi(base), vaLo(base));
  if (pde === 0 || (m.words[pde] & PG_PS) !== 0) counters[TEARDOWNS_WITHOUT_ITS_TABLE]++;
}
