import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PG_A, PG_M, PG_NX_HI, PG_PKU_SHIFT_HI, PG_PS, PG_RW, PG_U, PG_V } from '../../../core/hw/entry.ts';
import { physRead, physWrite } from '../../../core/hw/phys.ts';
import {
  ACCESS_EXECUTE,
  ACCESS_USER,
  ACCESS_WRITE,
  FAULT_KEY,
  FAULT_PRESENT,
  FAULT_RESERVED,
  GENERAL_PROTECTION,
  PAGE_FAULT,
  walk,
  walkFast,
  walkPrecise,
} from '../../../core/hw/walk.ts';
import type { Controls } from '../../../core/state/cpu.ts';
import { hi, LEAF, lo, ROOT, TABLE, Tables } from './tables.ts';

const VA = 0x7fde_4d9d_3740n;
const READ = ACCESS_USER;
const WRITE = ACCESS_USER | ACCESS_WRITE;
const EXECUTE = ACCESS_USER | ACCESS_EXECUTE;
const KERNEL_READ = 0;
const KERNEL_WRITE = ACCESS_WRITE;
const KERNEL_EXECUTE = ACCESS_EXECUTE;

const go = (t: Tables, access: number, va = VA): number => walk(t.m, t.cpu, ROOT, hi(va), lo(va), access);
const fault = (bits: number): number => -(PAGE_FAULT | bits);

/** A machine that maps VA to frame 77 with these leaf bits. */
function mapped(
  bits = LEAF,
  controls: Partial<Controls> = {},
  options: { level?: number; high?: number } = {},
): Tables {
  const t = new Tables(controls);
  t.map(VA, options.level === 3 ? 0 : options.level === 2 ? 512 : 77, bits, options);
  return t;
}

describe('what a walk returns', () => {
  it('is the frame of a 4K page', () => expect(go(mapped(), READ)).toBe(77));
  it('is the frame within a 2M page', () =>
    expect(go(mapped(LEAF, {}, { level: 2 }), READ)).toBe(512 + ((lo(VA) >>> 12) & 511)));
  it('is the frame within a 1G page', () =>
    expect(go(mapped(LEAF, {}, { level: 3 }), READ)).toBe((lo(VA) >>> 12) & 0x3ffff));
  it('may be a frame beyond 2^32 bytes and beyond RAM', () =>
    expect(go(mapped(LEAF, {}, { high: 0x3fff }), READ)).toBe(0x3fff * 2 ** 20 + 77));
  it('needs five levels under LA57', () => {
    const t = new Tables({ levels: 5 });
    const va = 0x78_ca8a_bba6_d000n;
    t.map(va, 77);
    expect(go(t, READ, va)).toBe(77);
    expect(go(t, READ, va + (1n << 48n))).toBe(fault(READ));
  });
  it('is the same through tables beyond RAM', () => {
    const t = new Tables();
    const far = 2 ** 30;
    t.map(VA, 77, LEAF, { root: far });
    expect(walk(t.m, t.cpu, far, hi(VA), lo(VA), READ)).toBe(77);
  });
});

describe('a walk that ends early', () => {
  it('faults without P if any level is missing', () => {
    for (const level of [1, 2, 3, 4]) {
      const t = mapped();
      t.poke(VA, PG_V, 0, level);
      expect(go(t, WRITE)).toBe(fault(WRITE));
    }
  });
  it('faults with P and RSVD if a frame has bits beyond MAXPHYADDR', () => {
    const high = 1 << 14;
    expect(go(mapped(LEAF, { maxphyaddr: 46 }, { high }), READ)).toBe(fault(READ | FAULT_PRESENT | FAULT_RESERVED));
    expect(go(mapped(LEAF, { maxphyaddr: 47 }, { high }), READ)).toBeGreaterThan(0);
  });
  it('faults with RSVD if bit 63 is set and EFER.NXE is not', () =>
    expect(go(mapped(LEAF, { nxe: false }, { high: PG_NX_HI }), READ)).toBe(
      fault(READ | FAULT_PRESENT | FAULT_RESERVED),
    ));
  it('faults with RSVD if a superpage is not aligned, or PS is set in a PML4 entry', () => {
    const t = mapped(LEAF, {}, { level: 2 });
    t.poke(VA, 0, 1 << 13, 2);
    expect(go(t, READ)).toBe(fault(READ | FAULT_PRESENT | FAULT_RESERVED));
    const top = mapped();
    top.poke(VA, 0, PG_PS, 4);
    expect(go(top, READ)).toBe(fault(READ | FAULT_PRESENT | FAULT_RESERVED));
  });
  it('is a general-protection fault if the address is not canonical', () => {
    expect(go(mapped(), READ, 0x8000_0000_0000n)).toBe(-GENERAL_PROTECTION);
    expect(go(mapped(), READ, 0xffff_7fff_ffff_f000n)).toBe(-GENERAL_PROTECTION);
    expect(go(mapped(), READ, 0xffff_8000_0000_0000n)).toBe(fault(READ));
    expect(go(new Tables({ levels: 5 }), READ, 0x80_0000_0000_0000n)).toBe(fault(READ));
    expect(go(new Tables({ levels: 5 }), READ, 0x100_0000_0000_0000n)).toBe(-GENERAL_PROTECTION);
  });
});

