/**
 * Stacks: a mapped top, and below it a guard into which the stack grows on faults. FreeBSD: sys/vm/vm_map.c
 * vm_map_stack_locked, vm_map_growstack.
 */
import type { Machine } from '../hunks.ts';
import {
  MAP_ENTRY_GROWS_DOWN,
  MAP_ENTRY_GUARD,
  MAP_ENTRY_STACK_GAP_DN,
  type VmMap,
  type VmMapEntry,
} from '../state/vm.ts';
import { PAGE_SIZE, VM_PROT_NONE, roundPage, type Va } from '../units.ts';
import {
  KERN_FAILURE,
  KERN_INVALID_ADDRESS,
  KERN_INVALID_ARGUMENT,
  KERN_NO_SPACE,
  KERN_SUCCESS,
  MAP_CREATE_GUARD,
  MAP_CREATE_STACK_GAP_DN,
  MAP_STACK_GROWS_DOWN,
  STACK_GROW_BYTES,
  STACK_LIMIT,
} from './codes.ts';
import { vmMapDelete, vmMapEntryDelete } from './delete.ts';
import { vmMapInsert, vmMapRangeValid } from './insert.ts';
import { vmMapLockDowngrade, vmMapLockUpgrade } from './map-lock.ts';
import { entryHolds, vmMapEntryPred, vmMapEntryResize, vmMapEntrySucc, vmMapLookupEntry } from './map-tree.ts';

const GAP = MAP_CREATE_GUARD | MAP_CREATE_STACK_GAP_DN;
/** Bytes at the bottom of a stack's reservation into which it never grows. FreeBSD: security.bsd.stack_guard_page */
const GUARD_BYTES = PAGE_SIZE;

/** Reserves `length` bytes at `bottom` for a stack that grows down from their top. FreeBSD: vm_map_stack_locked */
export function vmMapStackLocked(
  m: Machine,
  map: VmMap,
  bottom: Va,
  length: number,
  prot: number,
  max: number,
  cow: number,
): number {
  const top = bottom + length;
  if (length === 0 || !vmMapRangeValid(map, bottom, top)) return KERN_INVALID_ADDRESS;
  if (GUARD_BYTES >= length) return KERN_INVALID_ARGUMENT;
  const initial = length < STACK_GROW_BYTES + GUARD_BYTES ? length - GUARD_BYTES : STACK_GROW_BYTES;
  const prev = vmMapLookupEntry(m, map, bottom);
  if (entryHolds(map, prev, bottom)) return KERN_NO_SPACE;
  if (vmMapEntrySucc(prev).start < top) return KERN_NO_SPACE;
  const start = top - initial;
  let rv = vmMapInsert(m, map, null, 0, start, top, prot, max, cow);
  if (rv !== KERN_SUCCESS) return rv;
  const entry = vmMapEntrySucc(prev);
  if (bottom === start) return KERN_SUCCESS;
  rv = vmMapInsert(m, map, null, 0, bottom, start, VM_PROT_NONE, VM_PROT_NONE, GAP);
  if (rv === KERN_SUCCESS) vmMapEntryPred(entry).nextRead = GUARD_BYTES;
  else vmMapDelete(m, map, start, top);
  return rv;
}

/**
 * Grows the stack above `gap` down to addr with a new entry, in steps of 128 KiB as far as guard and limit allow.
 * Refuses to grow another process's stack. The map is read-locked before and after. FreeBSD: vm_map_growstack
 */
export function vmMapGrowstack(m: Machine, map: VmMap, addr: Va, gap: VmMapEntry): number {
  const p = m.curproc;
  if (p === null || map !== p.vmspace.map) return KERN_FAILURE;
  const vm = p.vmspace;
  if ((gap.eflags & MAP_ENTRY_GUARD) === 0) return KERN_SUCCESS;
  if ((gap.eflags & MAP_ENTRY_STACK_GAP_DN) === 0) return KERN_FAILURE;
  const stack = vmMapEntrySucc(gap);
  if ((stack.eflags & MAP_ENTRY_GROWS_DOWN) === 0 || stack.start !== gap.end) return KERN_FAILURE;
  let grow = roundPage(stack.start - addr);
  const guard = gap.nextRead;
  let maxGrow = gap.end - gap.start;
  if (guard > maxGrow) return KERN_NO_SPACE;
  maxGrow -= guard;
  if (grow > maxGrow) return KERN_NO_SPACE;
  const isMain = addr >= vm.maxsaddr && addr < vm.stacktop;
  const used = vm.ssize * PAGE_SIZE;
  if (isMain && used + grow > STACK_LIMIT) return KERN_NO_SPACE;
  grow = Math.min(Math.ceil(grow / STACK_GROW_BYTES) * STACK_GROW_BYTES, maxGrow);
  if (isMain && used + grow > STACK_LIMIT) grow = STACK_LIMIT - used;

  vmMapLockUpgrade(m, map);
  const start = gap.end - grow;
  const gapStart = gap.start;
  const gapEnd = gap.end;
  const consumed = gapStart === start;
  if (consumed) vmMapEntryDelete(m, map, gap);
  else vmMapEntryResize(m, map, gap, -grow);
  const rv = vmMapInsert(m, map, null, 0, start, gapEnd, stack.protection, stack.maxProtection, MAP_STACK_GROWS_DOWN);
  if (rv !== KERN_SUCCESS) {
    if (consumed) vmMapInsert(m, map, null, 0, gapStart, gapEnd, VM_PROT_NONE, VM_PROT_NONE, GAP);
    else vmMapEntryResize(m, map, gap, grow);
  } else if (isMain) {
    vm.ssize += grow / PAGE_SIZE;
  }
  vmMapLockDowngrade(m, map);
  return rv;
}
