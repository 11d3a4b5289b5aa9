import type { RunRecord } from '../run/record.ts';
import { type Finding, absent, everywhere, shows } from './finding.ts';
import { level } from './observe.ts';

const lockAndExit = 'a: mmap file f2 400p rw shared -> m1\na: mlock m1 400p\na: exit\n';

/** pv_page_count before and after the last op. Null if they were not run. */
function pvPages(record: RunRecord): string | null {
  const [before, after] = [level(record, 'pvPageCount', -2), level(record, 'pvPageCount', -1)];
  return after === null ? null : `${before}, ${after}`;
}

export const n14: Finding = {
  id: 'N14',
  kind: 'fault',
  title: 'A page-table page that becomes a pv chunk is not counted in pv_page_count',
  thread: 'Not in the thread: a fault of the kernel that all revisions share, found by random workloads.',
  claim:
    'get_pv_entry counts a page only if it allocated it. When memory is short, reclaim_pv_chunk may return a page-table page instead of a chunk: it becomes a chunk without being counted, and is taken off pv_page_count when the chunk is freed.',
  cases: [
    {
      name: 'no page is free, and a locked file needs pv entries',
      workload: `a: exec cat\na: kmem-take 0\n${lockAndExit}`,
      observes: 'pv_page_count while the file is locked, and when nothing is mapped any more',
      observe: pvPages,
      isShownBy: (got) => String(got).includes('-'),
      expected: everywhere(shows('2, -1')),
      source:
        'sys/amd64/amd64/pmap.c reclaim_pv_chunk_domain ("Recycle a freed page table page"), get_pv_entry, reserve_pv_entries, free_pv_chunk_dequeued',
    },
    {
      name: 'pages are free',
      workload: `a: exec cat\n${lockAndExit}`,
      observes: 'the same',
      observe: pvPages,
      isShownBy: (got) => String(got).includes('-'),
      expected: everywhere(absent('4, 0')),
      source: 'sys/amd64/amd64/pmap.c get_pv_entry, free_pv_chunk_dequeued: each counts the page',
    },
  ],
  control: 'baseline',
  known: [{ finding: 'N14', variant: 'baseline', what: 'balance pvPageCount', by: 'fewer' }],
};
