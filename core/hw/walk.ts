/**
 * The page walk: what the processor does with an address, a root and a kind of access.
 *
 * There are two walkers over the same memory. walkPrecise is the reference, with every check and every side effect.
 * walk tries the common case first (four levels of present, accessed, user-accessible tables within RAM and a 4K leaf).
 * One test tells whether it applied; if not, walkPrecise starts over, since the common case has no side effects.
 * Intel SDM volume 3: 4.5 (entries), 4.6 (access rights), 4.7 (page faults), 4.8 (accessed and dirty).
 */
import type { Cpu } from '../state/cpu.ts';
import type { Hardware } from '../state/machine.ts';
import { type Frame, frameAt, wordOf } from '../units.ts';
import { PG_A, PG_FRAME_LO, PG_G, PG_M, PG_NX_HI, PG_PKU_SHIFT_HI, PG_PS, PG_RW, PG_U, PG_V } from './entry.ts';
import { physRead, physWrite } from './phys.ts';

/** An access is encoded in the bits that a page fault reports for it. No bit set: a supervisor read. */
export const ACCESS_WRITE = 0x2;
export const ACCESS_USER = 0x4;
export const ACCESS_EXECUTE = 0x10;

/** The other bits of a page-fault error code. */
export const FAULT_PRESENT = 0x1;
export const FAULT_RESERVED = 0x8;
export const FAULT_KEY = 0x20;

/** A walk that fails returns -(PAGE_FAULT | error code) or -GENERAL_PROTECTION. */
export const PAGE_FAULT = 0x10000;
export const GENERAL_PROTECTION = 0x20000;

/** Bits 13..20 of a 2M leaf and 13..29 of a 1G leaf: reserved. Bit 12 is PAT. */
const RESERVED_2M = 0x001fe000;
const RESERVED_1G = 0x3fffe000;

/** Frame in an entry, below 2^40. */
const entryFrame = (lo: number, hi: number): Frame => (hi & 0xfffff) * 0x100000 + (lo >>> 12);

/** Index of an address in its table at a level, 1 = page table .. 5 = PML5. */
export function tableIndex(level: number, vaHi: number, vaLo: number): number {
  switch (level) {
    case 1:
      return (vaLo >>> 12) & 511;
    case 2:
      return (vaLo >>> 21) & 511;
    case 3:
      return ((vaHi << 2) | (vaLo >>> 30)) & 511;
    case 4:
      return (vaHi >>> 7) & 511;
    default:
      return (vaHi >>> 16) & 511;
  }
}

/** Tells whether bits 63..47 of the address are equal, or bits 63..56 with five levels. */
export function isCanonical(cpu: Cpu, vaHi: number): boolean {
  const sign = vaHi >> (cpu.levels === 5 ? 24 : 15);
  return sign === 0 || sign === -1;
}

/** Error code without P, RSVD and PK. I/D is reported only if execution can be disabled at all. */
function faultBase(cpu: Cpu, access: number): number {
  const { nxe, smep } = cpu.controls;
  return PAGE_FAULT | (nxe || smep ? access : access & ~ACCESS_EXECUTE);
}

/**
 * Tells whether a present translation with these rights forbids an access: 0 if it allows it, else FAULT_PRESENT with
 * or without FAULT_KEY. `rightsLo`: R/W and U/S granted by all levels; `rightsHi`: NX of any level; `key`: protection
 * key of the leaf.
 */
export function forbids(cpu: Cpu, rightsLo: number, rightsHi: number, key: number, access: number): number {
  const { wp, nxe, smep, smap, ac, pke, pkru } = cpu.controls;
  const userPage = (rightsLo & PG_U) !== 0;
  const byUser = (access & ACCESS_USER) !== 0;
  const execute = (access & ACCESS_EXECUTE) !== 0;
  const write = (access & ACCESS_WRITE) !== 0;
  let denied = 0;
  if (byUser && !userPage) denied = FAULT_PRESENT;
  if (write && (rightsLo & PG_RW) === 0 && (byUser || wp)) denied = FAULT_PRESENT;
  if (execute && nxe && (rightsHi & PG_NX_HI) !== 0) denied = FAULT_PRESENT;
  if (!byUser && userPage && (execute ? smep : smap && !ac)) denied = FAULT_PRESENT;
  if (pke && userPage && !execute) {
    const bits = pkru >>> (key * 2);
    if ((bits & 1) !== 0 || ((bits & 2) !== 0 && write && (byUser || wp))) denied = FAULT_PRESENT | FAULT_KEY;
  }
  return denied;
}

/**
 * Translates vaHi:vaLo through the tables at `root` and sets accessed and dirty bits. Returns the frame of the 4 KiB
 * page, or a negative fault. Leaves its results in cpu.leaf*, cpu.rights* and cpu.table*.
 */
export function walkPrecise(m: Hardware, cpu: Cpu, root: Frame, vaHi: number, vaLo: number, access: number): number {
  if (!isCanonical(cpu, vaHi)) return -GENERAL_PROTECTION;
  return walkFrom(m, cpu, cpu.levels, root, PG_RW | PG_U, 0, vaHi, vaLo, access);
}

