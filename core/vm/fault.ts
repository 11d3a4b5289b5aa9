/** Page faults: find or allocate the page for an address and map it. FreeBSD: sys/vm/vm_fault.c vm_fault. */
import {
  COPY_ON_WRITES,
  HARD_FAULTS,
  SOFT_FAULTS,
  VM_OBJECT_READ_LOCKS,
  VM_OBJECT_WRITE_LOCKS,
  ZERO_FILLS,
} from '../counters.ts';
import { enterPlace, leavePlace } from '../events.ts';
import type { Machine } from '../hunks.ts';
import { vmPageDirty, vmWait } from '../page/page.ts';
import { reservRename } from '../page/reserv.ts';
import { KernelPanic } from '../panic.ts';
import { IN_VM_FAULT } from '../places.ts';
import { pmapCopyPage, pmapEnter, pmapRemoveAll, pmapZeroPage } from '../pmap/index.ts';
import { PQ_INACTIVE, VM_PAGE_BITS_ALL } from '../state/page.ts';
import {
  MAP_ENTRY_BEHAV_MASK,
  MAP_ENTRY_BEHAV_RANDOM,
  OBJT_DEFAULT,
  OBJ_ANON,
  OBJ_COLORED,
  OBJ_ONEMAPPING,
  OBJ_POPULATE,
  PG_COLORS,
  type FaultState,
  type VmMap,
} from '../state/vm.ts';
import { PAGE_SIZE, PMAP_ENTER_WIRED, VM_PROT_WRITE, type Va } from '../units.ts';
import {
  KERN_FAILURE,
  KERN_OUT_OF_BOUNDS,
  KERN_RESTART,
  KERN_SUCCESS,
  VM_FAULT_WIRE,
  VM_PROT_FAULT_LOOKUP,
} from './codes.ts';
import { faultEntry, unlockMap } from './fault-state.ts';
import { vmMapLookup, vmMapLookupLocked } from './lookup.ts';
import { vmMapTrylockRead, vmMapUnlock } from './map-lock.ts';
import { vmObjectDeallocate } from './object.ts';
import { vmPagerGetPages, vmPagerWindow } from './pager.ts';
import {
  vmPageActivate,
  vmPageAlloc,
  vmPageDeactivate,
  vmPageFreeFrom,
  vmPageLookup,
  vmPageRemove,
  vmPageReplace,
  vmPageUnwire,
  vmPageWire,
  vmPageWired,
} from './pages.ts';
import { vmFaultPrefault, vmFaultReadahead } from './prefault.ts';
import { contentsChanged } from './radix.ts';
import { PFBAK, PFFOR, faultDirty, vmFaultSoftFast } from './soft-fast.ts';

/** Pages of the aligned window that a non-sequential fault reads. FreeBSD: VM_FAULT_READ_DEFAULT */
const READ_DEFAULT = 16;

/**
 * Results of a step, in addition to KERN_ codes: continue with the next object; the page is there, after a read or
 * without one.
 */
const FAULT_CONTINUE = -1;
const FAULT_HARD = -2;
const FAULT_SOFT = -3;
const FAULT_RESTART = -4;

/** Releases everything the fault holds. FreeBSD: fault_deallocate, unlock_and_deallocate */
function faultDeallocate(m: Machine, fs: FaultState): void {
  if (fs.object !== fs.firstObject) {
    m.counters[VM_OBJECT_WRITE_LOCKS]++;
    const frame = fs.firstFrame;
    if (frame !== 0 && !vmPageWired(m, frame)) vmPageFreeFrom(m, fs.firstObject, frame);
    fs.firstFrame = 0;
  }
  vmObjectDeallocate(m, fs.firstObject);
  unlockMap(m, fs);
}

/** FreeBSD: vm_fault_restore_map_lock */
function restoreMapLock(m: Machine, fs: FaultState): void {
  vmMapTrylockRead(m, fs.map);
  fs.lookupStillValid = true;
}

/**
 * Lets the pager of a physical object fill and map as much of the entry as it wants. FreeBSD: vm_fault_populate,
 * vm_fault_populate_check_page, vm_fault_populate_cleanup
 */
