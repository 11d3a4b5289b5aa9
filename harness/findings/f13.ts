import { type VariantFacts } from '../compare/declarations.ts';
import { comparePair } from '../compare/pair.ts';
import type { RunRecord } from '../run/record.ts';
import { type Finding, absent, shows } from './finding.ts';

/** Facts that declare nothing and name no member, so that a verdict speaks of behaviour alone. */
const bare = (id: string): VariantFacts => ({ id, after: null, title: id, intends: [], members: [] });

/** How a record differs from the one of shared-page-unmap: a verdict. Null if either run failed. */
function verdictAgainst(record: RunRecord, against: RunRecord): string | null {
  const facts = { reference: bare(against.variant), candidate: bare(record.variant) };
  const { verdict } = comparePair(against, record, { intended: [], known: [] }, facts);
  return verdict === 'failed' || record.ops === 0 ? null : verdict;
}

export const f13: Finding = {
  id: 'F13',
  title: '`1 + (pm_pmltopu != NULL ? 1 : 0)` is only more idiomatic',
  thread: 'Third round, on the early exit of pmap_remove() in Diff 97210.',
  claim: 'The spelling of the threshold that landed changes nothing: identical on everything.',
  cases: [
    {
      name: 'exec in place and exit with page-table isolation, shared page touched',
      workload: 'machine pti=on\na: exec sh60\na: clock\na: exec sh60\na: clock\na: exit\n',
      observes: 'verdict against shared-page-unmap',
      against: 'shared-page-unmap',
      observe: verdictAgainst,
      expected: {
        'double-count-fix': absent('cost-only'),
        'shared-page-unmap': shows('identical'),
        landed: shows('identical'),
        'no-early-exit': absent('cost-only'),
      },
      source: 'design.md F13; vm.md 4 (double-count-fix: one more map lock, one call fewer)',
    },
  ],
  control: 'no-early-exit',
  known: [],
};
