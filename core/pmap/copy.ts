/** pmap_copy: copies a parent's mappings to its child ahead of faults. */
import { PMAP_LOCKS, PV_ENTRY_COUNT, SUPERPAGE_MAPPINGS } from '../counters.ts';
import { enterCall, leavePlace } from '../events.ts';
import type { Machine } from '../hunks.ts';
import { PG_A, PG_M, PG_MANAGED, PG_PS, PG_W, frameOf, tableFrame } from '../hw/entry.ts';
import { KernelPanic } from '../panic.ts';
import { EV_COPY } from '../places.ts';
import { RUN_PAGES } from '../state/page.ts';
import type { Pmap } from '../state/pmap.ts';
import { NBPDP, NBPDR, NPTEPG, PAGE_SIZE, type Va, frameAt, vaHi, vaLo, wordOf } from '../units.ts';
import { allocPde, allocPte, pdPageOf } from './alloc-pte.ts';
import { pvInsertPde } from './enter-pde.ts';
import { assertWhole1g } from './large-page.ts';
import { pmapResidentCountAdj } from './pt-page.ts';
import { LEVEL_PDP, abortPtp, makeTable } from './ptp.ts';
import { changePvListLock, entryOfBit, firstFreeWord, pvInsertTail, pvSetVa, tryGetPvEntry } from './pv.ts';
import { pdeSpan, pdpeAt, pteIn } from './tables.ts';

/** Takes the PMAP lock of both pmaps, in address order. The lock is not recursive. */
function lockBoth(m: Machine, dst: Pmap, src: Pmap): void {
  m.counters[PMAP_LOCKS] += 2;
  dst.generation++;
  if (dst === src) throw new KernelPanic('_mtx_lock_sleep', 'recursed on non-recursive mutex pmap', { pmap: dst.id });
}

/**
 * Maps in dst what src maps in [srcAddr, srcAddr + len), without the wired, modified and accessed bits; of 4K mappings,
 * only those of managed pages. It is only an optimization: it does nothing if the addresses differ, and stops when
 * memory is short. FreeBSD: sys/amd64/amd64/pmap.c pmap_copy
 */
export function pmapCopy(m: Machine, dst: Pmap, src: Pmap, dstAddr: Va, len: number, srcAddr: Va): void {
  enterCall(m, EV_COPY, dst.id, src.id, srcAddr, srcAddr + len);
  if (dstAddr === srcAddr) {
    lockBoth(m, dst, src);
    copyRange(m, dst, src, srcAddr, srcAddr + len);
    m.pvListLocked = 0;
  }
  leavePlace(m);
}

function copyRange(m: Machine, dst: Pmap, src: Pmap, start: Va, end: Va): void {
  const { words } = m;
  let next = 0;
  for (let va = start; va < end; va = next) {
    const pde = pdeSpan(m, src, va);
    next = m.spanEnd;
    if (pde === 0) continue;
    if (pde < 0) {
      assertWhole1g('pmap_copy', va % NBPDP === 0 && next <= end);
      if (!copy1g(m, dst, -pde, va)) return;
      continue;
    }
    const entry = words[pde];
    if (entry === 0) continue;
    if ((entry & PG_PS) !== 0) {
      if (va % NBPDR !== 0 || va + NBPDR > end) continue;
      if (!copy2m(m, dst, pde, va)) return;
      continue;
    }
    if (!copyPtes(m, dst, entry, va, next > end ? end : next)) return;
  }
}

/** Returns false if memory ran out and the copy must stop. */
function copy1g(m: Machine, dst: Pmap, srcPdpe: number, va: Va): boolean {
  const { words } = m;
  const hi = vaHi(va);
  const lo = vaLo(va);
  let at = pdpeAt(m, dst, hi, lo);
  if (at !== 0) m.page.refCount[frameAt(at)]++;
  else {
    if (makeTable(m, dst, hi, lo, LEVEL_PDP) === 0) return false;
    at = pdpeAt(m, dst, hi, lo);
  }
  if (words[at] !== 0) throw new KernelPanic('pmap_copy', '1G mapping present in dst pmap', { va });
  words[at] = words[srcPdpe] & ~PG_W;
  words[at + 1] = words[srcPdpe + 1];
  pmapResidentCountAdj(m, dst, NBPDP / PAGE_SIZE);
  return true;
}