describe('access rights', () => {
  it('need U/S at every level for user mode', () => {
    for (const level of [1, 2, 3, 4]) {
      const t = mapped();
      t.poke(VA, PG_U, 0, level);
      expect(go(t, READ)).toBe(fault(READ | FAULT_PRESENT));
    }
  });
  it('need R/W at every level for a user write', () => {
    for (const level of [1, 2, 3, 4]) {
      const t = mapped();
      t.poke(VA, PG_RW, 0, level);
      expect(go(t, WRITE)).toBe(fault(WRITE | FAULT_PRESENT));
      expect(go(t, READ)).toBe(77);
    }
  });
  it('let the supervisor write a read-only page only without CR0.WP', () => {
    const kernel = LEAF & ~PG_U & ~PG_RW;
    expect(go(mapped(kernel, { wp: true }), KERNEL_WRITE)).toBe(fault(KERNEL_WRITE | FAULT_PRESENT));
    expect(go(mapped(kernel, { wp: false }), KERNEL_WRITE)).toBe(77);
  });
  it('forbid execution if any level has NX', () =>
    expect(go(mapped(LEAF, {}, { high: PG_NX_HI }), EXECUTE)).toBe(fault(EXECUTE | FAULT_PRESENT)));
  it('report I/D only if NXE or SMEP is set', () => {
    const t = new Tables({ nxe: false, smep: false });
    expect(go(t, EXECUTE)).toBe(fault(ACCESS_USER));
    t.control({ nxe: false, smep: true });
    expect(go(t, EXECUTE)).toBe(fault(EXECUTE));
  });
  it('keep the supervisor from user pages: SMEP for execution, SMAP without AC for data', () => {
    expect(go(mapped(), KERNEL_EXECUTE)).toBe(fault(KERNEL_EXECUTE | FAULT_PRESENT));
    expect(go(mapped(LEAF, { smep: false }), KERNEL_EXECUTE)).toBe(77);
    expect(go(mapped(), KERNEL_READ)).toBe(fault(FAULT_PRESENT));
    expect(go(mapped(LEAF, { ac: true }), KERNEL_READ)).toBe(77);
    expect(go(mapped(LEAF, { smap: false }), KERNEL_READ)).toBe(77);
  });
  it('include the protection key of a user page for data, not for execution', () => {
    const high = 5 << PG_PKU_SHIFT_HI;
    const disabled = { pke: true, pkru: 1 << 10 };
    const readOnly = { pke: true, pkru: 2 << 10 };
    expect(go(mapped(LEAF, disabled, { high }), READ)).toBe(fault(READ | FAULT_PRESENT | FAULT_KEY));
    expect(go(mapped(LEAF, disabled, { high }), EXECUTE)).toBe(77);
    expect(go(mapped(LEAF, readOnly, { high }), READ)).toBe(77);
    expect(go(mapped(LEAF, readOnly, { high }), WRITE)).toBe(fault(WRITE | FAULT_PRESENT | FAULT_KEY));
    expect(go(mapped(LEAF, { ...disabled, pke: false }, { high }), READ)).toBe(77);
  });
});

describe('accessed and dirty bits', () => {
  it('a read sets A at every level and D nowhere', () => {
    const t = mapped(PG_V | PG_U);
    for (const level of [2, 3, 4]) t.poke(VA, PG_A | PG_M, 0, level);
    expect(go(t, READ)).toBe(77);
    for (const level of [1, 2, 3, 4]) expect(t.low(VA, level) & (PG_A | PG_M)).toBe(PG_A);
  });
  it('a write sets D in the leaf only', () => {
    const t = mapped(PG_V | PG_U | PG_RW);
    t.poke(VA, PG_M, 0, 2);
    go(t, WRITE);
    expect(t.low(VA) & (PG_A | PG_M)).toBe(PG_A | PG_M);
    expect(t.low(VA, 2) & PG_M).toBe(0);
  });
  it('a fault leaves the leaf alone and marks the tables above it', () => {
    const t = mapped(PG_V | PG_U);
    t.poke(VA, PG_A, 0, 2);
    go(t, WRITE);
    expect(t.low(VA) & (PG_A | PG_M)).toBe(0);
    expect(t.low(VA, 2) & PG_A).toBe(PG_A);
  });
});