/** The processor sets A or M in a table of the pmap loaded on it. */
function setBits(m: Hardware, { curpmap }: Cpu, table: Frame, at: number, lo: number): void {
  physWrite(m, table, at, lo);
  if (curpmap !== null) curpmap.generation++;
}

/**
 * Walks from one table down: `table` is at `level`, and the levels above granted `rightsLo` and `rightsHi`. Used for
 * the whole walk, and for the rest of it after a hit in a paging-structure cache.
 */
export function walkFrom(
  m: Hardware,
  cpu: Cpu,
  level: number,
  table: Frame,
  rightsLo: number,
  rightsHi: number,
  vaHi: number,
  vaLo: number,
  access: number,
): number {
  for (; ; level--) {
    cpu.tables[level] = table;
    cpu.tableRightsLo[level] = rightsLo;
    cpu.tableRightsHi[level] = rightsHi;
    const at = tableIndex(level, vaHi, vaLo) << 1;
    const lo = physRead(m, table, at);
    const hi = physRead(m, table, at + 1);
    if ((lo & PG_V) === 0) return -faultBase(cpu, access);
    const large = (lo & PG_PS) !== 0 && level > 1;
    const reservedLo = !large ? 0 : level === 2 ? RESERVED_2M : level === 3 ? RESERVED_1G : PG_PS;
    if ((hi & cpu.reservedHi) !== 0 || (lo & reservedLo) !== 0)
      return -(faultBase(cpu, access) | FAULT_PRESENT | FAULT_RESERVED);
    rightsLo &= lo;
    rightsHi |= hi & PG_NX_HI;
    if (level > 1 && !large) {
      if ((lo & PG_A) === 0) setBits(m, cpu, table, at, lo | PG_A);
      table = entryFrame(lo, hi);
      continue;
    }
    const denied = forbids(cpu, rightsLo, rightsHi, (hi >>> PG_PKU_SHIFT_HI) & 15, access);
    if (denied !== 0) return -(faultBase(cpu, access) | denied);
    const used = lo | PG_A | ((access & ACCESS_WRITE) !== 0 ? PG_M : 0);
    if (used !== lo) setBits(m, cpu, table, at, used);
    cpu.leafLevel = level;
    cpu.leafLo = used;
    cpu.leafHi = hi;
    cpu.rightsLo = rightsLo;
    cpu.rightsHi = rightsHi;
    const page = vaLo >>> 12;
    if (level === 1) return entryFrame(lo, hi);
    const within = level === 2 ? 511 : 0x3ffff;
    return entryFrame(lo, hi) - ((lo >>> 12) & within) + (page & within);
  }
}

/**
 * Handles the common case of a walk, or returns -1 without side effects. The common case is a user access to the lower
 * half, through four levels of tables in RAM below 4 GiB that are all accessed and grant the access, to a non-global 4K
 * page below 4 GiB.
 *
 * Table frames are masked, so that every load falls within m.words whatever the entries contain and can precede every
 * check; one test of the AND and the OR of the loaded entries then tells whether this was the common case.
 */
export function walkFast(m: Hardware, cpu: Cpu, root: Frame, vaHi: number, vaLo: number, access: number): Frame {
  const { words } = m;
  const mask = wordOf(m.lowFrames - 1);
  let at = (wordOf(root) & mask) | ((vaHi >>> 6) & 0x3fe);
  let lo = words[at];
  let hi = words[at | 1];
  let all = lo;
  let any = lo;
  at = ((lo >>> 2) & mask) | ((vaHi << 3) & 0x3f8) | ((vaLo >>> 29) & 6);
  lo = words[at];
  hi |= words[at | 1];
  all &= lo;
  any |= lo;
  at = ((lo >>> 2) & mask) | ((vaLo >>> 20) & 0x3fe);
  lo = words[at];
  hi |= words[at | 1];
  all &= lo;
  any |= lo;
  at = ((lo >>> 2) & mask) | ((vaLo >>> 11) & 0x3fe);
  lo = words[at];
  hi |= words[at | 1];
  all &= lo;
  // R/W and U/S are the access bits themselves; the dirty bit is the write bit shifted left. A supervisor access
  // requires PS, which no table can have. NX is the execute bit shifted left.
  const need =
    cpu.fastNeed | (access & (PG_RW | PG_U)) | ((access & ACCESS_WRITE) << 5) | ((~access & ACCESS_USER) << 5);
  const beyondRam = PG_FRAME_LO & ~(mask << 2);
  const unusual =
    (~all & need) |
    (any & (PG_PS | beyondRam)) |
    (hi & (cpu.fastBadHi | ((access & ACCESS_EXECUTE) << 27))) |
    (lo & PG_G) |
    (vaHi & ~0x7fff);
  return unusual === 0 && root <= frameAt(mask) ? lo >>> 12 : -1;
}

/** Translates vaHi:vaLo through the tables at `root`: same result as walkPrecise, but faster in the common case. */
export function walk(m: Hardware, cpu: Cpu, root: Frame, vaHi: number, vaLo: number, access: number): number {
  const frame = walkFast(m, cpu, root, vaHi, vaLo, access);
  return frame >= 0 ? frame : walkPrecise(m, cpu, root, vaHi, vaLo, access);
}
