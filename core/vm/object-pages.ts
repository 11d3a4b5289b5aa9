/**
 * Operations on ranges of an object's pages: removal, unwiring, advice, msync.
 * FreeBSD: sys/vm/vm_object.c.
 */
import { VM_OBJECT_READ_LOCKS, VM_OBJECT_WRITE_LOCKS } from '../counters.ts';
import type { Machine } from '../hunks.ts';
import { vmPageDirty } from '../page/page.ts';
import { KernelPanic } from '../panic.ts';
import { pmapIsModified, pmapRemoveAll, pmapRemoveWrite } from '../pmap/index.ts';
import { PGA_REFERENCED, PQ_ACTIVE } from '../state/page.ts';
import { OBJT_VNODE, OBJ_ANON, OBJ_ONEMAPPING, OBJ_UNMANAGED, type VmObject } from '../state/vm.ts';
import { PAGE_SIZE, type Frame } from '../units.ts';
import { MADV_DONTNEED, MADV_FREE, MADV_WILLNEED } from './codes.ts';
import {
  vmPageActivate,
  vmPageDeactivate,
  vmPageFindLeast,
  vmPageFreeFrom,
  vmPageLookup,
  vmPageLookupRead,
  vmPageUnwire,
  vmPageWired,
  vmPagesRead,
  vmPagesUnreadDeactivate,
} from './pages.ts';
import { contentsChanged } from './radix.ts';

/** Options of vmObjectPageRemove: keep dirty pages; the pages are known to have no mappings. */
const OBJPR_CLEANONLY = 1;
export const OBJPR_NOTMAPPED = 2;

/** Frees the pages of [start, end); wired pages stay but become invalid. FreeBSD: vm_object_page_remove */
export function vmObjectPageRemove(m: Machine, object: VmObject, start: number, end: number, options: number): void {
  if (object.residentCount === 0) return;
  const { page } = m;
  const mapped = (options & OBJPR_NOTMAPPED) === 0 && object.refCount !== 0;
  vmPagesRead(m, object, start, end);
  for (let frame = vmPageFindLeast(m, object, start); frame !== 0 && page.pindex[frame] < end;) {
    const next = page.listNext[frame];
    if (vmPageWired(m, frame)) {
      if (mapped) pmapRemoveAll(m, frame);
      if ((options & OBJPR_CLEANONLY) === 0) {
        page.valid[frame] = 0;
        contentsChanged(m.vm.index, object);
        page.dirty[frame] = 0;
      }
    } else {
      let spared = false;
      if ((options & OBJPR_CLEANONLY) !== 0 && page.valid[frame] !== 0) {
        if (mapped) pmapRemoveWrite(m, frame);
        spared = page.dirty[frame] !== 0;
      }
      if (!spared) {
        if (mapped) pmapRemoveAll(m, frame);
        vmPageFreeFrom(m, object, frame);
      }
    }
    frame = next;
  }
}

/**
 * Drops one wiring of each page of a range, found through the shadow chain; those that have none left become active.
 * FreeBSD: vm_object_unwire
 */
export function vmObjectUnwire(m: Machine, object: VmObject, offset: number, length: number): void {
  const { page } = m;
  let pindex = offset / PAGE_SIZE;
  const end = pindex + length / PAGE_SIZE;
  let lockedDepth = 1;
  m.counters[VM_OBJECT_READ_LOCKS]++;
  let next = vmPageFindLeast(m, object, pindex);
  for (; pindex < end; pindex++) {
    let frame: Frame;
    if (next === 0 || pindex < page.pindex[next]) {
      let at: VmObject = object;
      let index = pindex;
      let depth = 0;
      do {
        index += at.backingOffset / PAGE_SIZE;
        if (at.backing === null) throw new KernelPanic('vm_object_unwire', 'missing page', { object: at.id, pindex });
        at = at.backing;
        depth++;
        if (depth === lockedDepth) {
          lockedDepth++;
          m.counters[VM_OBJECT_READ_LOCKS]++;
        }
        frame = vmPageLookup(m, at, index);
      } while (frame === 0);
    } else {
      frame = next;
      next = page.listNext[next];
    }
    vmPageUnwire(m, frame, PQ_ACTIVE);
  }
}

