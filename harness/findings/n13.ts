import type { KnownDifference } from '../declare/declarations.ts';
import { callsIn } from './criteria.ts';
import { type Finding, type Observed, absent, shows } from './finding.ts';
import { earlyOfCalls } from './observe.ts';

const allEarly = (got: Observed): boolean => callsIn(got).every(({ early, calls }) => early === calls);

const SOLE = 'teardown without a shared ABI page';
const SHARED = 'shared exit without a shared ABI page';

/** What the declarations promise for every exec and exit does not come where the hook has nothing to unmap. */
const notMade = (variant: string, what: string, by: string): KnownDifference => ({
  finding: 'N13',
  variant,
  what,
  by,
});

export const n13: Finding = {
  id: 'N13',
  kind: 'observation',
  title: 'An ABI without a shared page leaves early without the hook, and pays nothing for it',
  thread: 'Not in the thread.',
  claim:
    'Where the ABI has no shared page nothing stays behind pmap_remove_pages(): with the test of baseline every call of the exit leaves early already. The hook returns at once, so it costs no call and no lock.',
  cases: [
    {
      name: 'the exit of 60 entries, none of them a shared page',
      workload: 'program old entries=60 guards=4 untouched=4 abi=no-shared\na: exec old\na: exit\n',
      observes: 'early exits / pmap_remove calls of the exit',
      observe: (record) => earlyOfCalls(record, 1),
      isShownBy: allEarly,
      expected: {
        baseline: shows('52/52'),
        'toplevel-accounting': absent('0/52'),
        'double-count-fix': shows('52/52'),
        'shared-page-unmap': shows('52/52'),
        landed: shows('52/52'),
        'no-early-exit': absent('0/52'),
      },
      source:
        'sys/kern/kern_exec.c exec_free_abi_mappings returns if the ABI lacks SV_SHP; sys/vm/vm_map.c vm_map_delete: one pmap_remove for each of the 52 entries with an object',
    },
  ],
  control: 'no-early-exit',
  known: [
    ...['vmMapLocks', 'vmMapLookups'].flatMap((what) => [
      notMade('double-count-fix', what, `-1 per ${SOLE}, -1 per ${SHARED}`),
      notMade('shared-page-unmap', what, `+1 per ${SOLE}, +1 per ${SHARED}`),
    ]),
    notMade('shared-page-unmap', 'removeCalls', `-1 per ${SOLE}`),
    notMade('no-abi-unmap', 'removeCalls', `+1 per ${SOLE}`),
    notMade('baseline-with-unmap', 'removeCalls', `-1 per ${SOLE}`),
    notMade('unmap-without-refcount-check', 'removeCalls', `-1 per ${SHARED}`),
  ],
};
