import type { RunRecord } from '../run/record.ts';
import { someEarly } from './criteria.ts';
import { type Finding, absent, shows } from './finding.ts';
import { earlyInAll } from './observe.ts';
import { verdictAgainst } from './verdict.ts';

/** The verdict against shared-page-unmap, and how often the rewritten test was evaluated and how often it was true. */
function verdictAndTests(record: RunRecord, against: RunRecord): string | null {
  const verdict = verdictAgainst(record, against);
  return verdict === null ? null : `${verdict}, ${earlyInAll(record)}`;
}

export const f13: Finding = {
  id: 'F13',
  kind: 'claim',
  title: '`1 + (pm_pmltopu != NULL ? 1 : 0)` is only more idiomatic',
  thread: 'Third round, on the early exit of pmap_remove() in Diff 97210.',
  claim: 'The spelling of the threshold that landed changes nothing: identical on everything.',
  cases: [
    {
      name: 'exec in place and exit with page-table isolation',
      workload: 'machine pti=on\na: exec sh60\na: exec sh60\na: exit\n',
      observes: 'verdict against shared-page-unmap, early exits / pmap_remove calls of the whole workload',
      against: 'shared-page-unmap',
      observe: verdictAndTests,
      isShownBy: (got) => String(got).startsWith('identical') && someEarly(got),
      expected: {
        'double-count-fix': absent('cost-only, 102/104'),
        'shared-page-unmap': shows('identical, 105/107'),
        landed: shows('identical, 105/107'),
        'no-early-exit': absent('cost-only, 0/107'),
      },
      source:
        'recordings vm/scen-table-untouched-exec and vm/scen-table-untouched-exit for the second exec and the exit; recordings replay, README, choice 4, for the first exec (one call, of an empty map)',
    },
  ],
  control: 'no-early-exit',
  known: [],
};
