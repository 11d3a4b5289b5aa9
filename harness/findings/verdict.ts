/** How two records differ, regardless of declarations. */
import { comparePair } from '../compare/pair.ts';
import type { VariantFacts } from '../declare/declarations.ts';
import type { RunRecord } from '../run/record.ts';

/** Facts that declare nothing and name no member, so that a verdict depends on behaviour alone. */
const bare = (id: string): VariantFacts => ({ id, after: null, title: id, intends: [], members: [] });

/** The verdict on how a record differs from another one of the same workload. Null if either run failed. */
export function verdictAgainst(record: RunRecord, against: RunRecord): string | null {
  const facts = { reference: bare(against.variant), candidate: bare(record.variant) };
  const { verdict } = comparePair(
    against,
    record,
    { intended: [], known: [], findings: { reference: [], candidate: [] } },
    facts,
  );
  return verdict === 'failed' || record.ops === 0 ? null : verdict;
}
