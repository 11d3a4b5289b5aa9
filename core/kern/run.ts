/**
 * Processes on CPUs: making the first ones, and switching. FreeBSD: sys/kern/sched_ule.c, sys/amd64/amd64/cpu_switch.S
 */
import { enterPlace, leavePlace } from '../events.ts';
import type { Machine } from '../hunks.ts';
import { IN_SCHED_SWITCH } from '../places.ts';
import { pmapActivate } from '../pmap/index.ts';
import { P_PPWAIT, Proc, type Sysent } from '../state/proc.ts';
import { PAGE_SIZE, type Va } from '../units.ts';
import { vmspaceAlloc } from '../vm/vmspace.ts';

/** Lowest address of a native process's map: page 0 stays unmapped. FreeBSD: security.bsd.map_at_zero */
export const minUserAddress = (sysent: Sysent): Va => Math.max(sysent.minUser, PAGE_SIZE);

/** A child of init with an empty vmspace of its own: no shared page, nothing else. */
export function procCreate(m: Machine, sysent: Sysent, kpti: boolean): Proc {
  const vm = vmspaceAlloc(m, minUserAddress(sysent), sysent.maxUser, kpti);
  const p = new Proc(++m.lastPid, vm, sysent, kpti, null);
  m.procs.set(p.pid, p);
  m.live.add(p);
  return p;
}

/**
 * Switches a CPU to a thread of p, which runs from now on. A thread is on one CPU: the one that it leaves goes idle, and so
 * does that of the parent that sleeps until a vfork child has exec'd or exited. FreeBSD: sched_switch
 */
export function runOn(m: Machine, p: Proc, cpu: number, thread = 0): void {
  const { running, runningThread } = m;
  if ((p.flags & P_PPWAIT) !== 0 && p.cpu !== cpu && running[p.cpu] === p.parent) idle(m, p.cpu);
  for (let other = 0; other < running.length; other++)
    if (other !== cpu && running[other] === p && runningThread[other] === thread) idle(m, other);
  m.curcpu = cpu;
  m.curproc = p;
  running[cpu] = p;
  runningThread[cpu] = thread;
  p.cpu = cpu;
  const { pmap } = p.vmspace;
  if (m.cpus[cpu].curpmap === pmap) return;
  enterPlace(m, IN_SCHED_SWITCH);
  pmapActivate(m, pmap);
  leavePlace(m);
}

/** Nothing runs on the CPU any more. */
function idle(m: Machine, cpu: number): void {
  m.running[cpu] = null;
  m.curcpu = cpu;
  enterPlace(m, IN_SCHED_SWITCH);
  pmapActivate(m, m.pmap0);
  leavePlace(m);
}

/** The other threads of p are gone or suspended: the CPUs where they ran go idle. FreeBSD: thread_single */
export function idleOtherCpus(m: Machine, p: Proc): void {
  const { curcpu, running } = m;
  for (let cpu = 0; cpu < running.length; cpu++) if (cpu !== curcpu && running[cpu] === p) idle(m, cpu);
  m.curcpu = curcpu;
}
