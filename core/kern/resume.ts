/** Finishing a call that is stopped at a yield point. */
import { enterPlace, leavePlace } from '../events.ts';
import type { Machine } from '../hunks.ts';
import { IN_EXIT1 } from '../places.ts';
import {
  type Proc,
  STOP_FORK_UNLOCKED,
  STOP_PAGES_REMOVED,
  STOP_PPWAIT_CLEARED,
  STOP_REFCNT_TESTED,
  STOP_RELEASE_FAILED,
  STOP_VMSPACE0_ACTIVE,
} from '../state/proc.ts';
import { EINVAL } from './errno.ts';
import { execFinish } from './exec.ts';
import { exitFree, exitRelease, exitSwitch, exitVmspace } from './exit.ts';
import { forkFinish } from './fork.ts';
import { signalParent } from './signal.ts';

/**
 * Resumes p's stopped call; p runs again. Returns what the call returns; ESTOPPED if it stops at a later point; EINVAL
 * if p is not stopped. FreeBSD: none
 */
export function resume(m: Machine, p: Proc): number {
  const { parent, stoppedAt } = p;
  p.stoppedAt = 0;
  switch (stoppedAt) {
    case STOP_REFCNT_TESTED:
    case STOP_RELEASE_FAILED:
    case STOP_PAGES_REMOVED:
    case STOP_VMSPACE0_ACTIVE: {
      enterPlace(m, IN_EXIT1);
      const rv = exitGoOn(m, p, stoppedAt);
      leavePlace(m);
      if (rv === 0) signalParent(m, parent);
      return rv;
    }
    case STOP_PPWAIT_CLEARED:
      return execFinish(m, p);
    case STOP_FORK_UNLOCKED:
      return forkFinish(m, p);
    default:
      return EINVAL;
  }
}

function exitGoOn(m: Machine, p: Proc, stoppedAt: number): number {
  if (stoppedAt === STOP_REFCNT_TESTED) return exitVmspace(m, p);
  const vm = p.oldVmspace!;
  p.oldVmspace = null;
  if (stoppedAt === STOP_RELEASE_FAILED) return exitRelease(m, p, vm, false);
  return stoppedAt === STOP_PAGES_REMOVED ? exitSwitch(m, p, vm) : exitFree(m, p, vm);
}
