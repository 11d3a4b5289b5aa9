/**
 * Resident pages of objects: lookup, insertion, removal, moves between objects, allocation.
 *
 * An object's pages are a list in index order (page.listNext, page.listPrev) and a radix tree. Pages are never busy
 * between operations, so busy locks have no counterpart here.
 * FreeBSD: sys/vm/vm_page.c.
 */
import type { Machine } from '../hunks.ts';
import { physZero } from '../hw/phys.ts';
import { pageTake, vmPageDirty, vmPageFree } from '../page/page.ts';
import { reservAllocPage, reservBreakAll } from '../page/reserv.ts';
import { KernelPanic } from '../panic.ts';
import { PQ_ACTIVE, PQ_INACTIVE, PQ_NONE, RUN_PAGES, VM_PAGE_BITS_ALL, VPO_UNMANAGED } from '../state/page.ts';
import { OBJ_COLORED, OBJ_UNMANAGED, type VmObject } from '../state/vm.ts';
import type { Frame } from '../units.ts';
import {
  radixInsert,
  radixLookup,
  radixLookupGe,
  radixLookupLe,
  radixReclaim,
  radixRemove,
  radixReplace,
} from './radix.ts';

/** The reference in page.refCount that a page's object holds; wirings are counted in the bits below. */
const VPRC_OBJREF = 2 ** 30;

/**
 * Frame of the resident page at pindex, 0 if there is none. One of a file that was unread gets its frame now. FreeBSD:
 * vm_page_lookup
 */
export function vmPageLookup(m: Machine, object: VmObject, pindex: number): Frame {
  const frame = radixLookup(m.vm.index, object, pindex);
  return frame !== 0 || object.file === null || object.file.unread === 0 ? frame : unreadLookup(m, object, pindex);
}

/** Like vmPageLookup, but an unread page gets no frame: returns 0. FreeBSD: vm_page_lookup */
export const vmPageLookupRead = (m: Machine, object: VmObject, pindex: number): Frame =>
  radixLookup(m.vm.index, object, pindex);

function unreadLookup(m: Machine, object: VmObject, pindex: number): Frame {
  vmPagesRead(m, object, pindex, pindex + 1);
  return radixLookup(m.vm.index, object, pindex);
}

/**
 * Frames for the unread pages of [from, to), with superpages for all of their 2M runs, so that these are as full as if
 * all pages had had frames from the start. Nothing is counted: the pages were resident before. FreeBSD: none
 */
export function vmPagesRead(m: Machine, object: VmObject, from: number, to: number): void {
  const { file } = object;
  if (file === null || file.unread === 0) return;
  const run = m.config.superpages ? RUN_PAGES : 1;
  const end = Math.min(Math.ceil(to / run) * run, object.size);
  const step = file.resident === 'all' ? 1 : 2;
  const first = from - (from % run);
  const { page } = m;
  const { limit } = page;
  page.limit = -1;
  for (let pindex = first + (first % step); pindex < end && file.unread > 0; pindex += step) {
    if (file.read.has(pindex)) continue;
    const frame = vmPageAlloc(m, object, pindex);
    if (frame === 0) break;
    file.read.add(pindex);
    file.unread--;
    object.residentCount--;
    if (page.nonZero[frame] !== 0) physZero(m, frame);
    page.nonZero[frame] = 0;
    page.valid[frame] = VM_PAGE_BITS_ALL;
    page.queue[frame] = file.inactive.delete(pindex) ? PQ_INACTIVE : PQ_ACTIVE;
  }
  page.limit = limit;
}

/**
 * The same, and for the first resident page of [to, end): a loop over resident pages that ends at `to` looks at it.
 * FreeBSD: none
 */
export function vmPagesReadPast(m: Machine, object: VmObject, from: number, to: number, end: number): void {
  vmPagesRead(m, object, from, Math.min(to, end));
  if (object.file === null || object.file.unread === 0) return;
  for (let pindex = to; pindex < end && vmPageLookup(m, object, pindex) === 0;) pindex++;
}

/** The unread pages of [from, to), in order: calls each(pindex). FreeBSD: none */
function eachUnread({ file, size }: VmObject, from: number, to: number, each: (pindex: number) => void): void {
  if (file === null || file.unread === 0) return;
  const step = file.resident === 'all' ? 1 : 2;
  for (let pindex = from + (from % step); pindex < Math.min(to, size); pindex += step)
    if (!file.read.has(pindex)) each(pindex);
}

/** Number of unread pages of [from, to). FreeBSD: none */
export function vmPagesUnread(object: VmObject, from: number, to: number): number {
  let count = 0;
  eachUnread(object, from, to, () => count++);
  return count;
}

