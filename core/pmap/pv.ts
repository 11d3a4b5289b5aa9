/**
 * pv entries: the reverse map from a page to its mappings, in chunks of 168 entries that are pages of simulated memory.
 *
 * A chunk has the kernel's layout: 16 words of header, then 168 entries of 6 words. An entry's id is the index of its
 * first word, so its chunk is the page that contains it, and that page's first word identifies its pmap. An entry is on
 * the list of a page (4K mappings) or of a 2M frame (2M mappings); a list is given as the arrays of its ends and an
 * index into them. Kernel pointers take two words; here the first holds a number and the second is unused.
 *
 *     word  0       2       4       6                 12      14      16          22                1018    1024
 *          +-------+-------+-------+-----------------+-------+-------+-----------+-----------+-----+-----------+
 *          | pmap  | next  | prev  | bitmap of free  | next  | prev  |  entry 0  |  entry 1  | ... | entry 167 |
 *          | id    | chunk of pmap | entries, 168 of | chunk in LRU  |           |           |     |           |
 *          +-------+-------+-------+-----------------+-------+-------+-----------+-----------+-----+-----------+
 *                                                            entry:  | lo | hi | next  . | prev  . |
 *                                                                      va        in the list of the page
 *
 * FreeBSD: sys/amd64/include/pmap.h struct pv_chunk; sys/amd64/amd64/pmap.c get_pv_entry and below.
 */
import {
  PV_CHUNK_ALLOCS,
  PV_CHUNK_FREES,
  PV_CHUNK_LIST_LOCKS,
  PV_ENTRY_COUNT,
  PV_LIST_WRITE_LOCKS,
  PV_PAGE_COUNT,
} from '../counters.ts';
import type { Machine } from '../hunks.ts';
import { vmPageAllocNoobj, vmPageFree, vmPageUnwireNoq } from '../page/page.ts';
import { KernelPanic } from '../panic.ts';
import { PGA_WRITEABLE } from '../state/page.ts';
import type { Pmap } from '../state/pmap.ts';
import { type Frame, WORDS_PER_PAGE, frameAt, runOf, vaOf, wordOf } from '../units.ts';

/** Entries per chunk. FreeBSD: _NPCPV */
export const NPCPV = 168;

// Words of a chunk's header. FreeBSD: struct pv_chunk_header
const PC_PMAP = 0;
/** Neighbours in pm_pvchunk, as frames. */
const PC_NEXT = 2;
const PC_PREV = 4;
/** Free entries: 168 bits, 1 = free. */
const PC_MAP = 6;
const PC_MAP_WORDS = 6;
const PC_MAP_LAST = PC_MAP + PC_MAP_WORDS - 1;
/** The last word of the bitmap has 8 bits. */
const PC_LAST_FREE = 0xff;
/** Neighbours in pv_chunks, as frames. */
const PC_LRU_NEXT = 12;
const PC_LRU_PREV = 14;
const PC_ENTRIES = 16;

// Words of an entry. FreeBSD: struct pv_entry
const PV_LO = 0;
const PV_HI = 1;
const PV_NEXT = 2;
const PV_PREV = 4;
const PV_WORDS = 6;

const CHUNK_MASK = ~1023;

/** The low half of the virtual address of an entry. FreeBSD: none */
export const pvVaLo = (words: Int32Array, pv: number): number => words[pv + PV_LO];
/** Its high half. FreeBSD: none */
export const pvVaHi = (words: Int32Array, pv: number): number => words[pv + PV_HI];
/** The next entry in the list; 0: none. FreeBSD: TAILQ_NEXT */
export const pvNext = (words: Int32Array, pv: number): number => words[pv + PV_NEXT];
/** The one before it. FreeBSD: none */
export const pvPrev = (words: Int32Array, pv: number): number => words[pv + PV_PREV];
/** Is the entry the only one on its list? FreeBSD: none */
export const pvIsAlone = (words: Int32Array, pv: number): boolean => (words[pv + PV_NEXT] | words[pv + PV_PREV]) === 0;
/** FreeBSD: PV_PMAP, pv_to_chunk */
export const pvPmap = (m: Machine, pv: number): Pmap => m.pmaps[m.words[(pv & CHUNK_MASK) + PC_PMAP]]!;

