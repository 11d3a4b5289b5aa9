/**
 * What a child process that runs one variant and its parent say to each other. Structured clone carries all of it.
 */
import type { Piece, WorkloadHead } from '../workload/pieces.ts';
import type { Introduced } from './load.ts';
import type { RunEnd, RunOptions, RunPart } from './record.ts';

export interface ToChild {
  readonly kind: 'take';
  /** a run begins with this piece; null: it goes on */
  readonly begin: { readonly head: WorkloadHead; readonly options: RunOptions } | null;
  readonly piece: Piece;
}

export type FromChild =
  /** unasked, once the variant is there or is not */
  | { readonly kind: 'loaded'; readonly variant: Introduced }
  | { readonly kind: 'refused'; readonly message: string }
  /** op `op` is about to run: what a parent knows of an endless loop */
  | { readonly kind: 'at'; readonly op: number }
  /** end: null while the run goes on */
  | { readonly kind: 'part'; readonly part: RunPart; readonly end: RunEnd | null };
