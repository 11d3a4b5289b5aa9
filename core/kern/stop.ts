/**
 * Yield points: places inside exit, exec and fork where another process can run. The races discussed in the review
 * start there.
 *
 * Set m.stopAt to the name of one; the next call that reaches it returns ESTOPPED, and resume() of resume.ts finishes
 * it. Everywhere else a call is atomic.
 */
import type { Machine } from '../hunks.ts';
import { type Proc, STOP_POINTS } from '../state/proc.ts';

/** exit: the hook has tested vm_refcnt, vmspace_exit has not begun. */
export const STOP_REFCNT_TESTED = 1;
/** exit: vmspace_exit found other users of the vmspace and switched to vmspace0; the reference is not yet dropped. */
export const STOP_RELEASE_FAILED = 2;
/** exec: the vfork parent runs again, the old vmspace is not yet released. */
export const STOP_PPWAIT_CLEARED = 3;
/** fork: the new vmspace is complete, the child does not exist yet. */
export const STOP_FORK_UNLOCKED = 4;

/** Does the running call stop at this point? If so, records the point in p. FreeBSD: none */
export function stopsAt(m: Machine, p: Proc, point: number): boolean {
  if (m.stopAt === null || m.stopAt !== STOP_POINTS[point - 1]) return false;
  m.stopAt = null;
  p.stoppedAt = point;
  return true;
}
