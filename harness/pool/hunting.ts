/** Jobs of a hunt between two built-in variants. */
import { setImmediate as turn } from 'node:timers/promises';
import { builtInColumns } from '../columns/built-in.ts';
import type { Column } from '../columns/column.ts';
import { builtInFacts, factsAround } from '../columns/facts.ts';
import { planComparison } from '../compare/plan.ts';
import { knownDifferences } from '../findings/index.ts';
import { type Find, minimise as reduced } from '../search/hunt.ts';
import { Pair, type Want } from '../search/pair.ts';
import { type RawFind, type SliceInput, type SliceResult, slice as sliceOf } from '../search/slice.ts';

/** ids of two built-in variants, and what counts. */
export interface PairSpec {
  readonly a: string;
  readonly b: string;
  readonly want: Want;
}

export interface SliceJob extends PairSpec {
  readonly spec: SliceInput;
}

export interface MinimiseJob extends PairSpec {
  readonly raw: RawFind;
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

function pairFor({ a, b, want }: PairSpec): Pair {
  const [reference, candidate] = [a, b].map((id) => {
    const [column] = builtInColumns(builtInFacts.filter((facts) => facts.id === id));
    if (column === undefined) throw new Error(`expected the id of a built-in variant, got ${JSON.stringify(id)}`);
    return column;
  });
  return pairOf(reference, candidate, want);
}

const never = (): boolean => false;

export const slice = (job: SliceJob): Promise<SliceResult> => sliceOf(pairFor(job), job.spec, never);

export const minimise = (job: MinimiseJob): Promise<Find | null> => reduced(pairFor(job), job.raw, never);
