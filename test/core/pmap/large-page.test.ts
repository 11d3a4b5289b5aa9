import { describe, expect, it } from 'vitest';
import { PT_PAGE_ALLOCS } from '../../../core/counters.ts';
import { PG_RW } from '../../../core/hw/entry.ts';
import { pageLimit } from '../../../core/page/page.ts';
import {
  pmapCopy,
  pmapEnter,
  pmapExtract,
  pmapMincore,
  pmapProtect,
  pmapRemove,
  pmapUnwire,
} from '../../../core/pmap/index.ts';
import type { Pmap } from '../../../core/state/pmap.ts';
import {
  KERN_RESOURCE_SHORTAGE,
  NBPDP,
  NBPDR,
  PAGE_SIZE,
  PMAP_ENTER_LARGEPAGE,
  PMAP_ENTER_NOSLEEP,
  PMAP_ENTER_WIRED,
} from '../../../core/units.ts';
import { R, RW, VA_1G, VA_2M, W, World } from './world.ts';

const LARGE = W | PMAP_ENTER_LARGEPAGE;
const stats = (pmap: Pmap): number[] => [pmap.stats.residentCount, pmap.stats.wiredCount];

/** A machine whose frame 0 represents 1G of device memory. */
function device(): { w: World; pmap: Pmap } {
  const w = new World();
  w.m.page.oflags[0] = 4;
  return { w, pmap: w.pmap() };
}

describe('a large page', () => {
  it('of 1G takes one entry of a PDP page and counts as all its pages', () => {
    const { w, pmap } = device();
    expect(w.rise(() => pmapEnter(w.m, pmap, VA_1G, 0, RW, LARGE, 2), PT_PAGE_ALLOCS)).toEqual([1]);
    expect(stats(pmap)).toEqual([2 + NBPDP / PAGE_SIZE, 0]);
    expect(pmapExtract(w.m, pmap, VA_1G + 5 * NBPDR, 7)).toBe(5 * NBPDR + 7);
    expect(pmapMincore(w.m, pmap, VA_1G + PAGE_SIZE) >> 5).toBe(2);
    pmapRemove(w.m, pmap, VA_1G, VA_1G + NBPDP);
    expect(stats(pmap)).toEqual([1, 0]);
  });

  it('of 2M is protected, unwired and entered again whole', () => {
    const { w, pmap } = device();
    const run = w.run(false);
    const enter = (flags: number): number => pmapEnter(w.m, pmap, VA_2M, run, RW, LARGE | flags, 1);
    expect(enter(PMAP_ENTER_WIRED)).toBe(0);
    expect(stats(pmap)).toEqual([3 + 512, 512]);
    pmapUnwire(w.m, pmap, VA_2M, VA_2M + NBPDR);
    expect(stats(pmap)).toEqual([3 + 512, 0]);
    pmapProtect(w.m, pmap, VA_2M, VA_2M + NBPDR, R);
    expect(w.leaf(pmap, VA_2M).lo & PG_RW).toBe(0);
    expect(enter(PMAP_ENTER_WIRED)).toBe(0);
    expect(stats(pmap)).toEqual([3 + 512, 512]);
    expect(enter(0)).toBe(0);
    pmapRemove(w.m, pmap, VA_2M, VA_2M + NBPDR);
    expect(stats(pmap)).toEqual([1, 0]);
  });

  it('is copied to a child, not wired', () => {
    const { w, pmap } = device();
    pmapEnter(w.m, pmap, VA_1G, 0, RW, LARGE | PMAP_ENTER_WIRED, 2);
    const child = w.pmap();
    pmapCopy(w.m, child, pmap, VA_1G, NBPDP, VA_1G);
    expect(stats(child)).toEqual([2 + NBPDP / PAGE_SIZE, 0]);
    expect(pmapExtract(w.m, child, VA_1G, 3)).toBe(3);
  });

  it('needs memory for its table, and fails if it may not sleep', () => {
    const { w, pmap } = device();
    for (const [va, frame, psind] of [
      [VA_1G, 0, 2],
      [VA_2M, w.run(false), 1],
    ] as const) {
      pageLimit(w.m, 0);
      expect(pmapEnter(w.m, pmap, va, frame, RW, LARGE | PMAP_ENTER_NOSLEEP, psind)).toBe(KERN_RESOURCE_SHORTAGE);
      expect(stats(pmap)).toEqual([1 + (psind === 1 ? 1 + NBPDP / PAGE_SIZE : 0), 0]);
      expect(pmapEnter(w.m, pmap, va, frame, RW, LARGE, psind)).toBe(0);
    }
  });
});

describe('pmap_mincore', () => {
  it('reports use, and refers to the page if that is incomplete', () => {
    const { w, pmap } = device();
    const frame = w.pages(2);
    w.enter(pmap, VA_2M, frame);
    w.enter(pmap, VA_2M + PAGE_SIZE, frame + 1, RW, R);
    expect([pmapMincore(w.m, pmap, VA_2M), w.m.accessPa]).toEqual([0x1f, 0]);
    expect([pmapMincore(w.m, pmap, VA_2M + PAGE_SIZE), w.m.accessPa]).toEqual([0x0b, (frame + 1) * PAGE_SIZE]);
    expect(pmapMincore(w.m, pmap, VA_2M + 2 * PAGE_SIZE)).toBe(0);
  });
});