/** Gives an entry its virtual address. FreeBSD: none */
export function pvSetVa(words: Int32Array, pv: number, hi: number, lo: number): void {
  words[pv + PV_LO] = lo;
  words[pv + PV_HI] = hi;
}

/** Takes the pv list lock of the page's 2M frame and drops any other. FreeBSD: CHANGE_PV_LIST_LOCK_TO_PHYS */
export function changePvListLock(m: Machine, frame: Frame): void {
  const lock = runOf(frame) + 1;
  if (m.pvListLocked === lock) return;
  m.pvListLocked = lock;
  m.counters[PV_LIST_WRITE_LOCKS]++;
  if (m.recording) m.events.instances.locked(runOf(frame));
}

// Lists of entries.

/** FreeBSD: TAILQ_INSERT_TAIL */
export function pvInsertTail(words: Int32Array, heads: Int32Array, tails: Int32Array, index: number, pv: number): void {
  const last = tails[index];
  words[pv + PV_NEXT] = 0;
  words[pv + PV_PREV] = last;
  if (last === 0) heads[index] = pv;
  else words[last + PV_NEXT] = pv;
  tails[index] = pv;
}

/** FreeBSD: TAILQ_REMOVE */
export function pvUnlink(words: Int32Array, heads: Int32Array, tails: Int32Array, index: number, pv: number): void {
  const next = words[pv + PV_NEXT];
  const prev = words[pv + PV_PREV];
  if (next === 0) tails[index] = prev;
  else words[next + PV_PREV] = prev;
  if (prev === 0) heads[index] = next;
  else words[prev + PV_NEXT] = next;
}

/** Finds the list's entry for an address of a pmap; 0 if there is none. */
function pvFind(words: Int32Array, head: number, pmap: Pmap, hi: number, lo: number): number {
  const { id } = pmap;
  for (let pv = head; pv !== 0; pv = words[pv + PV_NEXT])
    if (words[pv + PV_LO] === lo && words[pv + PV_HI] === hi && words[(pv & CHUNK_MASK) + PC_PMAP] === id) return pv;
  return 0;
}

/** Removes the entry of a 4K mapping from its page's list. FreeBSD: pmap_pvh_remove */
export function pvRemove4k(m: Machine, pmap: Pmap, frame: Frame, hi: number, lo: number, where: string): number {
  const { words, page } = m;
  const pv = pvFind(words, page.pvHead[frame], pmap, hi, lo);
  if (pv === 0) throw notFound(where, pmap, hi, lo);
  pvUnlink(words, page.pvHead, page.pvTail, frame, pv);
  return pv;
}

/** Removes the entry of a 2M mapping from its 2M frame's list. FreeBSD: pmap_pvh_remove */
export function pvRemove2m(m: Machine, pmap: Pmap, frame: Frame, hi: number, lo: number, where: string): number {
  const { words, page } = m;
  const pv = pvFind(words, page.pvHead2m[runOf(frame)], pmap, hi, lo);
  if (pv === 0) throw notFound(where, pmap, hi, lo);
  pvUnlink(words, page.pvHead2m, page.pvTail2m, runOf(frame), pv);
  return pv;
}

function notFound(where: string, pmap: Pmap, hi: number, lo: number): KernelPanic {
  return new KernelPanic(where, 'pv not found', { pmap: pmap.id, va: vaOf(hi, lo) });
}

/** Clears PGA_WRITEABLE of a page that lost its last mapping. FreeBSD: pmap_remove_pte */
export function clearWriteableIfUnmapped(m: Machine, frame: Frame): void {
  const { page } = m;
  if (page.pvHead[frame] === 0 && page.pvHead2m[runOf(frame)] === 0) page.aflags[frame] &= ~PGA_WRITEABLE;
}

