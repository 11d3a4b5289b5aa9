/**
 * Yield points: places inside exit, exec and fork where another process can run. The races discussed in the review
 * start there.
 *
 * m.stopAt holds one bit for each point at which the next call stops: the first that it reaches. The call then returns
 * ESTOPPED, and resume() of resume.ts goes on with it. Everywhere else a call is atomic.
 */
import type { Machine } from '../hunks.ts';
import { type Proc, STOP_POINTS, type StopPoint } from '../state/proc.ts';

/** exit: the hook has tested vm_refcnt, vmspace_exit has not begun. */
export const STOP_REFCNT_TESTED = 1;
/** exit: vmspace_exit found other users of the vmspace and switched to vmspace0; the reference is not yet dropped. */
export const STOP_RELEASE_FAILED = 2;
/** exec: the vfork parent runs again, the old vmspace is not yet released. */
export const STOP_PPWAIT_CLEARED = 3;
/** fork: the new vmspace is complete, the child does not exist yet. */
export const STOP_FORK_UNLOCKED = 4;

/** The bit of a point in m.stopAt. FreeBSD: none */
export const stopBit = (point: StopPoint): number => 1 << (STOP_POINTS.indexOf(point) + 1);

/** Does the running call stop at this point? If so, records the point in p. FreeBSD: none */
export function stopsAt(m: Machine, p: Proc, point: number): boolean {
  if ((m.stopAt & (1 << point)) === 0) return false;
  m.stopAt = 0;
  p.stoppedAt = point;
  return true;
}
