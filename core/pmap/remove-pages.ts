/** pmap_remove_pages: empties a pmap at exit and exec by walking its pv entries, not its tables. */
import { PMAP_LOCKS, PV_CHUNK_LIST_LOCKS, PV_ENTRY_COUNT } from '../counters.ts';
import { enterCall, leavePlace } from '../events.ts';
import type { Machine } from '../hunks.ts';
import { MODIFIED, PG_V, PG_W, frameOf, tableFrame } from '../hw/entry.ts';
import { vmPageDirty } from '../page/page.ts';
import { KernelPanic } from '../panic.ts';
import { EV_REMOVE_PAGES } from '../places.ts';
import { PGA_WRITEABLE, RUN_PAGES } from '../state/page.ts';
import type { Pmap } from '../state/pmap.ts';
import { type Frame, NPTEPG, PDRMASK, runOf, vaOf } from '../units.ts';
import { isActiveElsewhere } from './active.ts';
import { pmapInvalidateAll } from './invalidate.ts';
import { freeReserved } from './leaf.ts';
import { notePvEntries } from './note.ts';
import { freeDelayed, pmapResidentCountAdj } from './pt-page.ts';
import { unwirePtp } from './ptp.ts';
import {
  CHUNK_MAP_WORDS,
  changePvListLock,
  chunkEntry,
  chunkMarkFree,
  chunkNext,
  chunkSetNext,
  chunkUnlink,
  chunkUsed,
  clearWriteableIfUnmapped,
  freeChunkPage,
  lruUnlink,
  pvIsAlone,
  pvUnlink,
  pvVaHi,
  pvVaLo,
} from './pv.ts';
import { pdeAt, pdpeAt, ptPageOf, pteOf } from './tables.ts';

/**
 * Unmaps every managed page that is not wired. The pmap must be loaded on this CPU and no other, so entries need no
 * atomic exchange and one flush at the end is enough. Pages are not marked referenced. FreeBSD: sys/amd64/amd64/pmap.c
 * pmap_remove_pages
 */
export function pmapRemovePages(m: Machine, pmap: Pmap): void {
  enterCall(m, EV_REMOVE_PAGES, pmap.id);
  assertOnlyHere(m, pmap);
  const { counters, words } = m;
  counters[PMAP_LOCKS]++;
  if (m.recording) notePvEntries(m, pmap, true);
  pmap.generation++;
  let freeChunks = 0;
  let next = 0;
  for (let chunk = pmap.pvChunkHead; chunk !== 0; chunk = next) {
    next = chunkNext(words, chunk);
    if (!removeChunk(m, pmap, chunk)) continue;
    chunkUnlink(m, pmap, chunk);
    chunkSetNext(words, chunk, freeChunks);
    freeChunks = chunk;
  }
  m.pvListLocked = 0;
  pmapInvalidateAll(m, pmap);
  if (freeChunks !== 0) freeChunkBatch(m, freeChunks);
  freeDelayed(m);
  leavePlace(m);
}

function assertOnlyHere(m: Machine, pmap: Pmap): void {
  const { curcpu } = m;
  if (m.cpus[curcpu].curpmap !== pmap)
    throw new KernelPanic('pmap_remove_pages', 'non-current pmap', { pmap: pmap.id });
  if (isActiveElsewhere(pmap, curcpu)) throw new KernelPanic('pmap_remove_pages', 'pmap active', { pmap: pmap.id });
}

/** FreeBSD: free_pv_chunk_batch */
function freeChunkBatch(m: Machine, first: Frame): void {
  const { words } = m;
  m.counters[PV_CHUNK_LIST_LOCKS]++;
  for (let chunk = first; chunk !== 0; chunk = chunkNext(words, chunk)) lruUnlink(m, chunk);
  let next = 0;
  for (let chunk = first; chunk !== 0; chunk = next) {
    next = chunkNext(words, chunk);
    freeChunkPage(m, chunk);
  }
}

/**
 * Removes the mappings of a chunk's entries. Returns whether all of the chunk's entries are free.
 *
 * The inner loop unmaps the pages of one page-table page. Everything it calls is small enough to be inlined, so that V8
 * hoists the typed-array base loads out of the loop (exit cycle of 181 pages: 6.3 -> 5.7 us, Node 20).
 */
