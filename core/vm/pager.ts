/** Files: their objects, and reading in their pages. FreeBSD: sys/vm/vnode_pager.c. */
import { VM_OBJECT_WRITE_LOCKS } from '../counters.ts';
import type { Machine } from '../hunks.ts';
import { physWrite } from '../hw/phys.ts';
import { pmapZeroPage } from '../pmap/index.ts';
import { PQ_ACTIVE, VM_PAGE_BITS_ALL } from '../state/page.ts';
import { OBJT_VNODE, OBJ_COLORED, VmFile, type VmObject } from '../state/vm.ts';
import type { Frame, Pages } from '../units.ts';
import { vmObjectAllocate } from './object.ts';
import { vmPageAlloc, vmPageLookup } from './pages.ts';
import { contentsChanged } from './radix.ts';

function fillZero(m: Machine, frame: Frame): void {
  const { page } = m;
  if (page.nonZero[frame] !== 0) pmapZeroPage(m, frame);
  page.nonZero[frame] = 0;
  page.valid[frame] = VM_PAGE_BITS_ALL;
}

/** Fills a page with what a read of the file returns. */
function fill(m: Machine, file: VmFile, pindex: number, frame: Frame): void {
  fillZero(m, frame);
  contentsChanged(m.vm.index, file.object);
  if (!file.tagged) return;
  m.page.nonZero[frame] = 1;
  physWrite(m, frame, 0, pindex + 1);
  physWrite(m, frame, 1, file.id + 1);
}

function bringIn(m: Machine, file: VmFile, from: Pages, to: Pages, step: Pages): void {
  for (let pindex = from; pindex < to; pindex += step) {
    m.counters[VM_OBJECT_WRITE_LOCKS]++;
    const frame = vmPageAlloc(m, file.object, pindex);
    if (frame === 0) return;
    fill(m, file, pindex, frame);
  }
}

/**
 * Makes a file; returns its number, which counts from 0. resident: the pages in memory at the start. tagged: page i
 * holds ((id + 1) << 32) | (i + 1) in its first 8 bytes, otherwise all is 0. clusters: a read brings the absent
 * neighbours within the fault's window too, otherwise one page. unread: the pages in memory take frames when they are
 * looked for first; they hold no tags. FreeBSD: none
 */
export function fileCreate(
  m: Machine,
  pages: Pages,
  resident: 'all' | 'even' | 'none',
  mode: 'rw' | 'ro',
  tagged = false,
  clusters = false,
  unread = false,
): number {
  const id = m.files.length;
  const object = vmObjectAllocate(m, OBJT_VNODE, pages, 0);
  object.refCount = 0;
  if (m.config.superpages) {
    // Colour 0, as set by the first mmap or exec.
    m.counters[VM_OBJECT_WRITE_LOCKS]++;
    object.flags |= OBJ_COLORED;
  }
  const file = new VmFile(id, object, mode === 'rw', tagged, clusters, resident);
  object.file = file;
  m.files.push(file);
  if (resident === 'none') return id;
  const step = resident === 'all' ? 1 : 2;
  if (unread) {
    file.unread = Math.ceil(pages / step);
    object.residentCount = file.unread;
    return id;
  }
  bringIn(m, file, 0, pages, step);
  for (let frame = object.memqFirst; frame !== 0; frame = m.page.listNext[frame]) m.page.queue[frame] = PQ_ACTIVE;
  return id;
}

/**
 * Number of pages that a read at pindex brings in on one side, at most `want`; it stops at the first resident page or
 * the file's end. FreeBSD: vnode_pager_generic_getpages
 */
export function vmPagerWindow(m: Machine, object: VmObject, pindex: number, direction: 1 | -1, want: number): number {
  if (object.file === null || !object.file.clusters) return 0;
  let count = 0;
  while (count < want) {
    const at = pindex + direction * (count + 1);
    if (at < 0 || at >= object.size || vmPageLookup(m, object, at) !== 0) break;
    count++;
  }
  return count;
}

/** Reads page `frame` at pindex, and the surrounding pages that vmPagerWindow allowed. FreeBSD: vm_pager_get_pages */
export function vmPagerGetPages(
  m: Machine,
  object: VmObject,
  pindex: number,
  frame: Frame,
  behind: number,
  ahead: number,
): void {
  const { file } = object;
  if (file === null) {
    fillZero(m, frame); // the physical pager
    contentsChanged(m.vm.index, object);
    return;
  }
  fill(m, file, pindex, frame);
  bringIn(m, file, pindex - behind, pindex, 1);
  bringIn(m, file, pindex + 1, pindex + 1 + ahead, 1);
}
