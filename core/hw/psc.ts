/**
 * The paging-structure caches of a CPU: the location of the page table, page directory or page-directory-pointer table
 * of a region, and the rights granted above it, so that a walk can start there.
 *
 * Only precise walks fill and use them; a walk may ignore them. Any INVLPG empties them, which the architecture permits
 * (it requires this for the current PCID). Intel SDM volume 3, 4.10.3.
 */
import { type Cpu, PSC_LEVELS, PSC_SLOTS, TLB_SLOT_WORDS } from '../state/cpu.ts';
import { PG_NX_HI } from './entry.ts';

// Words of a slot. The address bits within the region are 0.
const TAG = 0;
const VA_HI = 1;
const VA_LO = 2;
const GENERATION = 3;
/** PG_RW and PG_U if all levels above grant them, PG_NX_HI if any sets it: the bits do not overlap. */
const RIGHTS = 4;
/** Frame of the table: bits 0..19, then the higher bits. */
const FRAME_LO = 5;
const FRAME_HI = 6;

/** Address bits that name the region of a table of level 1, 2, 3. */
const MASK_HI = [0, ~0, ~0, ~0x7f];
const MASK_LO = [0, ~0x1fffff, ~0x3fffffff, 0];
const FRAME_LO_BITS = 20;

const slot = (level: number, vaHi: number, vaLo: number): number => {
  const region = level === 1 ? vaLo >>> 21 : level === 2 ? (vaHi << 2) | (vaLo >>> 30) : vaHi >>> 7;
  return ((level - 1) * PSC_SLOTS + (region & (PSC_SLOTS - 1))) * TLB_SLOT_WORDS;
};

/**
 * Finds the lowest cached table on the way to vaHi:vaLo. Returns its level, or 0 if there is none, and leaves its frame
 * and rights in cpu.tables, cpu.tableRightsLo and cpu.tableRightsHi at that level.
 */
export function pscLookup(cpu: Cpu, tag: number, vaHi: number, vaLo: number): number {
  const { psc } = cpu;
  for (let level = 1; level <= PSC_LEVELS; level++) {
    const at = slot(level, vaHi, vaLo);
    if (
      psc[at + TAG] === tag &&
      psc[at + GENERATION] === cpu.pscGeneration &&
      psc[at + VA_HI] === (vaHi & MASK_HI[level]) &&
      psc[at + VA_LO] === (vaLo & MASK_LO[level])
    ) {
      cpu.tables[level] = psc[at + FRAME_HI] * 2 ** FRAME_LO_BITS + psc[at + FRAME_LO];
      cpu.tableRightsLo[level] = psc[at + RIGHTS] & ~PG_NX_HI;
      cpu.tableRightsHi[level] = psc[at + RIGHTS] & PG_NX_HI;
      return level;
    }
  }
  return 0;
}

/** Caches the tables of levels `from`..`to` that the last precise walk to vaHi:vaLo used. */
export function pscFill(cpu: Cpu, tag: number, vaHi: number, vaLo: number, from: number, to: number): void {
  const { psc } = cpu;
  for (let level = from; level <= to && level <= PSC_LEVELS; level++) {
    const at = slot(level, vaHi, vaLo);
    const table = cpu.tables[level];
    psc[at + TAG] = tag;
    psc[at + VA_HI] = vaHi & MASK_HI[level];
    psc[at + VA_LO] = vaLo & MASK_LO[level];
    psc[at + GENERATION] = cpu.pscGeneration;
    psc[at + RIGHTS] = cpu.tableRightsLo[level] | cpu.tableRightsHi[level];
    psc[at + FRAME_LO] = table % 2 ** FRAME_LO_BITS;
    psc[at + FRAME_HI] = Math.floor(table / 2 ** FRAME_LO_BITS);
  }
}
