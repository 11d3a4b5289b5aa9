import { describe, expect, it } from 'vitest';
import {
  KernelPanic,
  type Machine,
  PAGE_SIZE,
  PROMOTIONS,
  type Proc,
  USER_PT_PAGE_COUNT,
  VM_PROT_WRITE,
  access,
  sysExit,
  sysMunmap,
} from '../../../core/index.ts';
import { SMALL, machineOf, mapAnon, started } from '../../support/kernel.ts';

const MIB = 2 ** 20;
const AT = 0x4000_0000;

function fill(m: Machine, p: Proc, from: number, bytes: number, step = PAGE_SIZE): void {
  for (let va = from; va < from + bytes; va += step) expect(access(m, p, va, VM_PROT_WRITE)).toBe(0);
}

describe('memory laid out in 2 MiB runs', () => {
  it('is promoted when a run is full, and leaks a page-table page per promoted mapping until d33276', () => {
    for (const [id, leak] of [
      ['landed', 2],
      ['d33276', 0],
    ] as const) {
      const m = machineOf(id, { superpages: true, ram: 32 * MIB });
      const p = started(m, SMALL);
      const before = m.counters[USER_PT_PAGE_COUNT]!;
      mapAnon(m, p, AT, 1024);
      fill(m, p, AT, 4 * MIB);
      expect(m.counters[PROMOTIONS]).toBe(2);
      sysMunmap(m, p, AT, 4 * MIB);
      expect(m.counters[USER_PT_PAGE_COUNT]! - before).toBe(leak);
    }
  });

  it('is broken up when pages are short, oldest run first, and nothing is lost', () => {
    const m = machineOf('landed', { superpages: true, ram: 16 * MIB });
    const p = started(m, SMALL);
    // One page in each of 12 objects: more objects than runs.
    for (let n = 0; n < 12; n++) {
      mapAnon(m, p, AT + n * 4 * MIB, 512);
      fill(m, p, AT + n * 4 * MIB, PAGE_SIZE);
    }
    // Then most of memory: single pages must come from broken runs.
    mapAnon(m, p, 0x8000_0000, (12 * MIB) / PAGE_SIZE);
    fill(m, p, 0x8000_0000, 12 * MIB);
    sysExit(m, p, 0);
    expect([m.vmspaces.length, m.counters[USER_PT_PAGE_COUNT]]).toEqual([0, 0]);
    const q = started(m, SMALL);
    mapAnon(m, q, AT, (12 * MIB) / PAGE_SIZE);
    fill(m, q, AT, 12 * MIB);
  });

  it('ends in a panic when every page is in use: nobody would wake the sleeper', () => {
    const m = machineOf('landed', { ram: 8 * MIB });
    const p = started(m, SMALL);
    mapAnon(m, p, AT, (16 * MIB) / PAGE_SIZE);
    expect(() => fill(m, p, AT, 16 * MIB)).toThrow(KernelPanic);
  });
});
