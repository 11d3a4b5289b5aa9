/** pv entries when memory is short: reclaims them, along with their mappings, from any pmap. */
import { PMAP_LOCKS, PMAP_TRY_LOCKS, PV_CHUNK_LIST_LOCKS, PV_ENTRY_COUNT } from '../counters.ts';
import type { Machine } from '../hunks.ts';
import { PG_PS, PG_W, frameOf, tableFrame } from '../hw/entry.ts';
import type { Pmap } from '../state/pmap.ts';
import type { Frame } from '../units.ts';
import { delayedInvlFinish, delayedInvlPage, delayedInvlStart, pmapInvalidateAll } from './invalidate.ts';
import { saveBits } from './leaf.ts';
import { freeDelayed, pmapResidentCountAdj } from './pt-page.ts';
import { unwirePtp } from './ptp.ts';
import {
  CHUNK_MAP_WORDS,
  NPCPV,
  allocChunkPage,
  changePvListLock,
  chunkEntry,
  chunkFreeCount,
  chunkInit,
  chunkIsFree,
  chunkMarkFree,
  chunkMoveToHead,
  chunkNext,
  chunkPmap,
  chunkUnlink,
  chunkUsed,
  clearWriteableIfUnmapped,
  firstPvEntry,
  lruInsertTail,
  lruUnlink,
  pvUnlink,
  pvVaHi,
  pvVaLo,
  takePvEntry,
} from './pv.ts';
import { pdeAt, pteIn } from './tables.ts';

/** Destroys every 4K mapping of a chunk that is not wired. Returns how many. 2M mappings stay: see reclaimPvChunk. */
function reclaimMappings(m: Machine, pmap: Pmap, chunk: Frame): number {
  const { words, page } = m;
  let freed = 0;
  for (let i = 0; i < CHUNK_MAP_WORDS; i++) {
    for (let used = chunkUsed(words, chunk, i); used !== 0; used &= used - 1) {
      const lowest = used & -used;
      const pv = chunkEntry(chunk, i, 31 - Math.clz32(lowest));
      const lo = pvVaLo(words, pv);
      const hi = pvVaHi(words, pv);
      const pde = words[pdeAt(m, pmap, hi, lo)];
      if ((pde & PG_PS) !== 0) continue;
      const pte = pteIn(pde, lo);
      const old = words[pte];
      if ((old & PG_W) !== 0) continue;
      const frame = frameOf(old, words[pte + 1]);
      words[pte] = 0;
      words[pte + 1] = 0;
      saveBits(m, frame, old);
      changePvListLock(m, frame);
      pvUnlink(words, page.pvHead, page.pvTail, frame, pv);
      clearWriteableIfUnmapped(m, frame);
      delayedInvlPage(m, frame);
      chunkMarkFree(words, chunk, i, lowest);
      unwirePtp(m, pmap, hi, lo, tableFrame(pde));
      freed++;
    }
  }
  if (freed !== 0) {
    pmapResidentCountAdj(m, pmap, -freed);
    m.counters[PV_ENTRY_COUNT] -= freed;
  }
  return freed;
}

/** Finishes with a pmap whose mappings were reclaimed. FreeBSD: reclaim_pv_chunk_leave_pmap */
function leavePmap(m: Machine, pmap: Pmap | null, startDi: boolean): void {
  if (pmap === null) return;
  pmapInvalidateAll(m, pmap);
  if (startDi) delayedInvlFinish(m);
}

/**
 * Frees a page for a chunk, or at least one pv entry of the locked pmap. Walks all chunks, oldest first, and destroys
 * 4K mappings until a chunk is empty or a page-table page was freed (that page is returned, still wired), or until the
 * locked pmap got an entry back (returns 0: try again). 2M mappings are left alone: their 512 pages would need more
 * entries when they are faulted in again. FreeBSD: sys/amd64/amd64/pmap.c reclaim_pv_chunk, reclaim_pv_chunk_domain
 */
