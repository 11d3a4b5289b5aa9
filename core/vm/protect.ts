/**
 * Changing the protection of a range. FreeBSD: sys/vm/vm_map.c vm_map_protect.
 */
import { VM_OBJECT_WRITE_LOCKS } from '../counters.ts';
import type { Machine } from '../hunks.ts';
import { pmapProtect } from '../pmap/index.ts';
import {
  MAP_ENTRY_COW,
  MAP_ENTRY_GUARD,
  MAP_ENTRY_NEEDS_COPY,
  MAP_ENTRY_USER_WIRED,
  OBJT_DEFAULT,
  type VmMap,
  type VmMapEntry,
} from '../state/vm.ts';
import { PAGE_SIZE, VM_PROT_ALL, VM_PROT_WRITE, type Va } from '../units.ts';
import { KERN_OUT_OF_BOUNDS, KERN_PROTECTION_FAILURE, KERN_SUCCESS } from './codes.ts';
import { entryCharged, vmMapClipEnd, vmMapClipStart, vmMapEntryAtOrAfter, vmMapTryMergeEntries } from './entry.ts';
import { vmFaultCopyEntry } from './fault-copy.ts';
import { vmMapLock, vmMapUnlock, vmMapWaitBusy } from './map-lock.ts';
import { vmMapEntryPred, vmMapEntrySucc } from './map-tree.ts';

/** Charges swap for a private entry that becomes writable, to the entry or to its object. */
function chargeWrite(m: Machine, entry: VmMapEntry): void {
  const { object } = entry;
  if (object === null || (entry.eflags & MAP_ENTRY_NEEDS_COPY) !== 0) {
    m.vm.swapReserved += entry.end - entry.start;
    entry.charged = true;
    return;
  }
  m.counters[VM_OBJECT_WRITE_LOCKS]++;
  if (object.type !== OBJT_DEFAULT) return;
  object.charged = true;
  object.charge = object.size * PAGE_SIZE;
  m.vm.swapReserved += object.charge;
}

/** Sets one entry's protection, and removes the rights it loses from the pmap. */
function protectEntry(m: Machine, map: VmMap, entry: VmMapEntry, prot: number, max: number): void {
  const old = entry.protection;
  if (max >= 0) entry.maxProtection = max;
  entry.protection = prot;
  if ((entry.eflags & MAP_ENTRY_USER_WIRED) !== 0 && (prot & VM_PROT_WRITE) !== 0 && (old & VM_PROT_WRITE) === 0)
    vmFaultCopyEntry(m, map, entry, entry, false);
  if ((old & ~prot) !== 0) {
    const mask = (entry.eflags & MAP_ENTRY_COW) !== 0 ? VM_PROT_ALL & ~VM_PROT_WRITE : VM_PROT_ALL;
    pmapProtect(m, map.pmap, entry.start, entry.end, prot & mask);
  }
}

/**
 * Sets the protection of [start, end) and, unless max is -1, its maximum. Guards are skipped. A right that is added
 * reaches the pmap only at the next fault. FreeBSD: vm_map_protect
 */
export function vmMapProtect(m: Machine, map: VmMap, start: Va, end: Va, prot: number, max: number): number {
  if (start === end) return KERN_SUCCESS;
  if (max >= 0 && (prot & max) !== prot) return KERN_OUT_OF_BOUNDS;
  vmMapLock(m, map);
  vmMapWaitBusy(map);
  const to = Math.min(end, map.maxOffset);
  const from = Math.min(Math.max(start, map.minOffset), to);
  const first = vmMapEntryAtOrAfter(m, map, from);
  for (let entry = first; entry.start < to; entry = vmMapEntrySucc(entry)) {
    if ((entry.eflags & MAP_ENTRY_GUARD) !== 0) continue;
    const allowed = entry.maxProtection;
    if ((prot & allowed) !== prot || (max >= 0 && (max & allowed) !== max)) {
      vmMapUnlock(m, map);
      return KERN_PROTECTION_FAILURE;
    }
  }
  vmMapClipStart(m, map, first, from);
  for (let entry = first; entry.start < to; entry = vmMapEntrySucc(entry)) {
    vmMapClipEnd(m, map, entry, to);
    if (
      (prot & ~entry.protection & VM_PROT_WRITE) !== 0 &&
      !entryCharged(entry) &&
      (entry.eflags & MAP_ENTRY_GUARD) === 0
    )
      chargeWrite(m, entry);
  }
  let prev = vmMapEntryPred(first);
  let entry = first;
  while (entry.start < to) {
    if ((entry.eflags & MAP_ENTRY_GUARD) === 0) protectEntry(m, map, entry, prot, max);
    vmMapTryMergeEntries(m, map, prev, entry);
    prev = entry;
    entry = vmMapEntrySucc(entry);
  }
  vmMapTryMergeEntries(m, map, prev, entry);
  vmMapUnlock(m, map);
  return KERN_SUCCESS;
}
