/**
 * Address spaces: creating them, copying them at fork, sharing, leaving and tearing them down. FreeBSD: sys/vm/vm_map.c
 * vmspace_alloc, vmspace_fork, vmspace_exec, vmspace_unshare, vmspace_exit, vmspace_free.
 */
import { FORKS, REACHED_VMSPACE_CLEAR, VM_OBJECT_WRITE_LOCKS } from '../counters.ts';
import { enterPlace, leavePlace } from '../events.ts';
import type { Machine } from '../hunks.ts';
import { KernelPanic } from '../panic.ts';
import {
  IN_VMSPACE_ALLOC,
  IN_VMSPACE_DOFREE,
  IN_VMSPACE_EXEC,
  IN_VMSPACE_EXIT,
  IN_VMSPACE_FORK,
  IN_VMSPACE_FREE,
  IN_VMSPACE_UNSHARE,
} from '../places.ts';
import {
  freePmap,
  newPmap,
  notePvEntries,
  pmapActivate,
  pmapCopy,
  pmapPinit,
  pmapProtect,
  pmapRelease,
  pmapRemovePages,
  pmapVmspaceCopy,
} from '../pmap/index.ts';
import type { Proc } from '../state/proc.ts';
import {
  MAP_ENTRY_COW,
  MAP_ENTRY_GROWS_DOWN,
  MAP_ENTRY_GUARD,
  MAP_ENTRY_IN_TRANSITION,
  MAP_ENTRY_NEEDS_COPY,
  MAP_ENTRY_USER_WIRED,
  MAP_ENTRY_VN_EXEC,
  MAP_ENTRY_WRITECNT,
  OBJT_DEFAULT,
  OBJ_ANON,
  OBJ_ONEMAPPING,
  VM_INHERIT_COPY,
  VM_INHERIT_NONE,
  VM_INHERIT_SHARE,
  VM_INHERIT_ZERO,
  Vmspace,
  type VmMap,
  type VmMapEntry,
} from '../state/vm.ts';
import { PAGE_SIZE, VM_PROT_WRITE, type Va } from '../units.ts';
import { entryCharged, vmMapEntryBack } from './entry.ts';
import { vmFaultCopyEntry } from './fault-copy.ts';
import {
  vmMapEntryCopyOf,
  vmMapEntryCreate,
  vmMapEntryDefer,
  vmMapLock,
  vmMapProcessDeferred,
  vmMapTrylock,
  vmMapUnlockOnly,
  vmPagerUpdateWritecount,
} from './map-lock.ts';
import { vmMapEntryLink, vmMapEntrySucc } from './map-tree.ts';
import { vmObjectCollapse, vmObjectDeallocate, vmObjectReference } from './object.ts';
import { vmObjectShadow, vmObjectSplit } from './shadow.ts';

/**
 * Creates an empty vmspace with one reference. kpti: its pmap gets a user-mode root. FreeBSD: vmspace_alloc,
 * vm_map_init, _vm_map_init
 */
export function vmspaceAlloc(m: Machine, min: Va, max: Va, kpti: boolean): Vmspace {
  enterPlace(m, IN_VMSPACE_ALLOC);
  const pmap = newPmap(m);
  pmapPinit(m, pmap, kpti);
  const vm = new Vmspace(pmap, min, max);
  m.vmspaces.push(vm);
  leavePlace(m);
  return vm;
}

/**
 * Tears down a vmspace without references; its pmap is not active. p is the running process. FreeBSD: vmspace_dofree
 */
function vmspaceDofree(m: Machine, p: Proc, vm: Vmspace): void {
  enterPlace(m, IN_VMSPACE_DOFREE);
  vmspaceClear(m, p, vm);
  pmapRelease(m, vm.pmap);
  const { map } = vm;
  if (map.nentries !== 0 || map.size !== 0)
    throw new KernelPanic('vmspace_zdtor', 'vmspace not empty on free', {
      vmspace: vm.id,
      nentries: map.nentries,
      size: map.size,
    });
  m.vmspaces.splice(m.vmspaces.indexOf(vm), 1);
  freePmap(m, vm.pmap);
  leavePlace(m);
}

/** The vm_map_remove(min, max) of exec and of the teardown of a vmspace. FreeBSD: exec_new_vmspace, vmspace_dofree */
export function vmspaceClear(m: Machine, p: Proc, vm: Vmspace): void {
  m.counters[REACHED_VMSPACE_CLEAR]++;
  m.hunks.vmspaceClear(m, p, vm);
}

