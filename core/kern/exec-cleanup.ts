/** The end of an exec, which a process reaches even if it is being killed. FreeBSD: sys/kern/kern_exec.c. */
import { enterPlace, leavePlace } from '../events.ts';
import type { Machine } from '../hunks.ts';
import { IN_EXEC_CLEANUP } from '../places.ts';
import type { Proc } from '../state/proc.ts';
import { vmspaceFree } from '../vm/vmspace.ts';
import { countCleanup } from './teardown.ts';

/** Releases the vmspace that exec replaced. FreeBSD: exec_cleanup */
export function execCleanup(m: Machine, p: Proc): void {
  const old = p.oldVmspace;
  if (old === null) return;
  p.oldVmspace = null;
  enterPlace(m, IN_EXEC_CLEANUP);
  if (old.refcnt === 1) countCleanup(m, p.sysent, old);
  vmspaceFree(m, p, old);
  leavePlace(m);
}
