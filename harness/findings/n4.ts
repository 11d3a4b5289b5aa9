import { someEarly } from './criteria.ts';
import { type Finding, absent, shows } from './finding.ts';
import { earlyOfCalls } from './observe.ts';

export const n4: Finding = {
  id: 'N4',
  kind: 'claim',
  title: 'The speed comes from the unmapping alone',
  thread: 'Not in the thread.',
  claim:
    "The baseline with landed's hook and its old test leaves early as often as landed. The accounting and the new threshold only keep each other right.",
  cases: [
    {
      name: '60-entry exit, shared page touched',
      workload: 'a: exec sh60\na: clock\na: exit\n',
      observes: 'early exits / pmap_remove calls of the exit',
      observe: (record) => earlyOfCalls(record, 2),
      isShownBy: someEarly,
      expected: {
        baseline: absent('0/52'),
        'toplevel-accounting': absent('0/52'),
        'double-count-fix': shows('51/52'),
        'shared-page-unmap': shows('52/53'),
        landed: shows('52/53'),
        'baseline-with-unmap': shows('52/53'),
        'no-abi-unmap': absent('0/52'),
      },
      source: 'recordings vm/scen-table-touched-exit: the calls of landed, whatever resident_count counts',
    },
  ],
  control: 'no-abi-unmap',
  // Of memory in place of the shared page, pmap_remove notes that it was accessed, pmap_remove_pages does not.
  known: [{ finding: 'N4', variant: 'baseline-with-unmap', what: 'tables' }],
};