/** vmPageDeactivate for the unread pages of [from, to), which stay unread. FreeBSD: none */
export const vmPagesUnreadDeactivate = (object: VmObject, from: number, to: number): void =>
  eachUnread(object, from, to, (pindex) => object.file!.inactive.add(pindex));

/**
 * The resident page with the least index at or above pindex, 0 if there is none; unread pages of a file are left out.
 * FreeBSD: vm_page_find_least
 */
export function vmPageFindLeast(m: Machine, object: VmObject, pindex: number): Frame {
  const first = object.memqFirst;
  if (first === 0 || m.page.pindex[first] >= pindex) return first;
  return radixLookupGe(m.vm.index, object, pindex);
}

/** FreeBSD: vm_page_wired */
export const vmPageWired = (m: Machine, frame: Frame): boolean => (m.page.refCount[frame] & (VPRC_OBJREF - 1)) !== 0;

/** The resident page with the greatest index below pindex, 0 if there is none; pindex itself is not resident. */
function predecessor(m: Machine, object: VmObject, pindex: number): Frame {
  const last = object.memqLast;
  if (last === 0 || m.page.pindex[last] < pindex) return last;
  if (m.page.pindex[object.memqFirst] > pindex) return 0;
  return radixLookupLe(m.vm.index, object, pindex);
}

/**
 * Links a page after its predecessor in the list of an object. The object's radix tree already has it. FreeBSD:
 * vm_page_insert_radixdone
 */
function link(m: Machine, object: VmObject, pindex: number, frame: Frame, before: Frame): void {
  const { page } = m;
  const after = before === 0 ? object.memqFirst : page.listNext[before];
  page.listPrev[frame] = before;
  page.listNext[frame] = after;
  if (before === 0) object.memqFirst = frame;
  else page.listNext[before] = frame;
  if (after === 0) object.memqLast = frame;
  else page.listPrev[after] = frame;
  page.object[frame] = object.id;
  page.pindex[frame] = pindex;
  object.residentCount++;
}

function unlink(m: Machine, object: VmObject, frame: Frame): void {
  const { page } = m;
  const before = page.listPrev[frame];
  const after = page.listNext[frame];
  if (before === 0) object.memqFirst = after;
  else page.listNext[before] = after;
  if (after === 0) object.memqLast = before;
  else page.listPrev[after] = before;
  page.listPrev[frame] = 0;
  page.listNext[frame] = 0;
  page.object[frame] = 0;
  object.residentCount--;
}

/** Removes a page from its object without freeing it. FreeBSD: vm_page_object_remove */
function objectRemove(m: Machine, object: VmObject, frame: Frame): void {
  radixRemove(m.vm.index, object, m.page.pindex[frame]);
  unlink(m, object, frame);
  m.page.refCount[frame] -= VPRC_OBJREF;
}

/**
 * Allocates a page for an index where none is resident. It is not valid, and its words are undefined unless
 * page.nonZero is 0. Returns 0 if there is none. FreeBSD: vm_page_alloc, vm_page_alloc_after,
 * vm_page_alloc_domain_after
 */
export function vmPageAlloc(m: Machine, object: VmObject, pindex: number): Frame {
  const before = predecessor(m, object, pindex);
  let frame = 0;
  if (m.config.superpages && (object.flags & OBJ_COLORED) !== 0) frame = reservAllocPage(m, object, pindex, before);
  if (frame === 0) {
    frame = pageTake(m, false);
    if (frame === 0) return 0;
  }
  m.page.refCount[frame] = VPRC_OBJREF;
  m.page.oflags[frame] = (object.flags & OBJ_UNMANAGED) !== 0 ? VPO_UNMANAGED : 0;
  radixInsert(m.vm.index, object, pindex, frame);
  link(m, object, pindex, frame, before);
  return frame;
}

/** Frees a page of an object. It must be neither mapped nor wired. FreeBSD: vm_page_free */
export function vmPageFreeFrom(m: Machine, object: VmObject, frame: Frame): void {
  objectRemove(m, object, frame);
  vmPageFree(m, frame, false);
}

/** Removes a page from its object; frees it unless it is wired. FreeBSD: vm_page_remove, vm_page_free */
export function vmPageRemoveAndFree(m: Machine, object: VmObject, frame: Frame): void {
  objectRemove(m, object, frame);
  if (m.page.refCount[frame] === 0) vmPageFree(m, frame, false);
}

/** Removes a page from its object; the caller inserts it into another. FreeBSD: vm_page_remove_xbusy */
export const vmPageRemove = objectRemove;

