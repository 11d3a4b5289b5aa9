/**
 * What a child process that runs one variant and its parent say to each other. Structured clone carries all of it.
 */
import type { Piece, WorkloadHead } from '../workload/pieces.ts';
import type { Facts } from './facts.ts';
import type { RunEnd, RunOptions, RunPart } from './record.ts';

export type ToChild =
  /** alike: imports of the file that mean `pmapdiff` too */
  | { readonly kind: 'load'; readonly file: string; readonly alike?: readonly string[] }
  /** begin: a run begins with this piece; null: it goes on */
  | {
      readonly kind: 'take';
      readonly begin: { readonly head: WorkloadHead; readonly options: RunOptions } | null;
      readonly piece: Piece;
    };

export type FromChild =
  | { readonly kind: 'ready' }
  | { readonly kind: 'loaded'; readonly facts: Facts }
  | { readonly kind: 'refused'; readonly message: string }
  /** op `op` is about to run: what a parent knows of an endless loop */
  | { readonly kind: 'at'; readonly op: number }
  /** end: null while the run goes on */
  | { readonly kind: 'part'; readonly part: RunPart; readonly end: RunEnd | null };
