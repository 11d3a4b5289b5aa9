/**
 * What a fault carries along. FreeBSD: sys/vm/vm_fault.c struct faultstate.
 */
import type { Machine } from '../hunks.ts';
import type { VmMap, VmMapEntry, VmObject } from '../state/vm.ts';
import type { Frame, Va } from '../units.ts';
import { Lookup } from './lookup.ts';
import { vmMapUnlock } from './map-lock.ts';

/** One is enough: a fault never begins before the last one is over. */
export class FaultState extends Lookup {
  va: Va = 0;
  faultType = 0;
  flags = 0;
  map!: VmMap;
  mapGeneration = 0;
  lookupStillValid = false;
  /** Read-ahead of this fault in pages, -1: not decided. */
  nera = -1;
  /** Where the search is. */
  object!: VmObject;
  pindex = 0;
  frame: Frame = 0;
  /** Where the mapping is to point. firstFrame: a page held there while the search goes on below. */
  firstObject!: VmObject;
  firstPindex = 0;
  firstFrame: Frame = 0;
  /** Pages that the pager brought around the one asked for. */
  behind = 0;
  ahead = 0;
}

/** The entry that the lookup found. */
export const faultEntry = (fs: FaultState): VmMapEntry => fs.entry!;

/** FreeBSD: unlock_map */
export function unlockMap(m: Machine, fs: FaultState): void {
  if (!fs.lookupStillValid) return;
  vmMapUnlock(m, fs.map);
  fs.lookupStillValid = false;
}
