import { PT_PAGE_FREES } from '../../core/counters.ts';
import type { RunRecord } from '../run/record.ts';
import { numbersIn } from './criteria.ts';
import { type Finding, absent, shows } from './finding.ts';
import { level } from './observe.ts';

/** Where the run panicked, and the number of page-table pages freed in the op before that. */
function panicAfterFrees(record: RunRecord): string | null {
  const { ended, ops, totals } = record;
  if (ops === 0) return null;
  if (ended.kind !== 'panic') return 'no panic';
  const before = level(record, 'ptPageFrees', ops - 1)!;
  return `${ended.where}, ${totals[PT_PAGE_FREES] - before}`;
}

export const n7: Finding = {
  id: 'N7',
  kind: 'observation',
  title: "pmap_release()'s assertion has moved behind the frees",
  thread: 'Not in the thread.',
  claim:
    'A pmap that is released while not empty panics before anything is freed in the baseline. Once top-level pages are counted the assertion can only come last: the root page is free by then, with page-table isolation both.',
  cases: [
    {
      name: 'an unmanaged page is left mapped: vmspace_dofree does not empty the map',
      workload: 'a: exec bare\na: mmap phys 1p r fixed 0x10000000\na: read 0x10000000\na: exit\n',
      without: 'vmspaceClear',
      panicsIn: 3,
      observes: 'function that panics, page-table pages freed in the exit before it does',
      observe: panicAfterFrees,
      isShownBy: (got) => numbersIn(got)[0] > 0,
      expected: {
        baseline: absent('pmap_release, 0'),
        'toplevel-accounting': shows('pmap_release, 1'),
        'double-count-fix': shows('pmap_release, 1'),
        'shared-page-unmap': shows('pmap_release, 1'),
        landed: shows('pmap_release, 1'),
      },
      source: 'recordings pmap/panic* (release_nonempty); sys/amd64/amd64/pmap.c pmap_release',
    },
  ],
  control: 'baseline',
  known: [],
};
