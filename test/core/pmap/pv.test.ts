import { describe, expect, it } from 'vitest';
import {
  PMAP_LOCKS,
  PV_CHUNK_ALLOCS,
  PV_CHUNK_FREES,
  PV_CHUNK_LIST_LOCKS,
  PV_ENTRY_COUNT,
  PV_LIST_WRITE_LOCKS,
} from '../../../core/counters.ts';
import {
  pmapEnterObject,
  pmapPageIsMapped,
  pmapPageWiredMappings,
  pmapRemove,
  pmapRemoveAll,
  pmapRemovePages,
} from '../../../core/pmap/index.ts';
import { NPCPV, pvNext, pvPmap, pvVaHi, pvVaLo } from '../../../core/pmap/pv.ts';
import { PGA_REFERENCED, PGA_WRITEABLE } from '../../../core/state/page.ts';
import type { Pmap } from '../../../core/state/pmap.ts';
import { PAGE_SIZE, PMAP_ENTER_WIRED, vaOf } from '../../../core/units.ts';
import { R, RW, VA, W, World } from './world.ts';

/** The mappings of a page, in list order. */
function mappings(w: World, frame: number): [Pmap, number][] {
  const { words, page } = w.m;
  const found: [Pmap, number][] = [];
  for (let pv = page.pvHead[frame]!; pv !== 0; pv = pvNext(words, pv))
    found.push([pvPmap(w.m, pv), vaOf(pvVaHi(words, pv), pvVaLo(words, pv))]);
  return found;
}

describe('pv entries', () => {
  it('list the mappings of a page, oldest first, whatever pmap they are in', () => {
    const w = new World();
    const frame = w.pages();
    const [a, b] = [w.pmap(), w.pmap()];
    w.enter(a, VA, frame);
    w.enter(b, VA + PAGE_SIZE, frame);
    w.enter(a, VA + 0x7f_0000_0000, frame);
    expect(mappings(w, frame)).toEqual([
      [a, VA],
      [b, VA + PAGE_SIZE],
      [a, VA + 0x7f_0000_0000],
    ]);
    pmapRemove(w.m, b, VA, VA + 2 * PAGE_SIZE);
    expect(mappings(w, frame).map(([pmap]) => pmap)).toEqual([a, a]);
  });

  it('are in chunks of 168, one page each, allocated and freed with the first and last entry', () => {
    const w = new World();
    const pmap = w.pmap();
    const frames = w.pages(NPCPV + 1);
    const chunks = (act: () => void): number[] => w.rise(act, PV_CHUNK_ALLOCS, PV_CHUNK_FREES, PV_CHUNK_LIST_LOCKS);
    expect(chunks(() => w.enter(pmap, VA, frames, RW, W, NPCPV))).toEqual([1, 0, 1]);
    expect(chunks(() => w.enter(pmap, VA + NPCPV * PAGE_SIZE, frames + NPCPV))).toEqual([1, 0, 1]);
    expect(chunks(() => pmapRemove(w.m, pmap, VA, VA + NPCPV * PAGE_SIZE))).toEqual([0, 1, 1]);
    expect(w.m.counters[PV_ENTRY_COUNT]).toBe(1);
  });

  it('fill holes: the lowest free entry of the chunk last freed into is the next', () => {
    const w = new World();
    const pmap = w.pmap();
    const frames = w.pages(2 * NPCPV + 1);
    w.enter(pmap, VA, frames, RW, W, 2 * NPCPV);
    const entry = (page: number): number => w.m.page.pvHead[frames + page]!;
    const [hole, lower] = [entry(90), entry(17)];
    for (const page of [90, 17]) pmapRemove(w.m, pmap, VA + page * PAGE_SIZE, VA + (page + 1) * PAGE_SIZE);
    w.enter(pmap, VA + 17 * PAGE_SIZE, frames + 17);
    w.enter(pmap, VA + 2 * NPCPV * PAGE_SIZE, frames + 2 * NPCPV);
    expect([entry(17), entry(2 * NPCPV)]).toEqual([lower, hole]);
  });

  it('are taken under the list lock of the page’s 2M frame, which is changed only when it must be', () => {
    const w = new World();
    const pmap = w.pmap();
    const near = w.pages(64);
    expect(w.rise(() => pmapEnterObject(w.m, pmap, VA, VA + 64 * PAGE_SIZE, near, R), PV_LIST_WRITE_LOCKS)).toEqual([
      1,
    ]);
    const far = w.run() + 511;
    w.enter(pmap, VA + 64 * PAGE_SIZE, far);
    expect(w.rise(() => pmapRemovePages(w.m, pmap), PV_LIST_WRITE_LOCKS, PMAP_LOCKS)).toEqual([2, 1]);
  });
});

describe('a page', () => {
  it('is writeable from its first writeable mapping to the loss of its last mapping', () => {
    const w = new World();
    const { page } = w.m;
    const pmap = w.pmap();
    const frame = w.pages();
    w.enter(pmap, VA, frame, R);
    expect(page.aflags[frame]! & PGA_WRITEABLE).toBe(0);
    w.enter(pmap, VA + PAGE_SIZE, frame, RW);
    pmapRemove(w.m, pmap, VA + PAGE_SIZE, VA + 2 * PAGE_SIZE);
    expect(page.aflags[frame]! & PGA_WRITEABLE).toBe(PGA_WRITEABLE);
    pmapRemove(w.m, pmap, VA, VA + PAGE_SIZE);
    expect(page.aflags[frame]).toBe(PGA_REFERENCED);
    expect(page.dirty[frame]).toBe(0xff);
  });

  it('is not marked referenced by pmap_remove_pages', () => {
    const w = new World();
    const pmap = w.pmap();
    const frame = w.pages();
    w.enter(pmap, VA, frame);
    pmapRemovePages(w.m, pmap);
    expect([w.m.page.aflags[frame], w.m.page.dirty[frame]]).toEqual([0, 0xff]);
  });

  it('that is wired survives pmap_remove_pages, with its chunk and its tables', () => {
    const w = new World();
    const pmap = w.pmap();
    const frame = w.pages(2);
    w.enter(pmap, VA, frame, RW, W | PMAP_ENTER_WIRED);
    w.enter(pmap, VA + PAGE_SIZE, frame + 1);
    expect(w.rise(() => pmapRemovePages(w.m, pmap), PV_CHUNK_FREES, PV_ENTRY_COUNT)).toEqual([0, -1]);
    expect([pmap.stats.wiredCount, pmapPageWiredMappings(w.m, frame)]).toEqual([1, 1]);
    expect(w.tables(pmap, VA)).toHaveLength(3);
    pmapRemove(w.m, pmap, VA, VA + PAGE_SIZE);
    expect([pmap.stats.wiredCount, pmap.stats.residentCount]).toEqual([0, 1]);
  });

  it('is unmapped everywhere by pmap_remove_all, and empty page-table pages are freed', () => {
    const w = new World();
    const frame = w.pages(2);
    const pmaps = [w.pmap(), w.pmap(), w.pmap()];
    for (const pmap of pmaps) w.enter(pmap, VA, frame);
    w.enter(pmaps[1]!, VA + PAGE_SIZE, frame + 1);
    pmapRemoveAll(w.m, frame);
    expect(pmapPageIsMapped(w.m, frame)).toBe(false);
    expect(pmaps.map((pmap) => pmap.stats.residentCount)).toEqual([1, 5, 1]);
  });
});