/**
 * Copies a 2M mapping. It keeps PG_M, since it must not be writeable and clean. Returns false if memory ran out and the
 * copy must stop.
 */
function copy2m(m: Machine, dst: Pmap, srcPde: number, va: Va): boolean {
  const { words } = m;
  const hi = vaHi(va);
  const lo = vaLo(va);
  const entry = words[srcPde];
  const entryHi = words[srcPde + 1];
  const managed = (entry & PG_MANAGED) !== 0;
  const pde = allocPde(m, dst, hi, lo, false);
  if (pde === 0) return false;
  const first = frameOf(entry, entryHi) & ~(RUN_PAGES - 1);
  if (words[pde] === 0 && (!managed || pvInsertPde(m, dst, hi, lo, first, false))) {
    words[pde] = managed ? entry & ~(PG_W | PG_A) : entry & ~PG_W;
    words[pde + 1] = entryHi;
    pmapResidentCountAdj(m, dst, NPTEPG);
    m.counters[SUPERPAGE_MAPPINGS]++;
  } else abortPtp(m, dst, hi, lo, pdPageOf(pde));
  return true;
}

/**
 * Copies the 4K mappings in [va, end) under one PDE of the source. Returns false if the copy must stop.
 *
 * Hot: takes pv entries as takePvEntry does, but adds up what it counts. It leaves the last free entry of each word of
 * the chunk's map to takePvEntry.
 */
function copyPtes(m: Machine, dst: Pmap, srcPde: number, va: Va, end: Va): boolean {
  const { words, page } = m;
  const { refCount, pvHead, pvTail } = page;
  const srcPtp = tableFrame(srcPde);
  if (refCount[srcPtp] <= 0) throw new KernelPanic('pmap_copy', 'source page table page is unused', { va });
  const hi = vaHi(va);
  let lo = vaLo(va);
  let srcPte = pteIn(srcPde, lo);
  let dstPtp = 0;
  let word = 0;
  let taken = 0;
  let copied = 0;
  const srcEnd = srcPte + ((end - va) / PAGE_SIZE) * 2;
  for (; srcPte < srcEnd; lo = (lo + PAGE_SIZE) | 0, srcPte += 2) {
    const entry = words[srcPte];
    if ((entry & PG_MANAGED) === 0) continue;
    if (dstPtp !== 0) refCount[dstPtp]++;
    else {
      dstPtp = allocPte(m, dst, hi, lo);
      if (dstPtp === 0) return false;
      word = firstFreeWord(words, dst.pvChunkHead);
    }
    const dstPte = wordOf(dstPtp) + (srcPte & 1023);
    let pv = 0;
    if (words[dstPte] === 0) {
      const free = words[word];
      const lowest = free & -free;
      if (free !== lowest) {
        words[word] = free ^ lowest;
        taken++;
        pv = entryOfBit(word, 31 - Math.clz32(lowest));
      } else {
        pv = tryGetPvEntry(m, dst);
        word = firstFreeWord(words, dst.pvChunkHead);
      }
    }
    if (pv === 0) {
      countCopied(m, dst, taken, copied);
      abortPtp(m, dst, hi, lo, dstPtp);
      return false;
    }
    const entryHi = words[srcPte + 1];
    const frame = frameOf(entry, entryHi);
    pvSetVa(words, pv, hi, lo);
    changePvListLock(m, frame);
    pvInsertTail(words, pvHead, pvTail, frame, pv);
    words[dstPte] = entry & ~(PG_W | PG_M | PG_A);
    words[dstPte + 1] = entryHi;
    copied++;
    if (refCount[dstPtp] >= refCount[srcPtp]) break;
  }
  countCopied(m, dst, taken, copied);
  return true;
}

function countCopied(m: Machine, dst: Pmap, taken: number, copied: number): void {
  m.counters[PV_ENTRY_COUNT] += taken;
  if (copied !== 0) pmapResidentCountAdj(m, dst, copied);
}

/** Copies protection keys; this machine has none. Returns 0. FreeBSD: pmap_vmspace_copy */
export function pmapVmspaceCopy(_m: Machine, _dst: Pmap, _src: Pmap): number {
  return 0;
}
