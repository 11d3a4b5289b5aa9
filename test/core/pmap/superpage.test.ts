import { describe, expect, it } from 'vitest';
import {
  DEMOTIONS,
  PROMOTIONS,
  PROMOTION_FAILURES,
  PT_PAGE_ALLOCS,
  PT_PAGE_FREES,
  PV_ENTRY_COUNT,
  SUPERPAGE_MAPPINGS,
  USER_PT_PAGE_COUNT,
} from '../../../core/counters.ts';
import { PG_A, PG_M, PG_NX_HI, PG_PROMOTED_HI, PG_PS, PG_RW, PG_V, PG_W, frameOf } from '../../../core/hw/entry.ts';
import { reservSetFull } from '../../../core/page/reserv.ts';
import {
  pmapAdvise,
  pmapClearModify,
  pmapCopy,
  pmapEnter,
  pmapEnterObject,
  pmapProtect,
  pmapRemove,
  pmapRemovePages,
  pmapRemoveWrite,
  pmapTsReferenced,
  pmapUnwire,
} from '../../../core/pmap/index.ts';
import { MADV_DONTNEED, NBPDR, NPTEPG, PAGE_SIZE, PMAP_ENTER_WIRED } from '../../../core/units.ts';
import { R, RW, RX, VA_2M, W, World } from './world.ts';

const END = VA_2M + NBPDR;
const isLarge = (w: World, ...at: Parameters<World['leaf']>): boolean => (w.leaf(...at).lo & PG_PS) !== 0;

describe('promotion', () => {
  it('replaces 512 mappings of a full reservation by one and saves the page-table page', () => {
    const w = new World();
    const pmap = w.pmap();
    const first = w.run();
    w.enter(pmap, VA_2M, first, RW, W, 511);
    const before = { ...pmap.stats };
    const rise = w.rise(() => w.enter(pmap, VA_2M + 511 * PAGE_SIZE, first + 511), PROMOTIONS, PV_ENTRY_COUNT);
    expect(rise).toEqual([1, -510]);
    expect(w.leaf(pmap, VA_2M)).toMatchObject({ hi: PG_NX_HI | PG_PROMOTED_HI | 0 });
    expect(w.leaf(pmap, VA_2M).lo & (PG_PS | PG_RW | PG_M | PG_A | PG_V)).toBe(PG_PS | PG_RW | PG_M | PG_A | PG_V);
    expect(pmap.stats.residentCount).toBe(before.residentCount + 1);
    expect([...pmap.reserved.keys()]).toEqual([VA_2M / NBPDR]);
    expect(w.m.page.refCount[[...pmap.reserved.values()][0]!]).toBe(NPTEPG);
  });

  const fails = (w: World, act: () => void): void => expect(w.rise(act, PROMOTIONS)).toEqual([0]);

  it('needs superpages, a full reservation, an aligned and contiguous run', () => {
    const off = new World({ superpages: false });
    fails(off, () => off.promoted(off.pmap(), VA_2M));
    const w = new World();
    const pmap = w.pmap();
    const partial = w.run();
    reservSetFull(w.m, partial, false);
    fails(w, () => w.enter(pmap, VA_2M, partial, RW, W, 512));
    const shifted = w.run();
    w.run();
    fails(w, () => w.enter(pmap, VA_2M + NBPDR, shifted + 1, RW, W, 511));
    fails(w, () => w.enter(pmap, VA_2M + 2 * NBPDR - PAGE_SIZE, shifted + 512));
  });

  it('needs equal attributes, and leaves clean mappings read-only when it fails', () => {
    const w = new World();
    const pmap = w.pmap();
    const first = w.run();
    w.enter(pmap, VA_2M, first, RX, R);
    w.enter(pmap, VA_2M + PAGE_SIZE, first + 1, RW, R, 510);
    const rise = w.rise(() => w.enter(pmap, END - PAGE_SIZE, first + 511, RW, R), PROMOTIONS, PROMOTION_FAILURES);
    expect(rise).toEqual([0, 1]);
    expect(w.leaf(pmap, END - PAGE_SIZE).lo & PG_RW).toBe(0);
    expect(w.leaf(pmap, END - 2 * PAGE_SIZE).lo & PG_RW).toBe(PG_RW);
  });

  it('of writeable but clean pages makes a read-only mapping', () => {
    const w = new World();
    const pmap = w.pmap();
    w.promoted(pmap, VA_2M, RW, R);
    expect(w.leaf(pmap, VA_2M).lo & (PG_PS | PG_RW)).toBe(PG_PS);
  });
});

