/** Finishing a call that is stopped at a yield point. */
import { enterPlace, leavePlace } from '../events.ts';
import type { Machine } from '../hunks.ts';
import { IN_EXIT1 } from '../places.ts';
import type { Proc } from '../state/proc.ts';
import { vmspaceExitFinish } from '../vm/vmspace.ts';
import { EINVAL } from './errno.ts';
import { execFinish } from './exec.ts';
import { exitFinish, exitVmspace } from './exit.ts';
import { forkFinish } from './fork.ts';
import { signalParent, takePending } from './signal.ts';
import { STOP_FORK_UNLOCKED, STOP_PPWAIT_CLEARED, STOP_REFCNT_TESTED, STOP_RELEASE_FAILED } from './stop.ts';

/**
 * Resumes p's stopped call; p runs again. Returns what the call returns; ESTOPPED if it stops at a later point; EINVAL
 * if p is not stopped. FreeBSD: none
 */
export function resume(m: Machine, p: Proc): number {
  const rv = goOn(m, p);
  if (p.pending !== 0 && p.stoppedAt === 0) takePending(m, p);
  return rv;
}

function goOn(m: Machine, p: Proc): number {
  const { parent, stoppedAt } = p;
  p.stoppedAt = 0;
  switch (stoppedAt) {
    case STOP_REFCNT_TESTED: {
      enterPlace(m, IN_EXIT1);
      const rv = exitVmspace(m, p);
      leavePlace(m);
      if (rv === 0) signalParent(m, parent);
      return rv;
    }
    case STOP_RELEASE_FAILED: {
      const vm = p.oldVmspace!;
      p.oldVmspace = null;
      enterPlace(m, IN_EXIT1);
      vmspaceExitFinish(m, p, vm, false);
      exitFinish(m, p);
      leavePlace(m);
      signalParent(m, parent);
      return 0;
    }
    case STOP_PPWAIT_CLEARED:
      return execFinish(m, p);
    case STOP_FORK_UNLOCKED:
      return forkFinish(m, p);
    default:
      return EINVAL;
  }
}
