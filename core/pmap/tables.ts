/**
 * Finding an entry in a pmap's tables. An address is passed as two halves; an entry is identified by the index of its
 * low word in m.words, and 0 means "no table there".
 */
import type { Machine } from '../hunks.ts';
import { PG_PS, PG_V, tableFrame, tableWords } from '../hw/entry.ts';
import { KernelPanic } from '../panic.ts';
import type { Pmap } from '../state/pmap.ts';
import { type Frame, NBPDP, NBPDR, NBPML4, type Va, vaHi, vaLo, vaOf, wordOf } from '../units.ts';

// Word offset of an address's entry in its table, by level; two words per entry.

/** FreeBSD: pmap_pml5e_index */
export const pml5Slot = (hi: number): number => (hi >>> 15) & 0x3fe;
/** FreeBSD: pmap_pml4e_index */
export const pml4Slot = (hi: number): number => (hi >>> 6) & 0x3fe;
/** FreeBSD: pmap_pdpe_index */
export const pdpSlot = (hi: number, lo: number): number => ((hi << 3) | (lo >>> 29)) & 0x3fe;
/** FreeBSD: pmap_pde_index */
export const pdSlot = (lo: number): number => (lo >>> 20) & 0x3fe;
/** FreeBSD: pmap_pte_index */
export const ptSlot = (lo: number): number => (lo >>> 11) & 0x3fe;

/** FreeBSD: pmap_pml4e, pmap_pml5e, pmap_pml5e_to_pml4e */
export function pml4eAt(m: Machine, pmap: Pmap, hi: number): number {
  const root = wordOf(pmap.top);
  if (!m.la57) return root | pml4Slot(hi);
  const pml5e = m.words[root + pml5Slot(hi)];
  return (pml5e & PG_V) === 0 ? 0 : tableWords(pml5e) | pml4Slot(hi);
}

/** FreeBSD: pmap_pdpe, pmap_pml4e_to_pdpe */
export function pdpeAt(m: Machine, pmap: Pmap, hi: number, lo: number): number {
  const at = pml4eAt(m, pmap, hi);
  if (at === 0) return 0;
  const pml4e = m.words[at];
  return (pml4e & PG_V) === 0 ? 0 : tableWords(pml4e) | pdpSlot(hi, lo);
}

/** FreeBSD: pmap_pde, pmap_pdpe_to_pde */
export function pdeAt(m: Machine, pmap: Pmap, hi: number, lo: number): number {
  const { words } = m;
  let table = wordOf(pmap.top);
  if (m.la57) {
    const pml5e = words[table + pml5Slot(hi)];
    if ((pml5e & PG_V) === 0) return 0;
    table = tableWords(pml5e);
  }
  const pml4e = words[table | pml4Slot(hi)];
  if ((pml4e & PG_V) === 0) return 0;
  const pdpe = words[tableWords(pml4e) | pdpSlot(hi, lo)];
  if ((pdpe & (PG_V | PG_PS)) !== PG_V) return notDirectory(pmap, pdpe, hi, lo);
  return tableWords(pdpe) | pdSlot(lo);
}

function notDirectory(pmap: Pmap, pdpe: number, hi: number, lo: number): number {
  if ((pdpe & PG_V) === 0) return 0;
  throw new KernelPanic('pmap_pde', 'for 1G page', { pmap: pmap.id, va: vaOf(hi, lo) });
}

/** The PT page of an address; 0 if there is none, because a larger page or nothing is mapped there. FreeBSD: none */
export function ptPageOf(m: Machine, pmap: Pmap, hi: number, lo: number): Frame {
  const usual = usualPtPage(m, pmap, hi, lo);
  return usual !== 0 ? usual : ptPageByLevels(m, pmap, hi, lo);
}

/**
 * Like ptPageOf, but always 0 with five levels: for callers that then take a slower path anyway.
 *
 * All levels are read before any is tested, which is faster than testing level by level. If a level is missing the next
 * ones are read from frame 0, which is all zero; under a large leaf they are read from the mapped page. FreeBSD: none
 */
export function usualPtPage(m: Machine, pmap: Pmap, hi: number, lo: number): Frame {
  const { words } = m;
  const pml4e = words[pmap.fourLevelRoot | pml4Slot(hi)];
  const pdpe = words[tableWords(pml4e) | pdpSlot(hi, lo)];
  const pde = words[tableWords(pdpe) | pdSlot(lo)];
  return ((pml4e & pdpe & pde & PG_V) | ((pdpe | pde) & PG_PS)) === PG_V ? tableFrame(pde) : 0;
}

function ptPageByLevels(m: Machine, pmap: Pmap, hi: number, lo: number): Frame {
  const at = pdeAt(m, pmap, hi, lo);
  if (at === 0) return 0;
  const pde = m.words[at];
  return (pde & (PG_V | PG_PS)) === PG_V ? tableFrame(pde) : 0;
}

/** Word of the PTE of an address in its PT page. FreeBSD: pmap_pde_to_pte */
export const pteOf = (ptp: Frame, lo: number): number => wordOf(ptp) | ptSlot(lo);

/** The PTE of an address in the page-table page that a PDE's low word names. FreeBSD: pmap_pde_to_pte */
export const pteIn = (pde: number, lo: number): number => tableWords(pde) | ptSlot(lo);

/** Start of the next aligned block of `span` bytes. FreeBSD: none */
export const nextSpan = (va: Va, span: number): Va => (Math.floor(va / span) + 1) * span;

/**
 * Finds the PDE of an address for a walk over a range: its word, 0 if there is no PD page, or minus the word of the
 * PDPE that maps 1G there. m.spanEnd is set to the end of the range that the entry covers, at the level where the walk
 * ended. FreeBSD: none
 */
export function pdeSpan(m: Machine, pmap: Pmap, va: Va): number {
  const { words } = m;
  const hi = vaHi(va);
  const lo = vaLo(va);
  const pml4eWord = pml4eAt(m, pmap, hi);
  const pml4e = pml4eWord === 0 ? 0 : words[pml4eWord];
  if ((pml4e & PG_V) === 0) {
    m.spanEnd = nextSpan(va, NBPML4);
    return 0;
  }
  const pdpeWord = tableWords(pml4e) | pdpSlot(hi, lo);
  const pdpe = words[pdpeWord];
  if ((pdpe & (PG_V | PG_PS)) !== PG_V) {
    m.spanEnd = nextSpan(va, NBPDP);
    return (pdpe & PG_V) === 0 ? 0 : -pdpeWord;
  }
  m.spanEnd = nextSpan(va, NBPDR);
  return tableWords(pdpe) | pdSlot(lo);
}