function removeChunk(m: Machine, pmap: Pmap, chunk: Frame): boolean {
  const { words, page, counters } = m;
  const { pvHead, pvTail, pvHead2m, aflags, refCount } = page;
  let allFree = true;
  let unmapped = 0;
  for (let i = 0; i < CHUNK_MAP_WORDS; i++) {
    let freed = 0;
    let used = chunkUsed(words, chunk, i);
    while (used !== 0) {
      const first = chunkEntry(chunk, i, 31 - Math.clz32(used & -used));
      const hi = pvVaHi(words, first);
      const lo = pvVaLo(words, first);
      const ptp = ptPageOf(m, pmap, hi, lo);
      if (ptp === 0) {
        if (remove2m(m, pmap, pdeAt(m, pmap, hi, lo), first, hi, lo)) freed |= used & -used;
        else allFree = false;
        used &= used - 1;
        continue;
      }
      let here = 0;
      let bad = 0;
      do {
        const lowest = used & -used;
        const pv = chunkEntry(chunk, i, 31 - Math.clz32(lowest));
        const vaLo = pvVaLo(words, pv);
        if (((vaLo ^ lo) & ~PDRMASK) !== 0 || pvVaHi(words, pv) !== hi) break;
        const pte = pteOf(ptp, vaLo);
        const old = words[pte];
        if ((old & PG_V) === 0) {
          bad = pv;
          break;
        }
        used ^= lowest;
        if ((old & PG_W) !== 0) {
          allFree = false;
          continue;
        }
        freed |= lowest;
        here++;
        const frame = frameOf(old, words[pte + 1]);
        words[pte] = 0;
        words[pte + 1] = 0;
        if ((old & MODIFIED) === MODIFIED) vmPageDirty(m, frame);
        changePvListLock(m, frame);
        if (!pvIsAlone(words, pv)) pvUnlink(words, pvHead, pvTail, frame, pv);
        else {
          pvHead[frame] = 0;
          pvTail[frame] = 0;
          if (pvHead2m[runOf(frame)] === 0) aflags[frame] &= ~PGA_WRITEABLE;
        }
      } while (used !== 0);
      if (here !== 0) {
        unmapped += here;
        refCount[ptp] -= here - 1;
        unwirePtp(m, pmap, hi, lo, ptp);
      }
      if (bad !== 0) throw badEntry(pvVaHi(words, bad), pvVaLo(words, bad), words[pteOf(ptp, pvVaLo(words, bad))]);
    }
    chunkMarkFree(words, chunk, i, freed);
  }
  pmapResidentCountAdj(m, pmap, -unmapped);
  counters[PV_ENTRY_COUNT] -= unmapped;
  return allFree;
}

function badEntry(hi: number, lo: number, entry: number): KernelPanic {
  return new KernelPanic('pmap_remove_pages', 'bad pte', { va: vaOf(hi, lo), pte: entry >>> 0 });
}

/** Unmaps a 2M page. Returns false if it is wired and therefore stays mapped. */
function remove2m(m: Machine, pmap: Pmap, pde: number, pv: number, hi: number, lo: number): boolean {
  const { words, page } = m;
  const old = words[pde];
  if ((old & PG_V) === 0) throw badEntry(hi, lo, old);
  if ((old & PG_W) !== 0) return false;
  m.counters[PV_ENTRY_COUNT]--;
  const first = frameOf(old, words[pde + 1]) & ~(RUN_PAGES - 1);
  words[pde] = 0;
  words[pde + 1] = 0;
  const end = first + RUN_PAGES;
  if ((old & MODIFIED) === MODIFIED) for (let frame = first; frame < end; frame++) vmPageDirty(m, frame);
  changePvListLock(m, first);
  pmapResidentCountAdj(m, pmap, -NPTEPG);
  pvUnlink(words, page.pvHead2m, page.pvTail2m, runOf(first), pv);
  if (page.pvHead2m[runOf(first)] === 0)
    for (let frame = first; frame < end; frame++) clearWriteableIfUnmapped(m, frame);
  freeReserved(m, pmap, hi, lo, 'pmap_remove_pages');
  unwirePtp(m, pmap, hi, lo, tableFrame(words[pdpeAt(m, pmap, hi, lo)]));
  return true;
}
