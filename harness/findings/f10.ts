import { numbersIn } from './criteria.ts';
import { type Finding, absent, shows } from './finding.ts';
import { fullOfCalls } from './observe.ts';

export const f10: Finding = {
  id: 'F10',
  kind: 'claim',
  title: 'A child that does not touch the shared page gains and loses next to nothing',
  thread: 'Third round, measurements of the fork loop without the touch.',
  claim:
    'Where the child does not touch the shared page there is no significant difference with or without exec_free_abi_mappings(): one full pmap_remove() that finds nothing, beside 52 early ones.',
  cases: [
    {
      name: 'a forked child of 60 entries exits, shared page not touched',
      workload: 'a: exec sh60\na: fork -> c\nc: exit\n',
      observes: "full pmap_remove calls of all calls in the child's exit",
      observe: (record) => fullOfCalls(record, 2),
      isShownBy: (got) => numbersIn(got)[0] <= 1,
      expected: {
        baseline: shows('0 of 52'),
        'toplevel-accounting': absent('52 of 52'),
        'double-count-fix': shows('1 of 52'),
        'shared-page-unmap': shows('1 of 53'),
        landed: shows('1 of 53'),
        'no-abi-unmap': shows('0 of 52'),
        'no-early-exit': absent('53 of 53'),
      },
      source:
        'recordings vm/scen-table-untouched-exit; sys/vm/vm_map.c vmspace_fork: a fork inherits the entry of the shared page, not its mapping',
    },
  ],
  control: 'no-early-exit',
  known: [],
};