/**
 * Drops a reference. The last drop tears the vmspace down without pmap_remove_pages. p is the running process.
 * FreeBSD: vmspace_free
 */
export function vmspaceFree(m: Machine, p: Proc, vm: Vmspace): void {
  enterPlace(m, IN_VMSPACE_FREE);
  if (vm.refcnt <= 0) throw new KernelPanic('vmspace_free', 'no references', { vmspace: vm.id, refcnt: vm.refcnt });
  if (--vm.refcnt === 0) vmspaceDofree(m, p, vm);
  leavePlace(m);
}

/**
 * First part of vmspace_exit: takes a reference on vmspace0, and drops the process's own if it is the last. Returns
 * false if others use the vmspace: p has switched to vmspace0 and its reference is still to be dropped.
 * FreeBSD: vmspace_exit
 */
export function vmspaceExitBegin(m: Machine, p: Proc): boolean {
  const vm = p.vmspace;
  const vmspace0 = m.vmspace0!;
  vmspace0.refcnt++;
  if (vm.refcnt === 1) {
    vm.refcnt = 0;
    return true;
  }
  if (vm !== vmspace0) {
    enterPlace(m, IN_VMSPACE_EXIT);
    p.vmspace = vmspace0;
    pmapActivate(m, vmspace0.pmap);
    leavePlace(m);
  }
  return false;
}

/**
 * Second part: drops the reference, unless the first part has (released). The last drop unmaps all pages, for which the
 * pmap is active, and returns true. FreeBSD: vmspace_exit
 */
export function vmspaceExitEmpty(m: Machine, p: Proc, vm: Vmspace, released: boolean): boolean {
  if (!released && --vm.refcnt !== 0) return false;
  enterPlace(m, IN_VMSPACE_EXIT);
  if (p.vmspace !== vm) {
    // The other users left meanwhile.
    p.vmspace = vm;
    pmapActivate(m, vm.pmap);
  }
  pmapRemovePages(m, vm.pmap);
  leavePlace(m);
  return true;
}

/** Third part, of the last user: vmspace0 takes the place of the emptied vmspace. FreeBSD: vmspace_exit */
export function vmspaceExitSwitch(m: Machine, p: Proc): void {
  const vmspace0 = m.vmspace0!;
  enterPlace(m, IN_VMSPACE_EXIT);
  p.vmspace = vmspace0;
  pmapActivate(m, vmspace0.pmap);
  leavePlace(m);
}

/** Last part, of the last user. FreeBSD: vmspace_exit */
export function vmspaceExitFree(m: Machine, p: Proc, vm: Vmspace): void {
  enterPlace(m, IN_VMSPACE_EXIT);
  vmspaceDofree(m, p, vm);
  leavePlace(m);
}

/** Gives p a new, empty vmspace; the old one keeps its reference. FreeBSD: vmspace_exec */
export function vmspaceExec(m: Machine, p: Proc, min: Va, max: Va): void {
  enterPlace(m, IN_VMSPACE_EXEC);
  const vm = vmspaceAlloc(m, min, max, p.kpti);
  p.vmspace = vm;
  pmapActivate(m, vm.pmap);
  leavePlace(m);
}

/** Gives p a private copy of a vmspace that it shares. FreeBSD: vmspace_unshare */
export function vmspaceUnshare(m: Machine, p: Proc): void {
  const old = p.vmspace;
  if (old.refcnt === 1) return;
  enterPlace(m, IN_VMSPACE_UNSHARE);
  const vm = vmspaceFork(m, p, old);
  p.vmspace = vm;
  pmapActivate(m, vm.pmap);
  vmspaceFree(m, p, old);
  leavePlace(m);
}

