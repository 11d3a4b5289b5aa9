import { noneEarly, unmapping } from './criteria.ts';
import { type Finding, absent, shows } from './finding.ts';
import { earlyOfCalls } from './observe.ts';

const together = 'a: exec sh60\na: rfork mem -> b\na: clock\na: stop refcnt-tested\na: exit\nb: exit\na: go\n';

export const n3: Finding = {
  id: 'N3',
  kind: 'fault',
  title: 'Two sharers that exit at the same time both skip the unmapping',
  thread: 'Not in the thread.',
  claim:
    'Two sharers of a touched page that exit at the same time both see vm_refcnt 2, so neither unmaps the page: the optimization is lost, nothing breaks.',
  cases: [
    {
      name: 'both test the reference count before either drops it',
      workload: together,
      observes: 'early exits / pmap_remove calls of the teardown',
      observe: (record) => earlyOfCalls(record, 6),
      isShownBy: noneEarly,
      subject: unmapping,
      expected: {
        baseline: absent('0/52'),
        'toplevel-accounting': absent('0/52'),
        'double-count-fix': absent('51/51'),
        'shared-page-unmap': shows('0/52'),
        landed: shows('0/52'),
        'unmap-without-refcount-check': absent('52/52'),
        'unmap-after-remove-pages': absent('52/53'),
        'vmspace-clear': absent('51/52'),
      },
      source:
        'sys/kern/kern_exec.c exec_free_abi_mappings returns unless vm_refcnt is 1: both see 2; then the calls of recordings vm/scen-table-touched-exit in the baseline',
    },
  ],
  control: 'unmap-without-refcount-check',
  known: [],
};
