/**
 * Objects: allocation, references, shadow lists, collapse and termination.
 *
 * Lock acquisitions are counted where the kernel takes the object lock; nothing ever waits for one.
 * FreeBSD: sys/vm/vm_object.c.
 */
import { VM_OBJECT_READ_LOCKS, VM_OBJECT_WRITE_LOCKS } from '../counters.ts';
import type { Machine } from '../hunks.ts';
import { reservBreakAll, reservRename } from '../page/reserv.ts';
import { KernelPanic } from '../panic.ts';
import {
  OBJT_DEAD,
  OBJT_DEFAULT,
  OBJT_VNODE,
  OBJ_ANON,
  OBJ_COLLAPSING,
  OBJ_DEAD,
  OBJ_ONEMAPPING,
  OBJ_SHADOWLIST,
  VmObject,
} from '../state/vm.ts';
import { PAGE_SIZE, type Frame, type Pages } from '../units.ts';
import { vmObjectTerminatePages, vmPageFindLeast, vmPageLookup, vmPageRemoveAndFree, vmPageRename } from './pages.ts';
import { contentsChanged } from './radix.ts';

/** Creates an object with one reference. FreeBSD: vm_object_allocate, _vm_object_allocate */
export function vmObjectAllocate(m: Machine, type: number, size: Pages, flags: number): VmObject {
  const { vm } = m;
  const object = new VmObject(++vm.objectCount, type, size, flags);
  const tail = vm.objectsTail;
  if (tail === null) vm.objectsHead = object;
  else tail.listNext = object;
  object.listPrev = tail;
  vm.objectsTail = object;
  return object;
}

/**
 * Creates an anonymous object. Its handle is the vnode object at the root of the chain it will join.
 * FreeBSD: vm_object_allocate_anon
 */
export function vmObjectAllocateAnon(
  m: Machine,
  size: Pages,
  backing: VmObject | null,
  charged: boolean,
  charge: number,
): VmObject {
  const object = vmObjectAllocate(m, OBJT_DEFAULT, size, OBJ_ANON | OBJ_ONEMAPPING);
  if (backing !== null) object.handle = (backing.flags & OBJ_ANON) !== 0 ? backing.handle : backing;
  object.charged = charged;
  object.charge = charged ? charge : 0;
  return object;
}

/** Notes a reference taken or dropped, of an object that processes share without a copy. FreeBSD: none */
function noteReference(m: Machine, object: VmObject): void {
  if (m.recording && (object.flags & OBJ_ANON) === 0) m.events.instances.referenced(object.id);
}

/**
 * The first reference to a vnode object is taken under its lock. FreeBSD: vm_object_reference,
 * vm_object_reference_locked, vm_object_reference_vnode
 */
export function vmObjectReference(m: Machine, object: VmObject): void {
  if (object.type === OBJT_VNODE && object.refCount === 0) m.counters[VM_OBJECT_READ_LOCKS]++;
  object.refCount++;
  noteReference(m, object);
  if ((object.flags & OBJ_DEAD) !== 0)
    throw new KernelPanic('vm_object_reference', 'Referenced dead object.', { object: object.id });
}

/** FreeBSD: vm_object_backing_remove_locked */
function backingRemoveLocked(m: Machine, object: VmObject): void {
  const backing = object.backing!;
  backing.shadowCount--;
  if ((object.flags & OBJ_SHADOWLIST) !== 0) {
    const { shadowNext, shadowPrev } = object;
    if (shadowPrev === null) backing.shadowHead = shadowNext;
    else shadowPrev.shadowNext = shadowNext;
    if (shadowNext !== null) shadowNext.shadowPrev = shadowPrev;
    object.shadowNext = null;
    object.shadowPrev = null;
    object.flags &= ~OBJ_SHADOWLIST;
  }
  object.backing = null;
  contentsChanged(m.vm.index, object);
}

/** FreeBSD: vm_object_backing_remove, vm_object_sub_shadow */
function backingRemove(m: Machine, object: VmObject): void {
  if ((object.flags & OBJ_SHADOWLIST) !== 0) m.counters[VM_OBJECT_WRITE_LOCKS]++;
  backingRemoveLocked(m, object);
}

