import type { RunRecord } from '../run/record.ts';
import { someEarly, unmapping } from './criteria.ts';
import { type Finding, type Observed, absent, shows } from './finding.ts';
import { earlyOfCalls } from './observe.ts';
import { verdictAgainst } from './verdict.ts';

/** The verdict against landed, and early exits in the exit, which is op `op`. */
const againstLanded =
  (op: number) =>
  (record: RunRecord, against: RunRecord): string | null => {
    const [verdict, calls] = [verdictAgainst(record, against), earlyOfCalls(record, op)];
    return verdict === null || calls === null ? null : `${verdict}, ${calls}`;
  };

/** Nothing but cost differs, and the calls after the unmapping leave early. */
const isHarmless = (got: Observed): boolean => /^(identical|cost-only)/.test(String(got)) && someEarly(got);

export const f7: Finding = {
  id: 'F7',
  kind: 'claim',
  title: 'Before or after pmap_remove_pages(): the order does not matter',
  thread: 'Second round, on the hook of Diff 97187 in exec_new_vmspace().',
  claim:
    "The order of pmap_remove_pages() and the shared page's unmapping does not matter as long as both precede the final vm_map_remove(): same outcomes, same final state; only which call finds what differs.",
  cases: [
    {
      name: '60-entry exit, shared page touched',
      workload: 'a: exec sh60\na: clock\na: exit\n',
      observes: 'verdict against landed, early exits / pmap_remove calls of the exit',
      against: 'landed',
      observe: againstLanded(2),
      isShownBy: isHarmless,
      subject: unmapping,
      expected: {
        baseline: absent('stat-only, 0/52'),
        'toplevel-accounting': absent('stat-only, 0/52'),
        'double-count-fix': shows('cost-only, 51/52'),
        'shared-page-unmap': shows('identical, 52/53'),
        landed: shows('identical, 52/53'),
        'unmap-after-remove-pages': shows('cost-only, 52/53'),
        'no-abi-unmap': absent('cost-only, 0/52'),
      },
      source:
        'recordings vm/scen-table-touched-exit; sys/amd64/amd64/pmap.c pmap_remove_pages leaves unmanaged mappings, so the order of the two does not matter',
    },
    {
      name: '60-entry exit, shared page not touched',
      workload: 'a: exec sh60\na: exit\n',
      observes: 'verdict against landed, early exits / pmap_remove calls of the exit',
      against: 'landed',
      observe: againstLanded(1),
      isShownBy: isHarmless,
      subject: unmapping,
      expected: {
        baseline: absent('stat-only, 52/52'),
        'toplevel-accounting': absent('stat-only, 0/52'),
        'double-count-fix': shows('cost-only, 51/52'),
        'shared-page-unmap': shows('identical, 52/53'),
        landed: shows('identical, 52/53'),
        'unmap-after-remove-pages': shows('cost-only, 53/53'),
        'no-abi-unmap': absent('cost-only, 52/52'),
      },
      source:
        'recordings vm/scen-table-untouched-exit; sys/amd64/amd64/pmap.c pmap_remove_pages leaves unmanaged mappings, so the order of the two does not matter',
    },
  ],
  control: 'no-abi-unmap',
  // Of memory in place of the shared page, pmap_remove notes that it was accessed, pmap_remove_pages does not.
  known: [{ finding: 'F7', variant: 'unmap-after-remove-pages', what: 'tables' }],
};
