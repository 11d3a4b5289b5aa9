import type { RunRecord } from '../run/record.ts';
import { numbersIn } from './criteria.ts';
import { type Finding, absent, shows } from './finding.ts';
import { added } from './observe.ts';

/**
 * Of the munmap's pmap_remove calls: those that find the resident_count of 0 left by the previous op, and those that
 * return early.
 */
function byPredicate(record: RunRecord): string | null {
  const calls = added(record, 'removeCalls', 2);
  if (calls === null) return null;
  const empty = record.perOp.residentCount[1] === 0 ? calls : 0;
  return `${empty}, ${added(record, 'removeEarlyExits', 2)} of ${calls}`;
}

export const f17: Finding = {
  id: 'F17',
  kind: 'observation',
  title: "The dtrace one-liner's `resident_count == 0` stops meaning 'left early'",
  thread: 'First round, the dtrace one-liner behind the tracing of a kernel build.',
  claim:
    'Counting pmap_remove:entry by resident_count == 0 counts the early exits of the baseline only. With top-level pages in resident_count it reads 0, though double-count-fix and later do leave early: key on the early exit.',
  cases: [
    {
      name: 'a mapping that was never touched is unmapped in an empty address space',
      workload: 'a: exec bare\na: mmap phys 1p r fixed 0x10000000\na: munmap 0x10000000 1p\n',
      observes: 'pmap_remove calls that find resident_count == 0, and that leave early, of all',
      observe: byPredicate,
      isShownBy: (got) => numbersIn(got)[0] === 0 && numbersIn(got)[1] > 0,
      expected: {
        baseline: absent('1, 1 of 1'),
        'toplevel-accounting': absent('0, 0 of 1'),
        'double-count-fix': shows('0, 1 of 1'),
        'shared-page-unmap': shows('0, 1 of 1'),
        landed: shows('0, 1 of 1'),
        'baseline-with-unmap': absent('1, 1 of 1'),
      },
      source:
        'sys/amd64/amd64/pmap.c pmap_pinit_type leaves resident_count at 0 (baseline) or 1, pmap_remove tests it; sys/vm/vm_map.c vm_map_delete makes one call for the entry',
    },
  ],
  control: 'baseline-with-unmap',
  known: [],
};
