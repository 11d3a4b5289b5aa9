/**
 * Inserting an entry into a map, and mapping an object's resident pages ahead of faults. FreeBSD: sys/vm/vm_map.c
 * vm_map_insert, vm_map_pmap_enter.
 */
import { VM_OBJECT_READ_LOCKS, VM_OBJECT_WRITE_LOCKS } from '../counters.ts';
import type { Machine } from '../hunks.ts';
import { pmapEnterObject } from '../pmap/index.ts';
import { RUN_PAGES, VM_PAGE_BITS_ALL } from '../state/page.ts';
import {
  MAP_ENTRY_COW,
  MAP_ENTRY_GROWS_DOWN,
  MAP_ENTRY_GUARD,
  MAP_ENTRY_NEEDS_COPY,
  MAP_ENTRY_NOCOREDUMP,
  MAP_ENTRY_NOSYNC,
  MAP_ENTRY_STACK_GAP_DN,
  MAP_ENTRY_USER_WIRED,
  MAP_ENTRY_VN_EXEC,
  MAP_ENTRY_WRITECNT,
  OBJ_ANON,
  OBJ_ONEMAPPING,
  VM_INHERIT_COPY,
  VM_INHERIT_SHARE,
  type VmMap,
  type VmObject,
} from '../state/vm.ts';
import { NBPDR, PAGE_SIZE, VM_PROT_EXECUTE, VM_PROT_NONE, VM_PROT_READ, VM_PROT_WRITE, type Va } from '../units.ts';
import {
  KERN_INVALID_ADDRESS,
  KERN_INVALID_ARGUMENT,
  KERN_NO_SPACE,
  KERN_SUCCESS,
  MAP_ACC_NO_CHARGE,
  MAP_COPY_ON_WRITE,
  MAP_CREATE_GUARD,
  MAP_CREATE_STACK_GAP_DN,
  MAP_DISABLE_COREDUMP,
  MAP_DISABLE_SYNCER,
  MAP_INHERIT_SHARE,
  MAP_PREFAULT,
  MAP_PREFAULT_PARTIAL,
  MAP_STACK_GROWS_DOWN,
  MAP_VN_EXEC,
  MAP_WRITECOUNT,
} from './codes.ts';
import { vmMapTryMergeEntries } from './entry.ts';
import { vmMapEntryCreate } from './map-lock.ts';
import { entryHolds, vmMapEntryLink, vmMapEntryResize, vmMapEntrySucc, vmMapLookupEntry } from './map-tree.ts';
import { vmObjectReference } from './object.ts';
import { runHolds, vmPageFindLeast, vmPagesReadPast } from './pages.ts';
import { vmObjectCoalesce } from './shadow.ts';

/** Maximum number of pages mapped ahead under MAP_PREFAULT_PARTIAL; a superpage counts as one. FreeBSD: MAX_INIT_PT */
const MAX_INIT_PT = 96;
/** Read-ahead of a new entry, in pages. */
const VM_FAULT_READ_AHEAD_INIT = 15;

/** FreeBSD: vm_map_range_valid */
export const vmMapRangeValid = (map: VmMap, start: Va, end: Va): boolean =>
  start <= end && start >= map.minOffset && end <= map.maxOffset;

/** eflags of a new entry, derived from the `cow` argument. */
function protoEflags(cow: number): number {
  let eflags = 0;
  if ((cow & MAP_COPY_ON_WRITE) !== 0) eflags |= MAP_ENTRY_COW | MAP_ENTRY_NEEDS_COPY;
  if ((cow & MAP_DISABLE_SYNCER) !== 0) eflags |= MAP_ENTRY_NOSYNC;
  if ((cow & MAP_DISABLE_COREDUMP) !== 0) eflags |= MAP_ENTRY_NOCOREDUMP;
  if ((cow & MAP_STACK_GROWS_DOWN) !== 0) eflags |= MAP_ENTRY_GROWS_DOWN;
  if ((cow & MAP_WRITECOUNT) !== 0) eflags |= MAP_ENTRY_WRITECNT;
  if ((cow & MAP_VN_EXEC) !== 0) eflags |= MAP_ENTRY_VN_EXEC;
  if ((cow & MAP_CREATE_GUARD) !== 0) eflags |= MAP_ENTRY_GUARD;
  if ((cow & MAP_CREATE_STACK_GAP_DN) !== 0) eflags |= MAP_ENTRY_STACK_GAP_DN;
  return eflags;
}

/**
 * Maps [start, end) to an object (taking over the caller's reference) or, if object is null, to anonymous memory.
 * Anonymous memory directly after an entry of the same kind only extends that entry. The map is write-locked.
 * FreeBSD: vm_map_insert
 */
