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
import { HARMLESS_SIGNALS, SIGCHLD, SIGILL, SIGKILL, SIGSTOP } from './errno.ts';
import { exit1 } from './exit.ts';
import { isWaitingForVfork } from './fork.ts';
import { runOn } from './run.ts';

/** Offset of sendsig's frame below the top of the stack, and its size. FreeBSD: struct sigframe, 128-byte red zone */
const FRAME_OFFSET = 0x600;
/** Offset of the clock word in the shared page, after the trampoline. FreeBSD: vdso_timekeep */
export const TIMEKEEP_OFFSET = 0x100;
/** Value of the clock word: simulated time does not advance. */
export const TIMEKEEP_VALUE = 0x61616161;

/** Makes p catch this signal, or stop catching it. FreeBSD: kern_sigaction, sys_sigaction */
export function setHandler(_m: Machine, p: Proc, signal: number, caught = true): void {
  if (signal === SIGKILL || signal === SIGSTOP) return;
  if (caught) p.caught |= 1 << signal;
  else p.caught &= ~(1 << signal);
}

/**
 * Delivers a caught signal to p, which is running: writes the frame on its stack and executes the trampoline. Returns
 * 0, or the signal that kills p: if the trampoline is gone, no handler can run for that fault either. FreeBSD: sendsig,
 * postsig
 */
function deliver(m: Machine, p: Proc): number {
  enterPlace(m, IN_SENDSIG);
  m.counters[SIGNALS]++;
  const { stacktop } = p.vmspace;
  // copyout writes to user memory only: a process without a stack has no place for the frame.
  const isWritten = stacktop > FRAME_OFFSET && access(m, p, stacktop - FRAME_OFFSET, VM_PROT_WRITE) === 0;
  leavePlace(m);
  if (!isWritten) return SIGILL;
  const shared = p.sysent.sharedPage;
  return shared === null ? 0 : access(m, p, shared.base, VM_PROT_EXECUTE);
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
 * A signal that p, which is running, caused itself. Returns 0 if its handler ran, else the signal that killed p.
 * FreeBSD: trapsignal
 */
export function trapSignal(m: Machine, p: Proc, signal: number): number {
  const fatal = (p.caught & (1 << signal)) !== 0 ? deliver(m, p) : signal;
  if (fatal !== 0) terminate(m, p, 0, fatal);
  return fatal;
}

/**
 * Is p inside a call, where it takes no signal? The sleep of a vfork parent is not interruptible; p's main thread decides.
 * FreeBSD: fork_rfppwait, sigtd
 */
const isInCall = (m: Machine, p: Proc): boolean =>
  p.stoppedAt !== 0 || (p.waitedFor !== 0 && m.curproc !== p && isWaitingForVfork(p, 0));

/**
 * A signal from outside. p takes it on return to user mode, on its own CPU: at once, unless it is inside a call. The
 * caller continues afterwards. Returns 0 if p survives, else the signal that killed it. FreeBSD: kern_psignal, ast
 */
export function postSignal(m: Machine, p: Proc, signal: number): number {
  if (p.state !== PRS_NORMAL) return 0;
  const caught = (p.caught & (1 << signal)) !== 0;
  if (!caught && (HARMLESS_SIGNALS & (1 << signal)) !== 0) return 0;
  if (isInCall(m, p)) {
    p.pending |= 1 << signal;
    return 0;
  }
  const { curproc, curcpu, stopAt } = m;
  if (curproc === p) return trapSignal(m, p, signal);
  runOn(m, p, p.cpu);
  // The yield points that are asked for are the caller's.
  m.stopAt = 0;
  const fatal = trapSignal(m, p, signal);
  m.stopAt = stopAt;
  if (curproc !== null && curproc.state === PRS_NORMAL) runOn(m, curproc, curcpu);
  return fatal;
}

/** p takes the signals that arrived while it was inside a call, if it no longer is; null is init. FreeBSD: ast */
export function takePending(m: Machine, p: Proc | null): void {
  if (p === null || p.pending === 0 || isInCall(m, p)) return;
  const { pending } = p;
  p.pending = 0;
  for (let signal = 1; signal < 32; signal++)
    if ((pending & (1 << signal)) !== 0 && p.state === PRS_NORMAL) postSignal(m, p, signal);
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
