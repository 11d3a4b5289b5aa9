import type { KnownDifference } from '../declare/declarations.ts';
import { someEarly } from './criteria.ts';
import { type Finding, absent, shows } from './finding.ts';
import { earlyOfCalls } from './observe.ts';

/** The hook leaves fewer pages behind a page-table page: who takes the last of a stopped exit's away frees that page too. */
const lastPageOfTable = (variant: string): KnownDifference => ({
  finding: 'F4',
  variant,
  what: 'stopped call',
  by: 'up to +1 per exit of the last user',
  counters: ['userPtPageCount', 'ptPageFrees'],
});

export const f4: Finding = {
  id: 'F4',
  kind: 'claim',
  title: 'Unmapping the shared page first makes the early exit effective',
  thread: 'Second round: the answer to the tracing of a kernel build.',
  claim:
    'Explicitly unmapping the shared page at execve and exit makes the early exit effective for a process that touched it.',
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
        'no-abi-unmap': absent('0/52'),
      },
      source: 'recordings vm/scen-table-touched-exit',
    },
    {
      name: '60-entry exec in place, shared page touched',
      workload: 'a: exec sh60\na: clock\na: exec sh60\n',
      observes: 'early exits / pmap_remove calls of the second exec',
      observe: (record) => earlyOfCalls(record, 2),
      isShownBy: someEarly,
      expected: {
        baseline: absent('0/52'),
        'toplevel-accounting': absent('0/52'),
        'double-count-fix': shows('51/52'),
        'shared-page-unmap': shows('52/53'),
        landed: shows('52/53'),
        'no-abi-unmap': absent('0/52'),
      },
      source: 'recordings vm/scen-table-touched-exec',
    },
  ],
  control: 'no-abi-unmap',
  known: [
    // The hook also frees page-table pages, which are zero: others may take them before the exit goes on.
    { finding: 'F4', variant: 'double-count-fix', what: 'pagesZeroed', until: 'no-abi-unmap' },
    { ...lastPageOfTable('double-count-fix'), until: 'no-abi-unmap' },
    ...['baseline-with-unmap', 'unmap-after-remove-pages', 'vmspace-clear'].map(lastPageOfTable),
  ],
};
