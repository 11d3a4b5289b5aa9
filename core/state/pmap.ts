/**
 * State of one physical map. No behaviour. FreeBSD: sys/amd64/include/pmap.h struct pmap.
 */
import type { Frame } from '../units.ts';

/** pm_stats: per-pmap statistics in 4 KiB pages. FreeBSD: struct pmap_statistics */
export interface PmapStats {
  /** Leaf mappings plus page-table pages; the revisions differ in whether the top-level pages are included. */
  residentCount: number;
  wiredCount: number;
}

/** Bits of Pmap.flags. Bits from PMAP_VARIANT_FLAGS up belong to variants and are cleared by pmap_pinit. */
export const PMAP_PDE_SUPERPAGE = 1 << 8;
export const PMAP_VARIANT_FLAGS = 1 << 16;

/** Pmap.id of the two pmaps that the machine boots with. */
export const PMAP0_ID = 0;
export const KERNEL_PMAP_ID = -1;

/** pm_pcids[cpu].pm_pcid before the first activation there. FreeBSD: PMAP_PCID_NONE. */
export const PMAP_PCID_NONE = -1;

const MAX_CPUS = 64;

/** FreeBSD: struct pmap */
export class Pmap {
  /**
   * Number of the pmap in order of creation, from 1 up; 0 is pmap0. Also decides the lock order. No number is used
   * twice in a run, but the object of a freed pmap is reused under a new number.
   */
  id: number;
  /** Frame of the kernel-mode root (pm_pmltop). 0 before pmapPinit and after release. */
  top: Frame = 0;
  /**
   * First word for a walk through four levels: that of the root; with five levels that of frame 0, which is all zero.
   */
  fourLevelRoot = 0;
  /** Frame of the user-mode root under page-table isolation (pm_pmltopu), otherwise 0. */
  topUser: Frame = 0;
  readonly stats: PmapStats = { residentCount: 0, wiredCount: 0 };
  flags = 0;
  /** Changes whenever a table, the count of a table's entries, or `reserved` may: what was read before may be stale then. */
  generation = 0;
  /** Number of its vmspace, by age, in the digest that was taken last; 0: it had none. See core/digest.ts. */
  space = 0;
  /** pm_active: bitmap of the CPUs that have this pmap loaded, 0..31 and 32..63. */
  activeLo = 0;
  activeHi = 0;
  /** pm_pvchunk: frames of the first and last pv chunk, 0 when empty. */
  pvChunkHead: Frame = 0;
  pvChunkTail: Frame = 0;
  /** pm_root: saved page table pages of promoted 2M leaves, by va >> 21. */
  readonly reserved: Map<number, Frame> = new Map();
  /**
   * pm_pcids, per CPU: the PCID, and its generation, which equals the CPU's generation while the PCID is valid there.
   */
  readonly pcid: Int32Array = new Int32Array(MAX_CPUS);
  readonly pcidGen: Int32Array = new Int32Array(MAX_CPUS);

  constructor(id: number) {
    this.id = id;
  }
}
