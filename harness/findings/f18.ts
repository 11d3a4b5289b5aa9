import type { RunRecord } from '../run/record.ts';
import { numbersIn } from './criteria.ts';
import { type ExpectedCell, type Finding, type FindingCase, absent, shows } from './finding.ts';
import { level } from './observe.ts';

/** resident_count of the process, and the number of existing page-table pages. */
function residentAndTables(record: RunRecord): string | null {
  const made = level(record, 'ptPageAllocs', 1);
  return made === null ? null : `${record.perOp.residentCount[1]}, ${made - level(record, 'ptPageFrees', 1)!}`;
}

function process(name: string, settings: string, before: ExpectedCell, after: ExpectedCell): FindingCase {
  return {
    name,
    workload: `${settings}a: exec bare\na: clock\n`,
    observes: 'resident_count, page-table pages that exist',
    observe: residentAndTables,
    // The shared page and the three tables below the root.
    isShownBy: (got) => numbersIn(got)[0] > 4,
    expected: {
      baseline: before,
      'toplevel-accounting': after,
      'double-count-fix': after,
      'shared-page-unmap': after,
      landed: after,
      'baseline-with-unmap': before,
    },
    source:
      'sys/amd64/amd64/pmap.c pmap_allocpte_alloc: one mapping takes a PT, a PD and a PDP page, so 4 pages, and 5 or 6 with the roots',
  };
}

export const f18: Finding = {
  id: 'F18',
  kind: 'observation',
  title: 'amd64 is now inconsistent with other pmaps',
  thread: 'Third round.',
  claim:
    'Other pmaps leave the root page out of resident_count. From the initial revision on amd64 counts it, so RSS as ps shows it is 1 higher for every process, 2 with page-table isolation; the page tables are the same.',
  cases: [
    process('the shared page is all that is mapped', '', absent('4, 4'), shows('5, 4')),
    process('the same with page-table isolation', 'machine pti=on\n', absent('4, 5'), shows('6, 5')),
  ],
  control: 'baseline-with-unmap',
  known: [],
};
