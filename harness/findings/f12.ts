import type { RunRecord } from '../run/record.ts';
import { numbersIn } from './criteria.ts';
import { type Finding, absent, shows } from './finding.ts';
import { added } from './observe.ts';

/** IPIs of the sharer's exit, of the munmap, and of the pmap_remove calls in the last exit. */
function interrupts(record: RunRecord): string | null {
  const [sharer, munmap, last] = [3, 5, 6].map((op) => added(record, 'ipis', op));
  if (last === null || last === undefined) return null;
  return `${sharer}, ${munmap}, ${last} in ${added(record, 'removeCalls', 6)} calls`;
}

export const f12: Finding = {
  id: 'F12',
  kind: 'claim',
  title: 'Nobody has to be interrupted for a dying pmap',
  thread: 'Second round, on suppressing invalidation IPIs of a dying pmap.',
  claim:
    'Why would there be IPIs: the process is single-threaded by then. Its pmap is active on no other CPU, whatever its threads did before; only a revision that unmaps while another process shares the vmspace interrupts that one. A process that takes a page from all who map it, from a second CPU, interrupts the exit too; the variant leaves that out.',
  cases: [
    {
      name: 'a sharer exits while the other one runs on a second CPU; then that one, with a thread on each, exits too',
      workload:
        'machine cpus=2\na@0: exec sh60\na@0: rfork mem -> b\nb@1: clock\na@0: exit\nb/t@0: read text\nb@1: munmap data 1p\nb@1: exit\n',
      observes: "IPIs of the sharer's exit, of a munmap while two threads run, of the last owner's exit",
      observe: interrupts,
      isShownBy: (got) => numbersIn(got).slice(0, 3).join() === '0,1,0',
      expected: {
        baseline: shows('0, 1, 0 in 52 calls'),
        'toplevel-accounting': shows('0, 1, 0 in 52 calls'),
        'double-count-fix': absent('1, 1, 0 in 51 calls'),
        'shared-page-unmap': shows('0, 1, 0 in 53 calls'),
        landed: shows('0, 1, 0 in 53 calls'),
        'dying-pmap-no-ipi': shows('0, 1, 0 in 53 calls'),
        'unmap-without-refcount-check': absent('1, 1, 0 in 53 calls'),
      },
      source:
        'calls: recordings vm/scen-table-touched-exit, less the entry that double-count-fix has removed; IPIs: sys/amd64/amd64/pmap.c pmap_invalidate_page, one for each other CPU in pm_active',
    },
  ],
  control: 'unmap-without-refcount-check',
  known: ['shootdowns', 'ipis'].map((what) => ({ finding: 'F12', variant: 'dying-pmap-no-ipi', what, by: 'fewer' })),
};
