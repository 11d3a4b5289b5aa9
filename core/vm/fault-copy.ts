/**
 * Copying the pages of a wired entry at once: at fork, or when it becomes writable.
 * FreeBSD: sys/vm/vm_fault.c vm_fault_copy_entry.
 */
import { VM_OBJECT_READ_LOCKS, VM_OBJECT_WRITE_LOCKS } from '../counters.ts';
import { enterPlace, leavePlace } from '../events.ts';
import type { Machine } from '../hunks.ts';
import { vmWait } from '../page/page.ts';
import { KernelPanic } from '../panic.ts';
import { IN_VM_FAULT_COPY_ENTRY } from '../places.ts';
import { pmapCopyPage, pmapEnter } from '../pmap/index.ts';
import { PQ_INACTIVE, VM_PAGE_BITS_ALL } from '../state/page.ts';
import {
  MAP_ENTRY_COW,
  MAP_ENTRY_NEEDS_COPY,
  MAP_ENTRY_VN_EXEC,
  OBJT_DEFAULT,
  OBJ_COLORED,
  PG_COLORS,
  type VmMap,
  type VmMapEntry,
  type VmObject,
} from '../state/vm.ts';
import { PAGE_SIZE, PMAP_ENTER_WIRED, VM_PROT_WRITE, type Frame } from '../units.ts';
import { vmObjectAllocateAnon, vmObjectDeallocate, vmObjectReference } from './object.ts';
import { vmPageActivate, vmPageAlloc, vmPageLookup, vmPageUnwire, vmPageWire } from './pages.ts';

function allocate(m: Machine, object: VmObject, pindex: number): Frame {
  for (;;) {
    const frame = vmPageAlloc(m, object, pindex);
    if (frame !== 0) return frame;
    vmWait(m);
  }
}

/** Returns the object that receives the copies. FreeBSD: vm_fault_copy_entry (its first part) */
function destination(m: Machine, dst: VmMapEntry, source: VmObject, upgrade: boolean, forking: boolean): VmObject {
  let object = source;
  if (upgrade && (dst.eflags & MAP_ENTRY_NEEDS_COPY) === 0) {
    vmObjectReference(m, source);
  } else {
    const bytes = dst.end - dst.start;
    object = vmObjectAllocateAnon(m, bytes / PAGE_SIZE, null, false, 0);
    object.flags |= OBJ_COLORED;
    object.color = ((dst.start / PAGE_SIZE) % PG_COLORS) | 0;
    object.charge = bytes;
    dst.object = object;
    dst.offset = 0;
    dst.eflags &= ~MAP_ENTRY_VN_EXEC;
  }
  m.counters[VM_OBJECT_WRITE_LOCKS]++;
  if (forking) {
    object.charged = true;
    m.vm.swapReserved += object.charge;
  } else if (object.type === OBJT_DEFAULT && !object.charged) {
    object.charged = dst.charged;
    dst.charged = false;
  }
  return object;
}

/**
 * Gives dst a private copy of every page of src and maps it. If a wired entry becomes writable, src and dst are the
 * same entry; otherwise src is the parent's and the copies are not wired. Both maps are write-locked. forking: swap is
 * charged for the copy. FreeBSD: vm_fault_copy_entry
 */
export function vmFaultCopyEntry(m: Machine, dstMap: VmMap, dst: VmMapEntry, src: VmMapEntry, forking: boolean): void {
  enterPlace(m, IN_VM_FAULT_COPY_ENTRY);
  const { counters, page } = m;
  const upgrade = src === dst;
  const prot = dst.protection;
  const access = upgrade ? prot : prot & ~VM_PROT_WRITE;
  const source = src.object!;
  const first = src.offset / PAGE_SIZE;
  const target = destination(m, dst, source, upgrade, forking);
  const pages = (dst.end - dst.start) / PAGE_SIZE;
  for (let at = 0; at < pages; at++) {
    let object = source;
    let pindex = first + at;
    if (source !== target) counters[VM_OBJECT_READ_LOCKS]++;
    let from = vmPageLookup(m, object, pindex);
    while (from === 0 && object.backing !== null) {
      counters[VM_OBJECT_READ_LOCKS]++;
      pindex += object.backingOffset / PAGE_SIZE;
      object = object.backing;
      from = vmPageLookup(m, object, pindex);
    }
    if (from === 0) throw new KernelPanic('vm_fault_copy_entry', 'page missing', { start: dst.start, page: at });
    let to = from;
    if (object !== target) {
      to = allocate(m, target, (source === target ? first : 0) + at);
      pmapCopyPage(m, from, to);
      page.valid[to] = page.valid[from];
      page.dirty[to] = page.valid[from];
    } else if (page.pindex[to] >= target.size) {
      break;
    }
    if (page.valid[to] === VM_PAGE_BITS_ALL) {
      const va = dst.start + at * PAGE_SIZE;
      pmapEnter(m, dstMap.pmap, va, to, prot, access | (upgrade ? PMAP_ENTER_WIRED : 0), 0);
      counters[VM_OBJECT_WRITE_LOCKS]++;
    }
    if (upgrade && from !== to) {
      vmPageUnwire(m, from, PQ_INACTIVE);
      vmPageWire(m, to);
    }
    if (!upgrade) vmPageActivate(m, to);
  }
  if (upgrade) {
    dst.eflags &= ~(MAP_ENTRY_COW | MAP_ENTRY_NEEDS_COPY);
    vmObjectDeallocate(m, source);
  }
  leavePlace(m);
}
