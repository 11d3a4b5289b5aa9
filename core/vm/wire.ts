/** Wiring and unwiring a range. FreeBSD: sys/vm/vm_map.c vm_map_wire_locked, vm_map_unwire. */
import type { Machine } from '../hunks.ts';
import { pmapUnwire } from '../pmap/index.ts';
import {
  MAP_ENTRY_IN_TRANSITION,
  MAP_ENTRY_USER_WIRED,
  MAP_ENTRY_WIRE_SKIPPED,
  type VmMap,
  type VmMapEntry,
} from '../state/vm.ts';
import { PAGE_SIZE, VM_PROT_EXECUTE, VM_PROT_NONE, VM_PROT_READ, type Va } from '../units.ts';
import { KERN_INVALID_ADDRESS, KERN_SUCCESS, VM_FAULT_WIRE } from './codes.ts';
import { vmMapEntryUnwire } from './delete.ts';
import { vmMapClipEnd, vmMapClipStart, vmMapTryMergeEntries } from './entry.ts';
import { vmFault } from './fault.ts';
import { vmMapLock, vmMapUnlock } from './map-lock.ts';
import { entryHolds, vmMapEntryPred, vmMapEntrySucc, vmMapLookupEntry } from './map-tree.ts';
import { vmObjectUnwire } from './object-pages.ts';

/** wiredCount of an entry whose wiring failed. */
const FAILED = -1;

/** Is there a forbidden hole after the entry: does it end inside the range with the next one not adjacent? */
const holeAfter = (entry: VmMapEntry, end: Va): boolean => entry.end < end && vmMapEntrySucc(entry).start > entry.end;

/** FreeBSD: vm_map_wire_entry_failure */
function wireFailure(m: Machine, map: VmMap, entry: VmMapEntry, failed: Va): void {
  if (failed > entry.start) {
    pmapUnwire(m, map.pmap, entry.start, failed);
    vmObjectUnwire(m, entry.object!, entry.offset, failed - entry.start);
  }
  entry.wiredCount = FAILED;
}

/**
 * Faults in the pages of an entry with the map unlocked: the entry is marked, so that it is neither deleted nor merged
 * meanwhile. Returns the entry that holds its first address afterwards; the KERN_ code goes to m.faultResult.
 */
function wirePages(m: Machine, map: VmMap, entry: VmMapEntry): VmMapEntry {
  const { start, end } = entry;
  const { timestamp } = map;
  map.busy++;
  vmMapUnlock(m, map);
  let rv = KERN_SUCCESS;
  let va = start;
  for (; va < end; va += PAGE_SIZE) {
    rv = vmFault(m, map, va, VM_PROT_NONE, VM_FAULT_WIRE);
    if (rv !== KERN_SUCCESS) break;
  }
  vmMapLock(m, map);
  map.busy--;
  // A fault that gave the entry an object has changed the map.
  const after = map.timestamp === timestamp + 1 ? entry : vmMapLookupEntry(m, map, start);
  if (rv !== KERN_SUCCESS) {
    wireFailure(m, map, after, va);
    m.vm.userWired -= (end - start) / PAGE_SIZE;
  }
  m.faultResult = rv;
  return after;
}

/** The entry at `start` after the first pass; looked up again if it was replaced. */
function firstMarked(m: Machine, map: VmMap, start: Va, known: VmMapEntry | null): VmMapEntry {
  if (known !== null) return known;
  const entry = vmMapLookupEntry(m, map, start);
  return entryHolds(map, entry, start) ? entry : vmMapEntrySucc(entry);
}

/** Second pass of wiring: keeps the wiring (rv 0) or undoes it, entry by entry. */
function finishWiring(m: Machine, map: VmMap, entry: VmMapEntry, rv: number): void {
  if ((entry.eflags & MAP_ENTRY_WIRE_SKIPPED) === 0) {
    if (rv === KERN_SUCCESS) {
      entry.eflags |= MAP_ENTRY_USER_WIRED;
    } else if (entry.wiredCount === FAILED) {
      entry.wiredCount = 0;
    } else if ((entry.eflags & MAP_ENTRY_USER_WIRED) === 0) {
      if (entry.wiredCount === 1) {
        vmMapEntryUnwire(m, map, entry);
        m.vm.userWired -= (entry.end - entry.start) / PAGE_SIZE;
      } else {
        entry.wiredCount--;
      }
    }
  }
  entry.eflags &= ~(MAP_ENTRY_IN_TRANSITION | MAP_ENTRY_WIRE_SKIPPED);
  entry.wiring = false;
}