function populate(m: Machine, fs: FaultState): number {
  const object = fs.firstObject;
  const entry = faultEntry(fs);
  const { page } = m;
  const mapFirst = entry.offset / PAGE_SIZE;
  const mapLast = mapFirst + (entry.end - entry.start) / PAGE_SIZE - 1;
  unlockMap(m, fs);
  // FreeBSD: phys_pager.c default_phys_pager_populate: an aligned window of 1,024 pages, clipped to the entry.
  const base = fs.firstPindex - (fs.firstPindex % 1024);
  const first = Math.max(base, mapFirst);
  const last = Math.min(base + 1023, object.size - 1, mapLast);
  for (let pindex = first; pindex <= last; pindex++) {
    if (vmPageLookup(m, object, pindex) !== 0) continue;
    const frame = vmPageAlloc(m, object, pindex);
    if (frame === 0) return FAULT_RESTART;
    vmPagerGetPages(m, object, pindex, frame, 0, 0);
  }
  restoreMapLock(m, fs);
  for (let pindex = first; pindex <= last; pindex++) {
    const frame = vmPageLookup(m, object, pindex);
    faultDirty(m, fs, frame, object);
    const va = entry.start + pindex * PAGE_SIZE - entry.offset;
    pmapEnter(m, fs.map.pmap, va, frame, fs.prot, fs.faultType | (fs.wired ? PMAP_ENTER_WIRED : 0), 0);
    m.counters[VM_OBJECT_WRITE_LOCKS]++;
    if ((fs.flags & VM_FAULT_WIRE) !== 0 && page.pindex[frame] === fs.firstPindex) vmPageWire(m, frame);
  }
  m.counters[HARD_FAULTS]++;
  return KERN_SUCCESS;
}

/**
 * Allocates a page for the current object and index, or lets the pager handle the whole fault. FreeBSD:
 * vm_fault_allocate, vm_fault_allocate_oom
 */
function allocate(m: Machine, fs: FaultState): number {
  const { object } = fs;
  let res = KERN_OUT_OF_BOUNDS;
  if (fs.pindex < object.size) {
    if (object === fs.firstObject && (object.flags & OBJ_POPULATE) !== 0 && object.shadowCount === 0) {
      res = populate(m, fs);
    } else {
      if ((object.flags & OBJ_COLORED) === 0) {
        object.color = ((((fs.va / PAGE_SIZE - fs.pindex) % PG_COLORS) + PG_COLORS) % PG_COLORS) | 0;
        object.flags |= OBJ_COLORED;
      }
      fs.frame = vmPageAlloc(m, object, fs.pindex);
      if (fs.frame !== 0) return FAULT_CONTINUE;
      res = FAULT_RESTART;
    }
  }
  faultDeallocate(m, fs);
  if (res === FAULT_RESTART) vmWait(m);
  return res;
}

/** Reads the page in, along with a window around it. FreeBSD: vm_fault_getpages */
function getPages(m: Machine, fs: FaultState): number {
  const entry = faultEntry(fs);
  const { start, end } = entry;
  const behaviour = entry.eflags & MAP_ENTRY_BEHAV_MASK;
  if (fs.nera === -1) fs.nera = vmFaultReadahead(m, fs);
  unlockMap(m, fs);
  let behind = 0;
  let ahead = 0;
  if (behaviour !== MAP_ENTRY_BEHAV_RANDOM) {
    if (fs.nera > 0) {
      ahead = fs.nera;
    } else {
      const within = fs.pindex % READ_DEFAULT;
      behind = Math.min(within, (fs.va - start) / PAGE_SIZE);
      ahead = READ_DEFAULT - 1 - within;
    }
    ahead = Math.min(ahead, (end - fs.va) / PAGE_SIZE - 1);
  }
  fs.behind = vmPagerWindow(m, fs.object, fs.pindex, -1, behind);
  fs.ahead = vmPagerWindow(m, fs.object, fs.pindex, 1, ahead);
  vmPagerGetPages(m, fs.object, fs.pindex, fs.frame, fs.behind, fs.ahead);
  return FAULT_HARD;
}

/** Looks for the page in the current object. FreeBSD: vm_fault_object */
function searchObject(m: Machine, fs: FaultState): number {
  const { object } = fs;
  fs.frame = vmPageLookup(m, object, fs.pindex);
  if (fs.frame !== 0 && m.page.valid[fs.frame] === VM_PAGE_BITS_ALL) return FAULT_SOFT;
  const hasPager = object.type !== OBJT_DEFAULT;
  if (fs.frame === 0 && (hasPager || object === fs.firstObject)) {
    const res = allocate(m, fs);
    if (res !== FAULT_CONTINUE) return res;
  }
  return hasPager ? getPages(m, fs) : FAULT_CONTINUE;
}

