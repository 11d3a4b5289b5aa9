/**
 * Memory system calls of p, which is running. They return 0 or an error number; a result value goes to m.retval.
 * FreeBSD: sys/vm/vm_mmap.c kern_mmap and others, sys/vm/vm_unix.c kern_break.
 */
import { enterPlace, leavePlace } from '../events.ts';
import type { Machine } from '../hunks.ts';
import {
  IN_KERN_BREAK,
  IN_KERN_MADVISE,
  IN_KERN_MINHERIT,
  IN_KERN_MLOCK,
  IN_KERN_MMAP,
  IN_KERN_MPROTECT,
  IN_KERN_MSYNC,
  IN_KERN_MUNLOCK,
  IN_KERN_MUNMAP,
} from '../places.ts';
import type { Proc } from '../state/proc.ts';
import {
  PAGE_SHIFT,
  PAGE_SIZE,
  VM_PROT_ALL,
  VM_PROT_NONE,
  VM_PROT_READ,
  VM_PROT_WRITE,
  atop,
  roundPage,
  truncPage,
  type Va,
} from '../units.ts';
import { vmMapInherit, vmMapMadvise, vmMapSync } from '../vm/advise.ts';
import {
  DATA_LIMIT,
  KERN_INVALID_ADDRESS,
  KERN_INVALID_ARGUMENT,
  KERN_NO_SPACE,
  KERN_OUT_OF_BOUNDS,
  KERN_PROTECTION_FAILURE,
  KERN_SUCCESS,
} from '../vm/codes.ts';
import { vmMapDelete } from '../vm/delete.ts';
import { vmMapInsert, vmMapRangeValid } from '../vm/insert.ts';
import { vmMapLock, vmMapUnlock } from '../vm/map-lock.ts';
import {
  MAP_ALIGNMENT_MASK,
  MAP_ALIGNMENT_SHIFT,
  MAP_ANON,
  MAP_EXCL,
  MAP_FIXED,
  MAP_GUARD,
  MAP_PRIVATE,
  MAP_SHARED,
  MAP_STACK,
  afterHeap,
  fileMaxProt,
  vmMmapFile,
  vmMmapObject,
  vmPhysObject,
} from '../vm/mmap.ts';
import { vmObjectDeallocate } from '../vm/object.ts';
import { vmMapProtect } from '../vm/protect.ts';
import { vmspaceUnshare } from '../vm/vmspace.ts';
import { vmMapUnwire, vmMapWire } from '../vm/wire.ts';
import { EACCES, EBADF, EBUSY, EINVAL, ENOMEM, ENOTSUP } from './errno.ts';
import { idleOtherCpus } from './run.ts';

/** FreeBSD: vm_mmap_to_errno */
function mmapErrno(rv: number): number {
  switch (rv) {
    case KERN_SUCCESS:
      return 0;
    case KERN_INVALID_ADDRESS:
    case KERN_NO_SPACE:
      return ENOMEM;
    case KERN_PROTECTION_FAILURE:
      return EACCES;
    default:
      return EINVAL;
  }
}

/** Flags allowed together with MAP_GUARD. */
const GUARD_FLAGS = MAP_GUARD | MAP_FIXED | MAP_EXCL | MAP_ALIGNMENT_MASK;

/** Do the flags contradict each other or the other arguments? */
function badFlags(prot: number, flags: number, file: number, off: number): boolean {
  const anonymous = (flags & MAP_ANON) !== 0;
  if (anonymous && (file >= 0 || off !== 0)) return true;
  if (
    (flags & MAP_STACK) !== 0 &&
    (file >= 0 || (prot & (VM_PROT_READ | VM_PROT_WRITE)) !== (VM_PROT_READ | VM_PROT_WRITE))
  )
    return true;
  if ((flags & (MAP_EXCL | MAP_FIXED)) === MAP_EXCL) return true;
  if ((flags & (MAP_SHARED | MAP_PRIVATE)) === (MAP_SHARED | MAP_PRIVATE)) return true;
  if ((flags & MAP_GUARD) !== 0 && (prot !== VM_PROT_NONE || file >= 0 || off !== 0 || (flags & ~GUARD_FLAGS) !== 0))
    return true;
  const alignment = flags >>> MAP_ALIGNMENT_SHIFT;
  return alignment > 1 && (alignment < PAGE_SHIFT || alignment >= 64);
}

/** Hint for a mapping that is not fixed at addr: outside the area reserved for the heap. */
function hintFor(p: Proc, addr: Va): Va {
  const vm = p.vmspace;
  const after = afterHeap(vm);
  return addr === 0 || (addr >= roundPage(vm.taddr) && addr < after) ? after : addr;
}

