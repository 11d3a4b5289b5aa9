/** Process exit. FreeBSD: sys/kern/kern_exit.c exit1. */
import { EXITS, REACHED_EXIT_BEFORE_VMSPACE_EXIT, SOLE_EXITS } from '../counters.ts';
import { enterPlace, leavePlace } from '../events.ts';
import type { Machine } from '../hunks.ts';
import { IN_DO_EXECVE, IN_EXEC_FREE_ABI_MAPPINGS, IN_EXIT1 } from '../places.ts';
import {
  PRS_NORMAL,
  PRS_REAPED,
  PRS_ZOMBIE,
  P_WEXIT,
  type Proc,
  STOP_FORK_UNLOCKED,
  STOP_PAGES_REMOVED,
  STOP_PPWAIT_CLEARED,
  STOP_REFCNT_TESTED,
  STOP_RELEASE_FAILED,
  STOP_VMSPACE0_ACTIVE,
} from '../state/proc.ts';
import type { Vmspace } from '../state/vm.ts';
import { vmspaceExitBegin, vmspaceExitEmpty, vmspaceExitFree, vmspaceExitSwitch } from '../vm/vmspace.ts';
import { ESTOPPED, SIGKILL } from './errno.ts';
import { execCleanup } from './exec-cleanup.ts';
import { forkFinish, wakeWaiter } from './fork.ts';
import { idleOtherCpus, runOn } from './run.ts';
import { stopsAt } from './stop.ts';
import { countTeardown } from './teardown.ts';

/**
 * A leader of RFTHREAD peers kills them, and waits until they are gone, before it releases its own vmspace. A peer
 * asleep in vfork dies at once too; the kernel's leader waits until its child has exec'd or exited. FreeBSD: exit1
 */
function killPeers(m: Machine, p: Proc): void {
  const { leader } = p;
  if (leader !== p) {
    leader.peers = leader.peers.filter((peer) => peer !== p);
    return;
  }
  const { curcpu, stopAt } = m;
  // The yield points that are asked for are p's.
  m.stopAt = 0;
  for (const peer of p.peers) {
    peer.leader = peer;
    if (peer.state !== PRS_NORMAL) continue;
    runOn(m, peer, peer.cpu);
    finishCall(m, peer);
    exit1(m, peer, 0, SIGKILL);
  }
  if (p.peers.length !== 0) runOn(m, p, curcpu);
  p.peers = [];
  m.stopAt = stopAt;
}

/** A process that is killed inside a call finishes it first. FreeBSD: ast */
function finishCall(m: Machine, p: Proc): void {
  if (p.stoppedAt === STOP_FORK_UNLOCKED) forkFinish(m, p);
  if (p.stoppedAt === STOP_PPWAIT_CLEARED) {
    enterPlace(m, IN_DO_EXECVE);
    execCleanup(m, p);
    leavePlace(m);
    p.image = null;
  }
  p.stoppedAt = 0;
}

/**
 * Ends p, which is running, with a status or by a signal. Returns 0, or ESTOPPED at a yield point. A zombie remains
 * until wait(), unless init is the parent. FreeBSD: exit1
 */
export function exit1(m: Machine, p: Proc, status: number, signal: number): number {
  enterPlace(m, IN_EXIT1);
  idleOtherCpus(m, p);
  p.flags |= P_WEXIT;
  p.exitStatus = status;
  p.exitSignal = signal;
  if (signal !== 0) m.killed.push(p);
  killPeers(m, p);
  m.counters[REACHED_EXIT_BEFORE_VMSPACE_EXIT]++;
  const isLast = p.vmspace.refcnt === 1;
  if (isLast) m.counters[SOLE_EXITS]++;
  countTeardown(m, p, isLast);
  enterPlace(m, IN_EXEC_FREE_ABI_MAPPINGS);
  m.hunks.exitBeforeVmspaceExit(m, p);
  leavePlace(m);
  const rv = stopsAt(m, p, STOP_REFCNT_TESTED) ? ESTOPPED : exitVmspace(m, p);
  leavePlace(m);
  return rv;
}

/** exit1 from vmspace_exit on. FreeBSD: exit1 */
export function exitVmspace(m: Machine, p: Proc): number {
  const vm = p.vmspace;
  const released = vmspaceExitBegin(m, p);
  if (!released && stopsWith(m, p, vm, STOP_RELEASE_FAILED)) return ESTOPPED;
  return exitRelease(m, p, vm, released);
}

/** exit1 from the drop of the reference on vm on; see vmspaceExitEmpty. FreeBSD: exit1 */
export function exitRelease(m: Machine, p: Proc, vm: Vmspace, released: boolean): number {
  if (!vmspaceExitEmpty(m, p, vm, released)) return exitFinish(m, p);
  return stopsWith(m, p, vm, STOP_PAGES_REMOVED) ? ESTOPPED : exitSwitch(m, p, vm);
}

/** exit1 of the last user of vm, from where its pages are unmapped. FreeBSD: exit1 */
export function exitSwitch(m: Machine, p: Proc, vm: Vmspace): number {
  vmspaceExitSwitch(m, p);
  return stopsWith(m, p, vm, STOP_VMSPACE0_ACTIVE) ? ESTOPPED : exitFree(m, p, vm);
}

/** exit1 of the last user of vm, from where vmspace0 is active. FreeBSD: exit1 */
export function exitFree(m: Machine, p: Proc, vm: Vmspace): number {
  vmspaceExitFree(m, p, vm);
  return exitFinish(m, p);
}

function stopsWith(m: Machine, p: Proc, vm: Vmspace, point: number): boolean {
  if (!stopsAt(m, p, point)) return false;
  p.oldVmspace = vm;
  return true;
}

/**
 * exit1 after vmspace_exit: reparents the children to init, wakes the vfork parent, and leaves a zombie. FreeBSD: exit1
 */
function exitFinish(m: Machine, p: Proc): number {
  m.counters[EXITS]++;
  p.state = PRS_ZOMBIE;
  m.live.delete(p);
  for (let child = p.childHead; child !== null;) {
    const next: Proc | null = child.siblingNext;
    procLeaveParent(child);
    if (child.state === PRS_ZOMBIE) procReap(m, child);
    child = next;
  }
  wakeWaiter(p);
  if (p.parent === null) procReap(m, p);
  return 0;
}

/** Reparents p to init. */
function procLeaveParent(p: Proc): void {
  const { parent, siblingNext, siblingPrev } = p;
  if (parent === null) return;
  if (siblingPrev === null) parent.childHead = siblingNext;
  else siblingPrev.siblingNext = siblingNext;
  if (siblingNext !== null) siblingNext.siblingPrev = siblingPrev;
  p.parent = null;
  p.siblingNext = null;
  p.siblingPrev = null;
}

/** Frees the zombie, and with it its reference on vmspace0. FreeBSD: proc_reap, vm_waitproc, vmspace_exitfree */
export function procReap(m: Machine, p: Proc): void {
  procLeaveParent(p);
  p.state = PRS_REAPED;
  m.vmspace0!.refcnt--;
  m.procs.delete(p.pid);
}