// Chunks of a pmap, and the list of all chunks.

function chunkInsertHead(m: Machine, pmap: Pmap, chunk: Frame): void {
  const { words } = m;
  const first = pmap.pvChunkHead;
  words[wordOf(chunk) + PC_NEXT] = first;
  words[wordOf(chunk) + PC_PREV] = 0;
  if (first === 0) pmap.pvChunkTail = chunk;
  else words[wordOf(first) + PC_PREV] = chunk;
  pmap.pvChunkHead = chunk;
}

function chunkInsertTail(m: Machine, pmap: Pmap, chunk: Frame): void {
  const { words } = m;
  const last = pmap.pvChunkTail;
  words[wordOf(chunk) + PC_NEXT] = 0;
  words[wordOf(chunk) + PC_PREV] = last;
  if (last === 0) pmap.pvChunkHead = chunk;
  else words[wordOf(last) + PC_NEXT] = chunk;
  pmap.pvChunkTail = chunk;
}

/** FreeBSD: TAILQ_REMOVE */
export function chunkUnlink(m: Machine, pmap: Pmap, chunk: Frame): void {
  const { words } = m;
  const next = words[wordOf(chunk) + PC_NEXT];
  const prev = words[wordOf(chunk) + PC_PREV];
  if (next === 0) pmap.pvChunkTail = prev;
  else words[wordOf(next) + PC_PREV] = prev;
  if (prev === 0) pmap.pvChunkHead = next;
  else words[wordOf(prev) + PC_NEXT] = next;
}

/** FreeBSD: TAILQ_INSERT_HEAD */
export function chunkMoveToHead(m: Machine, pmap: Pmap, chunk: Frame): void {
  if (pmap.pvChunkHead === chunk) return;
  chunkUnlink(m, pmap, chunk);
  chunkInsertHead(m, pmap, chunk);
}

function chunkMoveToTail(m: Machine, pmap: Pmap, chunk: Frame): void {
  if (pmap.pvChunkTail === chunk) return;
  chunkUnlink(m, pmap, chunk);
  chunkInsertTail(m, pmap, chunk);
}

/** FreeBSD: TAILQ_NEXT */
export const chunkNext = (words: Int32Array, chunk: Frame): Frame => words[wordOf(chunk) + PC_NEXT];
/** Links chunks that are not on the pmap's list. FreeBSD: none */
export function chunkSetNext(words: Int32Array, chunk: Frame, next: Frame): void {
  words[wordOf(chunk) + PC_NEXT] = next;
}
/** The pmap that a chunk belongs to. FreeBSD: none */
export const chunkPmap = (m: Machine, chunk: Frame): Pmap => m.pmaps[m.words[wordOf(chunk) + PC_PMAP]]!;
/** Word `i` of a chunk's bitmap, with the bits of entries in use set. FreeBSD: none */
export const chunkUsed = (words: Int32Array, chunk: Frame, i: number): number =>
  ~words[wordOf(chunk) + PC_MAP + i] & (i === PC_MAP_WORDS - 1 ? PC_LAST_FREE : -1);
export const CHUNK_MAP_WORDS = PC_MAP_WORDS;
/** The entry for bit `bit` in word `i` of a chunk's bitmap. FreeBSD: none */
export const chunkEntry = (chunk: Frame, i: number, bit: number): number =>
  wordOf(chunk) | (PC_ENTRIES + Math.imul((i << 5) | bit, PV_WORDS));

/** Marks the entries in `bits` of bitmap word `i` as free. FreeBSD: none */
export function chunkMarkFree(words: Int32Array, chunk: Frame, i: number, bits: number): void {
  words[wordOf(chunk) + PC_MAP + i] |= bits;
}

/** Are all entries of a chunk free? FreeBSD: none */
export function chunkIsFree(words: Int32Array, chunk: Frame): boolean {
  const at = wordOf(chunk) + PC_MAP;
  return (
    words[at + 5] === PC_LAST_FREE && (words[at] & words[at + 1] & words[at + 2] & words[at + 3] & words[at + 4]) === -1
  );
}

