import type { RunRecord } from '../run/record.ts';
import { numbersIn } from './criteria.ts';
import { type Finding, type Observed, absent, shows } from './finding.ts';
import { added } from './observe.ts';

/** Cost of the exit: exclusive map locks, map lookups, pmap_remove calls. */
function costOfExit(record: RunRecord): string | null {
  const locks = added(record, 'vmMapLocks', 1);
  return locks === null ? null : `${locks}, ${added(record, 'vmMapLookups', 1)}, ${added(record, 'removeCalls', 1)}`;
}

/** One map lock and one lookup, as of the sweep alone, but a call more than its 52. */
function isCheap(got: Observed): boolean {
  const [locks, lookups, calls] = numbersIn(got);
  return locks === 1 && lookups === 1 && calls > 52;
}

export const f8: Finding = {
  id: 'F8',
  kind: 'claim',
  title: 'pmap_remove() is marginally cheaper than vm_map_remove()',
  thread: 'Second round, on the hook of Diff 97187.',
  claim: 'pmap_remove() of the shared page is sufficient and marginally cheaper: no map lock, no splay lookup.',
  cases: [
    {
      name: '60-entry exit, shared page not touched',
      workload: 'a: exec sh60\na: exit\n',
      observes: 'exclusive map locks, map lookups and pmap_remove calls of the exit',
      observe: costOfExit,
      isShownBy: isCheap,
      expected: {
        baseline: absent('1, 1, 52'),
        'toplevel-accounting': absent('1, 1, 52'),
        'double-count-fix': absent('2, 2, 52'),
        'shared-page-unmap': shows('1, 1, 53'),
        landed: shows('1, 1, 53'),
      },
      source: 'recordings vm/scen-table-untouched-exit (mx, lu, calls)',
    },
  ],
  control: 'double-count-fix',
  known: [
    { finding: 'F8', variant: 'double-count-fix', what: 'vmMapSplaySteps', until: 'shared-page-unmap' },
    ...[
      // Its lookup makes another entry the root, which the next lookup under a read lock finds there, or has to.
      ['vmMapUpgrades', 'up to +1 per read lock of a map, up to -1 per read lock of a map'],
      ['vmMapDowngrades', 'up to +1 per read lock of a map, up to -1 per read lock of a map'],
      // It clips an entry that reaches beyond the page, on either side, gives it an object if it has none, and unwires
      // and removes its parts alone.
      ['removeCalls', 'up to +3 per teardown with other memory there'],
      ['removeEarlyExits', 'up to +3 per teardown with other memory there'],
      ['vmObjectWriteLocks', 'up to +6 per teardown with other memory there'],
      ['vmObjectReadLocks', 'up to +2 per teardown with other memory there'],
      ['pmapLocks', 'up to +3 per teardown with other memory there'],
      ['delayedInvalidations', 'up to +1 per teardown with other memory there'],
      // A part of one page is flushed alone. To unwire the page it demotes the superpage, and pmap_remove finds a page.
      ...['invalidatePages', 'invlpgs'].map((what) => [what, 'up to +2 per teardown with other memory there']),
      ['invpcids', 'up to +1 per teardown with a superpage there'],
      ...['removeLoops', 'invalidateAlls', 'contextFlushes', 'invltlbs'].map((what) => [
        what,
        'up to +1 per teardown with other memory there, up to -1 per teardown with other memory there',
      ]),
      [
        'pvListWriteLocks',
        'up to +1 per teardown with other memory there, up to +1 per teardown with a superpage there',
      ],
      // Before the last reference goes down a chain of objects, it may collapse that chain.
      ['within an op', 'up to +1 per teardown with other memory there', '-vmObjectWriteLocks'],
      // pmap_unwire reclaims outside of a delayed invalidation: one for each pmap then.
      ['free pages', 'up to +1 per teardown with a superpage there', 'delayedInvalidations'],
    ].map(([what, by, ...counters]) => ({
      finding: 'F8',
      variant: 'double-count-fix',
      what: what!,
      by: by!,
      ...(counters.length === 0 ? {} : { counters }),
      until: 'shared-page-unmap',
    })),
  ],
};