/** Wires [start, end) for the user; a hole or an unreadable entry makes it fail and undoes it. FreeBSD: vm_map_wire */
export function vmMapWire(m: Machine, map: VmMap, from: Va, to: Va): number {
  vmMapLock(m, map);
  const end = Math.min(to, map.maxOffset);
  const rv = from === to ? KERN_SUCCESS : wireLocked(m, map, Math.min(Math.max(from, map.minOffset), end), end);
  vmMapUnlock(m, map);
  return rv;
}

/** FreeBSD: vm_map_wire_locked */
function wireLocked(m: Machine, map: VmMap, start: Va, to: Va): number {
  let end = to;
  let rv = KERN_SUCCESS;
  let first: VmMapEntry | null = vmMapLookupEntry(m, map, start);
  if (!entryHolds(map, first, start)) return KERN_INVALID_ADDRESS;
  for (let entry = first; entry.start < end; entry = vmMapEntrySucc(entry)) {
    vmMapClipStart(m, map, entry, start);
    vmMapClipEnd(m, map, entry, end);
    entry.eflags |= MAP_ENTRY_IN_TRANSITION;
    entry.wiring = true;
    if ((entry.protection & (VM_PROT_READ | VM_PROT_EXECUTE)) === 0) {
      entry.eflags |= MAP_ENTRY_WIRE_SKIPPED;
      rv = KERN_INVALID_ADDRESS;
    } else if (entry.wiredCount === 0) {
      entry.wiredCount = 1;
      m.vm.userWired += (entry.end - entry.start) / PAGE_SIZE;
      const { timestamp } = map;
      const after = wirePages(m, map, entry);
      rv = m.faultResult;
      if (map.timestamp !== timestamp + 1) first = entry === first ? after : null;
      entry = after;
    } else if ((entry.eflags & MAP_ENTRY_USER_WIRED) === 0) {
      entry.wiredCount++;
    }
    if (rv === KERN_SUCCESS && holeAfter(entry, end)) rv = KERN_INVALID_ADDRESS;
    if (rv !== KERN_SUCCESS) {
      end = entry.end;
      break;
    }
  }
  let entry = firstMarked(m, map, start, first);
  let prev = vmMapEntryPred(entry);
  while (entry.start < end) {
    if (entry.wiring) {
      finishWiring(m, map, entry, rv);
      vmMapTryMergeEntries(m, map, prev, entry);
    }
    prev = entry;
    entry = vmMapEntrySucc(entry);
  }
  vmMapTryMergeEntries(m, map, prev, entry);
  return rv;
}

/** Undoes the user's wiring of [start, end); entries without one are skipped. FreeBSD: vm_map_unwire */
export function vmMapUnwire(m: Machine, map: VmMap, from: Va, to: Va): number {
  if (from === to) return KERN_SUCCESS;
  vmMapLock(m, map);
  let end = Math.min(to, map.maxOffset);
  const start = Math.min(Math.max(from, map.minOffset), end);
  const first = vmMapLookupEntry(m, map, start);
  if (!entryHolds(map, first, start)) {
    vmMapUnlock(m, map);
    return KERN_INVALID_ADDRESS;
  }
  let rv = KERN_SUCCESS;
  for (let entry = first; entry.start < end; entry = vmMapEntrySucc(entry)) {
    vmMapClipStart(m, map, entry, start);
    vmMapClipEnd(m, map, entry, end);
    entry.eflags |= MAP_ENTRY_IN_TRANSITION;
    entry.wiring = true;
    if (holeAfter(entry, end)) {
      end = entry.end;
      rv = KERN_INVALID_ADDRESS;
      break;
    }
  }
  let entry = first;
  let prev = vmMapEntryPred(first);
  while (entry.start < end) {
    if (rv === KERN_SUCCESS && (entry.eflags & MAP_ENTRY_USER_WIRED) !== 0) {
      if (entry.wiredCount === 1) vmMapEntryUnwire(m, map, entry);
      else entry.wiredCount--;
      entry.eflags &= ~MAP_ENTRY_USER_WIRED;
    }
    entry.eflags &= ~MAP_ENTRY_IN_TRANSITION;
    entry.wiring = false;
    vmMapTryMergeEntries(m, map, prev, entry);
    prev = entry;
    entry = vmMapEntrySucc(entry);
  }
  vmMapTryMergeEntries(m, map, prev, entry);
  vmMapUnlock(m, map);
  return rv;
}
