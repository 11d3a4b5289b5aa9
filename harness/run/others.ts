/** Ops about another process than the one that acts. */
import {
  ESRCH,
  type Machine,
  PRS_REAPED,
  type Proc,
  pageDaemonLook,
  postSignal,
  vmDaemonVisit,
} from '../../core/index.ts';
import { OUTCOME_OK, OUTCOME_SIGNAL } from '../workload/names.ts';
import { OP_UNREF } from '../workload/ops.ts';
import type { OpSpan } from './op-span.ts';

/** The outcome is the sender's. A zombie takes the signal without effect. FreeBSD: kern_kill, pfind_any */
export function kill(m: Machine, p: Proc, target: Proc | null, signal: number): number {
  if (target === null || target.state === PRS_REAPED) return ESRCH;
  const fatal = postSignal(m, target, signal);
  return fatal === 0 || target !== p ? OUTCOME_OK : OUTCOME_SIGNAL + fatal;
}

/** A daemon of the kernel looks at a process. The number of references that it finds is not for processes to see. */
export function visit(m: Machine, target: Proc | null, code: number, desired: number, span: OpSpan): number {
  if (target === null) return ESRCH;
  if (code === OP_UNREF) return pageDaemonLook(m, target);
  span.set(0, Infinity);
  return vmDaemonVisit(m, target, desired);
}
