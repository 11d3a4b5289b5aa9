import { noneEarly, unmapping } from './criteria.ts';
import { type Finding, absent, shows } from './finding.ts';
import { earlyOfCalls } from './observe.ts';

export const n10: Finding = {
  id: 'N10',
  kind: 'observation',
  title: 'An ABI with a second unmanaged page above the shared page',
  thread: 'Not in the thread; the Linux vdso of 2022.',
  claim:
    'The hook knows sv_shared_page alone. A touched vdso above it, the last entry of the map, stays behind pmap_remove_pages(): every call after the hook is full, as it was without the hook.',
  cases: [
    {
      name: '60-entry exit of a Linux-like image with a vdso of two pages, touched',
      workload:
        'program lin entries=60 guards=4 untouched=4 abi=linux\na: exec lin\na: mmap phys 2p rx fixed top-2p\na: read top-2p\na: exit\n',
      observes: 'early exits / pmap_remove calls of the exit',
      observe: (record) => earlyOfCalls(record, 3),
      isShownBy: noneEarly,
      subject: unmapping,
      expected: {
        baseline: absent('0/53'),
        'toplevel-accounting': absent('0/53'),
        'double-count-fix': shows('0/53'),
        'shared-page-unmap': shows('0/54'),
        landed: shows('0/54'),
      },
      source:
        'sys/amd64/amd64/pmap.c pmap_remove: no call leaves early while a page above is mapped; sys/compat/linux/linux_vdso.c linux_map_vdso',
    },
  ],
  control: 'baseline',
  // The sweep's second call for the shared page is full as well.
  known: ['delayedInvalidations', 'pmapLocks'].map((what) => ({
    finding: 'N10',
    variant: 'shared-page-unmap',
    what,
    by: '+1 per teardown with pages above',
  })),
};
