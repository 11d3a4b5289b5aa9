import { isPositive } from './criteria.ts';
import { type Finding, absent, shows } from './finding.ts';
import { added } from './observe.ts';

const amounts = [
  { what: 'invalidatePages', most: ['+1'] },
  // One for the page; its chunk moves to the head of the list, which may join or part runs of one lock.
  { what: 'pvListWriteLocks', most: ['+3', '-3'] },
  // A chunk that the page empties is freed alone; one whose wired page is gone, together with the others.
  { what: 'pvChunkListLocks', most: ['+1', '-1'] },
].map(({ what, most }) => ({
  what,
  by: most.map((n) => `up to ${n} per teardown with other memory there`).join(', '),
}));

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
    ...amounts.map((one) => ({ finding: 'N11', variant: 'double-count-fix', until: 'no-abi-unmap', ...one })),
    // vm_map_remove takes the entry too: who shares it and leaves next does not find it.
    {
      finding: 'N11',
      variant: 'double-count-fix',
      what: 'teardownsWithOtherMemory',
      by: 'up to -1 per exit',
      until: 'shared-page-unmap',
    },
    // What-ifs declare the other two themselves.
    ...['baseline-with-unmap', 'unmap-after-remove-pages', 'vmspace-clear'].map((variant) => ({
      ...amounts[2],
      finding: 'N11',
      variant,
    })),
    // pmap_remove notes that the page was accessed, pmap_remove_pages does not.
    { finding: 'N11', variant: 'double-count-fix', what: 'tables', until: 'no-abi-unmap' },
  ],
};
