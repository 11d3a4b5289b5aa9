/** Messages between a child process that runs one variant and its parent. Structured clone can carry all of them. */
import type { Piece, WorkloadHead } from '../workload/pieces.ts';
import type { Introduced } from './load.ts';
import type { RunEnd, RunOptions, RunPart } from './record.ts';

export interface ToChild {
  readonly kind: 'take';
  /** starts a run with this piece; null continues the run */
  readonly begin: { readonly head: WorkloadHead; readonly options: RunOptions } | null;
  readonly piece: Piece;
}

export type FromChild =
  /** everything but the variant's own code has loaded */
  | { readonly kind: 'started' }
  /** sent unasked, once the variant is loaded or was refused */
  | { readonly kind: 'loaded'; readonly variant: Introduced }
  | { readonly kind: 'refused'; readonly message: string }
  /** op `op` is about to run; tells the parent which op an endless loop is in */
  | { readonly kind: 'at'; readonly op: number }
  /** end: null while the run continues */
  | { readonly kind: 'part'; readonly part: RunPart; readonly end: RunEnd | null };