/** Estimates the text, data and stack sizes of the child. FreeBSD: vmspace_map_entry_forked */
function countForked(vm1: Vmspace, vm2: Vmspace, entry: VmMapEntry): void {
  if ((entry.eflags & MAP_ENTRY_GUARD) !== 0) return;
  const { start, end } = entry;
  vm2.map.size += end - start;
  const dataEnd = vm1.daddr + vm1.dsize * PAGE_SIZE;
  const textEnd = vm1.taddr + vm1.tsize * PAGE_SIZE;
  if ((entry.eflags & MAP_ENTRY_GROWS_DOWN) !== 0) vm2.ssize += (end - start) / PAGE_SIZE;
  else if (start >= vm1.daddr && start < dataEnd) vm2.dsize += Math.ceil((Math.min(end, dataEnd) - start) / PAGE_SIZE);
  else if (start >= vm1.taddr && start < textEnd) vm2.tsize += Math.ceil((Math.min(end, textEnd) - start) / PAGE_SIZE);
}

/**
 * References the anonymous object of an entry for the child's entry, after splitting it off if it serves other entries.
 * FreeBSD: vm_map_copy_swap_object
 */
function copySwapObject(m: Machine, src: VmMapEntry, dst: VmMapEntry): void {
  const size = src.end - src.start;
  const charged = entryCharged(src);
  let object = src.object!;
  if ((object.flags & OBJ_ANON) !== 0) {
    m.counters[VM_OBJECT_WRITE_LOCKS]++;
    vmObjectCollapse(m, object);
    if ((object.flags & OBJ_ONEMAPPING) !== 0) {
      vmObjectSplit(m, src);
      object = src.object!;
    }
    object.refCount++;
    object.flags &= ~OBJ_ONEMAPPING;
  } else {
    vmObjectReference(m, object);
  }
  const needsCopy = (src.eflags & MAP_ENTRY_NEEDS_COPY) !== 0;
  if (src.charged && !needsCopy) {
    object.charged = true;
    object.charge = size;
  }
  dst.object = object;
  if (!charged) return;
  dst.charged = true;
  m.vm.swapReserved += size;
  if (needsCopy) return;
  src.charged = true;
  m.vm.swapReserved += size;
}

/** Copies an entry's memory: copy-on-write, or page by page if it is wired and writable. FreeBSD: vm_map_copy_entry */
function copyEntry(m: Machine, srcMap: VmMap, dstMap: VmMap, src: VmMapEntry, dst: VmMapEntry): void {
  if (src.wiredCount !== 0 && (src.protection & VM_PROT_WRITE) !== 0) {
    vmFaultCopyEntry(m, dstMap, dst, src, true);
    return;
  }
  const { start, end } = src;
  if ((src.eflags & MAP_ENTRY_NEEDS_COPY) === 0 && (src.protection & VM_PROT_WRITE) !== 0)
    pmapProtect(m, srcMap.pmap, start, end, src.protection & ~VM_PROT_WRITE);
  if (src.object === null) {
    dst.object = null;
    dst.offset = 0;
    if (src.charged) {
      dst.charged = true;
      m.vm.swapReserved += end - start;
    }
    return;
  }
  if (src.object.type === OBJT_DEFAULT) {
    copySwapObject(m, src, dst);
  } else {
    vmObjectReference(m, src.object);
    dst.object = src.object;
  }
  src.eflags |= MAP_ENTRY_COW | MAP_ENTRY_NEEDS_COPY;
  dst.eflags |= MAP_ENTRY_COW | MAP_ENTRY_NEEDS_COPY;
  dst.offset = src.offset;
  if ((src.eflags & MAP_ENTRY_WRITECNT) !== 0) {
    // A needs-copy entry cannot write the file: an entry on the deferred list returns the write count.
    const fake = vmMapEntryCreate(m);
    fake.eflags = MAP_ENTRY_WRITECNT;
    src.eflags &= ~MAP_ENTRY_WRITECNT;
    vmObjectReference(m, src.object);
    fake.object = src.object;
    fake.start = start;
    fake.end = end;
    vmMapEntryDefer(m, fake);
  }
  pmapCopy(m, dstMap.pmap, srcMap.pmap, dst.start, dst.end - dst.start, start);
}