function chunkIsFull(words: Int32Array, chunk: Frame): boolean {
  const at = wordOf(chunk) + PC_MAP;
  return (words[at] | words[at + 1] | words[at + 2] | words[at + 3] | words[at + 4] | words[at + 5]) === 0;
}

/** Number of free entries in a chunk. FreeBSD: popcnt_pc_map_pq */
export function chunkFreeCount(words: Int32Array, chunk: Frame): number {
  let count = 0;
  for (let at = wordOf(chunk) + PC_MAP, end = at + PC_MAP_WORDS; at < end; at++)
    for (let rest = words[at]; rest !== 0; rest &= rest - 1) count++;
  return count;
}

/** FreeBSD: TAILQ_INSERT_TAIL */
export function lruInsertTail(m: Machine, chunk: Frame): void {
  const { words } = m;
  const last = m.pvChunkLruTail;
  words[wordOf(chunk) + PC_LRU_NEXT] = 0;
  words[wordOf(chunk) + PC_LRU_PREV] = last;
  if (last === 0) m.pvChunkLruHead = chunk;
  else words[wordOf(last) + PC_LRU_NEXT] = chunk;
  m.pvChunkLruTail = chunk;
}

/** FreeBSD: TAILQ_REMOVE */
export function lruUnlink(m: Machine, chunk: Frame): void {
  const { words } = m;
  const next = words[wordOf(chunk) + PC_LRU_NEXT];
  const prev = words[wordOf(chunk) + PC_LRU_PREV];
  if (next === 0) m.pvChunkLruTail = prev;
  else words[wordOf(next) + PC_LRU_PREV] = prev;
  if (prev === 0) m.pvChunkLruHead = next;
  else words[wordOf(prev) + PC_LRU_NEXT] = next;
}

/** Allocates and counts a page for a chunk. Returns 0 if there is no memory. FreeBSD: get_pv_entry */
export function allocChunkPage(m: Machine): Frame {
  const chunk = vmPageAllocNoobj(m, false);
  if (chunk === 0) return 0;
  m.counters[PV_PAGE_COUNT]++;
  m.counters[PV_CHUNK_ALLOCS]++;
  return chunk;
}

/**
 * Makes a page a chunk of the pmap with all entries free, at the head of the pmap's chunks. The caller puts it on
 * pv_chunks. FreeBSD: get_pv_entry
 */
export function chunkInit(m: Machine, pmap: Pmap, chunk: Frame): void {
  const { words } = m;
  const base = wordOf(chunk);
  m.page.nonZero[chunk] = 1;
  words[base + PC_PMAP] = pmap.id;
  words.fill(-1, base + PC_MAP, base + PC_MAP_LAST);
  words[base + PC_MAP_LAST] = PC_LAST_FREE;
  chunkInsertHead(m, pmap, chunk);
}

/** Frees the page of a chunk that is no longer on any list. FreeBSD: free_pv_chunk_dequeued */
export function freeChunkPage(m: Machine, chunk: Frame): void {
  m.counters[PV_PAGE_COUNT]--;
  m.counters[PV_CHUNK_FREES]++;
  vmPageUnwireNoq(m, chunk);
  vmPageFree(m, chunk, false);
}

/** FreeBSD: free_pv_chunk */
function freeChunk(m: Machine, pmap: Pmap, chunk: Frame): void {
  chunkUnlink(m, pmap, chunk);
  m.counters[PV_CHUNK_LIST_LOCKS]++;
  lruUnlink(m, chunk);
  freeChunkPage(m, chunk);
}

/**
 * The first word of a chunk's map that has a free entry, or the last one; of frame 0, whose words are 0, where there is
 * no chunk. FreeBSD: get_pv_entry
 */
export function firstFreeWord(words: Int32Array, chunk: Frame): number {
  let at = wordOf(chunk) + PC_MAP;
  for (const last = at + PC_MAP_WORDS - 1; at < last && words[at] === 0;) at++;
  return at;
}

