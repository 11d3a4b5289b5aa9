/** Jobs of a hunt between two columns. */
import { setImmediate as turn } from 'node:timers/promises';
import type { Column, Recipe } from '../columns/column.ts';
import { factsAround } from '../columns/facts.ts';
import { DEFAULT_LIMITS } from '../columns/process.ts';
import { withRecipes } from '../columns/recipe.ts';
import { planComparison } from '../compare/plan.ts';
import { knownDifferences } from '../findings/index.ts';
import { type Minimised, type RawToReduce, minimise as reduced } from '../search/hunt.ts';
import { Pair, type Want } from '../search/pair.ts';
import { type SliceInput, type SliceResult, slice as sliceOf } from '../search/slice.ts';

/** Two columns, and what counts. */
export interface PairSpec {
  /** the reference and the candidate */
  readonly columns: readonly [Recipe, Recipe];
  readonly want: Want;
}

export interface SliceJob extends PairSpec {
  readonly spec: SliceInput;
}

export interface MinimiseJob extends PairSpec {
  readonly raw: RawToReduce;
}

/** The two columns, the second against the first. */
export function pairOf(reference: Column, candidate: Column, want: Want): Pair {
  const ids = [reference.facts.id, candidate.facts.id];
  const plan = planComparison(ids, factsAround([reference.facts, candidate.facts]), {
    against: { kind: 'variant', id: ids[0] },
    ledger: knownDifferences,
    predecessors: false,
  });
  return new Pair([reference, candidate], plan, want, () => turn());
}

export const withPair = <T>({ columns, want }: PairSpec, body: (pair: Pair) => Promise<T>): Promise<T> =>
  withRecipes(columns, DEFAULT_LIMITS.loadMs, ([reference, candidate]) => body(pairOf(reference, candidate, want)));

const never = (): boolean => false;

export const slice = (job: SliceJob): Promise<SliceResult> => withPair(job, (pair) => sliceOf(pair, job.spec, never));

export const minimise = (job: MinimiseJob): Promise<Minimised> =>
  withPair(job, (pair) => reduced(pair, job.raw, never));
