import type { KnownDifference } from '../declare/declarations.ts';
import { isPositive } from './criteria.ts';
import { type Finding, type FindingCase, absent, shows } from './finding.ts';
import { added } from './observe.ts';
import { type Amounts, DEMOTED, upTo } from './up-to.ts';

const ofPage: Amounts = [
  ['invalidatePages', 1, 0],
  // One for the page; its chunk moves to the head of the list, which may join or part runs of one lock.
  ['pvListWriteLocks', 3, 3],
  // A chunk that the page empties is freed alone; one whose wired page is gone, together with the others.
  ['pvChunkListLocks', 1, 1],
];

/** Of what the variant does not declare itself. isLess: it unmaps less there than its predecessor does. */
function known(variant: string, declared: readonly string[] = [], isLess = false): KnownDifference[] {
  const byWhat = new Map<string, string[]>();
  for (const { what, by } of [
    ...upTo(ofPage, 'teardown with other memory there', isLess),
    ...upTo(DEMOTED, 'teardown with a superpage there', isLess),
  ])
    if (!declared.includes(what)) byWhat.set(what, [...(byWhat.get(what) ?? []), by]);
  return [...byWhat].map(([what, terms]) => ({ finding: 'N11', variant, what, by: terms.join(', ') }));
}

/** To demote a superpage takes pages from others where memory is short. N9 says so of what goes at a clean-up. */
const inMemory = (variant: string): KnownDifference => ({
  finding: 'N11',
  variant,
  what: 'free pages',
  by: 'up to +1 per teardown with a superpage there',
});

/** While an exit is stopped, others find the page unmapped, and the superpage demoted. */
const inMappings = (variant: string): KnownDifference => ({
  finding: 'N11',
  variant,
  what: 'stopped call',
  by: 'up to +1 per teardown with other memory there',
});

const FLUSHES = ['invalidatePages', 'pvListWriteLocks', 'invlpgs', 'invpcids'];

/** One, where the hook unmaps the page. */
const WITH_THE_HOOK: FindingCase['expected'] = {
  baseline: absent(0),
  'toplevel-accounting': absent(0),
  'double-count-fix': shows(1),
  'shared-page-unmap': shows(1),
  landed: shows(1),
  'no-abi-unmap': absent(0),
};

export const n11: Finding = {
  id: 'N11',
  kind: 'fault',
  title: "The hook unmaps whatever the process has put at the shared page's address",
  thread: 'Not in the thread.',
  claim:
    'A process may map memory of its own over the shared page. The hook then unmaps that page, one flush and one pv list lock before pmap_remove_pages would have done it without. Of a superpage that takes pages, while memory is short from others: harmless.',
  cases: [
    {
      name: 'a page of anonymous memory in place of the shared page',
      workload: 'a: exec sh60\na: mmap anon 1p rw fixed shared\na: write shared\na: exit\n',
      observes: 'pmap_invalidate_page calls of the exit',
      observe: (record) => added(record, 'invalidatePages', 3),
      isShownBy: isPositive,
      expected: WITH_THE_HOOK,
      source:
        'sys/kern/kern_exec.c exec_free_abi_mappings looks at the range, not at the object; sys/amd64/amd64/pmap.c pmap_remove of one page: one pmap_invalidate_page',
    },
    {
      name: 'a superpage there',
      workload:
        'machine superpages=on\na: exec bare\na: mmap anon 2M rw fixed 0x7fffffe00000\na: write 0x7fffffe00000 2M\na: exit\n',
      observes: '2M demotions of the exit',
      observe: (record) => added(record, 'demotions', 3),
      isShownBy: isPositive,
      expected: WITH_THE_HOOK,
      source:
        'sys/amd64/amd64/pmap.c pmap_remove of a part of a 2M mapping: pmap_demote_pde_locked; pmap_remove_pages takes it whole',
    },
    {
      name: 'a superpage there, while one page is free and another process has four',
      workload:
        'machine superpages=on\na: exec bare\na: mmap anon 2M rw fixed 0x7fffffe00000\na: write 0x7fffffe00000 2M\nb: exec bare\nb: mmap anon 4p rw -> m\nb: write m 4p\nb: kmem-take 1\na: exit\nb: read m 4p\n',
      observes: 'faults of the other process, which reads its pages again',
      observe: (record) => added(record, 'softFaults', 8),
      isShownBy: isPositive,
      expected: WITH_THE_HOOK,
      source:
        'sys/amd64/amd64/pmap.c reserve_pv_entries: 511 entries take four chunks, and without free pages reclaim_pv_chunk unmaps what others have; one soft fault maps the four pages again',
    },
  ],
  control: 'no-abi-unmap',
  known: [
    ...[...known('double-count-fix'), inMemory('double-count-fix'), inMappings('double-count-fix')].map((one) => ({
      ...one,
      until: 'no-abi-unmap',
    })),
    inMemory('baseline-with-unmap'),
    ...['baseline-with-unmap', 'unmap-after-remove-pages', 'vmspace-clear'].map(inMappings),
    // vm_map_remove takes the entry too: who shares it and leaves next does not find it.
    ...['teardownsWithOtherMemory', 'teardownsWithSuperpage'].map((what) => ({
      finding: 'N11',
      variant: 'double-count-fix',
      what,
      by: 'up to -1 per exit',
      until: 'shared-page-unmap',
    })),
    ...known('baseline-with-unmap', ['invpcids']),
    ...known('unmap-after-remove-pages', FLUSHES, true),
    ...known('vmspace-clear', [...FLUSHES, 'invalidateAlls', 'contextFlushes', 'invltlbs'], true),
    // pmap_remove notes that the page was accessed, pmap_remove_pages does not.
    { finding: 'N11', variant: 'double-count-fix', what: 'tables', until: 'no-abi-unmap' },
  ],
};