/** FreeBSD: vm_object_advice_applies */
function adviceApplies(object: VmObject, advice: number): boolean {
  if ((object.flags & OBJ_UNMANAGED) !== 0) return false;
  if (advice !== MADV_FREE) return true;
  return (object.flags & (OBJ_ONEMAPPING | OBJ_ANON)) === (OBJ_ONEMAPPING | OBJ_ANON);
}

/** FreeBSD: sys/vm/vm_page.c vm_page_advise */
function pageAdvise(m: Machine, frame: Frame, advice: number): void {
  const { page } = m;
  if (advice === MADV_WILLNEED) vmPageActivate(m, frame);
  if (advice === MADV_FREE) page.dirty[frame] = 0;
  else if (advice !== MADV_DONTNEED) return;
  if (advice !== MADV_FREE && page.dirty[frame] === 0 && pmapIsModified(m, frame)) vmPageDirty(m, frame);
  page.aflags[frame] &= ~PGA_REFERENCED;
  vmPageDeactivate(m, frame);
}

/**
 * Applies WILLNEED, DONTNEED or FREE to the pages of [start, end). FreeBSD: vm_object_madvise,
 * vm_object_madvise_freespace
 */
export function vmObjectMadvise(m: Machine, object: VmObject | null, start: number, end: number, advice: number): void {
  if (object === null) return;
  const { counters, page } = m;
  counters[VM_OBJECT_WRITE_LOCKS]++;
  if (!adviceApplies(object, advice)) return;
  // A page that nobody has looked for yet can only lose its place in the active queue.
  if (advice === MADV_DONTNEED) vmPagesUnreadDeactivate(object, start, end);
  let next = vmPageFindLeast(m, object, start);
  let pindex = start;
  while (pindex < end) {
    let frame = 0;
    if (next === 0 || pindex < page.pindex[next]) {
      if (object.backing === null) {
        if (next === 0 || page.pindex[next] >= end) return;
        pindex = page.pindex[next];
        frame = next;
        next = page.listNext[next];
      } else {
        let at: VmObject = object;
        let index = pindex;
        do {
          if (at.backing === null) break;
          counters[VM_OBJECT_WRITE_LOCKS]++;
          index += at.backingOffset / PAGE_SIZE;
          at = at.backing;
          if (!adviceApplies(at, advice)) break;
          if (advice === MADV_DONTNEED) vmPagesUnreadDeactivate(at, index, index + 1);
          frame = vmPageLookupRead(m, at, index);
        } while (frame === 0);
      }
    } else {
      frame = next;
      next = page.listNext[next];
    }
    if (frame !== 0 && page.valid[frame] !== 0 && !vmPageWired(m, frame)) pageAdvise(m, frame, advice);
    pindex++;
  }
}

/** Writes back a range of the file of an object and, if requested, invalidates it. FreeBSD: vm_object_sync */
export function vmObjectSync(
  m: Machine,
  first: VmObject | null,
  start: number,
  bytes: number,
  invalidate: boolean,
): void {
  if (first === null) return;
  const { counters, page } = m;
  let object = first;
  let offset = start;
  let size = bytes;
  counters[VM_OBJECT_WRITE_LOCKS]++;
  while (object.backing !== null) {
    counters[VM_OBJECT_WRITE_LOCKS]++;
    offset += object.backingOffset;
    object = object.backing;
    if (object.size * PAGE_SIZE < offset + size) size = object.size * PAGE_SIZE - offset;
  }
  if (object.type !== OBJT_VNODE) return;
  const from = offset / PAGE_SIZE;
  const to = (offset + size) / PAGE_SIZE;
  if (object.generation !== object.cleanGeneration) {
    counters[VM_OBJECT_WRITE_LOCKS] += 2;
    vmPagesRead(m, object, from, to);
    for (let frame = vmPageFindLeast(m, object, from); frame !== 0 && page.pindex[frame] < to;) {
      pmapRemoveWrite(m, frame);
      page.dirty[frame] = 0;
      frame = page.listNext[frame];
    }
    if (from === 0 && to >= object.size) object.cleanGeneration = object.generation;
  }
  if (invalidate) vmObjectPageRemove(m, object, from, to, OBJPR_CLEANONLY);
}
