import type { RunRecord } from '../run/record.ts';
import { noneEarly } from './criteria.ts';
import { type ExpectedCell, type Finding, type FindingCase, absent, shows } from './finding.ts';
import { earlyOfCalls } from './observe.ts';

/** kernel_pmap's resident_count, and whether its pmap_remove returned early. */
function kernelRemove(record: RunRecord): string | null {
  const calls = earlyOfCalls(record, 1);
  if (calls === null) return null;
  const resident = record.perOp.value[1];
  return `${resident > 2 ? 'more than 2' : resident}, ${calls}`;
}

function onMachine(name: string, settings: string, [byZero, byThreshold]: readonly ExpectedCell[]): FindingCase {
  return {
    name,
    workload: `${settings}a: exec bare\na: kmem-free\n`,
    observes: "kernel_pmap's resident_count, early exits / pmap_remove calls of kernel_pmap",
    observe: kernelRemove,
    isShownBy: noneEarly,
    expected: {
      baseline: byZero!,
      'toplevel-accounting': byZero!,
      'double-count-fix': byThreshold!,
      'shared-page-unmap': byThreshold!,
      landed: byThreshold!,
    },
    source:
      'sys/amd64/amd64/pmap.c pmap_remove: == 0, or <= 1 without a user root, applied to the resident_count of kernel_pmap',
  };
}

export const f5: Finding = {
  id: 'F5',
  kind: 'claim',
  title: 'The kernel is never skipped',
  thread: 'Second round, on the early exit of pmap_remove() in Diff 97187.',
  claim:
    "kernel_pmap's resident_count starts at the preloaded kernel's pages and is always more than 2, so no revision leaves early for it. A kernel pmap of one page would be skipped from double-count-fix on.",
  cases: [
    onMachine('as booted', '', [shows('more than 2, 0/1'), shows('more than 2, 0/1')]),
    onMachine('a kernel pmap of 2 pages', 'machine kernel-resident=2\n', [shows('2, 0/1'), shows('2, 0/1')]),
    onMachine('a kernel pmap of 1 page', 'machine kernel-resident=1\n', [shows('1, 0/1'), absent('1, 1/1')]),
  ],
  control: 'landed',
  known: [],
};
