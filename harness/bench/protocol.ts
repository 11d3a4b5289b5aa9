/**
 * What the bench and its child processes say to each other, beside loading a variant.
 */
import type { Workload } from '../workload/ops.ts';

/** A process measures one task for its variant: prepared once, then measured as often as it is asked to. */
export type ToBench =
  | {
      readonly kind: 'bench-prepare';
      readonly task: string;
      readonly workload: Workload | null;
      /** the text of the recording that the task reads, in blocks; empty if it reads none */
      readonly text: readonly string[];
    }
  | { readonly kind: 'bench-measure'; readonly milliseconds: number }
  | { readonly kind: 'bench-memory' };

/** Times of one operation in ns, over the batches of one round. */
export interface Measured {
  readonly kind: 'bench-measured';
  readonly median: number;
  readonly least: number;
  readonly batches: number;
  /** What each batch added up from its results, the same for all. */
  readonly sum: number;
}

export interface MemoryMeasured {
  readonly kind: 'bench-memory-measured';
  readonly from: number;
  readonly to: number;
  /** Growth of the process's resident memory in bytes, of it the page-table pages of the simulated machine. */
  readonly resident: number;
  readonly tables: number;
  /** ns per mapping made, from `from` on and at the end. */
  readonly firstNs: number;
  readonly lastNs: number;
}

export type FromBench =
  | { readonly kind: 'bench-ready' }
  | Measured
  | MemoryMeasured
  | { readonly kind: 'bench-failed'; readonly message: string }
  /** sent unasked, of what the variant's file throws */
  | { readonly kind: 'refused'; readonly message: string };
