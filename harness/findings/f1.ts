import type { RunRecord } from '../run/record.ts';
import { isPositive } from './criteria.ts';
import { type Finding, absent, shows } from './finding.ts';
import { surplusPtPages } from './observe.ts';

function whileAliveAndAfter(record: RunRecord): string | null {
  const [alive, after] = [surplusPtPages(record, 0), surplusPtPages(record, 1)];
  return alive === null || after === null ? null : `${alive}, ${after}`;
}

export const f1: Finding = {
  id: 'F1',
  kind: 'fault',
  title: 'Top-level pages counted twice in user_pt_page_count',
  thread: 'First round, on pmap_pt_page_count_pinit() of the initial revision.',
  claim:
    'pmap_alloc_pt_page(NULL) already counts user_pt_page_count, so the initial revision counts every top-level page twice.',
  cases: [
    {
      name: 'one process',
      workload: 'a: exec sh60\na: exit\n',
      observes: 'user_pt_page_count less the page-table pages that exist: while the process lives, after it',
      observe: whileAliveAndAfter,
      isShownBy: isPositive,
      expected: {
        baseline: absent('0, 0'),
        'toplevel-accounting': shows('1, 0'),
        'double-count-fix': absent('0, 0'),
        'shared-page-unmap': absent('0, 0'),
        landed: absent('0, 0'),
      },
      source:
        'sys/amd64/amd64/pmap.c pmap_pinit_type: pmap_alloc_pt_page counts each root once, the initial revision once more',
    },
    {
      name: 'one process, page-table isolation',
      workload: 'machine pti=on\na: exec sh60\na: exit\n',
      observes: 'user_pt_page_count less the page-table pages that exist: while the process lives, after it',
      observe: whileAliveAndAfter,
      isShownBy: isPositive,
      expected: {
        baseline: absent('0, 0'),
        'toplevel-accounting': shows('2, 0'),
        'double-count-fix': absent('0, 0'),
        'shared-page-unmap': absent('0, 0'),
        landed: absent('0, 0'),
      },
      source: 'sys/amd64/amd64/pmap.c pmap_pinit_type: the same for both roots',
    },
  ],
  control: 'double-count-fix',
  known: [{ finding: 'F1', variant: 'toplevel-accounting', what: 'userPtPageCount', by: '+1 per live top-level page' }],
  knownViolations: [
    { finding: 'F1', variant: 'toplevel-accounting', what: 'user-pt-page-count', until: 'double-count-fix' },
  ],
};
