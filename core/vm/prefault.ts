/**
 * What a fault does in addition to mapping its page: deciding how far to read ahead, and mapping resident neighbours.
 * FreeBSD: sys/vm/vm_fault.c vm_fault_readahead, vm_fault_dontneed, vm_fault_prefault.
 */
import { PREFAULTS, VM_OBJECT_READ_LOCKS } from '../counters.ts';
import type { Machine } from '../hunks.ts';
import { pmapAdvise, pmapEnterQuick, pmapIsPrefaultable } from '../pmap/index.ts';
import { VM_PAGE_BITS_ALL } from '../state/page.ts';
import {
  MAP_ENTRY_BEHAV_MASK,
  MAP_ENTRY_BEHAV_RANDOM,
  MAP_ENTRY_BEHAV_SEQUENTIAL,
  OBJT_DEFAULT,
  OBJ_UNMANAGED,
  type FaultState,
} from '../state/vm.ts';
import { NBPDR, PAGE_SIZE, type Va } from '../units.ts';
import { MADV_DONTNEED } from './codes.ts';
import { faultEntry } from './fault-state.ts';
import { vmPageDeactivate, vmPageFindLeast, vmPageLookup, vmPagesUnreadDeactivate } from './pages.ts';

const READ_AHEAD_MIN = 7;
const READ_AHEAD_MAX = 255;
/** Minimum number of bytes behind a sequential reader that are deactivated at once. FreeBSD: VM_FAULT_DONTNEED_MIN */
const DONTNEED_MIN = 2 ** 20;

/** Number of pages to read ahead; it grows with every sequential fault. FreeBSD: vm_fault_readahead */
export function vmFaultReadahead(m: Machine, fs: FaultState): number {
  const entry = faultEntry(fs);
  const era = entry.readAhead;
  const behaviour = entry.eflags & MAP_ENTRY_BEHAV_MASK;
  let nera = 0;
  if (behaviour === MAP_ENTRY_BEHAV_SEQUENTIAL) {
    nera = READ_AHEAD_MAX;
    if (fs.va === entry.nextRead) dontneed(m, fs, nera);
  } else if (behaviour !== MAP_ENTRY_BEHAV_RANDOM && fs.va === entry.nextRead) {
    nera = READ_AHEAD_MIN;
    if (era > 0) nera = Math.min(nera + era + 1, READ_AHEAD_MAX);
    if (era === READ_AHEAD_MAX) dontneed(m, fs, nera);
  }
  entry.readAhead = nera;
  return nera;
}

/** A sequential reader has entered a new cluster: deactivates the previous one. FreeBSD: vm_fault_dontneed */
function dontneed(m: Machine, fs: FaultState, ahead: number): void {
  const object = fs.firstObject;
  if ((object.flags & OBJ_UNMANAGED) !== 0) return;
  m.counters[VM_OBJECT_READ_LOCKS]++;
  const size = m.config.superpages ? NBPDR : DONTNEED_MIN;
  const entry = faultEntry(fs);
  const end = fs.va - (fs.va % size);
  if (fs.va - end < size - PAGE_SIZE - ahead * PAGE_SIZE || entry.start >= end) return;
  const start = end - entry.start < size ? entry.start : end - size;
  pmapAdvise(m, fs.map.pmap, start, end, MADV_DONTNEED);
  const { page } = m;
  const first = (entry.offset + start - entry.start) / PAGE_SIZE;
  const past = first + (end - start) / PAGE_SIZE;
  vmPagesUnreadDeactivate(object, first, past);
  for (let frame = vmPageFindLeast(m, object, first); frame !== 0 && page.pindex[frame] < past;) {
    if (page.valid[frame] === VM_PAGE_BITS_ALL) vmPageDeactivate(m, frame);
    frame = page.listNext[frame];
  }
}

/**
 * Maps resident neighbours of a faulting page read-only, alternating outwards, and stops at the first that is not
 * resident. Only for the current process. locked: the entry's object is already locked. FreeBSD: vm_fault_prefault
 */
export function vmFaultPrefault(
  m: Machine,
  fs: FaultState,
  va: Va,
  behind: number,
  ahead: number,
  locked: boolean,
): void {
  const { pmap } = fs.map;
  if (m.curproc === null || pmap !== m.curproc.vmspace.pmap) return;
  const entry = faultEntry(fs);
  const { counters, page } = m;
  const low = Math.max(va - behind * PAGE_SIZE, entry.start);
  const high = Math.min(va + ahead * PAGE_SIZE, entry.end - PAGE_SIZE);
  const steps = 2 * Math.max(behind, ahead);
  for (let i = 0; i < steps; i++) {
    const distance = ((i >> 1) + 1) * PAGE_SIZE;
    const addr = (i & 1) === 0 ? va - distance : va + distance;
    if (addr < low || addr > high) continue;
    if (!pmapIsPrefaultable(m, pmap, addr)) continue;
    let object = entry.object!;
    let pindex = (addr - entry.start + entry.offset) / PAGE_SIZE;
    if (!locked) counters[VM_OBJECT_READ_LOCKS]++;
    let frame = vmPageLookup(m, object, pindex);
    while (frame === 0 && object.type === OBJT_DEFAULT && object.backing !== null) {
      pindex += object.backingOffset / PAGE_SIZE;
      counters[VM_OBJECT_READ_LOCKS]++;
      object = object.backing;
      frame = vmPageLookup(m, object, pindex);
    }
    if (frame === 0) return;
    if (page.valid[frame] === VM_PAGE_BITS_ALL) {
      counters[PREFAULTS]++;
      pmapEnterQuick(m, pmap, addr, frame, entry.protection);
    }
  }
}
