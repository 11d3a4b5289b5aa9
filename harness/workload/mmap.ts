/** What an mmap asks for. */
export type MmapKind = 'anon' | 'guard' | 'stack' | 'file' | 'phys';

/**
 * What an mmap may ask for besides: that all resident pages of a file be mapped at once, and marks that keep its entry
 * apart from others. FreeBSD: MAP_PREFAULT_READ, MAP_NOCORE, MAP_NOSYNC
 */
export const MMAP_WISHES = ['prefault', 'nocore', 'nosync'] as const;
export type MmapWish = (typeof MMAP_WISHES)[number];

/** The operands of an mmap other than its address and length. */
export interface MmapOperands {
  readonly kind: MmapKind;
  readonly prot: number;
  readonly maxProt: number;
  readonly shared: boolean;
  readonly wishes: readonly MmapWish[];
  /** false: the kernel chooses the address, and op.addr is 0 */
  readonly fixed: boolean;
  /** index into Workload.files, or -1 */
  readonly file: number;
  /** byte offset in the file */
  readonly off: number;
  /** index into Workload.results that receives the address, or -1 */
  readonly result: number;
}
