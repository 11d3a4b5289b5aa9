/**
 * State of one CPU: control registers, the contents of CR3, the TLB and the paging-structure caches. No behaviour.
 *
 * FreeBSD: sys/amd64/include/pcpu.h (pc_curpmap, pc_pcid_next, pc_pcid_gen, pc_ucr3_load_mask). Intel SDM volume 3,
 * chapter 4.
 */
import type { Frame } from '../units.ts';
import type { Pmap } from './pmap.ts';

/** Everything but the tables that affects how an address is translated. Intel SDM volume 3, 4.1. */
export interface Controls {
  /** Paging levels. 5: CR4.LA57. */
  readonly levels: 4 | 5;
  /** Bits of a physical address, 32..52: the frame bits above are reserved. */
  readonly maxphyaddr: number;
  /** CR0.WP: a supervisor write obeys R/W. */
  readonly wp: boolean;
  /** EFER.NXE: bit 63 forbids execution; otherwise it is reserved. */
  readonly nxe: boolean;
  /** CR4.SMEP: no supervisor execution of user pages. */
  readonly smep: boolean;
  /** CR4.SMAP: no supervisor data access to user pages, unless EFLAGS.AC is set. */
  readonly smap: boolean;
  /** EFLAGS.AC */
  readonly ac: boolean;
  /** CR4.PKE and PKRU: two bits per key, access-disable and write-disable. */
  readonly pke: boolean;
  readonly pkru: number;
  /** CR4.PGE: leaves with G survive a load of CR3. */
  readonly pge: boolean;
  /** CR4.PCIDE */
  readonly pcide: boolean;
}

/** State before setControls in core/hw/cpu.ts: 4 levels, nothing enabled. */
const RESET_CONTROLS: Controls = {
  levels: 4,
  maxphyaddr: 52,
  wp: false,
  nxe: false,
  smep: false,
  smap: false,
  ac: false,
  pke: false,
  pkru: 0,
  pge: false,
  pcide: false,
};

/** Size of the caches: direct-mapped TLB slots per page size, and paging-structure slots per level. */
export const TLB_SLOTS_4K = 512;
export const TLB_SLOTS_2M = 32;
export const TLB_SLOTS_1G = 8;
export const PSC_SLOTS = 16;
/** Levels whose non-leaf entries are cached: PDE, PDPTE, PML4E. */
export const PSC_LEVELS = 3;
/** Int32 words of one slot: see core/hw/tlb.ts. */
export const TLB_SLOT_WORDS = 8;

export class Cpu {
  readonly id: number;
  /** The pmap loaded here. FreeBSD: PCPU curpmap. */
  curpmap: Pmap | null = null;

  /** PCID allocation. FreeBSD: pc_pcid_next, pc_pcid_gen. */
  pcidNext = 2;
  pcidGen = 1;

  // CR3 in kernel mode, and in user mode if page-table isolation makes them differ.
  root: Frame = 0;
  pcid = 0;
  userRoot: Frame = 0;
  userPcid = 0;
  /**
   * The next return to user mode flushes the user PCID. FreeBSD: pc_ucr3_load_mask without PMAP_UCR3_NOMASK. Without
   * PCID it is always set: every return to user mode loads CR3.
   */
  userFlushPending = false;
  /** User mode runs on userRoot. */
  isolated = false;

  controls: Controls = RESET_CONTROLS;
  // Derived from controls by setControls in core/hw/cpu.ts.
  /** Bits of an entry's high word that must be 0 at every level. */
  reservedHi = 0;
  levels: 4 | 5 = 4;
  // What walkFast in core/hw/walk.ts requires of the four entries. Before setControls, no walk is fast.
  /** Bits of the low word that all four need, whatever the access. */
  fastNeed = -1;
  /** Bits of the high word that none of the four may have. */
  fastBadHi = 0;
  /** Per access code: rights of a TLB slot that permit the access without further checks. */
  readonly tlbNeed = new Int32Array(32).fill(-1);

  /** TLB on: the TLB is searched before the tables are walked. */
  caching = true;
  readonly tlb = new Int32Array((TLB_SLOTS_4K + TLB_SLOTS_2M + TLB_SLOTS_1G) * TLB_SLOT_WORDS);
  /** The TLB may hold translations other than 4K pages of a PCID: larger pages or global ones. */
  tlbOthers = false;
  readonly psc = new Int32Array(PSC_LEVELS * PSC_SLOTS * TLB_SLOT_WORDS);
  /** Paging-structure slots of another generation are stale. */
  pscGeneration = 1;
  /**
   * A slot is live while its tag is the current tag of its PCID, or of global pages. Tags are never reused; 0 is never
   * a tag.
   */
  lastTag = 2;
  globalTag = 1;
  readonly pcidTag = new Int32Array(4096);
  /** Tags of PCIDs up to this one are stale, because all PCIDs were flushed. */
  tagFloor = 0;
  /** Tags of the PCIDs in CR3: in kernel mode and in user mode. */
  tag = 2;
  userTag = 2;

  // Results of the last precise walk that was allowed.
  /** Level of the leaf: 1 = 4K, 2 = 2M, 3 = 1G. */
  leafLevel = 0;
  leafLo = 0;
  leafHi = 0;
  /** R/W and U/S granted by all levels (low word), NX of any level (high word). */
  rightsLo = 0;
  rightsHi = 0;
  /** By level, for the tables above the leaf: the table's frame, and the rights granted above it. */
  readonly tables = new Float64Array(6);
  readonly tableRightsLo = new Int32Array(6);
  readonly tableRightsHi = new Int32Array(6);

  constructor(id: number) {
    this.id = id;
  }
}
