import type { RunRecord } from '../run/record.ts';
import { isPositive } from './criteria.ts';
import { type Finding, absent, shows } from './finding.ts';
import { surplusPtPages } from './observe.ts';

/** By how much the munmap makes user_pt_page_count exceed the number of existing page-table pages. */
function leak(record: RunRecord): number | null {
  const [before, after] = [surplusPtPages(record, 2), surplusPtPages(record, 3)];
  return before === null || after === null ? null : after - before;
}

export const n1: Finding = {
  id: 'N1',
  kind: 'fault',
  title: 'Reserved page-table pages stay in user_pt_page_count',
  thread: 'Not in the thread; fixed by D33276 in December 2021.',
  claim:
    'A page-table page that is kept behind a promoted superpage and freed without a demotion leaves resident_count, but not user_pt_page_count: one page leaks each time.',
  cases: [
    {
      name: 'an aligned 4M of anonymous memory is filled and unmapped',
      workload:
        'machine superpages=on\np: exec sh60\np: mmap anon 4M rw fixed 0x1000000000\np: write 0x1000000000 4M\np: munmap 0x1000000000 4M\n',
      observes: 'user_pt_page_count less the page-table pages that exist: what the munmap adds',
      observe: leak,
      isShownBy: isPositive,
      expected: {
        baseline: shows(2),
        'toplevel-accounting': shows(2),
        'double-count-fix': shows(2),
        'shared-page-unmap': shows(2),
        landed: shows(2),
        d33276: absent(0),
      },
      source:
        'recordings vm-superpages/scen-leak-sum; sys/amd64/amd64/pmap.c pmap_remove_pages and pmap_remove_pde: before D33276 they take the freed page from resident_count alone',
    },
  ],
  control: 'd33276',
  known: [
    {
      finding: 'N1',
      variant: 'baseline',
      what: 'balance userPtPageCount',
      by: '+1 per reserved page freed',
      until: 'd33276',
    },
  ],
  knownViolations: [{ finding: 'N1', variant: 'baseline', what: 'reserved-pt-page-count', until: 'd33276' }],
};
