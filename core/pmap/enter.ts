/** pmap_enter: maps a page that is needed now. */
import { PMAP_LOCKS } from '../counters.ts';
import { leavePlace } from '../events.ts';
import type { Machine } from '../hunks.ts';
import {
  MODIFIED,
  PG_A,
  PG_FRAME_HI,
  PG_FRAME_LO,
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
import { vmPageDirty } from '../page/page.ts';
import { reservIsFull } from '../page/reserv.ts';
import { KernelPanic } from '../panic.ts';
import { EV_ENTER } from '../places.ts';
import { PGA_REFERENCED, PGA_WRITEABLE, VPO_UNMANAGED } from '../state/page.ts';
import type { Pmap } from '../state/pmap.ts';
import {
  type Frame,
  KERN_RESOURCE_SHORTAGE,
  KERN_SUCCESS,
  NBPDR,
  NPTEPG,
  PMAP_ENTER_LARGEPAGE,
  PMAP_ENTER_NOSLEEP,
  PMAP_ENTER_WIRED,
  VM_MAXUSER_ADDRESS_LA57,
  VM_PROT_EXECUTE,
  VM_PROT_WRITE,
  type Va,
  vaHi,
  vaLo,
} from '../units.ts';
import { allocPtp } from './alloc-pte.ts';
import { ENTER_PDE, ENTER_PDE_NOSLEEP, enterPde } from './enter-pde.ts';
import { pmapInvalidatePage } from './invalidate.ts';
import { enterLargepage } from './large-page.ts';
import { pmapResidentCountAdj } from './pt-page.ts';
import { changePvListLock, clearWriteableIfUnmapped, freePvEntry, pvInsertTail, pvRemove4k, pvSetVa } from './pv.ts';
import { getPvEntry } from './reclaim.ts';
import { demotePde, pmapPsEnabled, promotePde } from './superpage.ts';
import { pdeAt, pteOf, usualPtPage } from './tables.ts';

/** The entry is already in place: nothing is left to store. */
const IN_PLACE = -1;

/**
 * Maps the page `frame` at `va` with `prot`. flags: VM_PROT_ bits of the access that needs it, PMAP_ENTER_NOSLEEP,
 * _WIRED, _LARGEPAGE. psind: 0 = 4K, 1 = 2M, 2 = 1G (large pages only). Replaces an existing mapping, and may promote.
 * Returns KERN_SUCCESS, or KERN_RESOURCE_SHORTAGE if there is no memory and it may not sleep.
 * FreeBSD: sys/amd64/amd64/pmap.c pmap_enter
 */
export function pmapEnter(
  m: Machine,
  pmap: Pmap,
  va: Va,
  frame: Frame,
  prot: number,
  flags: number,
  psind: number,
): number {
  const { page } = m;
  if (m.recording)
    m.events.emit(EV_ENTER, pmap.id, va, prot, flags, page.object[frame], page.pindex[frame], psind, frame);
  let newLo = entryLo(frame, PG_A | PG_V | PG_U);
  if ((flags & VM_PROT_WRITE) !== 0) newLo |= PG_M;
  if ((prot & VM_PROT_WRITE) !== 0) newLo |= PG_RW;
  if ((newLo & MODIFIED) === PG_M)
    throw new KernelPanic('pmap_enter', "flags includes VM_PROT_WRITE but prot doesn't", { va, prot, flags });
  const newHi = entryHi(frame, (prot & VM_PROT_EXECUTE) === 0 ? PG_NX_HI : 0);
  if ((flags & PMAP_ENTER_WIRED) !== 0) newLo |= PG_W;
  if ((page.oflags[frame] & VPO_UNMANAGED) === 0) newLo |= PG_MANAGED;
  else if ((newLo & PG_RW) !== 0) newLo |= PG_M;
  if (va >= VM_MAXUSER_ADDRESS_LA57) throw new KernelPanic('pmap_enter', 'invalid page directory', { va });

  let rv: number;
  if (psind !== 0 || (flags & PMAP_ENTER_LARGEPAGE) !== 0)
    rv = enterLarge(m, pmap, va, frame, newLo | PG_PS, newHi, flags, psind);
  else rv = enter4k(m, pmap, vaHi(va), vaLo(va), frame, newLo, newHi, (flags & PMAP_ENTER_NOSLEEP) === 0);
  leavePlace(m);
  return rv;
}

function enter4k(
  m: Machine,
  pmap: Pmap,
  hi: number,
  lo: number,
  frame: Frame,
  newLo: number,
  newHi: number,
  sleep: boolean,
): number {
  const { words, page } = m;
  m.counters[PMAP_LOCKS]++;
  pmap.generation++;

  // The PT page, with a reference for the new entry.
  const { refCount } = page;
  let ptp = usualPtPage(m, pmap, hi, lo);
  let references = refCount[ptp] + 1;
  if (ptp !== 0) refCount[ptp] = references;
  else {
    ptp = makeRoom(m, pmap, hi, lo, sleep);
    if (ptp === 0) {
      m.pvListLocked = 0;
      return KERN_RESOURCE_SHORTAGE;
    }
    references = refCount[ptp];
  }

  const pte = pteOf(ptp, lo);
  let pv = 0;
  if ((words[pte] & PG_V) === 0) {
    if ((newLo & PG_W) !== 0) pmap.stats.wiredCount++;
    pmapResidentCountAdj(m, pmap, 1);
  } else {
    pv = enterOver(m, pmap, pte, ptp, hi, lo, newLo, newHi);
    references = refCount[ptp];
  }
  if (pv !== IN_PLACE) {
    if ((newLo & PG_MANAGED) !== 0) {
      if (pv === 0) {
        pv = getPvEntry(m, pmap);
        pvSetVa(words, pv, hi, lo);
      }
      changePvListLock(m, frame);
      pvInsertTail(words, page.pvHead, page.pvTail, frame, pv);
      if ((newLo & PG_RW) !== 0) page.aflags[frame] |= PGA_WRITEABLE;
    }
    words[pte] = newLo;
    words[pte + 1] = newHi;
  }
  if (references === NPTEPG && pmapPsEnabled(m, pmap) && reservIsFull(m, frame)) promotePde(m, pmap, hi, lo);
  m.pvListLocked = 0;
  return KERN_SUCCESS;
}

/**
 * Allocates the PT page of an address that has none, referenced for a new entry; a 2M mapping in the way is demoted.
 */
function makeRoom(m: Machine, pmap: Pmap, hi: number, lo: number, sleep: boolean): Frame {
  for (;;) {
    const at = pdeAt(m, pmap, hi, lo);
    const pde = at === 0 ? 0 : m.words[at];
    if ((pde & PG_V) === 0) {
      const made = allocPtp(m, pmap, hi, lo, sleep);
      if (made !== 0 || !sleep) return made;
    } else if ((pde & PG_PS) !== 0) demotePde(m, pmap, at, hi, lo);
    else {
      const ptp = tableFrame(pde);
      m.page.refCount[ptp]++;
      return ptp;
    }
  }
}

function enterLarge(
  m: Machine,
  pmap: Pmap,
  va: Va,
  frame: Frame,
  newLo: number,
  newHi: number,
  flags: number,
  psind: number,
): number {
  m.counters[PMAP_LOCKS]++;
  pmap.generation++;
  const sleep = (flags & PMAP_ENTER_NOSLEEP) === 0;
  if ((flags & PMAP_ENTER_LARGEPAGE) !== 0) {
    if ((newLo & PG_MANAGED) !== 0) throw new KernelPanic('pmap_enter', 'managed largepage', { va, flags });
    return enterLargepage(m, pmap, va, newLo, newHi, sleep, psind);
  }
  if (va % NBPDR !== 0) throw new KernelPanic('pmap_enter', 'va unaligned', { va });
  if (m.page.psind[frame] < psind) throw new KernelPanic('pmap_enter', 'm->psind < psind', { frame, psind });
  const code = enterPde(m, pmap, vaHi(va), vaLo(va), newLo, newHi, sleep ? ENTER_PDE : ENTER_PDE_NOSLEEP);
  m.pvListLocked = 0;
  return code;
}

/**
 * pmap_enter where a page is already mapped. Same page: changes the entry if necessary and returns IN_PLACE. Another
 * page: unmaps it, and returns its pv entry for reuse by the new mapping, or 0.
 */
function enterOver(
  m: Machine,
  pmap: Pmap,
  pte: number,
  ptp: Frame,
  hi: number,
  lo: number,
  newLo: number,
  newHi: number,
): number {
  const { words, page } = m;
  const old = words[pte];
  const oldHi = words[pte + 1];
  if ((newLo & PG_W) !== 0 && (old & PG_W) === 0) pmap.stats.wiredCount++;
  else if ((newLo & PG_W) === 0 && (old & PG_W) !== 0) pmap.stats.wiredCount--;
  if (--page.refCount[ptp] <= 0)
    throw new KernelPanic('pmap_enter', 'missing reference to page table page', { frame: ptp });

  if ((((old ^ newLo) & PG_FRAME_LO) | ((oldHi ^ newHi) & PG_FRAME_HI)) === 0) {
    const frame = frameOf(old, oldHi);
    if ((old & PG_MANAGED) !== 0 && (newLo & PG_RW) !== 0) page.aflags[frame] |= PGA_WRITEABLE;
    if (((old ^ newLo) & ~(PG_M | PG_A)) === 0 && oldHi === newHi) return IN_PLACE;
    words[pte] = newLo;
    words[pte + 1] = newHi;
    if ((newLo & PG_M) === 0 && (old & MODIFIED) === MODIFIED) {
      if ((old & PG_MANAGED) !== 0) vmPageDirty(m, frame);
    } else if ((oldHi & PG_NX_HI) !== 0 || (newHi & PG_NX_HI) === 0) {
      return IN_PLACE;
    }
    if ((old & PG_A) !== 0) pmapInvalidatePage(m, pmap, hi, lo);
    return IN_PLACE;
  }

  // Another page. The mapping is invalid for a moment, so that every thread sees either the old page or the new one.
  words[pte] = 0;
  words[pte + 1] = 0;
  if ((old & PG_MANAGED) === 0) {
    pmapInvalidatePage(m, pmap, hi, lo);
    return 0;
  }
  const frame = frameOf(old, oldHi);
  if ((old & MODIFIED) === MODIFIED) vmPageDirty(m, frame);
  if ((old & PG_A) !== 0) {
    pmapInvalidatePage(m, pmap, hi, lo);
    page.aflags[frame] |= PGA_REFERENCED;
  }
  changePvListLock(m, frame);
  const pv = pvRemove4k(m, pmap, frame, hi, lo, 'pmap_enter');
  if ((newLo & PG_MANAGED) === 0) freePvEntry(m, pmap, pv);
  clearWriteableIfUnmapped(m, frame);
  return (newLo & PG_MANAGED) === 0 ? 0 : pv;
}