export function vmMapInsert(
  m: Machine,
  map: VmMap,
  given: VmObject | null,
  givenOffset: number,
  start: Va,
  end: Va,
  prot: number,
  max: number,
  cow: number,
): number {
  if (start === end || !vmMapRangeValid(map, start, end)) return KERN_INVALID_ADDRESS;
  const prev = vmMapLookupEntry(m, map, start);
  if (entryHolds(map, prev, start)) return KERN_NO_SPACE;
  const next = vmMapEntrySucc(prev);
  if (next.start < end) return KERN_NO_SPACE;
  if ((cow & MAP_CREATE_GUARD) !== 0 && (given !== null || max !== VM_PROT_NONE)) return KERN_INVALID_ARGUMENT;

  const eflags = protoEflags(cow);
  const inheritance = (cow & MAP_INHERIT_SHARE) !== 0 ? VM_INHERIT_SHARE : VM_INHERIT_COPY;
  let charged = false;
  if (
    (cow & (MAP_ACC_NO_CHARGE | MAP_CREATE_GUARD)) === 0 &&
    (prot & VM_PROT_WRITE) !== 0 &&
    ((eflags & MAP_ENTRY_NEEDS_COPY) !== 0 || given === null)
  ) {
    m.vm.swapReserved += end - start;
    charged = true;
  }

  let object = given;
  let offset = givenOffset;
  if (object !== null) {
    if ((object.flags & OBJ_ANON) !== 0) {
      m.counters[VM_OBJECT_WRITE_LOCKS]++;
      if (object.refCount > 1 || object.shadowCount !== 0) object.flags &= ~OBJ_ONEMAPPING;
    }
  } else if (
    (prev.eflags & ~MAP_ENTRY_USER_WIRED) === eflags &&
    (cow & (MAP_STACK_GROWS_DOWN | MAP_VN_EXEC)) === 0 &&
    prev.end === start &&
    (prev.charged === charged || (prev.object !== null && prev.object.charged === charged)) &&
    vmObjectCoalesce(
      m,
      prev.object,
      prev.offset,
      prev.end - prev.start,
      end - prev.end,
      charged && (eflags & MAP_ENTRY_NEEDS_COPY) === 0,
    )
  ) {
    if (
      prev.inheritance === inheritance &&
      prev.protection === prot &&
      prev.maxProtection === max &&
      prev.wiredCount === 0
    ) {
      if ((prev.eflags & MAP_ENTRY_GUARD) === 0) map.size += end - prev.end;
      vmMapEntryResize(m, map, prev, end - prev.end);
      vmMapTryMergeEntries(m, map, prev, next);
      return KERN_SUCCESS;
    }
    // The object could be extended but the entry cannot: use a new entry for the same object.
    object = prev.object;
    offset = prev.offset + (prev.end - prev.start);
    if (object !== null) vmObjectReference(m, object);
    if (charged && object !== null && object.charged && (prev.eflags & MAP_ENTRY_NEEDS_COPY) === 0) charged = false;
  }

  const entry = vmMapEntryCreate(m);
  entry.start = start;
  entry.end = end;
  entry.eflags = eflags;
  entry.object = object;
  entry.offset = offset;
  entry.inheritance = inheritance;
  entry.protection = prot;
  entry.maxProtection = max;
  entry.wiredCount = 0;
  entry.wiring = false;
  entry.readAhead = VM_FAULT_READ_AHEAD_INIT;
  entry.nextRead = start;
  entry.charged = charged;
  vmMapEntryLink(m, map, entry);
  if ((eflags & MAP_ENTRY_GUARD) === 0) map.size += end - start;
  vmMapTryMergeEntries(m, map, prev, entry);
  vmMapTryMergeEntries(m, map, entry, next);
  if ((cow & (MAP_PREFAULT | MAP_PREFAULT_PARTIAL)) !== 0 && object !== null)
    vmMapPmapEnter(m, map, start, prot, object, offset / PAGE_SIZE, (end - start) / PAGE_SIZE, cow);
  return KERN_SUCCESS;
}

/**
 * Maps the resident, valid pages of a range read-only, run by run; for a partial request only those within the first
 * 96. FreeBSD: vm_map_pmap_enter
 */
export function vmMapPmapEnter(
  m: Machine,
  map: VmMap,
  addr: Va,
  prot: number,
  object: VmObject,
  pindex: number,
  pages: number,
  flags: number,
): void {
  if ((prot & (VM_PROT_READ | VM_PROT_EXECUTE)) === 0) return;
  m.counters[VM_OBJECT_READ_LOCKS]++;
  let count = pages;
  if (count + pindex > object.size) {
    if (pindex >= object.size) return;
    count = object.size - pindex;
  }
  const { page } = m;
  const isPartial = (flags & MAP_PREFAULT_PARTIAL) !== 0;
  let threshold = MAX_INIT_PT;
  vmPagesReadPast(m, object, pindex, pindex + (isPartial ? threshold : count), pindex + count);
  let start = 0;
  let first = 0;
  for (let frame = vmPageFindLeast(m, object, pindex); frame !== 0; frame = page.listNext[frame]) {
    const at = page.pindex[frame] - pindex;
    if (at >= count) break;
    if (isPartial && at >= threshold) {
      count = at;
      break;
    }
    if (page.valid[frame] === VM_PAGE_BITS_ALL) {
      if (first === 0) {
        start = addr + at * PAGE_SIZE;
        first = frame;
      }
      if (
        page.psind[frame] !== 0 &&
        (addr + at * PAGE_SIZE) % NBPDR === 0 &&
        at + RUN_PAGES - 1 < count &&
        runHolds(m, frame, object, 0)
      ) {
        frame += RUN_PAGES - 1;
        threshold += RUN_PAGES - 1;
        if (isPartial) vmPagesReadPast(m, object, pindex + at, pindex + threshold, pindex + count);
      }
    } else if (first !== 0) {
      pmapEnterObject(m, map.pmap, start, addr + at * PAGE_SIZE, first, prot);
      first = 0;
    }
  }
  if (first !== 0) pmapEnterObject(m, map.pmap, start, addr + count * PAGE_SIZE, first, prot);
}
