/**
 * The common fault: the page is resident in the object that the entry refers to. FreeBSD: sys/vm/vm_fault.c
 * vm_fault_soft_fast.
 */
import { SOFT_FAULTS } from '../counters.ts';
import type { Machine } from '../hunks.ts';
import { reservToSuperpage } from '../page/reserv.ts';
import { pmapEnter, pmapPsEnabled } from '../pmap/index.ts';
import { RUN_PAGES, VM_PAGE_BITS_ALL, VPO_UNMANAGED } from '../state/page.ts';
import { OBJT_VNODE, OBJ_UNMANAGED, type FaultState, type VmObject } from '../state/vm.ts';
import { NBPDR, PAGE_SIZE, PMAP_ENTER_NOSLEEP, PMAP_ENTER_WIRED, VM_PROT_WRITE, type Frame } from '../units.ts';
import { KERN_SUCCESS, VM_FAULT_WIRE } from './codes.ts';
import { faultEntry, unlockMap } from './fault-state.ts';
import { runHolds, vmPageLookup } from './pages.ts';
import { vmFaultPrefault } from './prefault.ts';

/** Neighbours that a soft fault maps, before and after the page. FreeBSD: PFBAK, PFFOR */
export const PFBAK = 4;
export const PFFOR = 4;

/** Dirties a page that is being written, or may be written without another fault. FreeBSD: vm_fault_dirty */
export function faultDirty(m: Machine, fs: FaultState, frame: Frame, object: VmObject): void {
  const { page } = m;
  if ((fs.prot & VM_PROT_WRITE) === 0 || (page.oflags[frame] & VPO_UNMANAGED) !== 0) return;
  if (object.type === OBJT_VNODE) object.generation++;
  if ((fs.faultType & VM_PROT_WRITE) !== 0 && (fs.flags & VM_FAULT_WIRE) === 0) page.dirty[frame] = VM_PAGE_BITS_ALL;
}

/**
 * Maps a page that is resident in the top object, as 2M if its run allows, along with its neighbours. Returns false if
 * the fault needs the slow path. FreeBSD: vm_fault_soft_fast
 */
export function vmFaultSoftFast(m: Machine, fs: FaultState): boolean {
  const object = fs.firstObject;
  const { page } = m;
  const frame = vmPageLookup(m, object, fs.firstPindex);
  if (frame === 0 || page.valid[frame] !== VM_PAGE_BITS_ALL) return false;
  const { pmap } = fs.map;
  let mapped = frame;
  let psind = 0;
  let { va } = fs;
  if (m.config.superpages) {
    const first = reservToSuperpage(m, frame, object);
    if (first !== 0 && fitsSuperpage(m, fs, frame)) {
      const allDirty = (fs.prot & VM_PROT_WRITE) !== 0 && (object.flags & OBJ_UNMANAGED) === 0;
      if (runHolds(m, first, object, allDirty ? frame : 0)) {
        mapped = first;
        psind = 1;
        va -= va % NBPDR;
        if (allDirty) fs.faultType |= VM_PROT_WRITE;
      }
    }
  }
  const flags = fs.faultType | PMAP_ENTER_NOSLEEP | (fs.wired ? PMAP_ENTER_WIRED : 0);
  if (pmapEnter(m, pmap, va, mapped, fs.prot, flags, psind) !== KERN_SUCCESS) return false;
  if (psind === 0 && !fs.wired) vmFaultPrefault(m, fs, va, PFBAK, PFFOR, true);
  faultDirty(m, fs, frame, object);
  unlockMap(m, fs);
  m.counters[SOFT_FAULTS]++;
  return true;
}

/** Does the 2M mapping around the fault fit in the entry, with address and frame aligned alike? */
function fitsSuperpage(m: Machine, fs: FaultState, frame: Frame): boolean {
  const entry = faultEntry(fs);
  const low = fs.va - (fs.va % NBPDR);
  return (
    low >= entry.start &&
    low + NBPDR <= entry.end &&
    (fs.va - low) / PAGE_SIZE === frame % RUN_PAGES &&
    !fs.wired &&
    pmapPsEnabled(m, fs.map.pmap)
  );
}