/**
 * mmap. maxProt 0: not given, all rights. file: its number, -1 for none. phys: device-like memory instead of either.
 * The address goes to m.retval. FreeBSD: kern_mmap, sys_mmap
 */
export function sysMmap(
  m: Machine,
  p: Proc,
  addr: number,
  len: number,
  prot: number,
  maxProt: number,
  mmapFlags: number,
  file: number,
  off: number,
  phys = false,
): number {
  enterPlace(m, IN_KERN_MMAP);
  const error = mapMemory(m, p, addr, len, prot, maxProt, mmapFlags, file, off, phys);
  leavePlace(m);
  return error;
}

/** kern_mmap without entering a place of its own: exec uses it to map an image. FreeBSD: kern_mmap */
export function mapMemory(
  m: Machine,
  p: Proc,
  addr: number,
  len: number,
  prot: number,
  maxProt: number,
  mmapFlags: number,
  file: number,
  off: number,
  phys: boolean,
): number {
  const max = maxProt === 0 ? VM_PROT_ALL : maxProt;
  if ((max & prot) !== prot) return ENOTSUP;
  const flags = (mmapFlags & MAP_STACK) !== 0 ? mmapFlags | MAP_ANON : mmapFlags;
  if (len === 0 || badFlags(prot, flags, file, off)) return EINVAL;
  const pageoff = off % PAGE_SIZE;
  const size = roundPage(len + pageoff);
  const vm = p.vmspace;
  let at = addr;
  if ((flags & MAP_FIXED) !== 0) {
    at -= pageoff;
    if (at % PAGE_SIZE !== 0 || !vmMapRangeValid(vm.map, at, at + size)) return EINVAL;
  } else {
    at = hintFor(p, addr);
  }
  let rv: number;
  if ((flags & MAP_GUARD) !== 0) {
    rv = vmMmapObject(m, vm, at, size, VM_PROT_NONE, VM_PROT_NONE, flags, null, 0, false);
  } else if (phys) {
    rv = mmapPhys(m, p, at, size, prot, max, flags);
  } else if ((flags & MAP_ANON) !== 0) {
    rv = vmMmapObject(m, vm, at, size, prot, max, flags, null, 0, false);
  } else {
    const vmFile = m.files[file];
    if (vmFile === undefined) return EBADF;
    if ((flags & (MAP_SHARED | MAP_PRIVATE)) === 0) return EINVAL;
    const allowed = fileMaxProt(vmFile, prot, max, flags);
    if (allowed === 0) return EACCES;
    rv = vmMmapFile(m, vm, at, size, prot, allowed, flags, vmFile, off - pageoff);
  }
  if (rv === KERN_SUCCESS) m.retval += pageoff;
  return mmapErrno(rv);
}

/** Maps unmanaged pages of a new object, as a device does. */
function mmapPhys(m: Machine, p: Proc, at: Va, size: number, prot: number, max: number, flags: number): number {
  const object = vmPhysObject(m, atop(size));
  const shared = (flags & ~MAP_ANON & ~MAP_PRIVATE) | MAP_SHARED;
  const rv = vmMmapObject(m, p.vmspace, at, size, prot, max, shared, object, 0, false);
  if (rv !== KERN_SUCCESS) vmObjectDeallocate(m, object);
  return rv;
}

/** FreeBSD: kern_munmap, sys_munmap */
export function sysMunmap(m: Machine, p: Proc, addr: number, len: number): number {
  if (len === 0) return EINVAL;
  const { map } = p.vmspace;
  const start = truncPage(addr);
  const end = start + roundPage(len + addr - start);
  if (!vmMapRangeValid(map, start, end)) return EINVAL;
  enterPlace(m, IN_KERN_MUNMAP);
  vmMapLock(m, map);
  vmMapDelete(m, map, start, end);
  vmMapUnlock(m, map);
  leavePlace(m);
  return 0;
}

/** mprotect. maxProt 0 keeps the maximum. FreeBSD: kern_mprotect, sys_mprotect */
export function sysMprotect(m: Machine, p: Proc, addr: number, len: number, prot: number, maxProt = 0): number {
  const start = truncPage(addr);
  const end = start + roundPage(len + addr - start);
  enterPlace(m, IN_KERN_MPROTECT);
  const rv = vmMapProtect(m, p.vmspace.map, start, end, prot, maxProt === 0 ? -1 : maxProt);
  leavePlace(m);
  if (rv === KERN_PROTECTION_FAILURE) return EACCES;
  return rv === KERN_OUT_OF_BOUNDS ? ENOTSUP : 0;
}

