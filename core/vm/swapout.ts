/**
 * Swap-out of an address space: unmapping pages until few enough are resident. FreeBSD: sys/vm/vm_swapout.c.
 */
import {
  PV_LIST_READ_LOCKS,
  SWAPOUT_CANDIDATES,
  SWAPOUT_DEACTIVATED,
  SWAPOUT_ENTRIES,
  SWAPOUT_LOOKUPS,
  SWAPOUT_OBJECTS,
  SWAPOUT_PAGES,
  SWAPOUT_REFERENCED,
  SWAPOUT_STOPS,
  SWAPOUT_UNMAPPED,
  VM_OBJECT_READ_LOCKS,
} from '../counters.ts';
import type { Machine } from '../hunks.ts';
import { pmapIsReferenced, pmapPageExistsQuick, pmapRemove, pmapRemoveAll } from '../pmap/index.ts';
import type { Pmap } from '../state/pmap.ts';
import { OBJ_UNMANAGED, type VmMap, type VmObject } from '../state/vm.ts';
import type { Frame, Pages } from '../units.ts';
import { vmMapTrylockRead, vmMapUnlock } from './map-lock.ts';
import { vmMapEntrySucc } from './map-tree.ts';
import { vmPageActive, vmPageDeactivate, vmPageWired, vmPagesUnread } from './pages.ts';

/** Are few enough pages resident to stop here? The test that finding N8 is about. FreeBSD: pmap_resident_count */
function mayStop(m: Machine, pmap: Pmap, desired: Pages): boolean {
  if (pmap.stats.residentCount > desired) return false;
  m.counters[SWAPOUT_STOPS]++;
  return true;
}

/**
 * Unmaps a page that the pmap maps, from every pmap, unless it is wired or somebody has accessed it. An active page is
 * unmapped only where `unmap` allows it, and is then deactivated. FreeBSD: vm_swapout_object_deactivate_page
 */
function deactivatePage(m: Machine, pmap: Pmap, frame: Frame, unmap: boolean): void {
  const { counters } = m;
  if (vmPageWired(m, frame)) return;
  counters[SWAPOUT_LOOKUPS]++;
  if (!pmapPageExistsQuick(m, pmap, frame)) return;
  if (pmapIsReferenced(m, frame)) {
    counters[SWAPOUT_REFERENCED]++;
    return;
  }
  const active = vmPageActive(m, frame);
  if (active && !unmap) return;
  pmapRemoveAll(m, frame);
  counters[SWAPOUT_UNMAPPED]++;
  if (!active) return;
  vmPageDeactivate(m, frame);
  counters[SWAPOUT_DEACTIVATED]++;
}

/**
 * The unread pages of [from, to): resident, managed and mapped nowhere. Returns false if the scan stops at the first.
 */
function passUnread(m: Machine, pmap: Pmap, object: VmObject, from: number, to: number, desired: Pages): boolean {
  const unread = vmPagesUnread(object, from, to);
  if (unread === 0) return true;
  if (mayStop(m, pmap, desired)) return false;
  m.counters[SWAPOUT_PAGES] += unread;
  m.counters[SWAPOUT_LOOKUPS] += unread;
  m.counters[PV_LIST_READ_LOCKS] += unread;
  return true;
}

/** Scans the resident pages of an object in index order. Returns false if the scan stops. */
function scanPages(m: Machine, pmap: Pmap, object: VmObject, desired: Pages): boolean {
  const { page, counters } = m;
  // With more than one shadow, an active page is likely to be wanted by someone else.
  const unmap = object.shadowCount <= 1;
  let past = 0;
  for (let frame = object.memqFirst; frame !== 0; frame = page.listNext[frame]) {
    if (!passUnread(m, pmap, object, past, page.pindex[frame], desired)) return false;
    past = page.pindex[frame] + 1;
    if (mayStop(m, pmap, desired)) return false;
    counters[SWAPOUT_PAGES]++;
    deactivatePage(m, pmap, frame, unmap);
  }
  return passUnread(m, pmap, object, past, object.size, desired);
}

/** Scans an object, which is locked, and what backs it. FreeBSD: vm_swapout_object_deactivate */
function deactivateObject(m: Machine, pmap: Pmap, first: VmObject, desired: Pages): void {
  for (let object = first; ;) {
    if (mayStop(m, pmap, desired)) return;
    m.counters[SWAPOUT_OBJECTS]++;
    if ((object.flags & OBJ_UNMANAGED) !== 0 || !scanPages(m, pmap, object, desired)) return;
    if (object.backing === null) return;
    object = object.backing;
    m.counters[VM_OBJECT_READ_LOCKS]++;
  }
}

/**
 * Unmaps pages of a map until `desired` are resident, the biggest object's first. If none may stay and nothing is
 * wired, what is left is unmapped at once. FreeBSD: vm_swapout_map_deactivate_pages
 */
export function vmSwapoutMapDeactivatePages(m: Machine, map: VmMap, desired: Pages): void {
  const { counters } = m;
  const { header, pmap } = map;
  vmMapTrylockRead(m, map);
  let biggest: VmObject | null = null;
  let nothingWired = true;
  for (let entry = header.right; entry !== header; entry = vmMapEntrySucc(entry)) {
    const { object } = entry;
    if (object !== null) {
      counters[VM_OBJECT_READ_LOCKS]++;
      counters[SWAPOUT_CANDIDATES]++;
      if (object.shadowCount <= 1 && (biggest === null || biggest.residentCount < object.residentCount))
        biggest = object;
    }
    if (entry.wiredCount > 0) nothingWired = false;
  }
  if (biggest !== null) deactivateObject(m, pmap, biggest, desired);
  for (let entry = header.right; entry !== header; entry = vmMapEntrySucc(entry)) {
    if (mayStop(m, pmap, desired)) break;
    counters[SWAPOUT_ENTRIES]++;
    if (entry.object === null) continue;
    counters[VM_OBJECT_READ_LOCKS]++;
    deactivateObject(m, pmap, entry.object, desired);
  }
  if (desired === 0 && nothingWired) pmapRemove(m, pmap, map.minOffset, map.maxOffset);
  vmMapUnlock(m, map);
}