describe('the optimistic walk', () => {
  const flips = fc.array(fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 63 })), { maxLength: 3 });
  const controls = fc.record({
    levels: fc.constantFrom<4 | 5>(4, 4, 4, 5),
    wp: fc.boolean(),
    nxe: fc.boolean(),
    smep: fc.boolean(),
    smap: fc.boolean(),
    pke: fc.constantFrom(false, false, true),
    pkru: fc.constantFrom(0, 1, 2, 3, 0xffffffff),
    maxphyaddr: fc.constantFrom(32, 36, 46, 52),
  });
  const accesses = fc.constantFrom(
    READ,
    READ,
    WRITE,
    WRITE,
    EXECUTE,
    EXECUTE,
    KERNEL_READ,
    KERNEL_WRITE,
    KERNEL_EXECUTE,
  );
  const places = fc.oneof(
    { weight: 4, arbitrary: fc.constant(VA) },
    fc.constantFrom(VA ^ (1n << 47n), VA ^ (1n << 55n), VA ^ (1n << 63n), VA | 0xffff_8000_0000_0000n),
  );

  it('gives the precise walk’s answer and changes nothing, on tables with up to three flipped bits', () => {
    const t = new Tables();
    const tables = t.m.words.subarray(0, 16 * 1024);
    let fast = 0;
    let precise = 0;
    fc.assert(
      fc.property(controls, flips, accesses, places, fc.boolean(), (regs, flipped, access, va, clean) => {
        t.clear();
        t.control(regs);
        t.map(VA, 77, clean ? LEAF & ~PG_M : LEAF);
        for (const [level, bit] of flipped) {
          const { frame, at } = t.entry(VA, level + 1);
          const word = at + (bit >> 5);
          // A table frame may now be anywhere, within RAM or beyond.
          physWrite(t.m, frame, word, physRead(t.m, frame, word) ^ (1 << (bit & 31)));
        }
        const before = tables.slice();
        const unchanged = (): boolean => tables.every((word, at) => word === before[at]);
        const guess = walkFast(t.m, t.cpu, ROOT, hi(va), lo(va), access);
        expect(unchanged()).toBe(true);
        const answer = walkPrecise(t.m, t.cpu, ROOT, hi(va), lo(va), access);
        if (guess >= 0) {
          fast++;
          expect(guess).toBe(answer);
          expect(unchanged()).toBe(true);
        } else precise++;
      }),
      { numRuns: 2000 },
    );
    expect(fast).toBeGreaterThan(50);
    expect(precise).toBeGreaterThan(50);
  });

  it('handles the most common accesses of a running program', () => {
    const t = mapped();
    for (const access of [READ, WRITE, EXECUTE]) expect(walkFast(t.m, t.cpu, ROOT, hi(VA), lo(VA), access)).toBe(77);
    const data = mapped(LEAF, {}, { high: PG_NX_HI });
    for (const access of [READ, WRITE]) expect(walkFast(data.m, data.cpu, ROOT, hi(VA), lo(VA), access)).toBe(77);
  });

  it('handles them with protection keys too, if key 0 allows them', () => {
    const t = new Tables({ pke: true, pkru: 0x55555554 });
    t.map(VA, 77);
    for (const access of [READ, WRITE, EXECUTE]) expect(walkFast(t.m, t.cpu, ROOT, hi(VA), lo(VA), access)).toBe(77);
    t.control({ pke: true, pkru: 1 });
    expect(walkFast(t.m, t.cpu, ROOT, hi(VA), lo(VA), READ)).toBe(-1);
  });

  it('leaves a table beyond RAM to the precise walk, although there is a table at the masked frame', () => {
    const t = mapped();
    t.poke(VA, 0, 1 << 30, 2);
    expect(walkFast(t.m, t.cpu, ROOT, hi(VA), lo(VA), READ)).toBe(-1);
    expect(walkFast(t.m, t.cpu, ROOT + 2 ** 10, hi(VA), lo(VA), READ)).toBe(-1);
    expect(TABLE & PG_PS).toBe(0);
  });
});
