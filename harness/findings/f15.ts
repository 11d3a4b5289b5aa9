import type { RunRecord } from '../run/record.ts';
import { type Finding, absent, shows } from './finding.ts';
import { added } from './observe.ts';

/** Full calls of pmap_remove in the exit: those that take the pmap lock. */
function fullCalls(record: RunRecord): number | null {
  const calls = added(record, 'removeCalls', 1);
  return calls === null ? null : calls - added(record, 'removeEarlyExits', 1)!;
}

export const f15: Finding = {
  id: 'F15',
  kind: 'observation',
  title: 'A process that never touched the shared page pays one full pmap_remove()',
  thread: 'Third round, on the cost of exec_free_abi_mappings().',
  claim: 'A process that never faulted the shared page in pays one extra pmap_remove() call; not significant.',
  cases: [
    {
      name: '60-entry exit, shared page not touched',
      workload: 'a: exec sh60\na: exit\n',
      observes: 'pmap_remove calls of the exit that do not leave early',
      observe: fullCalls,
      isShownBy: (got) => got === 1,
      expected: {
        baseline: absent(0),
        'toplevel-accounting': absent(52),
        'double-count-fix': shows(1),
        'shared-page-unmap': shows(1),
        landed: shows(1),
        'no-abi-unmap': absent(0),
      },
      source: 'recordings vm/scen-table-untouched-exit',
    },
  ],
  control: 'no-abi-unmap',
  // Where the process has unmapped the page itself, the predecessor has no entry to remove and this one still makes its
  // call. Without a page directory for the address the one-page path falls back to the loop.
  known: [
    ['delayedInvalidations', '+1 per teardown without the shared page'],
    ['pmapLocks', '+1 per teardown without the shared page'],
    ['removeLoops', '+1 per teardown without its table'],
  ].map(([what, by]) => ({ finding: 'F15', variant: 'shared-page-unmap', what: what!, by: by! })),
};
