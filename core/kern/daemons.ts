/** What the kernel's own processes do to the address space of another. FreeBSD: sys/vm/vm_swapout.c, vm_pageout.c. */
import { PV_LIST_WRITE_LOCKS } from '../counters.ts';
import { enterPlace, leavePlace } from '../events.ts';
import type { Machine } from '../hunks.ts';
import { IN_VM_DAEMON, IN_VM_PAGEOUT } from '../places.ts';
import { pmapTsReferenced } from '../pmap/index.ts';
import { PRS_NORMAL, P_WEXIT, type Proc } from '../state/proc.ts';
import { OBJ_UNMANAGED, type VmObject } from '../state/vm.ts';
import type { Pages } from '../units.ts';
import { vmMapEntrySucc } from '../vm/map-tree.ts';
import { vmPagesUnread } from '../vm/pages.ts';
import { vmSwapoutMapDeactivatePages } from '../vm/swapout.ts';
import { ESRCH } from './errno.ts';

/** Both pass over a process that has begun to exit: its address space is about to go. */
const isPassedOver = (p: Proc): boolean => p.state !== PRS_NORMAL || (p.flags & P_WEXIT) !== 0;

/**
 * Memory is short: unmaps pages of p until `desired` are resident. vm_daemon's own test, whether more than that are, is
 * the caller's. Returns 0, or ESRCH if p is exiting. FreeBSD: vm_daemon
 */
export function vmDaemonVisit(m: Machine, p: Proc, desired: Pages): number {
  if (isPassedOver(p)) return ESRCH;
  enterPlace(m, IN_VM_DAEMON);
  vmSwapoutMapDeactivatePages(m, p.vmspace.map, desired);
  leavePlace(m);
  return 0;
}

/**
 * Collects and clears the reference bits of all managed pages of the objects that p maps; an object that several entries
 * name is looked at for each. The number of references goes to m.retval. Returns 0, or ESRCH if p is exiting. FreeBSD:
 * vm_pageout_scan_active
 */
export function pageDaemonLook(m: Machine, p: Proc): number {
  if (isPassedOver(p)) return ESRCH;
  enterPlace(m, IN_VM_PAGEOUT);
  let found = 0;
  const { header } = p.vmspace.map;
  for (let entry = header.right; entry !== header; entry = vmMapEntrySucc(entry))
    for (let { object } = entry; object !== null; object = object.backing) found += referencesOf(m, object);
  leavePlace(m);
  m.retval = found;
  return 0;
}

function referencesOf(m: Machine, object: VmObject): number {
  if ((object.flags & OBJ_UNMANAGED) !== 0) return 0;
  m.counters[PV_LIST_WRITE_LOCKS] += vmPagesUnread(object, 0, object.size);
  let found = 0;
  for (let frame = object.memqFirst; frame !== 0; frame = m.page.listNext[frame]) found += pmapTsReferenced(m, frame);
  return found;
}
