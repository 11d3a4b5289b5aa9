/** Placing mappings: at a given address, or at the lowest one that fits. FreeBSD: sys/vm/vm_map.c. */
import { enterPlace, leavePlace } from '../events.ts';
import type { Machine } from '../hunks.ts';
import { KernelPanic } from '../panic.ts';
import { IN_VM_MAP_FIXED } from '../places.ts';
import { OBJ_COLORED, type VmMap, type VmObject } from '../state/vm.ts';
import { NBPDR, PAGE_SIZE, type Va } from '../units.ts';
import {
  KERN_NO_SPACE,
  KERN_SUCCESS,
  MAP_CHECK_EXCL,
  MAP_STACK_GROWS_DOWN,
  VMFS_ANY_SPACE,
  VMFS_NO_SPACE,
  VMFS_OPTIMAL_SPACE,
} from './codes.ts';
import { vmMapDelete } from './delete.ts';
import { vmMapInsert } from './insert.ts';
import { vmMapLock, vmMapUnlock } from './map-lock.ts';
import { vmMapFindspace } from './map-tree.ts';
import { vmMapStackLocked } from './stack.ts';

/** Inserts a stack or a plain mapping, depending on the `cow` argument. */
function place(
  m: Machine,
  map: VmMap,
  object: VmObject | null,
  offset: number,
  start: Va,
  length: number,
  prot: number,
  max: number,
  cow: number,
): number {
  return (cow & MAP_STACK_GROWS_DOWN) !== 0
    ? vmMapStackLocked(m, map, start, length, prot, max, cow)
    : vmMapInsert(m, map, object, offset, start, start + length, prot, max, cow);
}

/** Maps at `start` and replaces existing mappings there, unless MAP_CHECK_EXCL is set. FreeBSD: vm_map_fixed */
export function vmMapFixed(
  m: Machine,
  map: VmMap,
  object: VmObject | null,
  offset: number,
  start: Va,
  length: number,
  prot: number,
  max: number,
  cow: number,
): number {
  enterPlace(m, IN_VM_MAP_FIXED);
  vmMapLock(m, map);
  if ((cow & MAP_CHECK_EXCL) === 0) vmMapDelete(m, map, start, start + length);
  const rv = place(m, map, object, offset, start, length, prot, max, cow);
  vmMapUnlock(m, map);
  leavePlace(m);
  return rv;
}

/**
 * Returns the address at or above addr where most of a mapping can use 2M pages. FreeBSD: pmap_align_superpage
 */
function alignSuperpage(object: VmObject | null, offset: number, addr: Va, size: number): Va {
  if (size < NBPDR) return addr;
  const shifted = object !== null && (object.flags & OBJ_COLORED) !== 0 ? offset + object.color * PAGE_SIZE : offset;
  const within = shifted % NBPDR;
  const lead = (NBPDR - within) % NBPDR;
  if (size - lead < NBPDR || addr % NBPDR === within) return addr;
  if (addr % NBPDR < within) return addr - (addr % NBPDR) + within;
  return Math.ceil(addr / NBPDR) * NBPDR + within;
}

/**
 * Searches from the free space at `found` upwards for the first space of `length` bytes aligned to `alignment`, or for
 * superpages if that is 0. Returns -1 if there is none. FreeBSD: vm_map_alignspace
 */
function alignspace(
  m: Machine,
  map: VmMap,
  object: VmObject | null,
  offset: number,
  found: Va,
  length: number,
  alignment: number,
): Va {
  // The kernel's assertion. It searches, and so restructures the tree.
  if (vmMapFindspace(m, map, found, length) !== found)
    throw new KernelPanic('vm_map_alignspace', 'caller failed to provide space', { length, address: found });
  let free = found;
  for (;;) {
    const aligned =
      alignment === 0 ? alignSuperpage(object, offset, free, length) : Math.ceil(free / alignment) * alignment;
    if (aligned === free) return free;
    free = vmMapFindspace(m, map, aligned, length);
    if (free + length > map.maxOffset) return -1;
    if (free === aligned) return free;
  }
}

/** Maps at the lowest suitable address at or above `addr`; the address goes to m.retval. FreeBSD: vm_map_find */
export function vmMapFind(
  m: Machine,
  map: VmMap,
  object: VmObject | null,
  offset: number,
  addr: Va,
  length: number,
  findSpace: number,
  prot: number,
  max: number,
  cow: number,
): number {
  vmMapLock(m, map);
  const at = chooseAddress(m, map, object, offset, addr, length, findSpace);
  let rv = KERN_NO_SPACE;
  if (at >= 0) {
    rv = place(m, map, object, offset, at, length, prot, max, cow);
    if (rv === KERN_SUCCESS) m.retval = at;
  }
  vmMapUnlock(m, map);
  return rv;
}

/** Returns -1 if there is no space. Randomization and clustering are off, since the hint is never 0 here. */
function chooseAddress(
  m: Machine,
  map: VmMap,
  object: VmObject | null,
  offset: number,
  addr: Va,
  length: number,
  findSpace: number,
): Va {
  if (findSpace === VMFS_NO_SPACE) return addr;
  const optimal = findSpace === VMFS_OPTIMAL_SPACE;
  const any = findSpace === VMFS_ANY_SPACE || (optimal && (object === null || (object.flags & OBJ_COLORED) === 0));
  const alignment = findSpace > 0xff ? 2 ** (findSpace >> 8) : 0;
  let at = vmMapFindspace(m, map, addr, length);
  if (at + length > map.maxOffset) return -1;
  if (any) return at;
  at = alignspace(m, map, object, offset, at, length, alignment);
  if (at >= 0 || !optimal) return at;
  at = vmMapFindspace(m, map, addr, length);
  return at + length > map.maxOffset ? -1 : at;
}

/** Searches from the hint up, then from the lowest address available to programs. FreeBSD: vm_map_find_min */
export function vmMapFindMin(
  m: Machine,
  map: VmMap,
  object: VmObject | null,
  offset: number,
  hint: Va,
  length: number,
  min: Va,
  findSpace: number,
  prot: number,
  max: number,
  cow: number,
): number {
  const rv = vmMapFind(m, map, object, offset, hint, length, findSpace, prot, max, cow);
  if (rv === KERN_SUCCESS || min >= hint) return rv;
  return vmMapFind(m, map, object, offset, min, length, findSpace, prot, max, cow);
}
