/**
 * Bits of an 8-byte page-table entry, as the two 32-bit words that hold it: lo (bits 0..31) and hi (bits 32..63).
 *
 *      63   62    59 58     52 51                                            32
 *     +----+--------+---------+------------------------------------------------+
 * hi  | NX |  PKU   |    P    |        frame bits of pages beyond 4 GiB        |    P, bit 54: PG_PROMOTED
 *     +----+--------+---------+------------------------------------------------+
 *      31                   12 11   10   9   8   7   6   5   4   3   2   1   0
 *     +-----------------------+---+----+---+---+---+---+---+---+---+---+---+---+
 * lo  |         frame         | W | MA | . | G |PS | M | A |PCD|PWT| U |RW | V |    MA: PG_MANAGED; 9: unused here
 *     +-----------------------+---+----+---+---+---+---+---+---+---+---+---+---+
 *
 * In a PTE bit 7 is PAT. In a 2M leaf the frame is bits 21 and up, in a 1G leaf bits 30 and up, and bit 12 is PAT.
 * A constant belongs to lo unless its name ends in _HI. Page-table pages lie below 4 GiB (core/page/page.ts), so lo alone
 * names their frame; a leaf may name any.
 * FreeBSD: sys/amd64/include/pmap.h PG_*, X86_PG_*. Intel SDM volume 3, 4.5.
 */
import type { Frame } from '../units.ts';

/** Valid (present). */
export const PG_V = 0x001;
/** Writable. */
export const PG_RW = 0x002;
/** User. */
export const PG_U = 0x004;
/** Write-through, cache disable. */
export const PG_PWT = 0x008;
export const PG_PCD = 0x010;
/** Accessed. */
export const PG_A = 0x020;
/** Modified (dirty). */
export const PG_M = 0x040;
/** Leaf, in a PDE or PDPE. */
export const PG_PS = 0x080;
/** PAT index bit of a PTE: the same bit as PG_PS. */
export const PG_PTE_PAT = 0x080;
/** Global. */
export const PG_G = 0x100;
/** Software: the mapping has a pv entry. FreeBSD: PG_MANAGED (AVAIL2). */
export const PG_MANAGED = 0x400;
/** Software: the mapping is wired. FreeBSD: PG_W (AVAIL3). */
export const PG_W = 0x800;
/** PAT index bit of a 2M or 1G leaf. */
export const PG_PDE_PAT = 0x1000;

/** Writable and written: the page may differ from its backing store. */
export const MODIFIED = PG_M | PG_RW;

/**
 * Software, 2M leaves: set by a promotion that did not flush the 4K entries from TLBs. FreeBSD: PG_PROMOTED (bit 54).
 */
export const PG_PROMOTED_HI = 1 << 22;
/** Protection key, bits 59..62. */
export const PG_PKU_MASK_HI = 0x78000000;
export const PG_PKU_SHIFT_HI = 27;
/** No execute. */
export const PG_NX_HI = 1 << 31;

/** Frame bits of lo for a 4K, 2M and 1G leaf. */
export const PG_FRAME_LO = ~0xfff;
export const PG_PS_FRAME_LO = ~0x1fffff;
export const PG_PS_PDP_FRAME_LO = ~0x3fffffff;
/** Frame bits of hi: bits 32..51. */
export const PG_FRAME_HI = 0x000fffff;

/** Attributes that all 512 PTEs must share to be promoted. FreeBSD: PG_PTE_PROMOTE. */
export const PG_PTE_PROMOTE_LO =
  PG_MANAGED | PG_W | PG_G | PG_PTE_PAT | PG_PWT | PG_PCD | PG_M | PG_A | PG_U | PG_RW | PG_V;
export const PG_PTE_PROMOTE_HI = PG_NX_HI | PG_PKU_MASK_HI;

/** A non-leaf entry of a user table: frame | U|RW|V|A|M. */
export const PG_TABLE = PG_U | PG_RW | PG_V | PG_A | PG_M;

/** Frame of RAM that a leaf names. Bits 44 and up, which no frame of RAM has, are shifted out. */
export const frameOf = (lo: number, hi: number): Frame => (hi << 20) | (lo >>> 12);
/** The two words of an entry that names a frame. */
export const entryLo = (frame: Frame, bits: number): number => (frame << 12) | bits;
export const entryHi = (frame: Frame, bits: number): number => (frame >>> 20) | bits;
/** Frame of the page-table page that the low word of an entry names, and the index of its first word. */
export const tableFrame = (lo: number): Frame => lo >>> 12;
export const tableWords = (lo: number): number => (lo & PG_FRAME_LO) >>> 2;

/** The first entry from `slot` on whose low word is not 0, of the table that starts at word `origin`; `end` if there is none before it. */
export function usedFrom(words: Int32Array, origin: number, slot: number, end: number): number {
  let at = slot;
  // Most entries are 0: four at once.
  for (; at + 4 <= end; at += 4) {
    const word = origin + at * 2;
    if ((words[word] | words[word + 2] | words[word + 4] | words[word + 6]) !== 0) break;
  }
  while (at < end && words[origin + at * 2] === 0) at++;
  return at;
}
