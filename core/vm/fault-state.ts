/** Helpers on the state of a fault, shared by its parts. FreeBSD: sys/vm/vm_fault.c struct faultstate. */
import type { Machine } from '../hunks.ts';
import type { FaultState, VmMapEntry } from '../state/vm.ts';
import { vmMapUnlock } from './map-lock.ts';

/** The entry that the lookup found. FreeBSD: none */
export const faultEntry = (fs: FaultState): VmMapEntry => fs.entry!;

/** FreeBSD: unlock_map */
export function unlockMap(m: Machine, fs: FaultState): void {
  if (!fs.lookupStillValid) return;
  vmMapUnlock(m, fs.map);
  fs.lookupStillValid = false;
}
