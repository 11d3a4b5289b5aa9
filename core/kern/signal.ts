/**
 * Signals: delivery runs code in the shared page. FreeBSD: sys/kern/kern_sig.c, sys/amd64/amd64/exec_machdep.c sendsig.
 */
import { SIGNALS } from '../counters.ts';
import { enterPlace, leavePlace } from '../events.ts';
import type { Machine } from '../hunks.ts';
import { IN_SENDSIG } from '../places.ts';
import { PRS_NORMAL, type Proc } from '../state/proc.ts';
import { VM_PROT_EXECUTE, VM_PROT_WRITE } from '../units.ts';
import { access, peek } from './access.ts';
import { EINVAL, HARMLESS_SIGNALS, SIGCHLD, SIGILL, SIGKILL, SIGSTOP } from './errno.ts';
import { exit1 } from './exit.ts';
import { isWaitingForVfork } from './fork.ts';
import { runOn } from './run.ts';

/** What sendsig's frame takes of the stack. FreeBSD: struct sigframe, 128-byte red zone */
const FRAME_SIZE = 0x600;
/** Offset of the clock word in the shared page, after the trampoline. FreeBSD: vdso_timekeep */
export const TIMEKEEP_OFFSET = 0x100;
/** Value of the clock word: simulated time does not advance. */
export const TIMEKEEP_VALUE = 0x61616161;

/** Makes p catch this signal, or stop catching it. Returns 0 or EINVAL. FreeBSD: kern_sigaction, sys_sigaction */
export function setHandler(_m: Machine, p: Proc, signal: number, caught = true): number {
  if (signal === SIGKILL || signal === SIGSTOP) return EINVAL;
  if (caught) p.caught |= 1 << signal;
  else p.caught &= ~(1 << signal);
  return 0;
}

/** Writes the frame of a caught signal on p's stack, below those before it. Returns whether it could. FreeBSD: sendsig */
function sendsig(m: Machine, p: Proc, frames: number): boolean {
  enterPlace(m, IN_SENDSIG);
  m.counters[SIGNALS]++;
  const { stacktop } = p.vmspace;
  const below = frames * FRAME_SIZE;
  // copyout writes to user memory only: a process without a stack has no place for the frame.
  const isWritten = stacktop > below && access(m, p, stacktop - below, VM_PROT_WRITE) === 0;
  leavePlace(m);
  return isWritten;
}

/**
 * Posts these signals to p, which is running, the lowest number first; only then does it execute the trampoline. Returns
 * 0, or the signal that kills p: if the trampoline is gone, no handler can run for that fault either. FreeBSD: cursig,
 * postsig
 */
function deliver(m: Machine, p: Proc, signals: number): number {
  let frames = 0;
  for (let signal = 1; signal < 32; signal++) {
    const bit = 1 << signal;
    if ((signals & bit) === 0) continue;
    if ((p.caught & bit) !== 0) {
      if (!sendsig(m, p, ++frames)) return SIGILL;
    } else if ((HARMLESS_SIGNALS & bit) === 0) return signal;
  }
  const shared = p.sysent.sharedPage;
  return frames === 0 || shared === null ? 0 : access(m, p, shared.base, VM_PROT_EXECUTE);
}

/** Ends p, and sends its parent SIGCHLD if the parent catches it. Returns 0 or ESTOPPED. FreeBSD: exit1, sigexit */
export function terminate(m: Machine, p: Proc, status: number, signal: number): number {
  const { parent } = p;
  const rv = exit1(m, p, status, signal);
  if (rv === 0) signalParent(m, parent);
  return rv;
}

/** The exit system call of p, which is running. Returns 0, or ESTOPPED at a yield point. FreeBSD: sys_exit */
export const sysExit = (m: Machine, p: Proc, status: number): number => terminate(m, p, status, 0);

/**
 * p, which is running, takes these signals, one bit each. Returns 0 if it survives, else the signal that kills it; it may
 * stop at a yield point of its exit. FreeBSD: ast, sigexit
 */
function take(m: Machine, p: Proc, signals: number): number {
  const fatal = deliver(m, p, signals);
  if (fatal !== 0) terminate(m, p, 0, fatal);
  return fatal;
}

/** A signal that p, which is running, caused itself. Returns as take() does. FreeBSD: trapsignal */
export const trapSignal = (m: Machine, p: Proc, signal: number): number => take(m, p, 1 << signal);

/**
 * Is p inside a call, where it takes no signal? The sleep of a vfork parent is not interruptible. The thread that runs
 * decides; if none of p does, the main one. FreeBSD: fork_rfppwait, sigtd
 */
const isInCall = (m: Machine, p: Proc): boolean =>
  p.stoppedAt !== 0 || (p.waitedFor !== 0 && isWaitingForVfork(p, m.curproc === p ? m.runningThread[m.curcpu] : 0));

/**
 * A signal from outside. p takes it on return to user mode, on its own CPU: at once, unless it is inside a call. The
 * caller continues afterwards. Returns 0 if p survives, else the signal that kills it. FreeBSD: kern_psignal
 */
export function postSignal(m: Machine, p: Proc, signal: number): number {
  const bit = 1 << signal;
  if (p.state !== PRS_NORMAL || (HARMLESS_SIGNALS & bit & ~p.caught) !== 0) return 0;
  p.pending |= bit;
  return takePending(m, p);
}

/**
 * p takes the signals that have arrived, unless it is inside a call; null is init. Returns 0 if p survives, else the
 * signal that kills it. FreeBSD: ast
 */
export function takePending(m: Machine, p: Proc | null): number {
  if (p === null || p.pending === 0 || p.state !== PRS_NORMAL || isInCall(m, p)) return 0;
  const { pending } = p;
  p.pending = 0;
  const { curproc, curcpu, stopAt } = m;
  if (curproc === p) return take(m, p, pending);
  const thread = m.runningThread[curcpu];
  runOn(m, p, p.cpu);
  // The yield points that are asked for are the caller's.
  m.stopAt = 0;
  const fatal = take(m, p, pending);
  m.stopAt = stopAt;
  if (curproc !== null && curproc.state === PRS_NORMAL) runOn(m, curproc, curcpu, thread);
  return fatal;
}

/**
 * A child has ended: its parent gets SIGCHLD, if it catches it, and takes what arrived while it slept for the child.
 * FreeBSD: childproc_exited
 */
export function signalParent(m: Machine, parent: Proc | null): void {
  if (parent === null || parent.state !== PRS_NORMAL) return;
  if ((parent.caught & (1 << SIGCHLD)) !== 0) parent.pending |= 1 << SIGCHLD;
  takePending(m, parent);
}

/** p reads the clock without a system call; the word goes to m.retval. Returns 0 or the signal. FreeBSD: none */
export function clockRead(m: Machine, p: Proc): number {
  const shared = p.sysent.sharedPage;
  if (shared !== null) return peek(m, p, shared.base + TIMEKEEP_OFFSET);
  m.retval = TIMEKEEP_VALUE; // the system call
  return 0;
}