describe('demotion', () => {
  it('needs no page, fills no table, and gives each page its pv entry back', () => {
    const w = new World();
    const pmap = w.pmap();
    const first = w.promoted(pmap, VA_2M);
    const act = (): void => pmapRemove(w.m, pmap, VA_2M + PAGE_SIZE, VA_2M + 2 * PAGE_SIZE);
    expect(w.rise(act, DEMOTIONS, PT_PAGE_ALLOCS, PT_PAGE_FREES, PV_ENTRY_COUNT)).toEqual([1, 0, 0, 510]);
    expect(isLarge(w, pmap, VA_2M)).toBe(false);
    const { lo, hi } = w.leaf(pmap, END - PAGE_SIZE);
    expect(frameOf(lo, hi)).toBe(first + 511);
    expect(pmap.reserved.size).toBe(0);
  });

  it('of a mapping that was never accessed destroys it', () => {
    const w = new World();
    const pmap = w.pmap();
    const first = w.run();
    pmapEnterObject(w.m, pmap, VA_2M, END, first, R);
    expect(isLarge(w, pmap, VA_2M)).toBe(true);
    expect(w.rise(() => pmapProtect(w.m, pmap, VA_2M, VA_2M + PAGE_SIZE, R), DEMOTIONS)).toEqual([0]);
    expect(pmap.stats.residentCount).toBe(1);
  });

  it('without a saved page table page allocates one, counted in both statistics', () => {
    const w = new World();
    const pmap = w.pmap();
    const first = w.run();
    expect(pmapEnter(w.m, pmap, VA_2M, first, RW, W, 1)).toBe(0);
    const resident = pmap.stats.residentCount;
    const rise = w.rise(() => pmapProtect(w.m, pmap, VA_2M, VA_2M + PAGE_SIZE, R), PT_PAGE_ALLOCS, USER_PT_PAGE_COUNT);
    expect(rise).toEqual([1, 1]);
    expect(pmap.stats.residentCount).toBe(resident + 1);
    expect(w.leaf(pmap, VA_2M).hi & PG_PROMOTED_HI).toBe(0);
  });

  it('refills the saved page table page when the mapping has changed since', () => {
    const w = new World();
    const pmap = w.pmap();
    w.promoted(pmap, VA_2M);
    pmapProtect(w.m, pmap, VA_2M, END, R);
    expect(w.leaf(pmap, VA_2M).hi & PG_PROMOTED_HI).toBe(0);
    pmapRemove(w.m, pmap, VA_2M, VA_2M + PAGE_SIZE);
    expect(w.leaf(pmap, END - PAGE_SIZE).lo & (PG_RW | PG_M)).toBe(0);
  });
});

describe('the saved page table page', () => {
  it.each([
    ['landed', 1],
    ['d33276', 0],
  ])('of a mapping removed whole stays in user_pt_page_count in %s: %i', (variant, leak) => {
    for (const teardown of ['remove', 'remove_pages', 'enter over it'] as const) {
      const w = new World({}, variant);
      const pmap = w.pmap();
      w.promoted(pmap, VA_2M);
      const resident = pmap.stats.residentCount;
      if (teardown === 'remove') pmapRemove(w.m, pmap, VA_2M, END);
      else if (teardown === 'remove_pages') pmapRemovePages(w.m, pmap);
      else expect(pmapEnter(w.m, pmap, VA_2M, w.run(), RW, W, 1)).toBe(0);
      const gone = teardown === 'enter over it' ? 1 : NPTEPG + 3;
      expect(resident - pmap.stats.residentCount).toBe(gone);
      if (teardown === 'enter over it') pmapRemovePages(w.m, pmap);
      expect([pmap.stats.residentCount, w.m.counters[USER_PT_PAGE_COUNT]]).toEqual([1, 1 + leak]);
    }
  });

  it('of a demoted mapping leaves no trace', () => {
    const w = new World();
    const pmap = w.pmap();
    w.promoted(pmap, VA_2M);
    pmapRemove(w.m, pmap, VA_2M, VA_2M + PAGE_SIZE);
    pmapRemove(w.m, pmap, VA_2M, END);
    expect([pmap.stats.residentCount, w.m.counters[USER_PT_PAGE_COUNT]]).toEqual([1, 1]);
  });
});

