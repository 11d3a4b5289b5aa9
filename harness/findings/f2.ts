import { noneEarly } from './criteria.ts';
import { type Finding, absent, shows } from './finding.ts';
import { earlyOfCalls } from './observe.ts';

export const f2: Finding = {
  id: 'F2',
  kind: 'fault',
  title: 'The early exit of pmap_remove() is never taken again',
  thread: 'First round, on pmap_remove() of the initial revision.',
  claim: 'With top-level pages in resident_count, the test for 0 completely nullifies the pmap_remove() optimization.',
  cases: [
    {
      name: '60-entry exit, shared page not touched',
      workload: 'a: exec sh60\na: exit\n',
      observes: 'early exits / pmap_remove calls of the exit',
      observe: (record) => earlyOfCalls(record, 1),
      isShownBy: noneEarly,
      expected: {
        baseline: absent('52/52'),
        'toplevel-accounting': shows('0/52'),
        'double-count-fix': absent('51/52'),
        'shared-page-unmap': absent('52/53'),
        landed: absent('52/53'),
        'no-early-exit': shows('0/53'),
      },
      source: 'recordings vm/scen-table-untouched-exit',
    },
  ],
  control: 'double-count-fix',
  known: [
    ['removeEarlyExits', 'up to -1 per pmap_remove call'],
    ['delayedInvalidations', 'up to +1 per pmap_remove call'],
    ['pmapLocks', 'up to +1 per pmap_remove call'],
    ['removeLoops', 'more'],
  ].map(([what, by]) => ({
    finding: 'F2',
    variant: 'toplevel-accounting',
    what: what!,
    by: by!,
    until: 'double-count-fix',
  })),
};
