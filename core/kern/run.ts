/**
 * Processes on CPUs: creating the first ones, and context switches. FreeBSD: sys/kern/sched_ule.c,
 * sys/amd64/amd64/cpu_switch.S
 */
import { enterPlace, leavePlace } from '../events.ts';
import type { Machine } from '../hunks.ts';
import { IN_SCHED_SWITCH } from '../places.ts';
import { pmapActivate } from '../pmap/index.ts';
import { P_PPWAIT, Proc, type Sysent } from '../state/proc.ts';
import { PAGE_SIZE, type Va } from '../units.ts';
import { vmspaceAlloc } from '../vm/vmspace.ts';

/**
 * Lowest address of a native process's map; page 0 is never mapped. FreeBSD: exec_new_vmspace
 * (security.bsd.map_at_zero is 0)
 */
export const minUserAddress = (sysent: Sysent): Va => Math.max(sysent.minUser, PAGE_SIZE);

/** Creates a child of init with an empty vmspace of its own, without even the shared page. FreeBSD: none */
export function procCreate(m: Machine, sysent: Sysent, kpti: boolean): Proc {
  const vm = vmspaceAlloc(m, minUserAddress(sysent), sysent.maxUser, kpti);
  const p = new Proc(++m.lastPid, vm, sysent, kpti, null);
  m.procs.set(p.pid, p);
  m.live.add(p);
  return p;
}

/**
 * Switches a CPU to a thread of p. A thread runs on one CPU: the CPU it leaves goes idle, and so does the CPU of a
 * parent that sleeps until its vfork child has exec'd or exited. FreeBSD: sched_switch
 */
export function runOn(m: Machine, p: Proc, cpu: number, thread = 0): void {
  const { running, runningThread } = m;
  if ((p.flags & P_PPWAIT) !== 0 && p.cpu !== cpu && running[p.cpu] === p.parent && runningThread[p.cpu] === p.waiter)
    idle(m, p.cpu);
  for (let other = 0; other < running.length; other++)
    if (other !== cpu && running[other] === p && runningThread[other] === thread) idle(m, other);
  m.curcpu = cpu;
  m.curproc = p;
  running[cpu] = p;
  runningThread[cpu] = thread;
  p.cpu = cpu;
  if (m.recording) m.events.instances.sharedBy(running.reduce((n, one) => (one?.vmspace === p.vmspace ? n + 1 : n), 0));
  const { pmap } = p.vmspace;
  if (m.cpus[cpu].curpmap === pmap) return;
  enterPlace(m, IN_SCHED_SWITCH);
  pmapActivate(m, pmap);
  leavePlace(m);
}

/** Makes the CPU idle. */
function idle(m: Machine, cpu: number): void {
  m.running[cpu] = null;
  m.curcpu = cpu;
  enterPlace(m, IN_SCHED_SWITCH);
  pmapActivate(m, m.pmap0);
  leavePlace(m);
}

/** Idles the CPUs where other threads of p ran: those threads are gone or suspended. FreeBSD: thread_single */
export function idleOtherCpus(m: Machine, p: Proc): void {
  const { curcpu, running } = m;
  for (let cpu = 0; cpu < running.length; cpu++) if (cpu !== curcpu && running[cpu] === p) idle(m, cpu);
  m.curcpu = curcpu;
}