describe('a 2M mapping', () => {
  it('is copied whole, without W and A, with M and the mark of promotion', () => {
    const w = new World();
    const [src, dst] = [w.pmap(), w.pmap()];
    w.promoted(src, VA_2M);
    const { lo, hi } = w.leaf(src, VA_2M);
    expect(w.rise(() => pmapCopy(w.m, dst, src, VA_2M, NBPDR, VA_2M), SUPERPAGE_MAPPINGS)).toEqual([1]);
    expect(w.leaf(dst, VA_2M)).toEqual({ lo: lo & ~PG_A, hi });
    expect([dst.reserved.size, dst.stats.residentCount]).toEqual([0, NPTEPG + 3]);
    expect(w.rise(() => pmapCopy(w.m, w.pmap(), src, VA_2M, NBPDR - PAGE_SIZE, VA_2M), SUPERPAGE_MAPPINGS)).toEqual([
      0,
    ]);
  });

  it('that is wired stays wired through unwiring of a part of it', () => {
    const w = new World();
    const pmap = w.pmap();
    w.promoted(pmap, VA_2M, RW, W | PMAP_ENTER_WIRED);
    expect([pmap.stats.wiredCount, w.leaf(pmap, VA_2M).lo & PG_W]).toEqual([NPTEPG, PG_W]);
    pmapUnwire(w.m, pmap, VA_2M, VA_2M + 12 * PAGE_SIZE);
    expect(pmap.stats.wiredCount).toBe(500);
    pmapUnwire(w.m, pmap, VA_2M + 12 * PAGE_SIZE, END);
    expect(pmap.stats.wiredCount).toBe(0);
  });

  it('is demoted by write protection of one page, and by advice, which unmaps the last page', () => {
    const w = new World();
    const pmap = w.pmap();
    const first = w.promoted(pmap, VA_2M);
    pmapRemoveWrite(w.m, first + 5);
    expect(w.leaf(pmap, VA_2M + 5 * PAGE_SIZE).lo & (PG_RW | PG_M)).toBe(0);
    expect(w.leaf(pmap, VA_2M + 6 * PAGE_SIZE).lo & (PG_RW | PG_M)).toBe(PG_RW | PG_M);
    const other = w.pmap();
    w.promoted(other, VA_2M);
    pmapAdvise(w.m, other, VA_2M, END, MADV_DONTNEED);
    expect(w.leaf(other, END - PAGE_SIZE).lo).toBe(0);
    expect(w.leaf(other, VA_2M).lo & (PG_A | PG_M)).toBe(0);
  });

  it('whose modified bit is cleared for a page lets that page be promoted again by a write', () => {
    const w = new World();
    const pmap = w.pmap();
    const first = w.promoted(pmap, VA_2M);
    pmapClearModify(w.m, first + 9);
    expect(w.leaf(pmap, VA_2M + 9 * PAGE_SIZE).lo & (PG_RW | PG_M)).toBe(0);
    expect(w.rise(() => w.enter(pmap, VA_2M + 9 * PAGE_SIZE, first + 9), PROMOTIONS)).toEqual([1]);
  });

  it('loses its accessed bit only to the one page that the hash selects', () => {
    const w = new World();
    const pmap = w.pmap();
    const first = w.promoted(pmap, VA_2M);
    const chosen = first + ((VA_2M / NBPDR) % NPTEPG);
    expect(pmapTsReferenced(w.m, chosen + 1)).toBe(1);
    expect(w.leaf(pmap, VA_2M).lo & PG_A).toBe(PG_A);
    expect(pmapTsReferenced(w.m, chosen)).toBe(1);
    expect(w.leaf(pmap, VA_2M).lo & PG_A).toBe(0);
    expect(pmapTsReferenced(w.m, chosen)).toBe(0);
  });
});