/** Moves on to the backing object; returns false if there is none. FreeBSD: vm_fault_next */
function nextObject(m: Machine, fs: FaultState): boolean {
  if (fs.object === fs.firstObject) {
    fs.firstFrame = fs.frame;
  } else if (fs.frame !== 0 && !vmPageWired(m, fs.frame)) {
    vmPageFreeFrom(m, fs.object, fs.frame);
  }
  fs.frame = 0;
  const next = fs.object.backing;
  if (next === null) return false;
  m.counters[VM_OBJECT_WRITE_LOCKS]++;
  fs.pindex += fs.object.backingOffset / PAGE_SIZE;
  fs.object = next;
  return true;
}

/** Uses the page held in the top object, zeroed. FreeBSD: vm_fault_zerofill */
function zeroFill(m: Machine, fs: FaultState): void {
  fs.object = fs.firstObject;
  fs.pindex = fs.firstPindex;
  fs.frame = fs.firstFrame;
  fs.firstFrame = 0;
  if (m.page.nonZero[fs.frame] !== 0) pmapZeroPage(m, fs.frame);
  m.page.valid[fs.frame] = VM_PAGE_BITS_ALL;
  contentsChanged(m.vm.index, fs.firstObject);
}

/**
 * Handles a write to a page of a backing object: moves the page up if no one else can see that object, otherwise copies
 * it. FreeBSD: vm_fault_cow, fault_page_release
 */
function copyOnWrite(m: Machine, fs: FaultState): void {
  const { counters } = m;
  const { object, firstObject, firstFrame, frame } = fs;
  let move = false;
  if (object.shadowCount === 1 && object.refCount === 1 && object.handle === null && (object.flags & OBJ_ANON) !== 0) {
    counters[VM_OBJECT_WRITE_LOCKS]++;
    move = object === firstObject.backing;
    if (move) counters[VM_OBJECT_WRITE_LOCKS]++;
  }
  if (move) {
    vmPageRemove(m, object, frame);
    vmPageReplace(m, frame, firstObject, fs.firstPindex, firstFrame);
    vmPageDirty(m, frame);
    if (m.config.superpages) reservRename(m, frame, firstObject, object, firstObject.backingOffset / PAGE_SIZE);
  } else {
    pmapCopyPage(m, frame, firstFrame);
    m.page.valid[firstFrame] = VM_PAGE_BITS_ALL;
    contentsChanged(m.vm.index, firstObject);
    if (fs.wired && (fs.flags & VM_FAULT_WIRE) === 0) {
      vmPageWire(m, firstFrame);
      vmPageUnwire(m, frame, PQ_INACTIVE);
    }
    if ((firstObject.flags & OBJ_ONEMAPPING) === 0) pmapRemoveAll(m, frame);
    vmPageDeactivate(m, frame);
    fs.frame = firstFrame;
  }
  fs.object = firstObject;
  fs.pindex = fs.firstPindex;
  fs.firstFrame = 0;
  counters[COPY_ON_WRITES]++;
}

/** Is the map still as the fault found it, after being unlocked? FreeBSD: vm_fault_relookup */
function relookup(m: Machine, fs: FaultState): number {
  restoreMapLock(m, fs);
  if (fs.map.timestamp === fs.mapGeneration) return KERN_SUCCESS;
  const { prot } = fs;
  const rv = vmMapLookupLocked(m, fs.map, fs.va, fs.faultType, fs);
  if (rv !== KERN_SUCCESS) return rv === KERN_FAILURE ? KERN_RESTART : rv;
  const entry = faultEntry(fs);
  if (entry.object !== fs.firstObject || (fs.va - entry.start + entry.offset) / PAGE_SIZE !== fs.firstPindex)
    return KERN_RESTART;
  fs.faultType &= fs.prot;
  fs.prot &= prot;
  return fs.prot === 0 ? KERN_RESTART : KERN_SUCCESS;
}