/** Replaces resident page `old`, which is freed, by page `frame`. FreeBSD: vm_page_replace */
export function vmPageReplace(m: Machine, frame: Frame, object: VmObject, pindex: number, old: Frame): void {
  const { page } = m;
  radixReplace(m.vm.index, object, pindex, frame);
  const before = page.listPrev[old];
  unlink(m, object, old);
  page.refCount[old] -= VPRC_OBJREF;
  page.refCount[frame] += VPRC_OBJREF;
  link(m, object, pindex, frame, before);
  if (page.refCount[old] === 0) vmPageFree(m, old, false);
}

/** Moves a page to a free index in another object and dirties it. FreeBSD: vm_page_rename */
export function vmPageRename(m: Machine, from: VmObject, frame: Frame, to: VmObject, pindex: number): void {
  const before = predecessor(m, to, pindex);
  radixInsert(m.vm.index, to, pindex, frame);
  radixRemove(m.vm.index, from, m.page.pindex[frame]);
  unlink(m, from, frame);
  link(m, to, pindex, frame, before);
  vmPageDirty(m, frame);
}

/**
 * Frees all pages of an unreferenced object; wired pages are only removed from it. FreeBSD: vm_object_terminate_pages
 */
export function vmObjectTerminatePages(m: Machine, object: VmObject): void {
  const { page } = m;
  let frame = object.memqFirst;
  object.memqFirst = 0;
  object.memqLast = 0;
  while (frame !== 0) {
    const next = page.listNext[frame];
    page.listNext[frame] = 0;
    page.listPrev[frame] = 0;
    page.object[frame] = 0;
    page.refCount[frame] -= VPRC_OBJREF;
    if (page.refCount[frame] === 0) vmPageFree(m, frame, false);
    frame = next;
  }
  if (object.residentCount !== 0) {
    object.residentCount = 0;
    radixReclaim(m.vm.index, object);
  }
  if (object.runHead !== 0) reservBreakAll(m, object);
}

/** Takes the page out of its queue, too. FreeBSD: vm_page_wire */
export function vmPageWire(m: Machine, frame: Frame): void {
  m.page.refCount[frame]++;
  m.page.queue[frame] = PQ_NONE;
}

/**
 * Drops a wiring. Without any left, a page that has an object goes to `queue` (to the inactive one if it is invalid),
 * and a page that has none is freed. FreeBSD: vm_page_unwire, vm_page_unwire_managed, vm_page_release_toq
 */
export function vmPageUnwire(m: Machine, frame: Frame, queue: number): void {
  const { page } = m;
  const refCount = page.refCount[frame];
  if ((refCount & (VPRC_OBJREF - 1)) === 0)
    throw new KernelPanic('vm_page_unwire', 'wire count underflow', { frame, refCount });
  page.refCount[frame] = refCount - 1;
  if (refCount === 1) vmPageFree(m, frame, false);
  else if (refCount === VPRC_OBJREF + 1 && (page.oflags[frame] & VPO_UNMANAGED) === 0)
    page.queue[frame] = page.valid[frame] === 0 ? PQ_INACTIVE : queue;
}

function moveToQueue(m: Machine, frame: Frame, queue: number): void {
  if ((m.page.oflags[frame] & VPO_UNMANAGED) === 0 && !vmPageWired(m, frame)) m.page.queue[frame] = queue;
}

/** Neither an unmanaged nor a wired page goes to a queue. FreeBSD: vm_page_activate, vm_page_mvqueue */
export const vmPageActivate = (m: Machine, frame: Frame): void => moveToQueue(m, frame, PQ_ACTIVE);

/** The same. FreeBSD: vm_page_deactivate, vm_page_deactivate_noreuse, vm_page_launder */
export const vmPageDeactivate = (m: Machine, frame: Frame): void => moveToQueue(m, frame, PQ_INACTIVE);

/** FreeBSD: vm_page_active */
export const vmPageActive = (m: Machine, frame: Frame): boolean => m.page.queue[frame] === PQ_ACTIVE;

/**
 * Do all pages of the run starting at `first` belong to the object, and are they valid and, unless dirtyBut is 0, all
 * dirty except that one? FreeBSD: vm_page_ps_test
 */
export function runHolds(m: Machine, first: Frame, object: VmObject, dirtyBut: Frame): boolean {
  const { page } = m;
  for (let frame = first; frame < first + RUN_PAGES; frame++) {
    if (page.object[frame] !== object.id) return false;
    if (frame === dirtyBut) continue;
    if (dirtyBut !== 0 && page.dirty[frame] !== VM_PAGE_BITS_ALL) return false;
    if (page.valid[frame] !== VM_PAGE_BITS_ALL) return false;
  }
  return true;
}
