/**
 * What a fault needs to know about a map: the entry and object of an address. FreeBSD: sys/vm/vm_map.c vm_map_lookup.
 */
import type { Machine } from '../hunks.ts';
import {
  MAP_ENTRY_GUARD,
  MAP_ENTRY_NEEDS_COPY,
  MAP_ENTRY_STACK_GAP_DN,
  type Lookup,
  type VmMap,
  type VmMapEntry,
} from '../state/vm.ts';
import { VM_PROT_ALL, VM_PROT_NONE, VM_PROT_WRITE, type Va } from '../units.ts';
import {
  KERN_FAILURE,
  KERN_INVALID_ADDRESS,
  KERN_PROTECTION_FAILURE,
  KERN_SUCCESS,
  VM_PROT_FAULT_LOOKUP,
} from './codes.ts';
import { vmMapEntryBack } from './entry.ts';
import { vmMapLockDowngrade, vmMapLockRead, vmMapLockUpgrade, vmMapUnlock } from './map-lock.ts';
import { entryHolds, vmMapLookupEntry } from './map-tree.ts';
import { vmObjectShadow } from './shadow.ts';
import { vmMapGrowstack } from './stack.ts';

/** Gives a write its own object. FreeBSD: vm_map_lookup (its copy-on-write part) */
function shadowForWrite(m: Machine, map: VmMap, entry: VmMapEntry): void {
  vmMapLockUpgrade(m, map);
  const bytes = entry.end - entry.start;
  if (!entry.charged) m.vm.swapReserved += bytes;
  const before = entry.object;
  vmObjectShadow(m, entry, bytes, true, false);
  if (before === entry.object) m.vm.swapReserved -= bytes;
  entry.charged = false;
  entry.eflags &= ~MAP_ENTRY_NEEDS_COPY;
  vmMapLockDowngrade(m, map);
}

/**
 * Looks up an address for an access; on success the map stays read-locked. May grow a stack, shadows the object of a
 * needs-copy entry on a write, and gives an entry without an object a new one, even for a read. FreeBSD: vm_map_lookup
 */
export function vmMapLookup(m: Machine, map: VmMap, va: Va, faultType: number, result: Lookup): number {
  vmMapLockRead(m, map);
  let type = faultType;
  let entry: VmMapEntry;
  let prot: number;
  for (;;) {
    entry = vmMapLookupEntry(m, map, va);
    if (!entryHolds(map, entry, va)) {
      vmMapUnlock(m, map);
      return KERN_INVALID_ADDRESS;
    }
    prot = entry.protection;
    if ((type & VM_PROT_FAULT_LOOKUP) === 0) break;
    type &= ~VM_PROT_FAULT_LOOKUP;
    if (
      prot !== VM_PROT_NONE ||
      (entry.eflags & MAP_ENTRY_GUARD) === 0 ||
      (entry.eflags & MAP_ENTRY_STACK_GAP_DN) === 0 ||
      vmMapGrowstack(m, map, va, entry) !== KERN_SUCCESS
    )
      break;
  }
  type &= VM_PROT_ALL;
  if ((type & prot) !== type || prot === VM_PROT_NONE) {
    vmMapUnlock(m, map);
    return KERN_PROTECTION_FAILURE;
  }
  const wired = entry.wiredCount !== 0;
  if (wired) type = entry.protection;
  if ((entry.eflags & MAP_ENTRY_NEEDS_COPY) !== 0) {
    if ((type & VM_PROT_WRITE) !== 0) shadowForWrite(m, map, entry);
    else prot &= ~VM_PROT_WRITE;
  }
  if (entry.object === null) {
    vmMapLockUpgrade(m, map);
    vmMapEntryBack(m, entry);
    vmMapLockDowngrade(m, map);
  }
  result.entry = entry;
  result.prot = prot;
  result.wired = wired;
  return KERN_SUCCESS;
}

/**
 * Like vmMapLookup, but for a read-locked map that it does not change: returns KERN_FAILURE if a change is needed.
 * FreeBSD: vm_map_lookup_locked
 */
export function vmMapLookupLocked(m: Machine, map: VmMap, va: Va, faultType: number, result: Lookup): number {
  const entry = vmMapLookupEntry(m, map, va);
  if (!entryHolds(map, entry, va)) return KERN_INVALID_ADDRESS;
  let prot = entry.protection;
  let type = faultType & VM_PROT_ALL;
  if ((type & prot) !== type) return KERN_PROTECTION_FAILURE;
  const wired = entry.wiredCount !== 0;
  if (wired) type = entry.protection;
  if ((entry.eflags & MAP_ENTRY_NEEDS_COPY) !== 0) {
    if ((type & VM_PROT_WRITE) !== 0) return KERN_FAILURE;
    prot &= ~VM_PROT_WRITE;
  }
  if (entry.object === null) return KERN_FAILURE;
  result.entry = entry;
  result.prot = prot;
  result.wired = wired;
  return KERN_SUCCESS;
}
