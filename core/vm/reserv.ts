/**
 * Ownership of reservations by objects. See core/page/reserv.ts for the runs themselves.
 * FreeBSD: sys/vm/vm_reserv.c.
 */
import type { Machine } from '../hunks.ts';
import { RUN_PAGES, VM_PAGE_BITS_ALL } from '../state/page.ts';
import type { VmObject } from '../state/vm.ts';
import type { Frame } from '../units.ts';

export function reservAllocPage(_m: Machine, _object: VmObject, _pindex: number, _before: Frame): Frame {
  return 0;
}

export function reservFreePage(_m: Machine, _frame: Frame): boolean {
  return false;
}

export function reservBreakAll(_m: Machine, _object: VmObject): void {}

export function reservRename(_m: Machine, _frame: Frame, _to: VmObject, _from: VmObject, _offset: number): void {}

/**
 * Do all pages of the run from `first` on belong to the object, valid and, if dirtyBut is a frame, all dirty but that
 * one? 0: dirty or not. FreeBSD: sys/vm/vm_page.c vm_page_ps_test
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

export function reservToSuperpage(_m: Machine, _frame: Frame, _object: VmObject): Frame {
  return 0;
}
