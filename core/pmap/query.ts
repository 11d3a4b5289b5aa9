/** Lookups at one address of a pmap. None of them changes a mapping. */
import { PMAP_LOCKS } from '../counters.ts';
import type { Machine } from '../hunks.ts';
import {
  PG_A,
  PG_FRAME_HI,
  PG_FRAME_LO,
  PG_M,
  PG_MANAGED,
  PG_PS,
  PG_PS_FRAME_LO,
  PG_PS_PDP_FRAME_LO,
  PG_RW,
  PG_V,
  tableWords,
} from '../hw/entry.ts';
import type { Pmap } from '../state/pmap.ts';
import { NBPDP, PAGE_SIZE, PDRMASK, type Va, vaHi, vaLo, vaOf } from '../units.ts';
import { pdSlot, pdeAt, pdpSlot, pdpeAt, pml4Slot, ptSlot, pteIn } from './tables.ts';

/** Physical address with the low word `lo`, in the page that a leaf with the high word `hi` maps. */
const physOf = (lo: number, hi: number): number => vaOf(hi & PG_FRAME_HI, lo);

/**
 * Physical address that byte `offset` of the page at `va` maps to; 0 if there is no page-table page. For an unmapped
 * page whose page-table page exists it returns the offset in the page: like the kernel, it does not test the valid bit
 * here. Throws RangeError unless va is page-aligned: above 2^53 a number cannot hold every byte's address.
 * FreeBSD: sys/amd64/amd64/pmap.c pmap_extract
 */
export function pmapExtract(m: Machine, pmap: Pmap, va: Va, offset: number): number {
  const { words } = m;
  const hi = vaHi(va);
  const page = vaLo(va);
  m.counters[PMAP_LOCKS]++;
  // All levels are read before any is tested: if one is missing the rest comes from frame 0, which is all zero, and
  // under a 2M or 1G leaf it comes from the mapped page.
  const pml4e = words[pmap.fourLevelRoot | pml4Slot(hi)];
  const pdpe = words[tableWords(pml4e) + pdpSlot(hi, page)];
  const pde = words[tableWords(pdpe) + pdSlot(page)];
  const pte = words[pteIn(pde, page)];
  if (
    (pml4e & pdpe & pde & PG_V) !== 0 &&
    (((pdpe | pde) & PG_PS) | (page & (PAGE_SIZE - 1)) | (m.frames - m.lowFrames)) === 0
  )
    return ((pte & PG_FRAME_LO) | offset) >>> 0;
  return extractByLevels(m, pmap, va, offset);
}

/** pmap_extract for every other shape of the tables. */
function extractByLevels(m: Machine, pmap: Pmap, va: Va, offset: number): number {
  if (va % PAGE_SIZE !== 0)
    throw new RangeError(`pmapExtract: expected a page-aligned address, got 0x${va.toString(16)}`);
  const { words } = m;
  const hi = vaHi(va);
  const lo = vaLo(va) | offset;
  const at = pdpeAt(m, pmap, hi, lo);
  const pdpe = at === 0 ? 0 : words[at];
  if ((pdpe & PG_V) === 0) return 0;
  if ((pdpe & PG_PS) !== 0) return physOf((pdpe & PG_PS_PDP_FRAME_LO) | (lo & (NBPDP - 1)), words[at + 1]);
  const pdeWord = tableWords(pdpe) + pdSlot(lo);
  const pde = words[pdeWord];
  if ((pde & PG_V) === 0) return 0;
  if ((pde & PG_PS) !== 0) return physOf((pde & PG_PS_FRAME_LO) | (lo & PDRMASK), words[pdeWord + 1]);
  const pte = pteIn(pde, lo);
  return physOf((words[pte] & PG_FRAME_LO) | (lo & (PAGE_SIZE - 1)), words[pte + 1]);
}

/** Level of the valid leaf at `va`: 1 = 4K, 2 = 2M, 3 = 1G; 0 if there is none. m.leafWord is set to its word. */
function findLeaf(m: Machine, pmap: Pmap, va: Va): number {
  const { words } = m;
  const hi = vaHi(va);
  const lo = vaLo(va);
  let at = pdpeAt(m, pmap, hi, lo);
  for (let level = 3; at !== 0; level--) {
    const entry = words[at];
    if ((entry & PG_V) === 0) return 0;
    if (level === 1 || (entry & PG_PS) !== 0) {
      m.leafWord = at;
      return level;
    }
    at = tableWords(entry) + (level === 3 ? pdSlot(lo) : ptSlot(lo));
  }
  return 0;
}

/**
 * Could a page be mapped at `va` without allocating memory? True if there is a PT page and no mapping.
 * FreeBSD: pmap_is_prefaultable
 */
export function pmapIsPrefaultable(m: Machine, pmap: Pmap, va: Va): boolean {
  const { words } = m;
  const hi = vaHi(va);
  const lo = vaLo(va);
  m.counters[PMAP_LOCKS]++;
  const at = pdeAt(m, pmap, hi, lo);
  if (at === 0) return false;
  const pde = words[at];
  return (pde & (PG_PS | PG_V)) === PG_V && (words[pteIn(pde, lo)] & PG_V) === 0;
}

/** Bits of mincore(2). FreeBSD: sys/sys/mman.h MINCORE_* */
export const MINCORE_INCORE = 0x1;
export const MINCORE_REFERENCED = 0x2;
export const MINCORE_MODIFIED = 0x4;
export const MINCORE_REFERENCED_OTHER = 0x8;
export const MINCORE_MODIFIED_OTHER = 0x10;
const MINCORE_PSIND_SHIFT = 5;

/**
 * MINCORE_ bits of the mapping at `va`, 0 if there is no mapping. m.accessPa is set to the page's physical address if
 * the caller must query the page itself for the rest, else to 0. FreeBSD: pmap_mincore
 */
export function pmapMincore(m: Machine, pmap: Pmap, va: Va): number {
  m.counters[PMAP_LOCKS]++;
  m.accessPa = 0;
  const level = findLeaf(m, pmap, va);
  if (level === 0) return 0;
  const leaf = m.words[m.leafWord];
  let bits = MINCORE_INCORE | ((level - 1) << MINCORE_PSIND_SHIFT);
  if ((leaf & (PG_M | PG_RW)) === (PG_M | PG_RW)) bits |= MINCORE_MODIFIED | MINCORE_MODIFIED_OTHER;
  if ((leaf & PG_A) !== 0) bits |= MINCORE_REFERENCED | MINCORE_REFERENCED_OTHER;
  const others = MINCORE_MODIFIED_OTHER | MINCORE_REFERENCED_OTHER;
  if ((bits & others) !== others && (leaf & PG_MANAGED) !== 0) {
    const frame = level === 1 ? PG_FRAME_LO : level === 2 ? PG_PS_FRAME_LO : PG_PS_PDP_FRAME_LO;
    m.accessPa = physOf((leaf & frame) | (vaLo(va) & PG_FRAME_LO & ~frame), m.words[m.leafWord + 1]);
  }
  return bits;
}
