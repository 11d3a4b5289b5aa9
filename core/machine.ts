/** Booting a machine, and resetting a used one. */
import type { CountersType } from './counters.ts';
import type { Hunks, Machine } from './hunks.ts';
import { resetCpus } from './hw/cpu.ts';
import { physWrite } from './hw/phys.ts';
import { TIMEKEEP_OFFSET, TIMEKEEP_VALUE } from './kern/signal.ts';
import { pmapBootstrap } from './pmap/index.ts';
import { type MachineConfig, MachineState, refuseRam } from './state/machine.ts';
import { VM_PAGE_BITS_ALL } from './state/page.ts';
import { OBJT_PHYS, OBJ_POPULATE, OBJ_UNMANAGED, Vmspace } from './state/vm.ts';
import { PAGE_SIZE, VM_MAXUSER_ADDRESS_LA48 } from './units.ts';
import { vmObjectAllocate } from './vm/object.ts';
import { vmPageAlloc } from './vm/pages.ts';
import { radixReset } from './vm/radix.ts';

/** One CPU, no page-table isolation, PCIDs, four levels, no superpages, 1 GiB. */
export const DEFAULT_CONFIG: MachineConfig = {
  cpus: 1,
  pti: false,
  pcid: true,
  la57: false,
  superpages: false,
  ram: 2 ** 30,
  lowerShared: false,
};

/** Boots a machine that runs one variant, with the kernel's page tables, proc0 and the shared page. */
export function bootMachine(config: MachineConfig, hunks: Hunks, counters?: CountersType): Machine {
  const m: Machine = new MachineState(config, hunks, counters);
  resetMachine(m, config, hunks);
  return m;
}

/**
 * Reboots `used` if it has room for the RAM, else makes a new machine, with counters of that type. used is null if there
 * is none to reuse.
 */
export function machineFor(
  used: Machine | null,
  config: MachineConfig,
  hunks: Hunks,
  counters?: CountersType,
): Machine {
  if (used === null || config.ram > roomOf(used)) return bootMachine(config, hunks, counters);
  resetMachine(used, config, hunks);
  return used;
}

/**
 * Reboots m. Its behaviour afterwards does not depend on anything it did before, whatever state it was left in. The
 * cost depends only on what was used. Throws RangeError if m has no room for the RAM; use machineFor then.
 */
export function resetMachine(m: Machine, config: MachineConfig, hunks: Hunks): void {
  refuseRam(config.ram, roomOf(m));
  m.config = config;
  m.hunks = hunks;
  m.counters.fill(0);
  m.recording = false;
  m.events.clear();
  m.curproc = null;
  m.running.length = 0;
  m.runningThread.length = 0;
  m.vmspaces.length = 0;
  m.procs.clear();
  m.live.clear();
  m.killed.length = 0;
  m.lastPid = 1;
  m.files.length = 0;
  m.retval = 0;
  m.faults = 0;
  m.faultResult = 0;
  m.stopAt = 0;
  const { vm } = m;
  vm.objectCount = 0;
  vm.objectsHead = null;
  vm.objectsTail = null;
  vm.deferred = null;
  vm.userWired = 0;
  vm.swapReserved = 0;
  radixReset(vm.index);
  m.physBeyond.clear();
  resetCpus(m);
  pmapBootstrap(m);
  m.vmspace0 = new Vmspace(m.pmap0, PAGE_SIZE, VM_MAXUSER_ADDRESS_LA48);
  makeSharedPage(m);
}

const roomOf = (m: Machine): number => m.page.refCount.length * PAGE_SIZE;

/** Makes the one unmanaged page that every native process maps. FreeBSD: sys/kern/kern_sharedpage.c shared_page_init */
function makeSharedPage(m: Machine): void {
  const object = vmObjectAllocate(m, OBJT_PHYS, 1, OBJ_UNMANAGED | OBJ_POPULATE);
  const frame = vmPageAlloc(m, object, 0);
  m.page.valid[frame] = VM_PAGE_BITS_ALL;
  m.page.nonZero[frame] = 1;
  physWrite(m, frame, TIMEKEEP_OFFSET / 4, TIMEKEEP_VALUE);
  m.vm.sharedPage = object;
}
