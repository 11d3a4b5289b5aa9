import { describe, expect, it } from 'vitest';
import {
  IPIS,
  VM_PROT_READ,
  VM_PROT_WRITE,
  access,
  runOn,
  sysExec,
  sysExit,
  sysMunmap,
  sysRfork,
  sysVfork,
} from '../../../core/index.ts';
import { SERIES, SHARED_PAGE, SMALL, machineOf, mapAnon, started } from '../../support/kernel.ts';

const A = 0x400000;

describe('threads of one process on several CPUs', () => {
  it.each(['exit', 'exec'])('are gone by %s: no CPU is interrupted', (what) => {
    const m = machineOf('landed', { cpus: 4 });
    const p = started(m, SMALL);
    mapAnon(m, p, A, 4);
    for (const cpu of [1, 2, 3, 0]) {
      runOn(m, p, cpu, cpu);
      access(m, p, A + cpu * 4096, VM_PROT_WRITE);
      access(m, p, SHARED_PAGE, VM_PROT_READ);
    }
    expect(p.vmspace.pmap.activeLo).toBe(0b1111);
    const before = m.counters[IPIS]!;
    if (what === 'exit') sysExit(m, p, 0);
    else sysExec(m, p, SMALL);
    expect(m.counters[IPIS]! - before).toBe(0);
    expect(m.cpus.slice(1).map(({ curpmap }) => curpmap)).toEqual([m.pmap0, m.pmap0, m.pmap0]);
  });
});

describe('one thread', () => {
  it('runs on one CPU: the CPU it leaves goes idle', () => {
    const m = machineOf('landed', { cpus: 2 });
    const p = started(m, SMALL);
    runOn(m, p, 1);
    expect([p.vmspace.pmap.activeLo, m.cpus[0]!.curpmap]).toEqual([0b10, m.pmap0]);
  });

  it('that sleeps in vfork is not interrupted by its child', () => {
    const m = machineOf('landed', { cpus: 2 });
    const p = started(m, SMALL);
    mapAnon(m, p, A, 1);
    access(m, p, A, VM_PROT_WRITE);
    sysVfork(m, p);
    const child = m.procs.get(m.retval)!;
    runOn(m, child, 1);
    const before = m.counters[IPIS]!;
    sysMunmap(m, child, A, 4096);
    expect(m.counters[IPIS]! - before).toBe(0);
  });
});

describe.each([...SERIES, 'unmap-without-refcount-check'])('a sharer on another CPU, under %s', (id) => {
  const interrupts = id === 'double-count-fix' || id === 'unmap-without-refcount-check';

  it(interrupts ? 'is interrupted by an exit that unmaps what it uses' : 'is left alone by an exit', () => {
    const m = machineOf(id, { cpus: 2 });
    const p = started(m, SMALL);
    sysRfork(m, p, 'mem');
    const sharer = m.procs.get(m.retval)!;
    runOn(m, sharer, 1);
    access(m, sharer, SHARED_PAGE, VM_PROT_READ);
    runOn(m, p, 0);
    const before = m.counters[IPIS]!;
    sysExit(m, p, 0);
    expect(m.counters[IPIS]! - before).toBe(interrupts ? 1 : 0);
    runOn(m, sharer, 1);
    sysExit(m, sharer, 0);
    expect(m.vmspaces).toEqual([]);
  });
});
