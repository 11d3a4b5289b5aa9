/**
 * State of one physical map. No behaviour. FreeBSD: sys/amd64/include/pmap.h struct pmap.
 */
import type { Frame } from '../units.ts';

/** pm_stats: per-pmap statistics in 4 KiB pages. */
export interface PmapStats {
  /** Leaf mappings plus page-table pages; whether the top-level pages are in it is what the revisions differ in. */
  residentCount: number;
  wiredCount: number;
}

/** Bits of Pmap.flags. Bits from PMAP_VARIANT_FLAGS up belong to variants and are cleared by pmap_pinit. */
export const PMAP_PDE_SUPERPAGE = 1 << 8;
export const PMAP_VARIANT_FLAGS = 1 << 16;

/** Pmap.id of the two that the machine boots with. */
export const PMAP0_ID = 0;
export const KERNEL_PMAP_ID = -1;

/** pm_pcids[cpu].pm_pcid before the first activation there. FreeBSD: PMAP_PCID_NONE. */
export const PMAP_PCID_NONE = -1;

const MAX_CPUS = 64;

export class Pmap {
  /**
   * Number of the pmap in order of creation, 1 up; 0 is pmap0. Also its order in lock ordering. No number is given twice in
   * a run; the object of a pmap that is gone is used again under another number.
   */
  id: number;
  /** Frame of the kernel-mode root (pm_pmltop). 0: not initialised, or released. */
  top: Frame = 0;
  /** Word where a walk through four levels begins: the root's; with five levels that of frame 0, which is all zero. */
  fourLevelRoot = 0;
  /** Frame of the user-mode root under page-table isolation (pm_pmltopu), else 0. */
  topUser: Frame = 0;
  readonly stats: PmapStats = { residentCount: 0, wiredCount: 0 };
  flags = 0;
  /** pm_active: CPUs that have this pmap loaded, bit per CPU: 0..31 and 32..63. */
  activeLo = 0;
  activeHi = 0;
  /** pm_pvchunk: frames of the first and last pv chunk, 0 when empty. */
  pvChunkHead: Frame = 0;
  pvChunkTail: Frame = 0;
  /** pm_root: page-table pages kept behind promoted 2M leaves, by va >> 21. */
  readonly reserved: Map<number, Frame> = new Map();
  /** pm_pcids, per CPU: the PCID, and its generation, which equals that of the CPU while the PCID is usable there. */
  readonly pcid: Int32Array = new Int32Array(MAX_CPUS);
  readonly pcidGen: Int32Array = new Int32Array(MAX_CPUS);

  constructor(id: number) {
    this.id = id;
  }
}