/** FreeBSD: vm_object_backing_insert_locked */
function backingInsertLocked(m: Machine, object: VmObject, backing: VmObject): void {
  backing.shadowCount++;
  if ((backing.flags & OBJ_ANON) !== 0) {
    const head = backing.shadowHead;
    object.shadowNext = head;
    if (head !== null) head.shadowPrev = object;
    backing.shadowHead = object;
    object.flags |= OBJ_SHADOWLIST;
  }
  object.backing = backing;
  contentsChanged(m.vm.index, object);
}

/** Makes an object shadow `backing`, using the caller's reference. FreeBSD: vm_object_backing_insert */
export function vmObjectBackingInsert(m: Machine, object: VmObject, backing: VmObject): void {
  if ((backing.flags & OBJ_ANON) !== 0) m.counters[VM_OBJECT_WRITE_LOCKS]++;
  backingInsertLocked(m, object, backing);
}

/** Like vmObjectBackingInsert, but takes its own reference. FreeBSD: vm_object_backing_insert_ref */
export function vmObjectBackingInsertRef(m: Machine, object: VmObject, backing: VmObject): void {
  if ((backing.flags & OBJ_ANON) !== 0) {
    m.counters[VM_OBJECT_WRITE_LOCKS]++;
    if ((backing.flags & OBJ_DEAD) !== 0)
      throw new KernelPanic('vm_object_backing_insert_ref', 'shadowing dead anonymous object', { object: backing.id });
    backing.refCount++;
    backing.flags &= ~OBJ_ONEMAPPING;
  } else {
    vmObjectReference(m, backing);
  }
  backingInsertLocked(m, object, backing);
}

/**
 * `object` takes over what its backing object shadows, along with the reference. FreeBSD: vm_object_backing_transfer
 */
function backingTransfer(m: Machine, object: VmObject, backing: VmObject): void {
  backingRemoveLocked(m, object);
  const next = backing.backing;
  if (next === null) return;
  if ((next.flags & OBJ_ANON) !== 0) m.counters[VM_OBJECT_WRITE_LOCKS]++;
  backingRemoveLocked(m, backing);
  backingInsertLocked(m, object, next);
}

/** Does `object` shadow every resident page of its backing object? FreeBSD: vm_object_scan_all_shadowed */
function scanAllShadowed(m: Machine, object: VmObject, backing: VmObject): boolean {
  const { page } = m;
  const first = object.backingOffset / PAGE_SIZE;
  let frame = vmPageFindLeast(m, backing, first);
  while (frame !== 0) {
    const pindex = page.pindex[frame] - first;
    if (pindex >= object.size) break;
    if (page.valid[frame] === 0) return false;
    const mine = vmPageLookup(m, object, pindex);
    if (mine === 0 || page.valid[mine] === 0) return false;
    frame = page.listNext[frame];
  }
  return true;
}

/** Frees a page of an object being collapsed, wired or not. It must not be mapped anywhere. */
function freeUnmapped(m: Machine, backing: VmObject, frame: Frame): void {
  if (m.page.pvHead[frame] !== 0 || m.page.pvHead2m[frame >>> 9] !== 0)
    throw new KernelPanic('vm_object_collapse_scan', 'freeing mapped page', { frame });
  vmPageRemoveAndFree(m, backing, frame);
}

/**
 * Moves the pages of a backing object that `object` does not shadow into `object` and frees the others.
 * FreeBSD: vm_object_collapse_scan
 */
function collapseScan(m: Machine, object: VmObject, backing: VmObject): void {
  const { page } = m;
  const first = object.backingOffset / PAGE_SIZE;
  for (let frame = backing.memqFirst; frame !== 0;) {
    const next = page.listNext[frame];
    const pindex = page.pindex[frame] - first;
    if (pindex < 0 || pindex >= object.size || page.valid[frame] === 0) {
      freeUnmapped(m, backing, frame);
    } else {
      const mine = vmPageLookup(m, object, pindex);
      if (mine !== 0 && page.valid[mine] !== 0) {
        freeUnmapped(m, backing, frame);
      } else {
        if (mine !== 0) vmPageRemoveAndFree(m, object, mine);
        vmPageRename(m, backing, frame, object, pindex);
        if (m.config.superpages) reservRename(m, frame, object, backing, first);
      }
    }
    frame = next;
  }
}

/**
 * Shortens the shadow chain of an object: merges a backing object that no one else references, and bypasses one whose
 * pages it all shadows. FreeBSD: vm_object_collapse
 */
