/** Pairs of built-in variants, without a command line. */
import { type Variant, defineVariant } from '../../../core/index.ts';
import { builtInColumn, builtInVariants } from '../../../harness/columns/built-in.ts';
import { factsAround, factsOf } from '../../../harness/columns/facts.ts';
import { planComparison } from '../../../harness/compare/plan.ts';
import { knownDifferences } from '../../../harness/findings/index.ts';
import { introduce } from '../../../harness/run/load.ts';
import type { Killed } from '../../../harness/run/record.ts';
import { HUNTED, Pair, type Want } from '../../../harness/search/pair.ts';
import { landed, variantById } from '../../../variants/index.ts';
import { dying } from '../../support/dying.ts';
import { factsOfAll } from '../../support/facts.ts';

export const ANY: Want = { kind: 'verdicts', verdicts: HUNTED };
export const UNEXPECTED: Want = { kind: 'unexpected' };

/** landed under another name. */
export const copyOfLanded: Variant = defineVariant({ ...landed, id: 'copy', after: 'landed', intends: [] });

/** killed: processes that die in the second run instead of those that do; absent: those that do. */
export function pairOf(a: string, b: string | Variant, want: Want = ANY, killed?: readonly Killed[]): Pair {
  const variants = [variantById(a)!, typeof b === 'string' ? variantById(b)! : b] as const;
  const facts = variants.map((variant) =>
    builtInVariants.includes(variant)
      ? factsOfAll([variant]).at(-1)!
      : factsOf(introduce(variant, builtInVariants), null),
  );
  const ids = facts.map(({ id }) => id);
  const plan = planComparison(ids, factsAround(facts), {
    against: { kind: 'variant', id: ids[0]! },
    ledger: knownDifferences,
    predecessors: false,
  });
  const second = builtInColumn(variants[1], facts[1]!);
  const columns = [
    builtInColumn(variants[0], facts[0]!),
    killed === undefined ? second : dying(second, killed),
  ] as const;
  return new Pair(columns, plan, want, async () => {});
}
