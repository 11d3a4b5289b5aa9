/** Waiting for children. FreeBSD: sys/kern/kern_exit.c kern_wait6. */
import type { Machine } from '../hunks.ts';
import { PRS_ZOMBIE, type Proc } from '../state/proc.ts';
import { EAGAIN, ECHILD } from './errno.ts';
import { procReap } from './exit.ts';

/**
 * Reaps a child; its pid goes to m.retval. ECHILD: p has no such child. EAGAIN: the child is alive, so the call would
 * sleep. FreeBSD: kern_wait6, kern_wait, sys_wait4, sys_wait6, proc_to_reap
 */
export function sysWait(m: Machine, p: Proc, childPid: number): number {
  const child = m.procs.get(childPid);
  if (child === undefined || child.parent !== p) return ECHILD;
  if (child.state !== PRS_ZOMBIE) return EAGAIN;
  procReap(m, child);
  m.retval = childPid;
  return 0;
}
