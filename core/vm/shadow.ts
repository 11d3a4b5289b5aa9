/**
 * Objects of map entries: shadowing for copy-on-write, splitting at fork, extending at insertion.
 * FreeBSD: sys/vm/vm_object.c vm_object_shadow, vm_object_split, vm_object_coalesce.
 */
import { VM_OBJECT_WRITE_LOCKS } from '../counters.ts';
import type { Machine } from '../hunks.ts';
import { reservRename } from '../page/reserv.ts';
import { OBJ_ANON, OBJ_COLORED, OBJ_ONEMAPPING, type VmMapEntry, type VmObject } from '../state/vm.ts';
import { PAGE_SIZE } from '../units.ts';
import { vmObjectPageRemove } from './object-pages.ts';
import {
  vmObjectAllocateAnon,
  vmObjectBackingInsert,
  vmObjectBackingInsertRef,
  vmObjectCollapse,
  vmObjectDeallocate,
} from './object.ts';
import { vmPageFindLeast, vmPageRemoveAndFree, vmPageRename } from './pages.ts';

/**
 * Colours of shadow objects are taken modulo the number of pages in the largest buddy block. FreeBSD: VM_NFREEORDER - 1
 */
const SHADOW_COLOURS = 4096;

/**
 * Gives the entry a new object that shadows its old one, unless the old one is anonymous and not shared. shared: adds a
 * second reference for a child's entry. FreeBSD: vm_object_shadow
 */
export function vmObjectShadow(m: Machine, entry: VmMapEntry, length: number, charged: boolean, shared: boolean): void {
  const source = entry.object;
  if (source !== null && source.refCount === 1 && (source.flags & OBJ_ANON) !== 0) return;
  const result = vmObjectAllocateAnon(m, length / PAGE_SIZE, source, charged, length);
  result.backingOffset = entry.offset;
  if (shared || source !== null) {
    m.counters[VM_OBJECT_WRITE_LOCKS]++;
    if (shared) {
      result.refCount++;
      result.flags &= ~OBJ_ONEMAPPING;
    }
    if (source !== null) {
      vmObjectBackingInsert(m, result, source);
      result.flags |= source.flags & OBJ_COLORED;
      result.color = ((source.color + entry.offset / PAGE_SIZE) % SHADOW_COLOURS) | 0;
    }
  }
  entry.offset = 0;
  entry.object = result;
}

/**
 * Moves the pages of an entry into an object of its own, if its object has other users that are all mapped once. The
 * caller holds the object's lock; afterwards it holds the lock of the entry's new object. FreeBSD: vm_object_split
 */
export function vmObjectSplit(m: Machine, entry: VmMapEntry): void {
  const from = entry.object!;
  if ((from.flags & OBJ_ANON) === 0 || from.refCount <= 1) return;
  const { counters, page } = m;
  const start = entry.offset / PAGE_SIZE;
  const bytes = entry.end - entry.start;
  const size = bytes / PAGE_SIZE;
  const to = vmObjectAllocateAnon(m, size, from, from.charged, bytes);
  counters[VM_OBJECT_WRITE_LOCKS] += 2; // from again, and to
  if (from.backing !== null) {
    vmObjectBackingInsertRef(m, to, from.backing);
    to.backingOffset = from.backingOffset + entry.offset;
  }
  if (from.charged) from.charge -= bytes;
  for (let frame = vmPageFindLeast(m, from, start); frame !== 0;) {
    const pindex = page.pindex[frame] - start;
    if (pindex >= size) break;
    const next = page.listNext[frame];
    if (page.valid[frame] === 0) {
      vmPageRemoveAndFree(m, from, frame);
    } else {
      vmPageRename(m, from, frame, to, pindex);
      if (m.config.superpages) reservRename(m, frame, to, from, start);
    }
    frame = next;
  }
  entry.object = to;
  entry.offset = 0;
  vmObjectDeallocate(m, from);
  counters[VM_OBJECT_WRITE_LOCKS]++; // to again
}

/**
 * Extends an object for an entry that is to grow by `grow` bytes; returns false if that is not possible. reserved: swap
 * for the new part is already charged. FreeBSD: vm_object_coalesce
 */
export function vmObjectCoalesce(
  m: Machine,
  object: VmObject | null,
  offset: number,
  bytes: number,
  grow: number,
  reserved: boolean,
): boolean {
  if (object === null) return true;
  if ((object.flags & OBJ_ANON) === 0) return false;
  m.counters[VM_OBJECT_WRITE_LOCKS]++;
  vmObjectCollapse(m, object);
  if (object.backing !== null) return false;
  const next = (offset + bytes) / PAGE_SIZE;
  const pages = grow / PAGE_SIZE;
  if (object.refCount > 1 && object.size !== next && (object.flags & OBJ_ONEMAPPING) === 0) return false;
  if (object.charged) {
    if (!reserved) m.vm.swapReserved += grow;
    object.charge += grow;
  }
  if (next < object.size) vmObjectPageRemove(m, object, next, next + pages, 0);
  if (next + pages > object.size) object.size = next + pages;
  return true;
}