/** VM_INHERIT_SHARE: the child's entry maps the same object. */
function forkShared(m: Machine, vm1: Vmspace, vm2: Vmspace, old: VmMapEntry): void {
  if (old.object === null) vmMapEntryBack(m, old);
  let object = old.object!;
  vmObjectReference(m, object);
  if ((old.eflags & MAP_ENTRY_NEEDS_COPY) !== 0) {
    vmObjectShadow(m, old, old.end - old.start, old.charged, true);
    old.eflags &= ~MAP_ENTRY_NEEDS_COPY;
    old.charged = false;
    vmObjectDeallocate(m, object);
    object = old.object!;
  } else {
    m.counters[VM_OBJECT_WRITE_LOCKS]++;
    object.flags &= ~OBJ_ONEMAPPING;
    if (old.charged) {
      object.charged = true;
      object.charge = old.end - old.start;
      old.charged = false;
    }
  }
  const entry = vmMapEntryCopyOf(m, old);
  entry.eflags &= ~(MAP_ENTRY_USER_WIRED | MAP_ENTRY_IN_TRANSITION);
  entry.wiring = false;
  entry.wiredCount = 0;
  if ((entry.eflags & MAP_ENTRY_WRITECNT) !== 0) vmPagerUpdateWritecount(m, object, entry.end - entry.start);
  vmMapEntryLink(m, vm2.map, entry);
  countForked(vm1, vm2, entry);
  pmapCopy(m, vm2.pmap, vm1.pmap, entry.start, old.end - old.start, old.start);
}

/** VM_INHERIT_COPY */
function forkCopied(m: Machine, vm1: Vmspace, vm2: Vmspace, old: VmMapEntry): void {
  const entry = vmMapEntryCopyOf(m, old);
  entry.eflags &= ~(MAP_ENTRY_USER_WIRED | MAP_ENTRY_IN_TRANSITION | MAP_ENTRY_WRITECNT);
  entry.wiring = false;
  entry.wiredCount = 0;
  entry.object = null;
  entry.charged = false;
  vmMapEntryLink(m, vm2.map, entry);
  countForked(vm1, vm2, entry);
  copyEntry(m, vm1.map, vm2.map, old, entry);
}

/** VM_INHERIT_ZERO: fresh anonymous memory in its place. */
function forkZeroed(m: Machine, vm1: Vmspace, vm2: Vmspace, old: VmMapEntry): void {
  const entry = vmMapEntryCopyOf(m, old);
  entry.eflags &= ~(MAP_ENTRY_USER_WIRED | MAP_ENTRY_IN_TRANSITION | MAP_ENTRY_WRITECNT | MAP_ENTRY_VN_EXEC);
  entry.object = null;
  entry.offset = 0;
  entry.wiring = false;
  entry.wiredCount = 0;
  entry.readAhead = 0;
  entry.nextRead = 0;
  entry.inheritance = VM_INHERIT_ZERO;
  entry.charged = false;
  vmMapEntryLink(m, vm2.map, entry);
  countForked(vm1, vm2, entry);
  entry.charged = true;
  m.vm.swapReserved += entry.end - entry.start;
}

/**
 * Creates a vmspace from vm1, following the inheritance of its entries. p is the running process. FreeBSD: vmspace_fork
 */
export function vmspaceFork(m: Machine, p: Proc, vm1: Vmspace): Vmspace {
  enterPlace(m, IN_VMSPACE_FORK);
  const oldMap = vm1.map;
  const vm2 = vmspaceAlloc(m, oldMap.minOffset, oldMap.maxOffset, p.kpti);
  const newMap = vm2.map;
  m.counters[FORKS]++;
  vm2.taddr = vm1.taddr;
  vm2.daddr = vm1.daddr;
  vm2.maxsaddr = vm1.maxsaddr;
  vm2.stacktop = vm1.stacktop;
  vmMapLock(m, oldMap);
  vmMapTrylock(m, newMap);
  pmapVmspaceCopy(m, vm2.pmap, vm1.pmap);
  const { header } = oldMap;
  for (let old = header.right; old !== header; old = vmMapEntrySucc(old)) {
    let inheritance = old.inheritance;
    if ((old.eflags & MAP_ENTRY_GUARD) !== 0 && inheritance !== VM_INHERIT_NONE) inheritance = VM_INHERIT_COPY;
    if (inheritance === VM_INHERIT_SHARE) forkShared(m, vm1, vm2, old);
    else if (inheritance === VM_INHERIT_COPY) forkCopied(m, vm1, vm2, old);
    else if (inheritance === VM_INHERIT_ZERO) forkZeroed(m, vm1, vm2, old);
  }
  if (m.recording) notePvEntries(m, vm2.pmap, false);
  vmMapUnlockOnly(oldMap);
  vmMapUnlockOnly(newMap);
  vmMapProcessDeferred(m);
  leavePlace(m);
  return vm2;
}
