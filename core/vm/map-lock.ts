/**
 * Map locks and the release of deleted entries.
 *
 * Every operation is atomic here, so a lock never waits: taking one is counted, and an exclusive lock also increments
 * the timestamp. Entries deleted under the lock are released after it is dropped, the last one first, so all
 * pmap_remove calls of a deletion happen before any object is released. FreeBSD: sys/vm/vm_map.c.
 */
import {
  VM_MAP_DOWNGRADES,
  VM_MAP_LOCKS,
  VM_MAP_READ_LOCKS,
  VM_MAP_TRY_LOCKS,
  VM_MAP_UPGRADES,
  VM_OBJECT_WRITE_LOCKS,
} from '../counters.ts';
import { enterPlace, leavePlace } from '../events.ts';
import type { Machine } from '../hunks.ts';
import { KernelPanic } from '../panic.ts';
import { IN_VM_MAP_PROCESS_DEFERRED } from '../places.ts';
import {
  MAP_ENTRY_WRITECNT,
  MAP_READ_LOCKED,
  MAP_UNLOCKED,
  MAP_WRITE_LOCKED,
  VmMapEntry,
  type VmMap,
  type VmObject,
} from '../state/vm.ts';
import { vmObjectDeallocate } from './object.ts';

function expectUnlocked(map: VmMap, where: string): void {
  if (map.locked !== MAP_UNLOCKED)
    throw new KernelPanic(where, 'map lock is held already', { vmspace: map.pmap.id, locked: map.locked });
}

/** FreeBSD: vm_map_lock, _vm_map_lock */
export function vmMapLock(m: Machine, map: VmMap): void {
  expectUnlocked(map, '_vm_map_lock');
  m.counters[VM_MAP_LOCKS]++;
  map.locked = MAP_WRITE_LOCKED;
  map.timestamp++;
}

/** FreeBSD: vm_map_trylock, _vm_map_trylock */
export function vmMapTrylock(m: Machine, map: VmMap): void {
  expectUnlocked(map, '_vm_map_trylock');
  m.counters[VM_MAP_TRY_LOCKS]++;
  map.locked = MAP_WRITE_LOCKED;
  map.timestamp++;
}

/**
 * Releases either kind of lock, then the deleted entries. FreeBSD: vm_map_unlock, vm_map_unlock_read, _vm_map_unlock,
 * _vm_map_unlock_read
 */
export function vmMapUnlock(m: Machine, map: VmMap): void {
  map.locked = MAP_UNLOCKED;
  if (m.vm.deferred !== null) vmMapProcessDeferred(m);
}

/**
 * Releases a lock but leaves the deleted entries to a later unlock, because another map is still locked. FreeBSD:
 * vm_map_unlock
 */
export function vmMapUnlockOnly(map: VmMap): void {
  map.locked = MAP_UNLOCKED;
}

/** FreeBSD: vm_map_lock_read, _vm_map_lock_read */
export function vmMapLockRead(m: Machine, map: VmMap): void {
  expectUnlocked(map, '_vm_map_lock_read');
  m.counters[VM_MAP_READ_LOCKS]++;
  map.locked = MAP_READ_LOCKED;
}

/** FreeBSD: vm_map_trylock_read, _vm_map_trylock_read */
export function vmMapTrylockRead(m: Machine, map: VmMap): void {
  expectUnlocked(map, '_vm_map_trylock_read');
  m.counters[VM_MAP_TRY_LOCKS]++;
  map.locked = MAP_READ_LOCKED;
}

/** Always succeeds. FreeBSD: vm_map_lock_upgrade, _vm_map_lock_upgrade */
export function vmMapLockUpgrade(m: Machine, map: VmMap): void {
  m.counters[VM_MAP_UPGRADES]++;
  map.locked = MAP_WRITE_LOCKED;
  map.timestamp++;
}

/** FreeBSD: vm_map_lock_downgrade, _vm_map_lock_downgrade */
export function vmMapLockDowngrade(m: Machine, map: VmMap): void {
  m.counters[VM_MAP_DOWNGRADES]++;
  map.locked = MAP_READ_LOCKED;
}

/**
 * Waits until no pages are being wired. That is always the case here, but the wait counts as a change of the map.
 * FreeBSD: vm_map_wait_busy
 */
export function vmMapWaitBusy(map: VmMap): void {
  if (map.busy !== 0) throw new KernelPanic('vm_map_wait_busy', 'busy map', { vmspace: map.pmap.id });
  map.timestamp++;
}

/** Returns an entry with unspecified contents. FreeBSD: vm_map_entry_create */
export function vmMapEntryCreate(m: Machine): VmMapEntry {
  const entry = m.vm.freeEntries;
  if (entry === null) return new VmMapEntry();
  m.vm.freeEntries = entry.deferNext;
  entry.deferNext = null;
  return entry;
}

/** FreeBSD: vm_map_entry_dispose */
export function vmMapEntryDispose(m: Machine, entry: VmMapEntry): void {
  entry.object = null;
  entry.left = entry;
  entry.right = entry;
  entry.deferNext = m.vm.freeEntries;
  m.vm.freeEntries = entry;
}

/** Copies everything in an entry except its place in the tree. FreeBSD: vm_map_entry_clone, vmspace_fork */
export function vmMapEntryCopyOf(m: Machine, entry: VmMapEntry): VmMapEntry {
  const copy = vmMapEntryCreate(m);
  copy.start = entry.start;
  copy.end = entry.end;
  copy.nextRead = entry.nextRead;
  copy.object = entry.object;
  copy.offset = entry.offset;
  copy.eflags = entry.eflags;
  copy.protection = entry.protection;
  copy.maxProtection = entry.maxProtection;
  copy.inheritance = entry.inheritance;
  copy.readAhead = entry.readAhead;
  copy.wiredCount = entry.wiredCount;
  copy.charged = entry.charged;
  copy.wiring = entry.wiring;
  return copy;
}

/** Defers the release of an entry until the map lock is dropped. FreeBSD: vm_map_entry_delete */
export function vmMapEntryDefer(m: Machine, entry: VmMapEntry): void {
  entry.deferNext = m.vm.deferred;
  m.vm.deferred = entry;
}

/** Adds bytes to the writable shared mappings of a file. FreeBSD: vnode_pager_update_writecount */
export function vmPagerUpdateWritecount(m: Machine, object: VmObject, bytes: number): void {
  m.counters[VM_OBJECT_WRITE_LOCKS]++;
  object.writeMappings += bytes;
}

/**
 * Subtracts bytes from the writable shared mappings of a file. FreeBSD: vnode_pager_release_writecount
 */
export function vmPagerReleaseWritecount(m: Machine, object: VmObject, bytes: number): void {
  m.counters[VM_OBJECT_WRITE_LOCKS]++;
  object.writeMappings -= bytes;
}

/**
 * Releases the deleted entries, most recently deleted first. FreeBSD: vm_map_process_deferred, vm_map_entry_deallocate
 */
export function vmMapProcessDeferred(m: Machine): void {
  let entry = m.vm.deferred;
  if (entry === null) return;
  enterPlace(m, IN_VM_MAP_PROCESS_DEFERRED);
  m.vm.deferred = null;
  while (entry !== null) {
    const next: VmMapEntry | null = entry.deferNext;
    const { object } = entry;
    if ((entry.eflags & MAP_ENTRY_WRITECNT) !== 0) vmPagerReleaseWritecount(m, object!, entry.end - entry.start);
    if (object !== null) vmObjectDeallocate(m, object);
    vmMapEntryDispose(m, entry);
    entry = next;
  }
  leavePlace(m);
}
