/** Advice, inheritance and msync on a range of addresses. FreeBSD: sys/vm/vm_map.c. */
import type { Machine } from '../hunks.ts';
import { pmapAdvise, pmapRemove } from '../pmap/index.ts';
import {
  MAP_ENTRY_BEHAV_MASK,
  MAP_ENTRY_BEHAV_RANDOM,
  MAP_ENTRY_BEHAV_SEQUENTIAL,
  MAP_ENTRY_GUARD,
  MAP_ENTRY_NOCOREDUMP,
  MAP_ENTRY_NOSYNC,
  MAP_ENTRY_USER_WIRED,
  VM_INHERIT_COPY,
  VM_INHERIT_ZERO,
  type VmMap,
  type VmMapEntry,
} from '../state/vm.ts';
import { PAGE_SIZE, type Va } from '../units.ts';
import {
  KERN_INVALID_ADDRESS,
  KERN_INVALID_ARGUMENT,
  KERN_SUCCESS,
  MADV_AUTOSYNC,
  MADV_CORE,
  MADV_DONTNEED,
  MADV_FREE,
  MADV_NOCORE,
  MADV_NORMAL,
  MADV_NOSYNC,
  MADV_RANDOM,
  MADV_SEQUENTIAL,
  MADV_WILLNEED,
  MAP_PREFAULT_MADVISE,
} from './codes.ts';
import { vmMapClipEnd, vmMapEntryAtOrAfter, vmMapLookupClipStart, vmMapTryMergeEntries } from './entry.ts';
import { vmMapPmapEnter } from './insert.ts';
import { vmMapLock, vmMapLockRead, vmMapUnlock } from './map-lock.ts';
import { entryHolds, vmMapEntryPred, vmMapEntrySucc, vmMapLookupEntry } from './map-tree.ts';
import { vmObjectMadvise, vmObjectSync } from './object-pages.ts';
import { vmObjectDeallocate, vmObjectReference } from './object.ts';

/** FreeBSD: vm_map_entry_set_behavior */
function setBehaviour(entry: VmMapEntry, advice: number): void {
  switch (advice) {
    case MADV_NORMAL:
      entry.eflags &= ~MAP_ENTRY_BEHAV_MASK;
      break;
    case MADV_SEQUENTIAL:
      entry.eflags = (entry.eflags & ~MAP_ENTRY_BEHAV_MASK) | MAP_ENTRY_BEHAV_SEQUENTIAL;
      break;
    case MADV_RANDOM:
      entry.eflags = (entry.eflags & ~MAP_ENTRY_BEHAV_MASK) | MAP_ENTRY_BEHAV_RANDOM;
      break;
    case MADV_NOSYNC:
      entry.eflags |= MAP_ENTRY_NOSYNC;
      break;
    case MADV_AUTOSYNC:
      entry.eflags &= ~MAP_ENTRY_NOSYNC;
      break;
    case MADV_NOCORE:
      entry.eflags |= MAP_ENTRY_NOCOREDUMP;
      break;
    case MADV_CORE:
      entry.eflags &= ~MAP_ENTRY_NOCOREDUMP;
      break;
  }
}

/** Applies advice that is stored in the entries. */
function adviseEntries(m: Machine, map: VmMap, start: Va, end: Va, advice: number): void {
  let entry = vmMapLookupClipStart(m, map, start);
  let prev = vmMapEntryPred(entry);
  while (entry.start < end) {
    vmMapClipEnd(m, map, entry, end);
    setBehaviour(entry, advice);
    vmMapTryMergeEntries(m, map, prev, entry);
    prev = entry;
    entry = vmMapEntrySucc(entry);
  }
  vmMapTryMergeEntries(m, map, prev, entry);
}

/** Applies advice to the pages that exist now. Entries are not clipped; FREE skips objects that shadow another. */
function advisePages(m: Machine, map: VmMap, start: Va, end: Va, advice: number): void {
  for (let entry = vmMapEntryAtOrAfter(m, map, start); entry.start < end; entry = vmMapEntrySucc(entry)) {
    const { object } = entry;
    if (advice === MADV_FREE && object !== null && object.backing !== null) continue;
    const from = Math.max(entry.start, start);
    const to = Math.min(entry.end, end);
    if (from >= to) continue;
    const first = (entry.offset + from - entry.start) / PAGE_SIZE;
    const pages = (to - from) / PAGE_SIZE;
    if (advice !== MADV_WILLNEED) pmapAdvise(m, map.pmap, from, to, advice);
    vmObjectMadvise(m, object, first, first + pages, advice);
    if (advice === MADV_WILLNEED && entry.wiredCount === 0 && object !== null)
      vmMapPmapEnter(m, map, from, entry.protection, object, first, pages, MAP_PREFAULT_MADVISE);
  }
}

