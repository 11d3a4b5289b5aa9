/**
 * Page-table entries as the processor and the kernel write them, restated from the Intel SDM (volume 3, 4.5) and
 * sys/amd64/include/pmap.h, so that the checker decodes independently. An entry is two 32-bit words; names ending in
 * _HI are bits of the upper one.
 */
import type { Machine } from '../../core/inspect.ts';

export const VALID = 0x1;
export const WRITE = 0x2;
export const USER = 0x4;
export const ACCESSED = 0x20;
export const DIRTY = 0x40;
/** In a PDE or PDPE: this entry is a leaf. */
export const LARGE = 0x80;
export const GLOBAL = 0x100;
export const MANAGED = 0x400;
export const WIRED = 0x800;
export const NO_EXECUTE_HI = -0x80000000;
export const KEY_HI = 0x78000000;
/** Bits 32..51: frame bits of the upper word. */
export const FRAME_HI = 0xfffff;

/** V, RW, U, A, M: the bits of a user table entry besides the frame. */
export const TABLE_BITS = 0x67;

/** Writeable and written: the page may differ from its backing store. */
export const MODIFIED = WRITE | DIRTY;

/** Bytes covered by an entry, by the table's level: PTE, PDE, PDPE, PML4E, PML5E. */
export const SPAN = [0, 2 ** 12, 2 ** 21, 2 ** 30, 2 ** 39, 2 ** 48] as const;
export const PAGE = 2 ** 12;

/** Pages that a leaf in a table of this level maps. */
export const pagesAt = (level: number): number => SPAN[level] / PAGE;

/** Frame in an entry. */
export const frameIn = (lo: number, hi: number): number => (hi & FRAME_HI) * 2 ** 20 + (lo >>> 12);
/** First frame of a 2M or 1G leaf: the bits below are flags or 0. */
export const leafFrame = (lo: number, hi: number, level: number): number =>
  frameIn(lo, hi) - (frameIn(lo, hi) % pagesAt(level));

/** Index of the page-table page of a level that covers va. FreeBSD: pmap_pde_pindex .. pmap_pml4e_pindex */
export function tableIndex(level: number, va: number): number {
  const pts = 2 ** 35;
  const pds = 2 ** 26;
  const pdps = 2 ** 17;
  if (level === 1) return Math.floor(va / 2 ** 21);
  if (level === 2) return pts + Math.floor(va / 2 ** 30);
  return level === 3 ? pts + pds + Math.floor(va / 2 ** 39) : pts + pds + pdps + Math.floor(va / 2 ** 48);
}

/** Index of an address's entry in the table at a level: bits 12..20, 21..29, 30..38, 39..47, 48..56. */
function slotOf(level: number, vaHi: number, vaLo: number): number {
  if (level < 3) return (vaLo >>> (level === 1 ? 12 : 21)) & 511;
  if (level === 3) return ((vaHi << 2) | (vaLo >>> 30)) & 511;
  return (vaHi >>> (level === 4 ? 7 : 16)) & 511;
}

/**
 * Result of following an address through the tables of a root: the last entry reached, and the combined rights of all
 * levels.
 */
export class Translation {
  /** Level of the table that holds the last entry; 1 = 4K. */
  level = 0;
  isLeaf = false;
  lo = 0;
  hi = 0;
  /** R/W and U/S granted by every level; NX of any. */
  rightsLo = 0;
  rightsHi = 0;
  /** Frame of the table at each level that was reached, 0 elsewhere. */
  readonly tables = [0, 0, 0, 0, 0, 0];

  /** Follows the tables from `root` to byte address va. */
  find(m: Machine, root: number, va: number): void {
    const vaLo = va | 0;
    const vaHi = Math.floor(va / 2 ** 32) | 0;
    let table = root;
    this.rightsLo = WRITE | USER;
    this.rightsHi = 0;
    this.tables.fill(0);
    for (let level = m.config.la57 ? 5 : 4; level > 0; level--) {
      this.tables[level] = table;
      const at = table * 1024 + slotOf(level, vaHi, vaLo) * 2;
      this.level = level;
      this.lo = m.words[at];
      this.hi = m.words[at + 1];
      this.isLeaf = (this.lo & VALID) !== 0 && (level === 1 || (this.lo & LARGE) !== 0);
      this.rightsLo &= this.lo;
      this.rightsHi |= this.hi & NO_EXECUTE_HI;
      if (this.isLeaf || (this.lo & VALID) === 0) return;
      table = frameIn(this.lo, this.hi);
      if (table >= m.lowFrames) return;
    }
  }

  /** Frame of the 4K page at va, -1 if nothing is mapped there. */
  frameOf(va: number): number {
    if (!this.isLeaf) return -1;
    return leafFrame(this.lo, this.hi, this.level) + (Math.floor(va / PAGE) % pagesAt(this.level));
  }
}
