import { describe, expect, it } from 'vitest';
import { cpuAccess, resetCpus } from '../../../core/hw/cpu.ts';
import { PG_A, PG_M, PG_NX_HI, PG_RW } from '../../../core/hw/entry.ts';
import { ACCESS_EXECUTE, ACCESS_USER, ACCESS_WRITE, FAULT_PRESENT, PAGE_FAULT } from '../../../core/hw/walk.ts';
import { machineFor, VM_PROT_EXECUTE, VM_PROT_READ, VM_PROT_WRITE, type Machine } from '../../../core/index.ts';
import { Pmap } from '../../../core/state/pmap.ts';
import { loadWorkload } from '../../../harness/input/load.ts';
import { run } from '../../../harness/run/run.ts';
import { CATALOG } from '../../../harness/workload/catalog/index.ts';
import { landed } from '../../../variants/index.ts';
import { LEAF, ROOT, Tables } from './tables.ts';

const VA = 0x7fde_4d9d_3748;

function mapped(bits = LEAF, high = 0): { t: Tables; pmap: Pmap } {
  const t = new Tables();
  t.map(BigInt(VA), 77, bits, { high });
  const pmap = new Pmap(1);
  pmap.top = ROOT;
  return { t, pmap };
}

describe('a user-mode access', () => {
  it('leaves the physical byte address', () => {
    const { t, pmap } = mapped();
    for (const kind of [VM_PROT_READ, VM_PROT_WRITE, VM_PROT_EXECUTE]) {
      expect(cpuAccess(t.m, pmap, VA, kind)).toBe(0);
      expect(t.m.accessPa).toBe(77 * 4096 + 0x748);
    }
  });
  it('marks the page accessed, and dirty if it writes', () => {
    const { t, pmap } = mapped(LEAF & ~(PG_A | PG_M));
    cpuAccess(t.m, pmap, VA, VM_PROT_READ);
    expect(t.low(BigInt(VA)) & (PG_A | PG_M)).toBe(PG_A);
    cpuAccess(t.m, pmap, VA, VM_PROT_WRITE);
    expect(t.low(BigInt(VA)) & (PG_A | PG_M)).toBe(PG_A | PG_M);
  });
  it('returns the error code of its page fault', () => {
    const readOnly = mapped(LEAF & ~PG_RW, PG_NX_HI);
    const fault = PAGE_FAULT | FAULT_PRESENT | ACCESS_USER;
    expect(cpuAccess(readOnly.t.m, readOnly.pmap, VA, VM_PROT_WRITE)).toBe(fault | ACCESS_WRITE);
    expect(cpuAccess(readOnly.t.m, readOnly.pmap, VA, VM_PROT_EXECUTE)).toBe(fault | ACCESS_EXECUTE);
    expect(cpuAccess(readOnly.t.m, readOnly.pmap, VA + 4096, VM_PROT_READ)).toBe(PAGE_FAULT | ACCESS_USER);
  });
  it('reaches addresses that fill 53 bits', () => {
    const t = new Tables({ levels: 5 });
    const va = 2 ** 53 - 8;
    t.map(BigInt(va), 77);
    const pmap = new Pmap(1);
    pmap.top = ROOT;
    expect(cpuAccess(t.m, pmap, va, VM_PROT_READ)).toBe(0);
    expect(t.m.accessPa).toBe(77 * 4096 + 0xff8);
  });
  it('through a pmap that is not loaded sees its current tables', () => {
    const { t, pmap } = mapped();
    cpuAccess(t.m, pmap, VA, VM_PROT_READ);
    const other = new Pmap(2);
    other.top = 200;
    t.map(BigInt(VA), 99, LEAF, { root: 200 });
    expect(cpuAccess(t.m, other, VA, VM_PROT_READ)).toBe(0);
    expect(Math.floor(t.m.accessPa / 4096)).toBe(99);
  });
});

describe('CPUs after power-on', () => {
  it('match the machine in number and control registers', () => {
    const { t } = mapped();
    t.m.config = { ...t.m.config, cpus: 3, la57: true, pcid: true, pti: true };
    resetCpus(t.m);
    expect(t.m.cpus.map(({ id, controls }) => [id, controls.levels, controls.pcide, controls.pge])).toEqual([
      [0, 5, true, false],
      [1, 5, true, false],
      [2, 5, true, false],
    ]);
    t.m.config = { ...t.m.config, cpus: 65 };
    expect(() => resetCpus(t.m)).toThrow('cpus: expected an integer of 1..64, got 65');
  });
  it('remember nothing of what they cached before', () => {
    const { t, pmap } = mapped();
    cpuAccess(t.m, pmap, VA, VM_PROT_READ);
    const [before] = t.m.cpus;
    resetCpus(t.m);
    expect(t.m.cpus[0]).toBe(before);
    expect(before!.tlb.every((word) => word === 0)).toBe(true);
  });
});

describe('a kernel that flushes what it must', () => {
  let m: Machine | null = null;
  it.each(Object.keys(CATALOG))('gives the same record of %s with and without TLBs', async (name) => {
    const workload = await loadWorkload(name);
    m = machineFor(m, workload.machine, landed.hunks);
    for (const cpu of m.cpus) cpu.caching = false;
    const walked = run(m, workload, landed).record;
    for (const cpu of m.cpus) cpu.caching = true;
    expect(run(m, workload, landed).record).toEqual(walked);
  });
});
