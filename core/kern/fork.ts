/**
 * New processes. FreeBSD: sys/kern/kern_fork.c fork1, sys/vm/vm_glue.c vm_forkproc.
 */
import { VMSPACE_SHARES } from '../counters.ts';
import { enterPlace, leavePlace } from '../events.ts';
import type { Machine } from '../hunks.ts';
import { IN_FORK1 } from '../places.ts';
import { P_PPWAIT, Proc, STOP_FORK_UNLOCKED } from '../state/proc.ts';
import type { Vmspace } from '../state/vm.ts';
import { vmspaceFork } from '../vm/vmspace.ts';
import { ESTOPPED } from './errno.ts';
import { stopsAt } from './stop.ts';

/** Proc.waiter of a child for which no thread sleeps any more */
const NO_THREAD = -1;

/** Creates a child of p that takes over the caller's reference on `vm`; the pid goes to m.retval. */
function newChild(m: Machine, p: Proc, vm: Vmspace): Proc {
  const child = new Proc(++m.lastPid, vm, p.sysent, p.kpti, p);
  child.caught = p.caught;
  child.cpu = p.cpu;
  child.imageName = p.imageName;
  child.siblingNext = p.childHead;
  if (p.childHead !== null) p.childHead.siblingPrev = child;
  p.childHead = child;
  m.procs.set(child.pid, child);
  m.live.add(child);
  p.lastChild = child.pid;
  m.retval = child.pid;
  return child;
}

/** Creates a child of p that shares p's vmspace. */
function sharingChild(m: Machine, p: Proc): Proc {
  m.counters[VMSPACE_SHARES]++;
  p.vmspace.refcnt++;
  return newChild(m, p, p.vmspace);
}

/**
 * fork: copies the vmspace before it creates the child. Returns 0 or ESTOPPED; the child's pid goes to m.retval.
 * FreeBSD: sys_fork, fork1, do_fork, vm_forkproc
 */
export function sysFork(m: Machine, p: Proc): number {
  enterPlace(m, IN_FORK1);
  const vm = vmspaceFork(m, p, p.vmspace);
  leavePlace(m);
  if (stopsAt(m, p, STOP_FORK_UNLOCKED)) {
    p.oldVmspace = vm;
    return ESTOPPED;
  }
  newChild(m, p, vm);
  return 0;
}

/** Finishes a fork that was stopped. FreeBSD: fork1 */
export function forkFinish(m: Machine, p: Proc): number {
  const vm = p.oldVmspace!;
  p.oldVmspace = null;
  newChild(m, p, vm);
  return 0;
}

/** A child that shares the vmspace, and for which the running thread of p sleeps: RFPPWAIT. FreeBSD: do_fork */
function waitedForChild(m: Machine, p: Proc): Proc {
  const child = sharingChild(m, p);
  child.flags |= P_PPWAIT;
  child.waiter = m.runningThread[m.curcpu];
  p.waitedFor++;
  return child;
}

/** p has exec'd or exits: the thread that sleeps for it goes on. FreeBSD: do_execve, exit1 */
export function wakeWaiter(p: Proc): void {
  if ((p.flags & P_PPWAIT) === 0) return;
  p.flags &= ~P_PPWAIT;
  if (p.parent !== null) p.parent.waitedFor--;
}

/**
 * vfork: the child shares the vmspace, and p's thread sleeps until it execs or exits. FreeBSD: sys_vfork
 */
export function sysVfork(m: Machine, p: Proc): number {
  waitedForChild(m, p);
  return 0;
}

/** posix_spawn's rfork(RFSPAWN): like vfork, but the child drops its signal handlers. FreeBSD: sys_rfork */
export function rforkSpawn(m: Machine, p: Proc): Proc {
  const child = waitedForChild(m, p);
  child.caught = 0;
  return child;
}

/**
 * rfork(RFPROC | RFMEM): shares the vmspace; with RFTHREAD ('thread') the leader's exit kills the child too.
 * FreeBSD: sys_rfork
 */
export function sysRfork(m: Machine, p: Proc, kind: 'mem' | 'thread'): number {
  const child = sharingChild(m, p);
  if (kind === 'thread') {
    const { peers } = p.leader;
    child.leader = p.leader;
    peers.splice(peers.indexOf(p) + 1, 0, child); // behind p, and the leader is before all
  }
  return 0;
}

/** p's other threads are gone, and with them those that slept for its children. FreeBSD: thread_single */
export function dropSleepers(p: Proc): void {
  if (p.waitedFor === 0) return;
  for (let child = p.childHead; child !== null; child = child.siblingNext) child.waiter = NO_THREAD;
}

/** Is a thread of p asleep in vfork or posix_spawn? FreeBSD: fork_rfppwait */
export function isWaitingForVfork(p: Proc, thread: number): boolean {
  if (p.waitedFor === 0) return false;
  for (let child = p.childHead; child !== null; child = child.siblingNext)
    if ((child.flags & P_PPWAIT) !== 0 && child.waiter === thread) return true;
  return false;
}
