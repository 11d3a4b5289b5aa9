import { isPositive } from './criteria.ts';
import { type Finding, absent, shows } from './finding.ts';
import { added } from './observe.ts';

export const n11: Finding = {
  id: 'N11',
  kind: 'fault',
  title: "The hook unmaps whatever the process has put at the shared page's address",
  thread: 'Not in the thread.',
  claim:
    'A process may map memory of its own over the shared page. The hook then unmaps that page, one flush and one pv list lock before pmap_remove_pages would have done it without: harmless.',
  cases: [
    {
      name: 'a page of anonymous memory in place of the shared page',
      workload: 'a: exec sh60\na: mmap anon 1p rw fixed shared\na: write shared\na: exit\n',
      observes: 'pmap_invalidate_page calls of the exit',
      observe: (record) => added(record, 'invalidatePages', 3),
      isShownBy: isPositive,
      expected: {
        baseline: absent(0),
        'toplevel-accounting': absent(0),
        'double-count-fix': shows(1),
        'shared-page-unmap': shows(1),
        landed: shows(1),
        'no-abi-unmap': absent(0),
      },
      source:
        'sys/kern/kern_exec.c exec_free_abi_mappings looks at the range, not at the object; sys/amd64/amd64/pmap.c pmap_remove of one page: one pmap_invalidate_page',
    },
  ],
  control: 'no-abi-unmap',
  known: [
    ...['pvListWriteLocks', 'invalidatePages'].map((what) => ({
      finding: 'N11',
      variant: 'double-count-fix',
      what,
      by: 'up to +1 per exec that reuses, up to +1 per exit',
      until: 'no-abi-unmap',
    })),
    // pmap_remove notes that the page was accessed, pmap_remove_pages does not.
    { finding: 'N11', variant: 'double-count-fix', what: 'tables', until: 'no-abi-unmap' },
  ],
};
