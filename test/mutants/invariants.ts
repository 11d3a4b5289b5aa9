/** Faults planted in the core that an invariant catches in a short workload. invariants.soak.ts shows that each does. */
import type { InvariantName } from '../../harness/check/invariants.ts';
import type { Mutant } from './mutant.ts';

export interface CheckedMutant extends Mutant {
  readonly invariant: InvariantName;
  readonly workload: string;
}

const LOCKED = 'p: exec cat\np: mmap anon 4p rw -> m\np: write m 4p\np: mlock m 4p\np: munmap m 2p\n';

export const checkedMutants: readonly CheckedMutant[] = [
  {
    fault: 'memory that a child copies is not charged to it',
    file: 'core/vm/vmspace.ts',
    find: '  dst.charged = true;\n  m.vm.swapReserved += size;\n  if',
    replace: '  dst.charged = true;\n  if',
    invariant: 'swap-reserved',
    workload: 'p: exec cat\np: write data\np: fork -> c\n',
  },
  {
    fault: 'user wirings stay in the count when their entry goes',
    file: 'core/vm/delete.ts',
    find: 'm.vm.userWired -= bytes / PAGE_SIZE;',
    replace: 'm.vm.userWired -= 0;',
    invariant: 'user-wired-count',
    workload: LOCKED,
  },
  {
    fault: 'a page that takes the place of a wired one is not wired',
    file: 'core/vm/fault-copy.ts',
    find: 'if (upgrade && from !== to) {',
    replace: 'if (upgrade && from === to) {',
    invariant: 'page-wirings',
    workload: 'p: exec cat\np: mmap file lib1 4p r -> f\np: mlock f 4p\np: mprotect f 4p rw\n',
  },
  {
    fault: 'without PCIDs the user root is not loaded',
    file: 'core/pmap/activate.ts',
    find: 'if (pmap.topUser !== 0) setUserCr3(cpu, pmap.topUser, 0);',
    replace: '',
    invariant: 'cpu-roots',
    workload: 'machine pti=on pcid=off\np: exec bare\np: clock\n',
  },
];
