/** Variants of pmap_enter that map ahead of use: only where nothing is mapped, and only if that needs no effort. */
import { PMAP_LOCKS } from '../counters.ts';
import { leavePlace } from '../events.ts';
import type { Machine } from '../hunks.ts';
import { PG_MANAGED, PG_NX_HI, PG_PS, PG_U, PG_V, entryHi, entryLo, tableFrame } from '../hw/entry.ts';
import { EV_ENTER_OBJECT, EV_ENTER_QUICK } from '../places.ts';
import { RUN_PAGES, VPO_UNMANAGED } from '../state/page.ts';
import type { Pmap } from '../state/pmap.ts';
import { type Frame, NBPDR, PAGE_SIZE, PDRMASK, VM_PROT_EXECUTE, type Va, vaHi, vaLo } from '../units.ts';
import { allocPtp } from './alloc-pte.ts';
import { enter2mpage } from './enter-pde.ts';
import { pmapResidentCountAdj, ptPindex } from './pt-page.ts';
import { abortPtp } from './ptp.ts';
import { tryInsertPvEntry } from './pv.ts';
import { pmapPsEnabled } from './superpage.ts';
import { pdeAt, pteOf } from './tables.ts';

/**
 * Maps the object's resident pages from `first` on at [sva, eva), read-only and not accessed, where nothing is mapped;
 * 2M at a time where possible. Gives up silently if memory is short. FreeBSD: sys/amd64/amd64/pmap.c pmap_enter_object
 */
export function pmapEnterObject(m: Machine, pmap: Pmap, sva: Va, eva: Va, first: Frame, prot: number): void {
  const { page } = m;
  const { pindex, listNext } = page;
  const start = pindex[first];
  if (m.recording) m.events.emit(EV_ENTER_OBJECT, pmap.id, sva, eva, prot, page.object[first], start, 0, first);
  const pages = (eva - sva) / PAGE_SIZE;
  m.counters[PMAP_LOCKS]++;
  pmap.generation++;
  let ptp = 0;
  let frame = first;
  while (frame !== 0) {
    const offset = pindex[frame] - start;
    if (offset >= pages) break;
    const va = sva + offset * PAGE_SIZE;
    const hi = vaHi(va);
    const lo = vaLo(va);
    if (
      (lo & PDRMASK) === 0 &&
      va + NBPDR <= eva &&
      page.psind[frame] === 1 &&
      pmapPsEnabled(m, pmap) &&
      enter2mpage(m, pmap, hi, lo, frame, prot)
    )
      frame += RUN_PAGES - 1;
    else ptp = enterQuickLocked(m, pmap, hi, lo, frame, prot, ptp);
    frame = listNext[frame];
  }
  m.pvListLocked = 0;
  leavePlace(m);
}

/**
 * Maps one page read-only and not accessed, if nothing is mapped there and memory allows.
 * FreeBSD: sys/amd64/amd64/pmap.c pmap_enter_quick
 */
export function pmapEnterQuick(m: Machine, pmap: Pmap, va: Va, frame: Frame, prot: number): void {
  const { page } = m;
  if (m.recording)
    m.events.emit(EV_ENTER_QUICK, pmap.id, va, prot, page.object[frame], page.pindex[frame], 0, 0, frame);
  m.counters[PMAP_LOCKS]++;
  pmap.generation++;
  enterQuickLocked(m, pmap, vaHi(va), vaLo(va), frame, prot, 0);
  m.pvListLocked = 0;
  leavePlace(m);
}

/**
 * `ptp` is the PT page returned by the previous call, 0 if none. Returns the PT page used, or 0 if nothing was mapped.
 * FreeBSD: pmap_enter_quick_locked
 */
function enterQuickLocked(
  m: Machine,
  pmap: Pmap,
  hi: number,
  lo: number,
  frame: Frame,
  prot: number,
  last: Frame,
): Frame {
  const { words, page } = m;
  let ptp = last;
  if (ptp !== 0 && page.pindex[ptp] === ptPindex(hi, lo)) {
    page.refCount[ptp]++;
  } else {
    const pdeWord = pdeAt(m, pmap, hi, lo);
    const pde = pdeWord === 0 ? 0 : words[pdeWord];
    if ((pde & PG_V) !== 0) {
      if ((pde & PG_PS) !== 0) return 0;
      ptp = tableFrame(pde);
      page.refCount[ptp]++;
    } else {
      ptp = allocPtp(m, pmap, hi, lo, false);
      if (ptp === 0) return 0;
    }
  }
  const pte = pteOf(ptp, lo);
  if (words[pte] !== 0) {
    page.refCount[ptp]--;
    return 0;
  }
  let bits = PG_V | PG_U;
  if ((page.oflags[frame] & VPO_UNMANAGED) === 0) {
    if (!tryInsertPvEntry(m, pmap, frame, hi, lo)) {
      abortPtp(m, pmap, hi, lo, ptp);
      return 0;
    }
    bits |= PG_MANAGED;
  }
  pmapResidentCountAdj(m, pmap, 1);
  words[pte] = entryLo(frame, bits);
  words[pte + 1] = entryHi(frame, (prot & VM_PROT_EXECUTE) === 0 ? PG_NX_HI : 0);
  return ptp;
}
