import type { RunRecord } from '../run/record.ts';
import { numbersIn } from './criteria.ts';
import { type Finding, type Observed, absent, shows } from './finding.ts';
import { added, earlyOfCalls } from './observe.ts';

/**
 * A process of 60 entries, 52 of which have an object: 34 anonymous ones with a page each, 17 of one file of 64 pages,
 * and the shared page. Then 4 guards and 4 that were never touched.
 */
const sixty = `a: exec bare
a: mmap guard 4p fixed 0x3f0000 -> m
repeat 17
a: mmap anon 4p rw fixed m+16p -> m
a: write m
a: mmap anon 4p rw fixed m+16p -> m
a: write m
a: mmap file lib+60p 4p r fixed m+16p -> m
end
repeat 3
a: mmap guard 4p fixed m+16p -> m
end
repeat 4
a: mmap anon 4p rw fixed m+16p -> m
end
a: swapout a
`;

/** 20 pages and 3 page-table pages below the top level, of which 10 may stay. */
const limited = `a: exec bare
a: mmap anon 20p rw fixed 0x200000
a: write 0x200000 20p
a: unref a
a: swapout a desired 10
`;
/** Without the top-level pages, this many have to go. */
const ABOVE_LIMIT = 20 + 3 - 10;

/** What the last visit locked and scanned, and its last pmap_remove, if there was one. */
function lastVisit(record: RunRecord): string | null {
  const locks = added(record, 'vmObjectReadLocks', -1);
  if (locks === null) return null;
  const [entries, pages] = [added(record, 'swapoutEntries', -1), added(record, 'swapoutPages', -1)];
  const remove = { '1/1': ', early', '0/1': ', full' }[earlyOfCalls(record, -1)!] ?? '';
  return `${locks} locks, ${entries} entries, ${pages} pages${remove}`;
}

/** The visit went over the entries of a process that has nothing mapped. */
const isScanned = (got: Observed): boolean => numbersIn(got)[1] > 0;
const isAboveNeed = (got: Observed): boolean => numbersIn(got)[0] > ABOVE_LIMIT;

export const n8: Finding = {
  id: 'N8',
  kind: 'fault',
  title: "vm_swapout's resident_count <= 0 is never true again",
  thread: 'Not in the thread.',
  claim:
    'vm_daemon visits a process that is swapped out at most once a second while memory is short. The first visit empties its pmap. In the baseline the later ones stop at once; with top-level pages in resident_count each of them scans every object again. A limit above 0 is met one page later, two with page-table isolation.',
  cases: [
    {
      name: '60 entries, the second visit',
      workload: `${sixty}a: swapout a\n`,
      observes: 'object locks, entries visited and pages scanned, and the pmap_remove at the end',
      observe: lastVisit,
      isShownBy: isScanned,
      expected: {
        baseline: absent('52 locks, 0 entries, 0 pages, early'),
        'toplevel-accounting': shows('104 locks, 60 entries, 1186 pages, full'),
        'double-count-fix': shows('104 locks, 60 entries, 1186 pages, early'),
        'shared-page-unmap': shows('104 locks, 60 entries, 1186 pages, early'),
        landed: shows('104 locks, 60 entries, 1186 pages, early'),
        'baseline-with-unmap': absent('52 locks, 0 entries, 0 pages, early'),
      },
      source: 'recordings vm-swapout/scen-table-nokpti-touched, op 115: sw, or and calls',
    },
    {
      name: 'the same with page-table isolation, and one page that may stay',
      workload: `machine pti=on\n${sixty}a: swapout a desired 1\n`,
      observes: 'object locks, entries visited and pages scanned',
      observe: lastVisit,
      isShownBy: isScanned,
      expected: {
        baseline: absent('52 locks, 0 entries, 0 pages'),
        'toplevel-accounting': shows('104 locks, 60 entries, 1186 pages'),
        'double-count-fix': shows('104 locks, 60 entries, 1186 pages'),
        'shared-page-unmap': shows('104 locks, 60 entries, 1186 pages'),
        landed: shows('104 locks, 60 entries, 1186 pages'),
        'baseline-with-unmap': absent('52 locks, 0 entries, 0 pages'),
      },
      source: 'recordings vm-swapout/scen-table-limits, op 128',
    },
    {
      name: '20 pages, 10 may stay',
      workload: limited,
      observes: 'pages unmapped',
      observe: (record) => added(record, 'swapoutUnmapped', -1),
      isShownBy: isAboveNeed,
      expected: {
        baseline: absent(ABOVE_LIMIT),
        'toplevel-accounting': shows(ABOVE_LIMIT + 1),
        'double-count-fix': shows(ABOVE_LIMIT + 1),
        'shared-page-unmap': shows(ABOVE_LIMIT + 1),
        landed: shows(ABOVE_LIMIT + 1),
        'baseline-with-unmap': absent(ABOVE_LIMIT),
      },
      source: 'as recordings vm-swapout/scen-table-limits-nokpti, op 116: 43 pages instead of 42',
    },
    {
      name: 'the same with page-table isolation',
      workload: `machine pti=on\n${limited}`,
      observes: 'pages unmapped',
      observe: (record) => added(record, 'swapoutUnmapped', -1),
      isShownBy: isAboveNeed,
      expected: {
        baseline: absent(ABOVE_LIMIT),
        'toplevel-accounting': shows(ABOVE_LIMIT + 2),
        'double-count-fix': shows(ABOVE_LIMIT + 2),
        'shared-page-unmap': shows(ABOVE_LIMIT + 2),
        landed: shows(ABOVE_LIMIT + 2),
        'baseline-with-unmap': absent(ABOVE_LIMIT),
      },
      source: 'as recordings vm-swapout/scen-table-limits, op 117: 44 pages instead of 42',
    },
  ],
  control: 'baseline-with-unmap',
  known: [
    ['vmObjectReadLocks', 'up to +1 per entry in a swap-out, up to +1 per object in a swap-out'],
    ['pvListReadLocks', 'up to +1 per page in a swap-out'],
    ['swapoutEntries', 'more'],
    ['swapoutObjects', 'more'],
    ['swapoutPages', 'more'],
    ['swapoutLookups', 'more'],
    ['swapoutStops', 'fewer'],
  ].map(([what, by]) => ({ finding: 'N8', variant: 'toplevel-accounting', what: what!, by: by! })),
};