export function vmObjectCollapse(m: Machine, object: VmObject): void {
  const { counters } = m;
  for (;;) {
    const { backing } = object;
    if (backing === null || (backing.flags & OBJ_ANON) === 0) return;
    counters[VM_OBJECT_WRITE_LOCKS]++;
    if (object.refCount <= object.shadowCount)
      throw new KernelPanic('vm_object_collapse', 'collapse with invalid ref or shadow count', {
        object: object.id,
        refCount: object.refCount,
        shadowCount: object.shadowCount,
      });
    if (backing.refCount === 1) {
      object.flags |= OBJ_COLLAPSING;
      backing.flags |= OBJ_DEAD;
      collapseScan(m, object, backing);
      if (backing.runHead !== 0) reservBreakAll(m, backing);
      object.flags &= ~OBJ_COLLAPSING;
      backingTransfer(m, object, backing);
      object.backingOffset += backing.backingOffset;
      contentsChanged(m.vm.index, object);
      backing.refCount--;
      terminate(m, backing);
      counters[VM_OBJECT_WRITE_LOCKS]++;
    } else {
      if (!scanAllShadowed(m, object, backing)) return;
      backingRemoveLocked(m, object);
      const next = backing.backing;
      if (next !== null) {
        vmObjectBackingInsertRef(m, object, next);
        object.backingOffset += backing.backingOffset;
        contentsChanged(m.vm.index, object);
      }
      backing.refCount--;
    }
  }
}

/**
 * Terminates an object: frees its pages and returns its swap charge. FreeBSD: vm_object_terminate, vm_object_destroy
 */
function terminate(m: Machine, object: VmObject): void {
  if (object.refCount !== 0 || object.backing !== null)
    throw new KernelPanic('vm_object_terminate', 'object with references', {
      object: object.id,
      refCount: object.refCount,
    });
  vmObjectTerminatePages(m, object);
  object.type = OBJT_DEAD;
  const { vm } = m;
  if (object.charged) {
    m.vm.swapReserved -= object.charge;
    object.charge = 0;
    object.charged = false;
  }
  const { listNext, listPrev } = object;
  if (listPrev === null) vm.objectsHead = listNext;
  else listPrev.listNext = listNext;
  if (listNext === null) vm.objectsTail = listPrev;
  else listNext.listPrev = listPrev;
  object.listNext = null;
  object.listPrev = null;
}

/**
 * Handles the drop of one of two references to an object that another shadows: the shadow may be able to absorb it.
 * Returns the shadow, referenced. FreeBSD: vm_object_deallocate_anon
 */
function deallocateAnon(m: Machine, backing: VmObject): VmObject {
  const object = backing.shadowHead;
  if (object === null || backing.shadowCount !== 1)
    throw new KernelPanic('vm_object_deallocate_anon', 'expected one shadow object', {
      object: backing.id,
      refCount: backing.refCount,
      shadowCount: backing.shadowCount,
    });
  m.counters[VM_OBJECT_WRITE_LOCKS]++;
  object.refCount++;
  if (object.backing !== null && (object.backing.flags & OBJ_ANON) !== 0) vmObjectCollapse(m, object);
  return object;
}

/** Drops a reference. FreeBSD: vm_object_deallocate, vm_object_deallocate_vnode */
export function vmObjectDeallocate(m: Machine, dropped: VmObject | null): void {
  const { counters } = m;
  let object = dropped;
  while (object !== null) {
    if (object.refCount > ((object.flags & OBJ_ANON) === 0 ? 1 : 2)) {
      object.refCount--;
      noteReference(m, object);
      return;
    }
    if (object.type === OBJT_VNODE) {
      counters[VM_OBJECT_READ_LOCKS]++;
      noteReference(m, object);
      object.refCount--; // the last reference returns the vnode; its pages stay in memory
      return;
    }
    counters[VM_OBJECT_WRITE_LOCKS]++;
    if (object.refCount <= 0)
      throw new KernelPanic('vm_object_deallocate', 'object deallocated too many times', { object: object.id });
    object.refCount--;
    if (object.refCount > 0) {
      if (object.refCount > 1 || object.shadowCount === 0) {
        if ((object.flags & OBJ_ANON) !== 0 && object.refCount === 1) object.flags |= OBJ_ONEMAPPING;
        return;
      }
      object = deallocateAnon(m, object);
      continue;
    }
    const next: VmObject | null = object.backing;
    if (next !== null) backingRemove(m, object);
    object.flags |= OBJ_DEAD;
    terminate(m, object);
    object = next;
  }
}
