/**
 * Yield points: places inside exit, exec and fork where another process can run. The races discussed in the review
 * start there.
 *
 * m.stopAt holds one bit for each point at which the next call stops: the first that it reaches. The call then returns
 * ESTOPPED, and resume() of resume.ts goes on with it. Everywhere else a call is atomic.
 */
import type { Machine } from '../hunks.ts';
import { type Proc, STOP_POINTS, type StopPoint } from '../state/proc.ts';

/** The bit of a point in m.stopAt. FreeBSD: none */
export const stopBit = (point: StopPoint): number => 1 << (STOP_POINTS.indexOf(point) + 1);

/** Does the running call stop at this point? If so, records the point in p. FreeBSD: none */
export function stopsAt(m: Machine, p: Proc, point: number): boolean {
  if ((m.stopAt & (1 << point)) === 0) return false;
  m.stopAt = 0;
  p.stoppedAt = point;
  return true;
}
