import type { RunRecord } from '../run/record.ts';
import { callsIn, numbersIn, someEarly, unmappingOfInactive } from './criteria.ts';
import { type Finding, type Observed, absent, shows } from './finding.ts';
import { added, earlyOfCalls, outcome } from './observe.ts';

function callsAndFlushes(record: RunRecord): string | null {
  const calls = earlyOfCalls(record, 2);
  return calls === null ? null : `${calls}, ${added(record, 'invlpgs', 2)}`;
}

const allEarly = (got: Observed): boolean => callsIn(got).every(({ early, calls }) => early === calls);

export const f16: Finding = {
  id: 'F16',
  kind: 'claim',
  title: 'A vmspace_clear() helper after the last reference would also do',
  thread: 'Second round, on exit1() of Diff 97187.',
  claim:
    'A helper that unmaps the shared page once the last reference is dropped would also do: no survivor is harmed, no race loses the optimization, and the early exit is effective.',
  cases: [
    {
      name: '60-entry exit, shared page touched',
      workload: 'a: exec sh60\na: clock\na: exit\n',
      observes: 'early exits / pmap_remove calls of the exit, INVLPGs of the exit',
      observe: callsAndFlushes,
      isShownBy: (got) => someEarly(got) && numbersIn(got)[2] === 0,
      subject: unmappingOfInactive,
      expected: {
        baseline: absent('0/52, 0'),
        'toplevel-accounting': absent('0/52, 0'),
        'double-count-fix': absent('51/52, 1'),
        'shared-page-unmap': absent('52/53, 1'),
        landed: absent('52/53, 1'),
        'vmspace-clear': shows('51/52, 0'),
      },
      source:
        'the calls of recordings vm/scen-table-touched-exit, with the unmapping moved to vmspace_dofree (third round of the thread)',
    },
    {
      name: '60-entry exit, shared page not touched',
      workload: 'a: exec sh60\na: exit\n',
      observes: 'early exits / pmap_remove calls of the exit',
      observe: (record) => earlyOfCalls(record, 1),
      isShownBy: allEarly,
      subject: unmappingOfInactive,
      expected: {
        baseline: absent('52/52'),
        'toplevel-accounting': absent('0/52'),
        'double-count-fix': absent('51/52'),
        'shared-page-unmap': absent('52/53'),
        landed: absent('52/53'),
        'vmspace-clear': shows('52/52'),
      },
      source:
        'the calls of recordings vm/scen-table-untouched-exit, with the unmapping moved to vmspace_dofree (third round of the thread)',
    },
    {
      name: 'a vforked child exits without an exec, its parent reads the clock',
      workload: 'make: exec sh60\nmake: vfork -> cc\ncc: exit 127\nmake: clock\n',
      observes: 'outcome of the clock read',
      observe: (record) => outcome(record, 3),
      isShownBy: (got) => got === 'ok',
      subject: unmappingOfInactive,
      expected: {
        baseline: absent('ok'),
        'toplevel-accounting': absent('ok'),
        'double-count-fix': absent('SIGSEGV'),
        'shared-page-unmap': absent('ok'),
        landed: absent('ok'),
        'vmspace-clear': shows('ok'),
      },
      source:
        'sys/vm/vm_map.c vmspace_dofree runs after the last reference is dropped, so a parent that shares the vmspace keeps the page',
    },
    {
      name: 'two sharers test the reference count before either drops it',
      workload: 'a: exec sh60\na: rfork mem -> b\na: clock\na: stop refcnt-tested\na: exit\nb: exit\na: go\n',
      observes: 'early exits / pmap_remove calls of the teardown',
      observe: (record) => earlyOfCalls(record, 6),
      isShownBy: someEarly,
      subject: unmappingOfInactive,
      expected: {
        baseline: absent('0/52'),
        'toplevel-accounting': absent('0/52'),
        'double-count-fix': absent('51/51'),
        'shared-page-unmap': absent('0/52'),
        landed: absent('0/52'),
        'vmspace-clear': shows('51/52'),
      },
      source:
        'sys/vm/vm_map.c vmspace_dofree runs once, after the last reference is dropped, in whatever order the sharers exit',
    },
  ],
  control: 'double-count-fix',
  known: [
    // Of memory in place of the shared page, pmap_remove notes that it was accessed, pmap_remove_pages does not.
    { finding: 'F16', variant: 'vmspace-clear', what: 'tables' },
    // vm_map_remove of a part of an entry collapses its object: what backed it may keep less than OBJ_ONEMAPPING.
    { finding: 'F16', variant: 'vmspace-clear', what: 'map', until: 'vmspace-clear-as-spelled' },
    {
      finding: 'F16',
      variant: 'vmspace-clear',
      what: 'within an op',
      by: 'up to +1 per teardown with other memory there',
      counters: ['-vmObjectWriteLocks'],
      until: 'vmspace-clear-as-spelled',
    },
  ],
};
