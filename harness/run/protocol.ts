/**
 * What a child process that runs one variant and its parent say to each other. Structured clone carries all of it.
 */
import type { Workload } from '../workload/ops.ts';
import type { Facts } from './facts.ts';
import type { RunOptions, RunRecord } from './record.ts';

export type ToChild =
  /** alike: imports of the file that mean `pmapdiff` too */
  | { readonly kind: 'load'; readonly file: string; readonly alike?: readonly string[] }
  | { readonly kind: 'run'; readonly workload: Workload; readonly options: RunOptions };

export type FromChild =
  | { readonly kind: 'ready' }
  | { readonly kind: 'loaded'; readonly facts: Facts }
  | { readonly kind: 'refused'; readonly message: string }
  /** op `op` is about to run: what a parent knows of an endless loop */
  | { readonly kind: 'at'; readonly op: number }
  | { readonly kind: 'record'; readonly record: RunRecord };
