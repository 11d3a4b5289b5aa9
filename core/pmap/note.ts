/** What is noted about a pmap's pv entries while the machine is being watched. */
import type { Machine } from '../hunks.ts';
import { PG_W, frameOf } from '../hw/entry.ts';
import type { Pmap } from '../state/pmap.ts';
import { runOf } from '../units.ts';
import { CHUNK_MAP_WORDS, chunkEntry, chunkNext, chunkUsed, pvNext, pvPrev, pvVaHi, pvVaLo } from './pv.ts';
import { pdeAt, ptPageOf, pteOf } from './tables.ts';

/**
 * Notes the 2M frame and the neighbours of every pv entry: of a pmap that pmap_remove_pages is about to empty, or of a
 * new one that pmap_copy has filled. Wired pages stay, so they are not noted. FreeBSD: none
 */
export function notePvEntries(m: Machine, pmap: Pmap, isRemoval: boolean): void {
  const { words } = m;
  const { instances } = m.events;
  for (let chunk = pmap.pvChunkHead; chunk !== 0; chunk = chunkNext(words, chunk))
    for (let i = 0; i < CHUNK_MAP_WORDS; i++)
      for (let used = chunkUsed(words, chunk, i); used !== 0; used &= used - 1) {
        const pv = chunkEntry(chunk, i, 31 - Math.clz32(used & -used));
        const [hi, lo] = [pvVaHi(words, pv), pvVaLo(words, pv)];
        const ptp = ptPageOf(m, pmap, hi, lo);
        const at = ptp === 0 ? pdeAt(m, pmap, hi, lo) : pteOf(ptp, lo);
        if ((words[at] & PG_W) !== 0) continue;
        const run = runOf(frameOf(words[at], words[at + 1]));
        const before = pvPrev(words, pv) === 0 ? 0 : 1;
        if (isRemoval) instances.removed(run, before + (pvNext(words, pv) === 0 ? 0 : 1));
        else instances.copied(run, before);
      }
}