function reclaimPvChunk(m: Machine, locked: Pmap): Frame {
  const { counters } = m;
  const outer = m.delayedFree;
  m.delayedFree = 0;
  const startDi = m.invlOpen === 0;
  let pmap: Pmap | null = null;
  let page = 0;
  counters[PV_CHUNK_LIST_LOCKS]++;
  const last = m.pvChunkLruTail;
  let more = last !== 0;
  while (more && m.delayedFree === 0) {
    const chunk = m.pvChunkLruHead;
    const next = chunkPmap(m, chunk);
    if (pmap !== next) {
      leavePmap(m, pmap, startDi);
      pmap = next;
      pmap.generation++;
      if (pmap !== locked) {
        if (pmap.id > locked.id) {
          m.pvListLocked = 0;
          counters[PMAP_LOCKS]++;
        } else counters[PMAP_TRY_LOCKS]++;
        counters[PV_CHUNK_LIST_LOCKS]++;
      }
      if (startDi) delayedInvlStart(m);
    }
    const freed = reclaimMappings(m, pmap, chunk);
    counters[PV_CHUNK_LIST_LOCKS]++;
    if (freed !== 0) {
      if (chunkIsFree(m.words, chunk)) {
        chunkUnlink(m, pmap, chunk);
        lruUnlink(m, chunk);
        page = chunk;
        break;
      }
      chunkMoveToHead(m, pmap, chunk);
      if (pmap === locked) break;
    }
    // A chunk that could not be freed moves to the end, so that the next call does not start with it again.
    more = chunk !== last;
    lruUnlink(m, chunk);
    lruInsertTail(m, chunk);
  }
  leavePmap(m, pmap, startDi);
  if (page === 0 && m.delayedFree !== 0) {
    page = m.delayedFree;
    m.delayedFree = m.page.listNext[page];
    m.page.listNext[page] = 0;
    m.page.refCount[page] = 1;
  }
  freeDelayed(m);
  m.delayedFree = outer;
  return page;
}

/** Gets a pv entry, at the cost of other mappings if necessary. May drop the pv list lock. FreeBSD: get_pv_entry */
export function getPvEntry(m: Machine, pmap: Pmap): number {
  for (;;) {
    const pv = takePvEntry(m, pmap);
    if (pv !== 0) return pv;
    let chunk = allocChunkPage(m);
    if (chunk === 0) chunk = reclaimPvChunk(m, pmap);
    if (chunk !== 0) return firstPvEntry(m, pmap, chunk);
  }
}

/**
 * Makes sure that the pmap has `needed` free entries. New chunks are not put on pv_chunks until all are there, so that
 * none can be reclaimed. FreeBSD: reserve_pv_entries
 */
export function reservePvEntries(m: Machine, pmap: Pmap, needed: number): void {
  const fresh: Frame[] = [];
  let avail = countAvailable(m, pmap, needed);
  while (avail < needed) {
    let chunk = allocChunkPage(m);
    let reclaimed = false;
    if (chunk === 0) {
      chunk = reclaimPvChunk(m, pmap);
      reclaimed = true;
    }
    if (chunk !== 0) {
      chunkInit(m, pmap, chunk);
      fresh.push(chunk);
      avail += NPCPV;
    }
    if (reclaimed) avail = countAvailable(m, pmap, needed);
  }
  if (fresh.length === 0) return;
  m.counters[PV_CHUNK_LIST_LOCKS]++;
  for (const chunk of fresh) lruInsertTail(m, chunk);
}

/** Counts free entries in the pmap's first chunks (full chunks come last). Stops at `needed`. */
function countAvailable(m: Machine, pmap: Pmap, needed: number): number {
  let avail = 0;
  for (let chunk = pmap.pvChunkHead; chunk !== 0; chunk = chunkNext(m.words, chunk)) {
    const free = chunkFreeCount(m.words, chunk);
    if (free === 0) break;
    avail += free;
    if (avail >= needed) break;
  }
  return avail;
}
