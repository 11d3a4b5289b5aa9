/** Splitting and merging entries. FreeBSD: sys/vm/vm_map.c vm_map_clip_start, vm_map_try_merge_entries and around. */
import { VM_OBJECT_WRITE_LOCKS } from '../counters.ts';
import type { Machine } from '../hunks.ts';
import {
  MAP_ENTRY_GROWS_DOWN,
  MAP_ENTRY_GUARD,
  MAP_ENTRY_IN_TRANSITION,
  MAP_ENTRY_NEEDS_COPY,
  MAP_ENTRY_USER_WIRED,
  MAP_ENTRY_VN_EXEC,
  type VmMap,
  type VmMapEntry,
} from '../state/vm.ts';
import { PAGE_SIZE, type Va } from '../units.ts';
import { vmMapEntryCopyOf, vmMapEntryDispose } from './map-lock.ts';
import {
  entryHolds,
  vmMapEntryLink,
  vmMapEntryPred,
  vmMapEntrySucc,
  vmMapEntryUnlink,
  vmMapLookupEntry,
} from './map-tree.ts';
import { vmObjectAllocateAnon, vmObjectDeallocate, vmObjectReference } from './object.ts';

/** An entry with any of these flags is never merged. FreeBSD: MAP_ENTRY_NOMERGE_MASK */
const NOMERGE = MAP_ENTRY_GROWS_DOWN | MAP_ENTRY_IN_TRANSITION | MAP_ENTRY_VN_EXEC;

/** Is swap charged for an entry, either to the entry or to its object? FreeBSD: ENTRY_CHARGED */
export const entryCharged = (entry: VmMapEntry): boolean =>
  entry.charged || (entry.object !== null && entry.object.charged && (entry.eflags & MAP_ENTRY_NEEDS_COPY) === 0);

/** FreeBSD: vm_map_entry_system_wired_count */
export const systemWiredCount = (entry: VmMapEntry): number =>
  entry.wiredCount - ((entry.eflags & MAP_ENTRY_USER_WIRED) !== 0 ? 1 : 0);

/** FreeBSD: vm_map_mergeable_neighbors */
function mergeable(prev: VmMapEntry, entry: VmMapEntry): boolean {
  return (
    prev.end === entry.start &&
    prev.object === entry.object &&
    (prev.object === null || prev.offset + (prev.end - prev.start) === entry.offset) &&
    prev.eflags === entry.eflags &&
    prev.protection === entry.protection &&
    prev.maxProtection === entry.maxProtection &&
    prev.inheritance === entry.inheritance &&
    prev.wiredCount === entry.wiredCount &&
    prev.charged === entry.charged
  );
}

/**
 * Merges an entry with its predecessor if nothing distinguishes them; `entry` remains. FreeBSD:
 * vm_map_try_merge_entries, vm_map_merged_neighbor_dispose
 */
export function vmMapTryMergeEntries(m: Machine, map: VmMap, prev: VmMapEntry, entry: VmMapEntry): void {
  if ((entry.eflags & NOMERGE) !== 0 || !mergeable(prev, entry)) return;
  vmMapEntryUnlink(m, map, prev, true);
  if (prev.object !== null) vmObjectDeallocate(m, prev.object);
  vmMapEntryDispose(m, prev);
}

/** Gives an entry without an object a new one. FreeBSD: vm_map_entry_back */
export function vmMapEntryBack(m: Machine, entry: VmMapEntry): void {
  const bytes = entry.end - entry.start;
  entry.object = vmObjectAllocateAnon(m, bytes / PAGE_SIZE, null, entry.charged, bytes);
  entry.offset = 0;
  entry.charged = false;
}

/**
 * Prepares an entry for a split: both parts share an object, which takes over the swap charge.
 * FreeBSD: vm_map_entry_charge_object
 */
function chargeObject(m: Machine, entry: VmMapEntry): void {
  const { object } = entry;
  if (object === null) {
    if ((entry.eflags & MAP_ENTRY_GUARD) === 0) vmMapEntryBack(m, entry);
  } else if ((entry.eflags & MAP_ENTRY_NEEDS_COPY) === 0 && entry.charged) {
    m.counters[VM_OBJECT_WRITE_LOCKS]++;
    object.charged = true;
    object.charge = entry.end - entry.start;
    entry.charged = false;
  }
}

/** FreeBSD: vm_map_entry_clone */
function cloneEntry(m: Machine, entry: VmMapEntry): VmMapEntry {
  chargeObject(m, entry);
  const clone = vmMapEntryCopyOf(m, entry);
  if (clone.object !== null) vmObjectReference(m, clone.object);
  return clone;
}

/** Splits `entry` so that it starts at `start`, if it begins below. FreeBSD: vm_map_clip_start */
export function vmMapClipStart(m: Machine, map: VmMap, entry: VmMapEntry, start: Va): void {
  if (start <= entry.start) return;
  const front = cloneEntry(m, entry);
  front.end = start;
  vmMapEntryLink(m, map, front);
}

/** Splits `entry` so that it ends at `end`, if it extends beyond. FreeBSD: vm_map_clip_end */
export function vmMapClipEnd(m: Machine, map: VmMap, entry: VmMapEntry, end: Va): void {
  if (end >= entry.end) return;
  const back = cloneEntry(m, entry);
  back.start = end;
  vmMapEntryLink(m, map, back);
}

/**
 * Returns the first entry that ends above `start`, clipped to start there; vmMapEntryPred of it is its predecessor.
 * FreeBSD: vm_map_lookup_clip_start
 */
export function vmMapLookupClipStart(m: Machine, map: VmMap, start: Va): VmMapEntry {
  const entry = vmMapLookupEntry(m, map, start);
  if (!entryHolds(map, entry, start)) return vmMapEntrySucc(entry);
  vmMapClipStart(m, map, entry, start);
  return entry;
}

/** Returns the first entry that ends above `start`, not clipped. FreeBSD: vm_map_lookup_entry */
export function vmMapEntryAtOrAfter(m: Machine, map: VmMap, start: Va): VmMapEntry {
  const entry = vmMapLookupEntry(m, map, start);
  return entryHolds(map, entry, start) ? entry : vmMapEntrySucc(entry);
}

export { vmMapEntryPred, vmMapEntrySucc };