/** The entry of a bit in a word of a chunk's map. FreeBSD: none */
export const entryOfBit = (word: number, bit: number): number =>
  chunkEntry(frameAt(word), (word & (WORDS_PER_PAGE - 1)) - PC_MAP, bit);

/**
 * Takes the lowest-numbered free entry of the pmap's first chunk. Returns 0 if that chunk is full or missing: then all
 * others are full too. FreeBSD: get_pv_entry (its first part)
 */
export function takePvEntry(m: Machine, pmap: Pmap): number {
  const chunk = pmap.pvChunkHead;
  if (chunk === 0) return 0;
  const { words } = m;
  const map = wordOf(chunk) + PC_MAP;
  for (let i = 0; i < PC_MAP_WORDS; i++) {
    const free = words[map + i];
    if (free === 0) continue;
    const lowest = free & -free;
    words[map + i] = free ^ lowest;
    if (free === lowest && chunkIsFull(words, chunk)) chunkMoveToTail(m, pmap, chunk);
    m.counters[PV_ENTRY_COUNT]++;
    return chunkEntry(chunk, i, 31 - Math.clz32(lowest));
  }
  return 0;
}

/**
 * Gets an entry without reclaiming from other mappings. Returns 0 if there is no memory. FreeBSD: get_pv_entry(pmap,
 * NULL)
 */
export function tryGetPvEntry(m: Machine, pmap: Pmap): number {
  const pv = takePvEntry(m, pmap);
  if (pv !== 0) return pv;
  const chunk = allocChunkPage(m);
  return chunk === 0 ? 0 : firstPvEntry(m, pmap, chunk);
}

/** Makes a page the pmap's newest chunk and takes its first entry. FreeBSD: get_pv_entry */
export function firstPvEntry(m: Machine, pmap: Pmap, chunk: Frame): number {
  chunkInit(m, pmap, chunk);
  m.counters[PV_CHUNK_LIST_LOCKS]++;
  lruInsertTail(m, chunk);
  return takePvEntry(m, pmap);
}

/** Frees an entry, and its chunk if it was the last one in use. FreeBSD: free_pv_entry */
export function freePvEntry(m: Machine, pmap: Pmap, pv: number): void {
  const { words } = m;
  const base = pv & CHUNK_MASK;
  // Exact for multiples of 6 below 1,008.
  const entry = ((pv - base - PC_ENTRIES) * 10923) >>> 16;
  const map = base + PC_MAP + (entry >>> 5);
  const free = words[map] | (1 << (entry & 31));
  const chunk = frameAt(base);
  words[map] = free;
  m.counters[PV_ENTRY_COUNT]--;
  if ((free === -1 || free === PC_LAST_FREE) && chunkIsFree(words, chunk)) freeChunk(m, pmap, chunk);
  else if (pmap.pvChunkHead !== chunk) chunkMoveToHead(m, pmap, chunk);
}

/** Removes the entry of a 4K mapping from its page's list and frees it. FreeBSD: pmap_pvh_free */
export function pvFree4k(m: Machine, pmap: Pmap, frame: Frame, hi: number, lo: number): void {
  const { words, page } = m;
  const pv = pvFind(words, page.pvHead[frame], pmap, hi, lo);
  if (pv === 0) throw notFound('pmap_pvh_free', pmap, hi, lo);
  pvUnlink(words, page.pvHead, page.pvTail, frame, pv);
  freePvEntry(m, pmap, pv);
}

/** Creates the entry of a 4K mapping without reclaiming from other mappings. FreeBSD: pmap_try_insert_pv_entry */
export function tryInsertPvEntry(m: Machine, pmap: Pmap, frame: Frame, hi: number, lo: number): boolean {
  const pv = tryGetPvEntry(m, pmap);
  if (pv === 0) return false;
  pvSetVa(m.words, pv, hi, lo);
  changePvListLock(m, frame);
  pvInsertTail(m.words, m.page.pvHead, m.page.pvTail, frame, pv);
  return true;
}
