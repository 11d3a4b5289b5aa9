import type { RunRecord } from '../run/record.ts';
import { numbersIn } from './criteria.ts';
import { type Finding, absent, shows } from './finding.ts';
import { added } from './observe.ts';

/** Iterations of the outer loop in the two msyncs. */
function iterations(record: RunRecord): string | null {
  const [low, high] = [added(record, 'removeLoops', 3), added(record, 'removeLoops', 5)];
  return low === null || high === null ? null : `${low}, ${high}`;
}

export const n2: Finding = {
  id: 'N2',
  kind: 'observation',
  title: "pmap_remove()'s test inside the loop is dead for user pmaps",
  thread: 'Not in the thread.',
  claim:
    'The loop of pmap_remove() still stops at resident_count == 0, which a live user pmap never reaches once top-level pages are in it: a removal over a huge range looks at every root slot. Nothing breaks.',
  cases: [
    {
      name: 'one page at 0x200000, then one at the top of the stack, in an address space mapped as a whole',
      workload:
        'a: exec bare\na: mmap anon 34359738366p rw fixed 0x1000\na: write 0x200000\na: msync 0x1000 .. top\na: write stack-1p\na: msync 0x1000 .. top\n',
      observes: 'iterations of the outer loop in the two msyncs, each one pmap_remove over the whole range',
      observe: iterations,
      isShownBy: (got) => numbersIn(got)[0] > 2,
      expected: {
        baseline: absent('2, 1278'),
        'toplevel-accounting': shows('258, 1278'),
        'double-count-fix': shows('258, 1278'),
        'shared-page-unmap': shows('258, 1278'),
        landed: shows('258, 1278'),
        'in-loop-check': absent('2, 1278'),
      },
      source:
        'sys/amd64/amd64/pmap.c pmap_remove steps over empty slots: 2 + 256 steps where the break would have come, one for each root slot left; at the top of the stack 255 root slots, 511 PDP slots, 511 PD slots and the last 2M',
    },
  ],
  control: 'in-loop-check',
  // For the initial revision, F2 explains the iterations: there every call is full.
  known: [
    {
      finding: 'N2',
      variant: 'toplevel-accounting',
      what: 'removeLoopBreaks',
      by: 'up to -1 per pmap_remove call',
      until: 'in-loop-check',
    },
    { finding: 'N2', variant: 'double-count-fix', what: 'removeLoops', by: 'more', until: 'in-loop-check' },
  ],
};