/** Returns false if there is no such advice. FreeBSD: vm_map_madvise */
export function vmMapMadvise(m: Machine, map: VmMap, start: Va, end: Va, advice: number): boolean {
  const forPages = advice === MADV_WILLNEED || advice === MADV_DONTNEED || advice === MADV_FREE;
  if (!forPages && !(advice >= MADV_NORMAL && advice <= MADV_CORE)) return false;
  if (start === end) return true;
  const from = Math.max(start, map.minOffset);
  const to = Math.min(end, map.maxOffset);
  if (forPages) {
    vmMapLockRead(m, map);
    advisePages(m, map, from, to, advice);
  } else {
    vmMapLock(m, map);
    adviseEntries(m, map, from, to, advice);
  }
  vmMapUnlock(m, map);
  return true;
}

/** Sets what fork gives a child of [start, end). FreeBSD: vm_map_inherit */
export function vmMapInherit(m: Machine, map: VmMap, start: Va, end: Va, inheritance: number): number {
  if (start === end) return KERN_SUCCESS;
  vmMapLock(m, map);
  const to = Math.min(end, map.maxOffset);
  const from = Math.min(Math.max(start, map.minOffset), to);
  let entry = vmMapLookupClipStart(m, map, from);
  let prev = vmMapEntryPred(entry);
  // Its last page: with five levels, `to - 1` may be `to` again.
  const last = vmMapLookupEntry(m, map, to - PAGE_SIZE);
  if (entryHolds(map, last, to - PAGE_SIZE)) vmMapClipEnd(m, map, last, to);
  // If COPY is set, the kernel first looks for large pages, and then uses the last entry as the predecessor.
  if (inheritance === VM_INHERIT_COPY) for (let at = entry; at.start < to; at = vmMapEntrySucc(at)) prev = at;
  while (entry.start < to) {
    if ((entry.eflags & MAP_ENTRY_GUARD) === 0 || inheritance !== VM_INHERIT_ZERO) entry.inheritance = inheritance;
    vmMapTryMergeEntries(m, map, prev, entry);
    prev = entry;
    entry = vmMapEntrySucc(entry);
  }
  vmMapTryMergeEntries(m, map, prev, entry);
  vmMapUnlock(m, map);
  return KERN_SUCCESS;
}

/** Writes back a range of files; invalidate: also unmaps it, in one call. FreeBSD: vm_map_sync */
export function vmMapSync(m: Machine, map: VmMap, from: Va, to: Va, invalidate: boolean): number {
  vmMapLockRead(m, map);
  let end = Math.min(to, map.maxOffset);
  let start = Math.min(Math.max(from, map.minOffset), end);
  const first = vmMapLookupEntry(m, map, start);
  if (!entryHolds(map, first, start)) {
    vmMapUnlock(m, map);
    return KERN_INVALID_ADDRESS;
  }
  if (start === end) {
    start = first.start;
    end = first.end;
  }
  for (let entry = first; entry.start < end;) {
    const next = vmMapEntrySucc(entry);
    const wired = invalidate && (entry.eflags & MAP_ENTRY_USER_WIRED) !== 0;
    if (wired || (end > entry.end && entry.end !== next.start)) {
      vmMapUnlock(m, map);
      return wired ? KERN_INVALID_ARGUMENT : KERN_INVALID_ADDRESS;
    }
    entry = next;
  }
  if (invalidate) pmapRemove(m, map.pmap, start, end);
  for (let entry = first; entry.start < end; entry = vmMapEntrySucc(entry)) {
    const { object } = entry;
    const bytes = Math.min(end, entry.end) - start;
    const offset = entry.offset + start - entry.start;
    if (object !== null) vmObjectReference(m, object);
    vmMapUnlock(m, map);
    vmObjectSync(m, object, offset, bytes, invalidate);
    start += bytes;
    if (object !== null) vmObjectDeallocate(m, object);
    vmMapLockRead(m, map);
  }
  vmMapUnlock(m, map);
  return KERN_SUCCESS;
}
