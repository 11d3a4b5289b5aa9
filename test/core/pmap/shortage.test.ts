import { describe, expect, it } from 'vitest';
import {
  ALLOC_FAILURES,
  PT_PAGE_ALLOCS,
  PT_PAGE_FREES,
  PV_CHUNK_ALLOCS,
  PV_PAGE_COUNT,
  SUPERPAGE_MAPPINGS,
  VM_WAITS,
} from '../../../core/counters.ts';
import { pageLimit } from '../../../core/page/page.ts';
import { newPmap, pmapCopy, pmapEnter, pmapEnterQuick, pmapPinit, pmapRemove } from '../../../core/pmap/index.ts';
import { NPCPV } from '../../../core/pmap/pv.ts';
import { KERN_RESOURCE_SHORTAGE, NBPDR, PAGE_SIZE, PMAP_ENTER_NOSLEEP, PMAP_ENTER_WIRED } from '../../../core/units.ts';
import { R, RW, VA, VA_2M, VA_512G, W, World } from './world.ts';

describe('without memory', () => {
  it('pmap_enter frees what it allocated if it may not sleep, and sleeps otherwise', () => {
    for (const [got, made] of [
      [0, 0],
      [1, 1],
      [2, 2],
    ]) {
      const w = new World();
      const pmap = w.pmap();
      const frame = w.pages();
      pageLimit(w.m, got!);
      const enter = (flags: number): number => pmapEnter(w.m, pmap, VA, frame, RW, W | flags, 0);
      let code = 0;
      const rise = w.rise(
        () => void (code = enter(PMAP_ENTER_NOSLEEP)),
        PT_PAGE_ALLOCS,
        PT_PAGE_FREES,
        ALLOC_FAILURES,
        VM_WAITS,
      );
      expect([code, ...rise]).toEqual([KERN_RESOURCE_SHORTAGE, made, made, 1, 0]);
      expect(pmap.stats.residentCount).toBe(1);
      expect(w.tables(pmap, VA)).toEqual([]);
      expect(w.rise(() => void (code = enter(0)), VM_WAITS)).toEqual([1]);
      expect(code).toBe(0);
    }
  });

  it.each([0, 1, 2, 3])('with five levels, too, after %i pages', (got) => {
    const w = new World({ la57: true, pti: true });
    const pmap = w.pmap();
    const before = Array.from(w.m.counters.subarray(0, 4));
    pageLimit(w.m, got);
    expect(pmapEnter(w.m, pmap, VA_512G, w.pages(), RW, W | PMAP_ENTER_NOSLEEP, 0)).toBe(KERN_RESOURCE_SHORTAGE);
    expect(Array.from(w.m.counters.subarray(0, 4))).toEqual(before);
    expect([w.topEntry(pmap.top, VA_512G).lo, w.topEntry(pmap.topUser, VA_512G).lo]).toEqual([0, 0]);
  });

  it('pmap_enter_quick and pmap_copy give up', () => {
    const w = new World();
    const [src, dst] = [w.pmap(), w.pmap()];
    const frame = w.pages(2);
    pageLimit(w.m, 3);
    pmapEnterQuick(w.m, src, VA, frame, R);
    expect(w.tables(src, VA)).toEqual([]);
    pageLimit(w.m, -1);
    w.enter(src, VA, frame, RW, W, 2);
    pageLimit(w.m, 0);
    pmapCopy(w.m, dst, src, VA, NBPDR, VA);
    expect(dst.stats.residentCount).toBe(1);
  });

  it('a 2M mapping made ahead does not reclaim pv entries from other mappings', () => {
    const w = new World();
    const [src, dst] = [w.pmap(), w.pmap()];
    w.promoted(src, VA_2M);
    pageLimit(w.m, 2);
    expect(w.rise(() => pmapCopy(w.m, dst, src, VA_2M, NBPDR, VA_2M), SUPERPAGE_MAPPINGS)).toEqual([0]);
    expect([dst.stats.residentCount, src.stats.residentCount]).toEqual([1, 4 + 512]);
  });

  it('a new pmap waits, without counting a failure', () => {
    const w = new World({ pti: true });
    pageLimit(w.m, 1);
    expect(w.rise(() => pmapPinit(w.m, newPmap(w.m), true), VM_WAITS, ALLOC_FAILURES)).toEqual([1, 0]);
  });
});

describe('reclaiming pv entries', () => {
  /** A pmap with one full chunk, all in one PT page. */
  function full(w: World, flags = W): { pmap: ReturnType<World['pmap']>; frames: number } {
    const pmap = w.pmap();
    const frames = w.pages(NPCPV);
    w.enter(pmap, VA, frames, RW, flags, NPCPV);
    return { pmap, frames };
  }

  it('destroys the oldest chunk’s mappings, and reuses its page for the new chunk', () => {
    const w = new World();
    const [old, young] = [full(w), full(w)];
    const pmap = w.pmap();
    w.enter(pmap, VA, w.pages(1, false));
    pageLimit(w.m, 0);
    const rise = w.rise(() => w.enter(pmap, VA + PAGE_SIZE, w.pages()), PV_PAGE_COUNT, PV_CHUNK_ALLOCS);
    expect(rise).toEqual([0, 0]);
    expect([old.pmap, young.pmap].map(({ stats }) => stats.residentCount)).toEqual([1, 4 + NPCPV]);
    expect(w.m.page.dirty[old.frames]).toBe(0xff);
  });

  it('that frees a page-table page first reuses it, and pv_page_count drifts by one', () => {
    const w = new World();
    const { pmap: wired } = full(w, W | PMAP_ENTER_WIRED);
    pmapRemove(w.m, wired, VA + PAGE_SIZE, VA + 2 * PAGE_SIZE);
    const lonely = w.pages();
    w.enter(wired, VA_2M, lonely);
    const pmap = w.pmap();
    w.enter(pmap, VA, w.pages(1, false));
    const chunks = w.m.counters[PV_PAGE_COUNT]!;
    pageLimit(w.m, 0);
    w.enter(pmap, VA + PAGE_SIZE, w.pages());
    expect(w.tables(wired, VA_2M)).toHaveLength(1);
    expect(w.m.counters[PV_PAGE_COUNT]).toBe(chunks);
    pmapRemove(w.m, pmap, VA + PAGE_SIZE, VA + 2 * PAGE_SIZE);
    expect(w.m.counters[PV_PAGE_COUNT]).toBe(chunks - 1);
  });

  it('never takes wired or 2M mappings', () => {
    const w = new World();
    const { pmap: wired } = full(w, W | PMAP_ENTER_WIRED);
    const large = w.pmap();
    w.promoted(large, VA_2M);
    const before = [wired, large].map(({ stats }) => stats.residentCount);
    const pmap = w.pmap();
    w.enter(pmap, VA, w.pages(1, false));
    pageLimit(w.m, 0);
    expect(w.rise(() => w.enter(pmap, VA + PAGE_SIZE, w.pages()), VM_WAITS)).toEqual([1]);
    expect([wired, large].map(({ stats }) => stats.residentCount)).toEqual(before);
  });
});
