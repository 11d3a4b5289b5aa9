import type { RunRecord } from '../run/record.ts';
import { noneEarly, numbersIn } from './criteria.ts';
import { type Finding, absent, shows } from './finding.ts';
import { added, earlyOfCalls } from './observe.ts';

function locksAndCalls(record: RunRecord): string | null {
  const locks = added(record, 'vmMapLocks', 2);
  return locks === null ? null : `${locks}, ${earlyOfCalls(record, 2)}`;
}

export const n5: Finding = {
  id: 'N5',
  kind: 'fault',
  title: "The thread's vmspace_clear() passes a length where the end belongs",
  thread: 'Not in the thread; on the snippet of its second round.',
  claim:
    'vm_map_remove(map, base, len) has its end below its start: the range check makes it empty, the call takes the map lock for nothing, the entry stays and every later call is full.',
  cases: [
    {
      name: '60-entry exit, shared page touched',
      workload: 'a: exec sh60\na: clock\na: exit\n',
      observes: 'exclusive map locks, early exits / pmap_remove calls of the exit',
      observe: locksAndCalls,
      isShownBy: (got) => numbersIn(got)[0] === 2 && noneEarly(got),
      expected: {
        baseline: absent('1, 0/52'),
        'toplevel-accounting': absent('1, 0/52'),
        'double-count-fix': absent('2, 51/52'),
        'shared-page-unmap': absent('1, 52/53'),
        landed: absent('1, 52/53'),
        'vmspace-clear': absent('2, 51/52'),
        'vmspace-clear-as-spelled': shows('2, 0/52'),
      },
      source:
        'recordings vm/scen-table-touched-exit (calls; mx: 1, 1, 2, 1); the third round of the thread for the spelling',
    },
  ],
  control: 'vmspace-clear',
  known: [],
};
