import { describe, expect, it } from 'vitest';
import { PT_PAGE_FREES } from '../../../core/counters.ts';
import { PG_NX_HI, PG_RW, PG_TABLE, PG_V, tableFrame } from '../../../core/hw/entry.ts';
import { pmapExtract, pmapRemove } from '../../../core/pmap/index.ts';
import {
  DIRECT_MAP_SLOT,
  KERNEL_PML5_SLOT,
  KERNEL_SLOT,
  LARGE_MAP_SLOT,
  RECURSIVE_SLOT,
} from '../../../core/pmap/lifecycle.ts';
import { NUPDE, NUPDPE, NUPML4E, PAGE_SIZE } from '../../../core/units.ts';
import { VA, VA_1G, VA_2M, VA_512G, World } from './world.ts';

const slots = (w: World, root: number): number[] =>
  Array.from({ length: 512 }, (_, slot) => slot).filter((slot) => w.m.words[(root << 10) + 2 * slot] !== 0);

describe('a root', () => {
  const kernel = [KERNEL_SLOT, KERNEL_SLOT + 1, KERNEL_SLOT + 2, KERNEL_SLOT + 3];

  it('maps the kernel, the direct map, the large map and itself, and nothing below', () => {
    const w = new World();
    const pmap = w.pmap();
    const large = Array.from({ length: 8 }, (_, i) => LARGE_MAP_SLOT + i);
    expect(slots(w, pmap.top)).toEqual([RECURSIVE_SLOT, ...large, DIRECT_MAP_SLOT, ...kernel]);
    expect(tableFrame(w.m.words[(pmap.top << 10) + 2 * RECURSIVE_SLOT]!)).toBe(pmap.top);
  });

  it('of user mode maps only what enters and leaves the kernel', () => {
    const w = new World({ pti: true });
    const pmap = w.pmap();
    expect(slots(w, pmap.topUser)).toEqual(kernel);
    const entry = (root: number): number => w.m.words[(root << 10) + 2 * KERNEL_SLOT]!;
    expect(entry(pmap.topUser)).not.toBe(entry(pmap.top));
  });

  it('with five levels maps the shared kernel PML4 page and itself; in user mode, its own PML4 page', () => {
    const w = new World({ pti: true, la57: true });
    const a = w.pmap();
    const b = w.pmap();
    expect(slots(w, a.top)).toEqual([RECURSIVE_SLOT, KERNEL_PML5_SLOT]);
    expect(slots(w, a.topUser)).toEqual([KERNEL_PML5_SLOT]);
    const entry = (root: number): number => w.m.words[(root << 10) + 2 * KERNEL_PML5_SLOT]!;
    expect(entry(a.top)).toBe(entry(b.top));
    expect(entry(a.topUser)).not.toBe(entry(a.top));
  });
});

describe('page-table pages', () => {
  it('are allocated for a mapping and freed with the last entry; parents are allocated first and freed last', () => {
    const w = new World();
    const { m } = w;
    const pmap = w.pmap();
    w.enter(pmap, VA, w.pages());
    const [pdp, pd, pt] = w.tables(pmap, VA);
    expect([pdp, pd, pt].map((frame) => m.page.refCount[frame!])).toEqual([1, 1, 1]);
    w.enter(pmap, VA + PAGE_SIZE, w.pages());
    w.enter(pmap, VA_2M, w.pages());
    w.enter(pmap, VA_1G, w.pages());
    expect([pdp, pd, pt].map((frame) => m.page.refCount[frame!])).toEqual([2, 1, 2]);
    pmapRemove(m, pmap, VA, VA + PAGE_SIZE);
    expect(w.tables(pmap, VA)).toEqual([pdp, pd, pt]);
    expect(w.rise(() => pmapRemove(m, pmap, VA, VA + 2 * PAGE_SIZE), PT_PAGE_FREES)).toEqual([2]);
    expect(w.tables(pmap, VA)).toEqual([pdp]);
    expect(m.page.refCount[pt!]).toBe(0);
  });

  it('are numbered by level and address, five-level numbers in both modes', () => {
    for (const la57 of [false, true]) {
      const w = new World({ la57 });
      const pmap = w.pmap();
      w.enter(pmap, VA_512G, w.pages());
      const expected = [
        ...(la57 ? [NUPDE + NUPDPE + NUPML4E] : []),
        NUPDE + NUPDPE + Math.floor(VA_512G / 2 ** 39),
        NUPDE + Math.floor(VA_512G / 2 ** 30),
        Math.floor(VA_512G / 2 ** 21),
      ];
      expect(w.tables(pmap, VA_512G).map((frame) => w.m.page.pindex[frame])).toEqual(expected);
    }
  });

  it.each([false, true])('hang from both roots with a user root, with NX in the kernel’s (five levels: %s)', (la57) => {
    const w = new World({ pti: true, la57 });
    const pmap = w.pmap();
    w.enter(pmap, VA, w.pages());
    const kernel = w.topEntry(pmap.top, VA);
    const user = w.topEntry(pmap.topUser, VA);
    expect(kernel).toEqual({ lo: user.lo, hi: PG_NX_HI });
    expect(user.hi).toBe(0);
    expect(user.lo & 0xfff).toBe(PG_TABLE);
    pmapRemove(w.m, pmap, VA, VA + PAGE_SIZE);
    expect([w.topEntry(pmap.top, VA), w.topEntry(pmap.topUser, VA)]).toEqual([
      { lo: 0, hi: 0 },
      { lo: 0, hi: 0 },
    ]);
  });

  it('below the root are preset, and shared by both roots', () => {
    const w = new World({ pti: true });
    const pmap = w.pmap();
    w.enter(pmap, VA, w.pages());
    for (const table of w.tables(pmap, VA).slice(0, 2)) {
      const entries = slots(w, table).map((slot) => w.m.words[(table << 10) + 2 * slot]! & 0xfff);
      expect(entries).toEqual([PG_TABLE]);
    }
    expect(w.leaf(pmap, VA).lo & (PG_V | PG_RW)).toBe(PG_V | PG_RW);
  });
});

describe('pmap_extract', () => {
  it('returns byte addresses, 0 without a page-table page, and the offset if only the page is missing', () => {
    const w = new World();
    const pmap = w.pmap();
    const frame = w.pages();
    w.enter(pmap, VA, frame);
    expect(pmapExtract(w.m, pmap, VA, 0x123)).toBe(frame * PAGE_SIZE + 0x123);
    expect(pmapExtract(w.m, pmap, VA + PAGE_SIZE, 0x2a5)).toBe(0x2a5);
    expect(pmapExtract(w.m, pmap, VA_2M, 0x2a5)).toBe(0);
    expect(pmapExtract(w.m, pmap, VA_512G, 0x2a5)).toBe(0);
  });

  it('works within 2M mappings, and with five levels', () => {
    for (const la57 of [false, true]) {
      const w = new World({ la57 });
      const pmap = w.pmap();
      const first = w.promoted(pmap, VA);
      expect(pmapExtract(w.m, pmap, VA + 77 * PAGE_SIZE, 5)).toBe((first + 77) * PAGE_SIZE + 5);
      const frame = w.pages();
      w.enter(pmap, VA_1G, frame);
      expect(pmapExtract(w.m, pmap, VA_1G, 9)).toBe(frame * PAGE_SIZE + 9);
    }
  });
});
