/**
 * Turning the arguments of mmap into a mapping. FreeBSD: sys/vm/vm_mmap.c vm_mmap_object, sys/kern/vfs_vnops.c vn_mmap.
 */
import { VM_OBJECT_WRITE_LOCKS } from '../counters.ts';
import type { Machine } from '../hunks.ts';
import {
  OBJT_PHYS,
  OBJ_COLORED,
  OBJ_POPULATE,
  OBJ_UNMANAGED,
  type VmFile,
  type VmObject,
  type Vmspace,
} from '../state/vm.ts';
import { VM_PROT_ALL, VM_PROT_EXECUTE, VM_PROT_READ, VM_PROT_WRITE, roundPage, type Pages, type Va } from '../units.ts';
import {
  DATA_LIMIT,
  KERN_SUCCESS,
  MAP_CHECK_EXCL,
  MAP_COPY_ON_WRITE,
  MAP_CREATE_GUARD,
  MAP_DISABLE_COREDUMP,
  MAP_DISABLE_SYNCER,
  MAP_INHERIT_SHARE,
  MAP_PREFAULT,
  MAP_PREFAULT_PARTIAL,
  MAP_STACK_GROWS_DOWN,
  MAP_WRITECOUNT,
  VMFS_OPTIMAL_SPACE,
  VMFS_SUPER_SPACE,
} from './codes.ts';
import { vmPagerReleaseWritecount, vmPagerUpdateWritecount } from './map-lock.ts';
import { vmMapFindMin, vmMapFixed } from './map.ts';
import { vmObjectAllocate, vmObjectDeallocate, vmObjectReference } from './object.ts';

/** Flags of mmap. FreeBSD: sys/sys/mman.h */
export const MAP_SHARED = 0x1;
export const MAP_PRIVATE = 0x2;
export const MAP_FIXED = 0x10;
export const MAP_STACK = 0x400;
export const MAP_NOSYNC = 0x800;
export const MAP_ANON = 0x1000;
export const MAP_GUARD = 0x2000;
export const MAP_EXCL = 0x4000;
export const MAP_NOCORE = 0x20000;
export const MAP_PREFAULT_READ = 0x40000;
/** Alignment: its log2 in the top byte; a value of 1 means superpage alignment. */
export const MAP_ALIGNMENT_SHIFT = 24;
export const MAP_ALIGNED_SUPER = 1 << MAP_ALIGNMENT_SHIFT;
export const MAP_ALIGNMENT_MASK = 0xff << MAP_ALIGNMENT_SHIFT;

/** Where the kernel places mappings by default: after the largest possible heap. FreeBSD: kern_mmap */
export const afterHeap = (vm: Vmspace): Va => roundPage(vm.daddr + DATA_LIMIT);

function cowOf(flags: number, writecounted: boolean): number {
  let cow = 0;
  if ((flags & MAP_ANON) === 0) cow = (flags & MAP_PREFAULT_READ) !== 0 ? MAP_PREFAULT : MAP_PREFAULT_PARTIAL;
  if ((flags & (MAP_ANON | MAP_SHARED)) === 0) cow |= MAP_COPY_ON_WRITE;
  if ((flags & MAP_NOSYNC) !== 0) cow |= MAP_DISABLE_SYNCER;
  if ((flags & MAP_NOCORE) !== 0) cow |= MAP_DISABLE_COREDUMP;
  if ((flags & MAP_SHARED) !== 0) cow |= MAP_INHERIT_SHARE;
  if (writecounted) cow |= MAP_WRITECOUNT;
  if ((flags & MAP_STACK) !== 0) cow |= MAP_STACK_GROWS_DOWN;
  if ((flags & MAP_EXCL) !== 0) cow |= MAP_CHECK_EXCL;
  if ((flags & MAP_GUARD) !== 0) cow |= MAP_CREATE_GUARD;
  return cow;
}

/**
 * Maps an object, or anonymous memory, as the flags of mmap specify. `size` and `offset` are page-aligned. Returns a
 * KERN_ code; the address goes to m.retval. FreeBSD: vm_mmap_object, vm_mmap
 */
export function vmMmapObject(
  m: Machine,
  vm: Vmspace,
  addr: Va,
  size: number,
  prot: number,
  max: number,
  flags: number,
  object: VmObject | null,
  offset: number,
  writecounted: boolean,
): number {
  const cow = cowOf(flags, writecounted);
  if ((flags & MAP_FIXED) !== 0) {
    const rv = vmMapFixed(m, vm.map, object, offset, addr, size, prot, max, cow);
    m.retval = addr;
    return rv;
  }
  const alignment = flags & MAP_ALIGNMENT_MASK;
  let findSpace = VMFS_OPTIMAL_SPACE;
  if (alignment === MAP_ALIGNED_SUPER) findSpace = VMFS_SUPER_SPACE;
  else if (alignment !== 0) findSpace = (flags >>> MAP_ALIGNMENT_SHIFT) << 8;
  return vmMapFindMin(m, vm.map, object, offset, roundPage(addr), size, afterHeap(vm), findSpace, prot, max, cow);
}

/** Returns the maximum protection of a mapping of this file, or 0 if it may not be mapped this way. FreeBSD: vn_mmap */
export function fileMaxProt(file: VmFile, prot: number, max: number, flags: number): number {
  let allowed = VM_PROT_READ | VM_PROT_EXECUTE;
  let granted = max;
  if ((flags & MAP_SHARED) === 0) {
    allowed |= VM_PROT_WRITE;
    granted |= VM_PROT_WRITE;
  } else if (file.writable) {
    allowed |= VM_PROT_WRITE;
  } else if ((prot & VM_PROT_WRITE) !== 0) {
    return 0;
  }
  return allowed & granted & VM_PROT_ALL;
}

/** Maps a file. Returns a KERN_ code; the address goes to m.retval. FreeBSD: vn_mmap, vm_mmap_vnode */
export function vmMmapFile(
  m: Machine,
  vm: Vmspace,
  addr: Va,
  size: number,
  prot: number,
  max: number,
  flags: number,
  file: VmFile,
  offset: number,
): number {
  const { object } = file;
  const writecounted = (max & VM_PROT_WRITE) !== 0 && (flags & MAP_SHARED) !== 0;
  if (writecounted) vmPagerUpdateWritecount(m, object, size);
  vmObjectReference(m, object);
  if (m.config.superpages && (object.flags & OBJ_COLORED) === 0) {
    m.counters[VM_OBJECT_WRITE_LOCKS]++;
    object.flags |= OBJ_COLORED;
    object.color = 0;
  }
  const rv = vmMmapObject(m, vm, addr, size, prot, max, flags, object, offset, writecounted);
  if (rv !== KERN_SUCCESS) {
    if (writecounted) vmPagerReleaseWritecount(m, object, size);
    vmObjectDeallocate(m, object);
  }
  return rv;
}

/** Creates an object of unmanaged pages that its pager fills on demand. FreeBSD: phys_pager_alloc */
export function vmPhysObject(m: Machine, pages: Pages): VmObject {
  return vmObjectAllocate(m, OBJT_PHYS, pages, OBJ_UNMANAGED | OBJ_POPULATE);
}
