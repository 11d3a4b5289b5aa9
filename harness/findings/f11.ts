import { numbersIn } from './criteria.ts';
import { type Finding, absent, shows } from './finding.ts';
import { speedOnMany } from './modelled.ts';

const SLOWER = 'F 1: 1.00 1.00, F 4: 0.98 1.00, F 8: 0.96 0.98, F 20: 0.94 0.94';
const ALIKE = 'F 1: 1.00 1.00, F 4: 1.00 1.00, F 8: 1.00 1.00, F 20: 1.00 1.00';

export const f11: Finding = {
  id: 'F11',
  kind: 'claim',
  title: 'NCPU instances: pv list lock contention in pmap_remove_pages() is the bottleneck',
  thread: 'Third round, measurements of NCPU instances of the fork loop.',
  claim:
    'With NCPU instances at once pv list lock contention comes first, and the early exit saves less, but still measurably. Whether that is so depends on F, the 2M frames that hold the pages of the shared files: with 1 nothing is left to measure from 8 CPUs on, with 4 to 8 it is as the thread says at 16 to 32 CPUs, and from some 12 on the list of delayed invalidations is the bottleneck of a revision without the early exit, which then loses more. Ratios are good to 0.03, near the knee to 0.06.',
  cases: [
    {
      name: 'instances of a forked child of 60 entries that touches the shared page and exits, on 16 and 32 CPUs',
      workload: 'a: exec sh60\na: fork -> c\nc: clock\nc: exit\n',
      profiled: true,
      observes: 'modelled lives a second, of those of landed, by F, on 16 and 32 CPUs',
      against: 'landed',
      observe: (record, landed) => speedOnMany(record, landed, 1),
      // Of F 8 on 16 CPUs, in hundredths: smaller than on one CPU, and not nothing.
      isShownBy: (got) => numbersIn(String(got).replaceAll('.', ''))[7] < 99,
      expected: {
        baseline: shows(SLOWER),
        'toplevel-accounting': shows(SLOWER),
        'double-count-fix': absent(ALIKE),
        'shared-page-unmap': absent(ALIKE),
        landed: absent(ALIKE),
        'no-early-exit': shows(SLOWER),
      },
      source:
        'the contention model, first version: F 1: 1.000 from 16 CPUs on; F 4: 0.982, 0.996; F 8: 0.959, 0.980; F 20: 0.941, 0.938',
    },
  ],
  control: 'landed',
  known: [],
};