/** Does everything after the lookup. Returns a KERN_ code, or FAULT_RESTART. */
function resolve(m: Machine, fs: FaultState): number {
  const { counters } = m;
  const { firstObject } = fs;
  if ((fs.flags & VM_FAULT_WIRE) === 0) {
    counters[VM_OBJECT_READ_LOCKS]++;
    if (vmFaultSoftFast(m, fs)) return KERN_SUCCESS;
  } else {
    counters[VM_OBJECT_WRITE_LOCKS]++;
  }
  firstObject.refCount++;
  fs.object = firstObject;
  fs.pindex = fs.firstPindex;
  fs.frame = 0;
  fs.firstFrame = 0;
  let pages = 0;
  let zeroFilled = false;
  let hard = false;
  for (;;) {
    const res = searchObject(m, fs);
    if (res === FAULT_SOFT) break;
    if (res === FAULT_HARD) {
      pages = fs.behind + 1 + fs.ahead;
      hard = true;
      break;
    }
    if (res !== FAULT_CONTINUE) return res;
    if (nextObject(m, fs)) continue;
    zeroFill(m, fs);
    zeroFilled = true;
    pages = 1;
    break;
  }
  if (fs.object !== firstObject) {
    if ((fs.faultType & VM_PROT_WRITE) !== 0) {
      copyOnWrite(m, fs);
      if (pages === 0) pages = 1;
    } else {
      fs.prot &= ~VM_PROT_WRITE;
    }
  }
  if (!fs.lookupStillValid) {
    const rv = relookup(m, fs);
    if (rv !== KERN_SUCCESS) {
      faultDeallocate(m, fs);
      return rv === KERN_RESTART ? FAULT_RESTART : rv;
    }
  }
  const { va, frame } = fs;
  if (hard) faultEntry(fs).nextRead = va + fs.ahead * PAGE_SIZE + PAGE_SIZE;
  faultDirty(m, fs, frame, fs.object);
  pmapEnter(m, fs.map.pmap, va, frame, fs.prot, fs.faultType | (fs.wired ? PMAP_ENTER_WIRED : 0), 0);
  if (pages !== 1 && (fs.flags & VM_FAULT_WIRE) === 0 && !fs.wired)
    vmFaultPrefault(m, fs, va, pages > 0 ? fs.behind : PFBAK, pages > 0 ? fs.ahead : PFFOR, false);
  if ((fs.flags & VM_FAULT_WIRE) !== 0) vmPageWire(m, frame);
  else vmPageActivate(m, frame);
  faultDeallocate(m, fs);
  counters[hard ? HARD_FAULTS : zeroFilled ? ZERO_FILLS : SOFT_FAULTS]++;
  return KERN_SUCCESS;
}

/**
 * Handles a fault of kind faultType (VM_PROT_ bits, 0 when wiring) at page address va. Returns a KERN_ code.
 * FreeBSD: vm_fault
 */
export function vmFault(m: Machine, map: VmMap, va: Va, faultType: number, flags: number): number {
  enterPlace(m, IN_VM_FAULT);
  const rv = fault(m, map, va, faultType, flags);
  leavePlace(m);
  return rv;
}

/** FreeBSD: vm_fault, vm_fault_lookup */
function fault(m: Machine, map: VmMap, va: Va, faultType: number, flags: number): number {
  const fs = m.vm.fault;
  fs.va = va;
  fs.flags = flags;
  fs.map = map;
  fs.lookupStillValid = false;
  fs.nera = -1;
  for (;;) {
    fs.faultType = faultType;
    const rv = vmMapLookup(m, map, va, faultType | VM_PROT_FAULT_LOOKUP, fs);
    if (rv !== KERN_SUCCESS) return rv;
    const entry = faultEntry(fs);
    fs.mapGeneration = map.timestamp;
    fs.firstObject = entry.object!;
    fs.firstPindex = (va - entry.start + entry.offset) / PAGE_SIZE;
    if (fs.wired) fs.faultType = fs.prot;
    else if ((flags & VM_FAULT_WIRE) !== 0) throw new KernelPanic('vm_fault', '!fs->wired && VM_FAULT_WIRE', { va });
    fs.lookupStillValid = true;
    const res = resolve(m, fs);
    if (res !== FAULT_RESTART) return res;
    if (fs.lookupStillValid) vmMapUnlock(m, map);
    fs.lookupStillValid = false;
  }
}
