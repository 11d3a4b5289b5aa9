/**
 * Faults planted while a process leaves its address space: wrong hunks of the baseline, each with the invariant that
 * must detect it.
 */
import { type Hunks, vmMapRemove } from '../../../core/index.ts';
import type { InvariantName } from '../../../harness/check/invariants.ts';
import { baseline } from '../../../variants/index.ts';

export interface SweepFault {
  readonly what: string;
  readonly invariant: InvariantName;
  readonly hunks: Partial<Hunks>;
  readonly workload: string;
}

const EXIT = 'p: exec sh60\np: clock\np: exit';
const EXEC = 'p: exec sh60\np: exec cat\np: exit';

export const SWEEP_FAULTS: readonly SweepFault[] = [
  {
    what: 'pages that pmap_remove_pages passed over',
    invariant: 'removed-pages',
    workload: EXIT,
    hunks: { exitBeforeVmspaceExit: (_m, p) => void (p.vmspace.pmap.pvChunkHead = 0) },
  },
  {
    what: 'a page counted that is not there any more',
    invariant: 'removed-pages',
    workload: EXEC,
    hunks: { execBeforeTeardown: (_m, p) => void p.vmspace.pmap.stats.residentCount++ },
  },
  {
    what: 'an exec in place in a space that somebody else uses too',
    invariant: 'removed-pages-where',
    workload: EXEC,
    hunks: { execBeforeTeardown: (_m, p) => void p.vmspace.refcnt++ },
  },
  {
    what: 'a map that is not swept',
    invariant: 'sweep-calls',
    workload: EXIT,
    hunks: { vmspaceClear: () => {} },
  },
  {
    what: 'a map that is emptied in three parts',
    invariant: 'sweep-calls',
    workload: EXIT,
    hunks: {
      vmspaceClear(m, p, vm) {
        // Each part splits an entry: two more calls.
        const { header } = vm.map;
        for (const entry of [header.right, header.left.left]) {
          const at = entry.start + 4096;
          if (entry.end > at) vmMapRemove(m, vm.map, vm.map.minOffset, at);
        }
        baseline.hunks.vmspaceClear(m, p, vm);
      },
    },
  },
];
