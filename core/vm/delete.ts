/**
 * Deletion from a map: the source of most pmap_remove calls in exit and exec. FreeBSD: sys/vm/vm_map.c vm_map_delete.
 */
import { VM_OBJECT_WRITE_LOCKS } from '../counters.ts';
import { enterPlace, leavePlace } from '../events.ts';
import type { Machine } from '../hunks.ts';
import { KernelPanic } from '../panic.ts';
import { IN_VM_MAP_DELETE, IN_VM_MAP_REMOVE } from '../places.ts';
import { pmapRemove, pmapUnwire } from '../pmap/index.ts';
import {
  MAP_ENTRY_GUARD,
  MAP_ENTRY_IN_TRANSITION,
  MAP_ENTRY_USER_WIRED,
  OBJ_ANON,
  OBJ_ONEMAPPING,
  type VmMap,
  type VmMapEntry,
} from '../state/vm.ts';
import { PAGE_SIZE, type Va } from '../units.ts';
import { systemWiredCount, vmMapClipEnd, vmMapLookupClipStart } from './entry.ts';
import { vmMapEntryDefer, vmMapEntryDispose, vmMapLock, vmMapUnlock } from './map-lock.ts';
import { vmMapEntrySucc, vmMapEntryUnlink } from './map-tree.ts';
import { OBJPR_NOTMAPPED, vmObjectPageRemove, vmObjectUnwire } from './object-pages.ts';
import { vmObjectCollapse } from './object.ts';

/** Makes an entry pageable again. FreeBSD: vm_map_entry_unwire */
export function vmMapEntryUnwire(m: Machine, map: VmMap, entry: VmMapEntry): void {
  const bytes = entry.end - entry.start;
  if ((entry.eflags & MAP_ENTRY_USER_WIRED) !== 0) m.vm.userWired -= bytes / PAGE_SIZE;
  pmapUnwire(m, map.pmap, entry.start, entry.end);
  vmObjectUnwire(m, entry.object!, entry.offset, bytes);
  entry.wiredCount = 0;
}

/** Removes an entry and defers its release until the map lock is dropped. FreeBSD: vm_map_entry_delete */
export function vmMapEntryDelete(m: Machine, map: VmMap, entry: VmMapEntry): void {
  vmMapEntryUnlink(m, map, entry, false);
  if ((entry.eflags & MAP_ENTRY_GUARD) !== 0) {
    vmMapEntryDispose(m, entry);
    return;
  }
  const { object } = entry;
  const bytes = entry.end - entry.start;
  map.size -= bytes;
  if (entry.charged) m.vm.swapReserved -= bytes;
  if (object !== null && (object.flags & OBJ_ANON) !== 0) {
    const start = entry.offset / PAGE_SIZE;
    const end = start + bytes / PAGE_SIZE;
    m.counters[VM_OBJECT_WRITE_LOCKS]++;
    if (object.refCount !== 1 && (object.flags & OBJ_ONEMAPPING) !== 0) {
      vmObjectCollapse(m, object);
      vmObjectPageRemove(m, object, start, end, OBJPR_NOTMAPPED);
      if (end >= object.size && start < object.size) {
        const cut = (object.size - start) * PAGE_SIZE;
        object.size = start;
        if (object.charged) {
          m.vm.swapReserved -= cut;
          object.charge -= cut;
        }
      }
    }
  }
  vmMapEntryDefer(m, entry);
}

/**
 * Deletes [start, end) from a write-locked map, in ascending order. pmap_remove is called for each entry that has an
 * object: a guard or untouched anonymous memory has nothing mapped. FreeBSD: vm_map_delete
 */
export function vmMapDelete(m: Machine, map: VmMap, start: Va, end: Va): void {
  if (start === end) return;
  enterPlace(m, IN_VM_MAP_DELETE);
  let entry = vmMapLookupClipStart(m, map, start);
  while (entry.start < end) {
    if ((entry.eflags & MAP_ENTRY_IN_TRANSITION) !== 0 || systemWiredCount(entry) !== 0)
      throw new KernelPanic('vm_map_delete', 'would sleep for an entry in transition', { start: entry.start });
    vmMapClipEnd(m, map, entry, end);
    const next = vmMapEntrySucc(entry);
    if (entry.wiredCount !== 0) vmMapEntryUnwire(m, map, entry);
    if (entry.object !== null) pmapRemove(m, map.pmap, entry.start, entry.end);
    vmMapEntryDelete(m, map, entry);
    entry = next;
  }
  leavePlace(m);
}

/** Deletes the part of [start, end) that is within the map. FreeBSD: vm_map_remove */
export function vmMapRemove(m: Machine, map: VmMap, start: Va, end: Va): void {
  enterPlace(m, IN_VM_MAP_REMOVE);
  vmMapLock(m, map);
  const from = Math.max(start, map.minOffset);
  const to = Math.min(end, map.maxOffset);
  if (from < to) vmMapDelete(m, map, from, to);
  vmMapUnlock(m, map);
  leavePlace(m);
}
