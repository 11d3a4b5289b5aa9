import { describe, expect, it } from 'vitest';
import { pmapEnter, pmapExtract } from '../../../core/pmap/index.ts';
import { VPO_UNMANAGED } from '../../../core/state/page.ts';
import { PAGE_SIZE, PMAP_ENTER_LARGEPAGE } from '../../../core/units.ts';
import { R, RW, VA_1G, VA_2M, World, panicOf } from './world.ts';

/** Frames whose low words are alike. */
const A = 2 ** 21;
const B = A + 2 ** 20;

describe('two pages that are 4 GiB apart', () => {
  it('are different pages: entering one replaces the other, with its pv entry', () => {
    const w = new World({ ram: 2 ** 36 });
    const pmap = w.pmap();
    w.enter(pmap, VA_2M, A);
    const pv = w.m.page.pvHead[A];
    w.enter(pmap, VA_2M, B);
    expect(pmapExtract(w.m, pmap, VA_2M, 5)).toBe(B * PAGE_SIZE + 5);
    expect([w.m.page.pvHead[A], w.m.page.pvHead[B]]).toEqual([0, pv]);
    expect(w.m.page.dirty[A]).not.toBe(0);
  });

  it('cannot change places under a 1G mapping', () => {
    const w = new World({ ram: 2 ** 36 });
    const pmap = w.pmap();
    for (const frame of [A, B]) w.m.page.oflags[frame] = VPO_UNMANAGED;
    const enter = (frame: number): number => pmapEnter(w.m, pmap, VA_1G, frame, RW, R | PMAP_ENTER_LARGEPAGE, 2);
    expect(enter(B)).toBe(0);
    expect(pmapExtract(w.m, pmap, VA_1G + 8 * PAGE_SIZE, 1)).toBe((B + 8) * PAGE_SIZE + 1);
    expect(enter(B)).toBe(0);
    expect(panicOf(() => enter(A))).toBe('pmap_enter_largepage: changing phys page');
  });
});