/** minherit; inheritance is a VM_INHERIT_ value. FreeBSD: kern_minherit, sys_minherit */
export function sysMinherit(m: Machine, p: Proc, addr: number, len: number, inheritance: number): number {
  if (!(inheritance >= 0 && inheritance <= 3)) return EINVAL;
  const start = truncPage(addr);
  const end = start + roundPage(len + addr - start);
  enterPlace(m, IN_KERN_MINHERIT);
  vmMapInherit(m, p.vmspace.map, start, end, inheritance);
  leavePlace(m);
  return 0;
}

/** madvise; advice is a MADV_ value. FreeBSD: kern_madvise, sys_madvise */
export function sysMadvise(m: Machine, p: Proc, addr: number, len: number, advice: number): number {
  const { map } = p.vmspace;
  if (!vmMapRangeValid(map, addr, addr + len)) return EINVAL;
  enterPlace(m, IN_KERN_MADVISE);
  const known = vmMapMadvise(m, map, truncPage(addr), roundPage(addr + len), advice);
  leavePlace(m);
  return known ? 0 : EINVAL;
}

/** msync. FreeBSD: kern_msync, sys_msync */
export function sysMsync(m: Machine, p: Proc, addr: number, len: number, flags: number): number {
  const start = truncPage(addr);
  const end = start + roundPage(len + addr - start);
  const MS_ASYNC = 1;
  const MS_INVALIDATE = 2;
  if ((flags & (MS_ASYNC | MS_INVALIDATE)) === (MS_ASYNC | MS_INVALIDATE)) return EINVAL;
  enterPlace(m, IN_KERN_MSYNC);
  const rv = vmMapSync(m, p.vmspace.map, start, end, (flags & MS_INVALIDATE) !== 0);
  leavePlace(m);
  if (rv === KERN_INVALID_ADDRESS) return ENOMEM;
  return rv === KERN_INVALID_ARGUMENT ? EBUSY : 0;
}

/** FreeBSD: kern_mlock, sys_mlock */
export function sysMlock(m: Machine, p: Proc, addr: number, len: number): number {
  enterPlace(m, IN_KERN_MLOCK);
  const rv = vmMapWire(m, p.vmspace.map, truncPage(addr), roundPage(addr + len));
  leavePlace(m);
  if (rv === KERN_SUCCESS) return 0;
  return rv === KERN_INVALID_ARGUMENT ? EINVAL : ENOMEM;
}

/** FreeBSD: kern_munlock, sys_munlock */
export function sysMunlock(m: Machine, p: Proc, addr: number, len: number): number {
  enterPlace(m, IN_KERN_MUNLOCK);
  const rv = vmMapUnwire(m, p.vmspace.map, truncPage(addr), roundPage(addr + len));
  leavePlace(m);
  return rv === KERN_SUCCESS ? 0 : ENOMEM;
}

/**
 * Moves the break; the new break goes to m.retval. A newEnd below the heap only queries it. FreeBSD: kern_break,
 * sys_break
 */
export function sysBrk(m: Machine, p: Proc, newEnd: number): number {
  const vm = p.vmspace;
  const { map } = vm;
  const to = roundPage(newEnd);
  enterPlace(m, IN_KERN_BREAK);
  vmMapLock(m, map);
  const base = roundPage(vm.daddr);
  const old = base + vm.dsize * PAGE_SIZE;
  let error = 0;
  m.retval = to;
  if (to < base) {
    m.retval = old;
  } else if (to > base && ((to - base > DATA_LIMIT && to > old) || to > map.maxOffset)) {
    error = ENOMEM;
  } else if (to > old) {
    if (vmMapInsert(m, map, null, 0, old, to, VM_PROT_READ | VM_PROT_WRITE, VM_PROT_ALL, 0) === KERN_SUCCESS)
      vm.dsize += atop(to - old);
    else error = ENOMEM;
  } else if (to < old) {
    vmMapDelete(m, map, to, old);
    vm.dsize -= atop(old - to);
  }
  vmMapUnlock(m, map);
  leavePlace(m);
  return error;
}

/**
 * rfork without RFPROC and RFMEM: gives p a private copy of a shared vmspace. Other threads of p are quiesced.
 * FreeBSD: fork_norfproc
 */
export function sysUnshare(m: Machine, p: Proc): number {
  idleOtherCpus(m, p);
  vmspaceUnshare(m, p);
  return 0;
}
