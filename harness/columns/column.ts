/**
 * A column: one of the variants that run a workload side by side. Callers use only this interface; whether a variant
 * runs in this process or in its own is hidden behind it.
 */
import type { VariantFacts } from '../declare/declarations.ts';
import {
  type Failure,
  type RunEnd,
  type RunOptions,
  type RunPart,
  type RunRecord,
  emptyPart,
  failedEnd,
} from '../run/record.ts';
import type { Workload } from '../workload/ops.ts';
import { type Piece, type WorkloadHead, headOf, pieceOf } from '../workload/pieces.ts';

/** A run of a column, piece by piece. */
export interface ColumnRun {
  /** null while the run continues */
  readonly end: RunEnd | null;
  /**
   * Runs the ops of the next piece; does nothing once the run is over. limitMs limits a variant that has its own
   * process.
   */
  readonly take: (piece: Piece, limitMs: number) => Promise<RunPart>;
}

/** What makes a column elsewhere: the id of a built-in variant, or data. */
export type Recipe = string | CodeRecipe | FailedRecipe;

export interface CodeRecipe {
  readonly kind: 'code';
  /** of the variant's file, for messages */
  readonly name: string;
  /** its bundle (bundle/column.ts, kind 'run'), for a process of its own and no other */
  readonly code: string;
  readonly facts: VariantFacts;
}

export interface FailedRecipe {
  readonly kind: 'failed';
  readonly facts: VariantFacts;
  readonly failure: Failure;
}

export interface Column {
  readonly facts: VariantFacts;
  /** makes the same column in another thread or on another machine */
  readonly recipe: Recipe;
  /**
   * built-in: runs in this process, one column after another. own: runs in parallel with the others, within a limit.
   */
  readonly kind: 'built-in' | 'own';
  /** Starts running a workload. A variant that has its own process has one run at a time. */
  readonly begin: (head: WorkloadHead, options: RunOptions) => ColumnRun;
  /** Aborts the current run. */
  readonly abort: () => void;
  readonly close: () => void;
  /** what a reader should know of it; absent: nothing */
  readonly notes?: readonly string[];
  /** what is found out of it beside its runs, and may take longer than they do */
  readonly lateNotes?: () => Promise<readonly string[]>;
}

const nothing = (): void => {};

/** A variant that cannot be used is a column too: every run of it reports why. */
export const failedColumn = (
  id: string,
  failure: Failure,
  facts: VariantFacts = { id, after: null, title: id, intends: [], members: [] },
): Column => ({
  facts,
  recipe: { kind: 'failed', facts, failure },
  kind: 'own',
  begin: ({ name }) => ({ end: failedEnd(name, id, failure), take: async () => emptyPart() }),
  abort: nothing,
  close: nothing,
});

/** Runs a whole workload in a column. limitMs limits a variant that has its own process. */
export async function runColumn(
  column: Column,
  workload: Workload,
  options: RunOptions,
  limitMs: number,
): Promise<RunRecord> {
  const run = column.begin(headOf(workload), options);
  const part = await run.take(pieceOf(workload), limitMs);
  return Object.assign(part, run.end!);
}

/** The first run that failed for a reason outside the simulated kernel. */
export function failureOf(
  runs: readonly Pick<RunEnd, 'variant' | 'workload' | 'ended'>[],
): (Pick<RunEnd, 'variant' | 'workload'> & { readonly ended: Failure }) | null {
  for (const { variant, workload, ended } of runs) if (ended.kind === 'failed') return { variant, workload, ended };
  return null;
}
