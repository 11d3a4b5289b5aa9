import { callsIn } from './criteria.ts';
import { type Finding, type Observed, absent, shows } from './finding.ts';
import { earlyOfCalls } from './observe.ts';

/** The calls up to what is left are full, those after it early. */
const someNotAll = (got: Observed): boolean => callsIn(got).every(({ early, calls }) => early > 0 && early < calls);

export const n6: Finding = {
  id: 'N6',
  kind: 'observation',
  title: 'Work is left for pmap_remove(min, max) where wired or other unmanaged mappings remain',
  thread: 'Not in the thread; on a comment that landed.',
  claim:
    '"No work will be left for pmap_remove(min, max)" fails where pmap_remove_pages() leaves wired or unmanaged mappings: every call up to their entry is full. In toplevel-accounting all are full anyway.',
  cases: [
    {
      name: '60-entry exit, shared page not touched, the data (fourth of 52 entries with an object) wired',
      workload: 'a: exec sh60\na: mlock data 4p\na: exit\n',
      observes: 'early exits / pmap_remove calls of the exit',
      observe: (record) => earlyOfCalls(record, 2),
      isShownBy: someNotAll,
      expected: {
        baseline: shows('48/52'),
        'toplevel-accounting': absent('0/52'),
        'double-count-fix': shows('47/52'),
        'shared-page-unmap': shows('48/53'),
        landed: shows('48/53'),
      },
      source:
        'sys/amd64/amd64/pmap.c pmap_remove_pages keeps wired mappings, so each call up to the last entry that has one is full; counts from recordings vm/scen-table-untouched-exit',
    },
    {
      name: 'the same with an unmanaged page in an entry of its own below the stack, the 51st of 53',
      workload: 'a: exec sh60\na: mmap phys 1p r fixed 0x1000000000\na: read 0x1000000000\na: exit\n',
      observes: 'early exits / pmap_remove calls of the exit',
      observe: (record) => earlyOfCalls(record, 3),
      isShownBy: someNotAll,
      expected: {
        baseline: shows('2/53'),
        'toplevel-accounting': absent('0/53'),
        'double-count-fix': shows('1/53'),
        'shared-page-unmap': shows('2/54'),
        landed: shows('2/54'),
      },
      source: 'as above, for an unmanaged page; one entry with an object more',
    },
  ],
  control: 'toplevel-accounting',
  known: [],
};
