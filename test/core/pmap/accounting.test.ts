import { describe, expect, it } from 'vitest';
import { KERNEL_PT_PAGE_COUNT, PV_ENTRY_COUNT, PV_PAGE_COUNT, USER_PT_PAGE_COUNT } from '../../../core/counters.ts';
import { pmapActivate, pmapRelease, pmapRemove, pmapRemovePages } from '../../../core/pmap/index.ts';
import type { Pmap } from '../../../core/state/pmap.ts';
import { PAGE_SIZE } from '../../../core/units.ts';
import { RX, TOP, VA, VA_2M, World } from './world.ts';

const counts = (w: World, pmap: Pmap): number[] => [pmap.stats.residentCount, w.m.counters[USER_PT_PAGE_COUNT]!];

/** resident_count, user_pt_page_count: with a page and the shared page in one PT, and at each step of the teardown. */
function lifeOf(variant: string, pti: boolean, la57: boolean): Record<string, number[]> {
  const w = new World({ pti, la57 }, variant);
  const { m } = w;
  const pmap = w.pmap();
  const born = counts(w, pmap);
  w.enter(pmap, TOP - PAGE_SIZE, w.pages());
  w.enter(pmap, TOP, w.pages(1, false), RX);
  const used = counts(w, pmap);
  pmapRemovePages(m, pmap);
  const swept = counts(w, pmap);
  pmapRemove(m, pmap, TOP, TOP + PAGE_SIZE);
  const empty = counts(w, pmap);
  pmapActivate(m, m.pmap0);
  pmapRelease(m, pmap);
  return { born, used, swept, empty, gone: counts(w, pmap) };
}

describe('the statistics of a pmap with one page and the shared page', () => {
  // FreeBSD: pmap_pinit_type and pmap_release of D32569's diffs and of commit 0b3bc7288984, counted by hand.
  it.each([
    ['baseline', false, { born: [0, 1], used: [5, 4], swept: [4, 4], empty: [0, 1], gone: [0, 0] }],
    ['baseline', true, { born: [0, 2], used: [5, 5], swept: [4, 5], empty: [0, 2], gone: [0, 0] }],
    ['toplevel-accounting', false, { born: [1, 2], used: [6, 5], swept: [5, 5], empty: [1, 2], gone: [0, 0] }],
    ['toplevel-accounting', true, { born: [2, 4], used: [7, 7], swept: [6, 7], empty: [2, 4], gone: [0, 0] }],
    ['double-count-fix', false, { born: [1, 1], used: [6, 4], swept: [5, 4], empty: [1, 1], gone: [0, 0] }],
    ['landed', false, { born: [1, 1], used: [6, 4], swept: [5, 4], empty: [1, 1], gone: [0, 0] }],
    ['landed', true, { born: [2, 2], used: [7, 5], swept: [6, 5], empty: [2, 2], gone: [0, 0] }],
  ] as const)('are in %s, user root %s, as the review has them', (variant, pti, expected) => {
    expect(lifeOf(variant, pti, false)).toEqual(expected);
  });

  it('count one page-table page more with five levels, as long as something is mapped', () => {
    const four = lifeOf('landed', true, false);
    const five = lifeOf('landed', true, true);
    for (const step of ['used', 'swept']) expect(five[step]).toEqual(four[step]!.map((count) => count + 1));
    for (const step of ['born', 'empty', 'gone']) expect(five[step]).toEqual(four[step]);
  });
});

describe('a machine', () => {
  it('is back in its initial state when its pmaps are gone', () => {
    const w = new World();
    const { m } = w;
    const before = Array.from(m.counters.subarray(0, 4));
    const pmaps = [w.pmap(), w.pmap(), w.pmap()];
    for (const [i, pmap] of pmaps.entries()) {
      w.enter(pmap, VA, w.pages(300), 3, 2, 300);
      w.enter(pmap, VA_2M + i * PAGE_SIZE, w.pages());
    }
    expect(m.counters[PV_ENTRY_COUNT]).toBe(903);
    expect(m.counters[PV_PAGE_COUNT]).toBe(6);
    for (const pmap of pmaps) {
      pmapActivate(m, pmap);
      pmapRemovePages(m, pmap);
      pmapActivate(m, m.pmap0);
      pmapRelease(m, pmap);
    }
    expect(Array.from(m.counters.subarray(0, 4))).toEqual(before);
    expect(before[KERNEL_PT_PAGE_COUNT]).toBeGreaterThan(0);
  });

  it('never lets pmap_remove of the kernel’s pmap return early', () => {
    for (const id of ['baseline', 'toplevel-accounting', 'double-count-fix', 'landed']) {
      const { m } = new World({}, id);
      expect(m.kernelPmap.stats.residentCount).toBeGreaterThan(2);
      expect(m.hunks.removeIsNoop(m, m.kernelPmap)).toBe(false);
    }
  });
});
