import { describe, expect, it } from 'vitest';
import {
  CONTEXT_FLUSHES,
  DELAYED_INVALIDATIONS,
  INVALIDATE_ALLS,
  INVALIDATE_PAGES,
  INVALIDATE_RANGES,
  INVALIDATE_RANGE_PAGES,
  INVLPGS,
  INVLTLBS,
  INVPCIDS,
  IPIS,
  REACHED_INVALIDATE_OTHERS,
  SHOOTDOWNS,
} from '../../../core/counters.ts';
import { cpuAccess } from '../../../core/hw/cpu.ts';
import {
  pmapActivate,
  pmapCopy,
  pmapEnter,
  pmapEnterQuick,
  pmapProtect,
  pmapRemove,
  pmapRemoveAll,
  pmapRemovePages,
} from '../../../core/pmap/index.ts';
import type { Pmap } from '../../../core/state/pmap.ts';
import { NBPDR, PAGE_SIZE } from '../../../core/units.ts';
import { R, RW, RX, VA, VA_2M, W, World } from './world.ts';

const FLUSHES = [INVALIDATE_PAGES, INVALIDATE_RANGES, INVALIDATE_ALLS];
const KINDS = ['page', 'range', 'all'];

/** Requests by kind while `act` runs: `page`, `all 2`. */
function flushes(w: World, act: () => void): string {
  const rise = w.rise(act, ...FLUSHES);
  return KINDS.flatMap((kind, i) => (rise[i] === 0 ? [] : [rise[i] === 1 ? kind : `${kind} ${rise[i]}`])).join(', ');
}

/** Loads a pmap on a CPU without leaving the current one. */
function loadOn(w: World, cpu: number, pmap: Pmap): void {
  const { curcpu } = w.m;
  w.m.curcpu = cpu;
  pmapActivate(w.m, pmap);
  w.m.curcpu = curcpu;
}

describe('what flushes', () => {
  it('is the same in pmap_enter, pmap_protect, pmap_remove and the others as in the kernel', () => {
    const w = new World();
    const { m } = w;
    const pmap = w.pmap();
    const f = w.pages(8);
    const unmanaged = w.pages(2, false);
    expect(flushes(w, () => w.enter(pmap, VA, f))).toBe('');
    expect(flushes(w, () => w.enter(pmap, VA, f))).toBe('');
    expect(flushes(w, () => w.enter(pmap, VA, f + 1))).toBe('page');
    expect(flushes(w, () => w.enter(pmap, VA, f + 1, R))).toBe('page');
    expect(flushes(w, () => w.enter(pmap, VA, f + 1, RX))).toBe('');
    expect(flushes(w, () => w.enter(pmap, VA, f + 1, R))).toBe('page');
    expect(flushes(w, () => pmapEnterQuick(m, pmap, VA + PAGE_SIZE, f + 2, RX))).toBe('');
    expect(flushes(w, () => w.enter(pmap, VA + PAGE_SIZE, f + 3, R))).toBe('');
    w.enter(pmap, VA + 2 * PAGE_SIZE, unmanaged, R);
    expect(flushes(w, () => w.enter(pmap, VA + 2 * PAGE_SIZE, unmanaged + 1, R))).toBe('page');
    expect(flushes(w, () => pmapCopy(m, w.pmap(), pmap, VA, NBPDR, VA))).toBe('');
    pmapActivate(m, pmap);
    w.enter(pmap, VA + 5 * PAGE_SIZE, f + 5, RW);
    expect(flushes(w, () => pmapProtect(m, pmap, VA, VA + NBPDR, R))).toBe('all');
    expect(flushes(w, () => pmapProtect(m, pmap, VA, VA + NBPDR, R))).toBe('');
    expect(flushes(w, () => pmapRemove(m, pmap, VA, VA + PAGE_SIZE))).toBe('page');
    expect(flushes(w, () => pmapRemove(m, pmap, VA, VA + NBPDR))).toBe('all');
    expect(flushes(w, () => pmapRemovePages(m, pmap))).toBe('all');
    const [a, b] = [w.pmap(), w.pmap()];
    w.enter(a, VA, f);
    w.enter(b, VA, f);
    expect(flushes(w, () => pmapRemoveAll(m, f))).toBe('page 2');
  });

  it('flushes 512 pages of a promoted 2M mapping that is removed, one address of any other', () => {
    const w = new World();
    const pmap = w.pmap();
    w.promoted(pmap, VA_2M);
    const act = (): number => pmapEnter(w.m, pmap, VA_2M, w.run(), RW, W, 1);
    expect(w.rise(act, INVALIDATE_RANGE_PAGES, INVLPGS, INVALIDATE_PAGES)).toEqual([512, 512, 0]);
    expect(w.rise(act, INVALIDATE_RANGE_PAGES, INVLPGS, INVALIDATE_PAGES)).toEqual([0, 1, 1]);
  });

  it('opens one delayed-invalidation block for each full pmap_remove', () => {
    const w = new World();
    const pmap = w.pmap();
    w.enter(pmap, VA, w.pages());
    expect(w.rise(() => pmapRemove(w.m, pmap, VA, VA + PAGE_SIZE), DELAYED_INVALIDATIONS)).toEqual([1]);
    expect(w.rise(() => pmapRemove(w.m, pmap, VA, VA + PAGE_SIZE), DELAYED_INVALIDATIONS)).toEqual([0]);
    expect(w.m.invlOpen).toBe(0);
  });
});

describe('the CPUs that are interrupted', () => {
  const remote = [SHOOTDOWNS, IPIS];

  it('are none while the pmap is loaded here only', () => {
    const w = new World({ cpus: 4 });
    const pmap = w.pmap();
    w.enter(pmap, VA, w.pages(2));
    const act = (): void => pmapRemove(w.m, pmap, VA, VA + PAGE_SIZE);
    expect(w.rise(act, ...remote, INVLPGS, REACHED_INVALIDATE_OTHERS)).toEqual([0, 0, 1, 0]);
  });

  it('are all other CPUs that have it loaded, up to 63, and none that had it before', () => {
    const w = new World({ cpus: 64 });
    const pmap = w.pmap();
    for (const cpu of [1, 31, 32, 63]) loadOn(w, cpu, pmap);
    loadOn(w, 31, w.m.pmap0);
    w.enter(pmap, VA, w.pages(2));
    expect(w.rise(() => pmapRemove(w.m, pmap, VA, VA + PAGE_SIZE), ...remote)).toEqual([1, 3]);
    expect([pmap.activeLo, pmap.activeHi]).toEqual([0b11, (1 << 31) | 1]);
  });

  it('are only the others when the pmap is not loaded here', () => {
    const w = new World({ cpus: 2 });
    const pmap = w.pmap();
    w.enter(pmap, VA, w.pages(2));
    loadOn(w, 1, pmap);
    pmapActivate(w.m, w.m.pmap0);
    const act = (): void => pmapRemove(w.m, pmap, VA, VA + PAGE_SIZE);
    expect(w.rise(act, ...remote, INVLPGS)).toEqual([1, 1, 0]);
  });

  it('are decided by the variant', () => {
    const w = new World({ cpus: 2 });
    w.m.hunks = { ...w.m.hunks, invalidateOthers: () => false };
    const pmap = w.pmap();
    loadOn(w, 1, pmap);
    w.enter(pmap, VA, w.pages());
    const act = (): void => pmapRemove(w.m, pmap, VA, VA + PAGE_SIZE);
    expect(w.rise(act, REACHED_INVALIDATE_OTHERS, ...remote)).toEqual([1, 0, 0]);
  });

  it('exclude CPUs on which the pmap only has a PCID: these take a new one', () => {
    const w = new World({ cpus: 3 });
    const pmap = w.pmap();
    loadOn(w, 2, pmap);
    loadOn(w, 2, w.m.pmap0);
    const other = w.pmap();
    w.enter(pmap, VA, w.pages());
    expect(Array.from(pmap.pcidGen.subarray(0, 3))).toEqual([1, 0, 1]);
    pmapRemove(w.m, pmap, VA, VA + PAGE_SIZE);
    expect(Array.from(pmap.pcidGen.subarray(0, 3))).toEqual([0, 0, 0]);
    expect(other.pcidGen[0]).toBe(1);
  });
});

describe('how this CPU flushes', () => {
  it.each([
    [{ pcid: false, pti: false }, [1, 0], [1, 0]],
    [{ pcid: true, pti: false }, [1, 0], [0, 1]],
    [{ pcid: true, pti: true }, [1, 0], [0, 1]],
  ])('with %o', (options, page, all) => {
    const w = new World(options);
    const pmap = w.pmap();
    w.enter(pmap, VA, w.pages(3), RW, W, 3);
    expect(w.rise(() => pmapRemove(w.m, pmap, VA, VA + PAGE_SIZE), INVLPGS, INVPCIDS)).toEqual(page);
    expect(w.rise(() => pmapRemove(w.m, pmap, VA, VA + NBPDR), INVLTLBS, CONTEXT_FLUSHES)).toEqual(all);
  });

  it('flushes the user root’s PCID address by address, until the return to user mode is to flush all of it', () => {
    const w = new World({ pti: true });
    const pmap = w.pmap();
    w.enter(pmap, VA, w.pages(5), RW, W, 5);
    expect(cpuAccess(w.m, pmap, VA, R)).toBe(0);
    expect(w.rise(() => pmapRemove(w.m, pmap, VA, VA + PAGE_SIZE), INVLPGS, INVPCIDS)).toEqual([1, 1]);
    pmapRemove(w.m, pmap, VA, VA + 3 * PAGE_SIZE);
    const third = VA + 3 * PAGE_SIZE;
    expect(w.rise(() => pmapRemove(w.m, pmap, third, third + PAGE_SIZE), INVLPGS, INVPCIDS)).toEqual([1, 0]);
  });

  it.each([
    { pcid: false, pti: false },
    { pcid: true, pti: false },
    { pcid: false, pti: true },
    { pcid: true, pti: true },
  ])('leaves no stale translation behind with %o, here or on another CPU', (options) => {
    const w = new World({ ...options, cpus: 2 });
    const pmap = w.pmap();
    const frame = w.pages(4);
    loadOn(w, 1, pmap);
    const on = (cpu: number, va: number): boolean => {
      w.m.curcpu = cpu;
      const allowed = cpuAccess(w.m, pmap, va, R) === 0;
      w.m.curcpu = 0;
      return allowed;
    };
    w.enter(pmap, VA, frame, RW, W, 4);
    for (const cpu of [0, 1]) for (let i = 0; i < 4; i++) expect(on(cpu, VA + i * PAGE_SIZE)).toBe(true);
    pmapRemove(w.m, pmap, VA, VA + PAGE_SIZE);
    pmapRemove(w.m, pmap, VA, VA + 3 * PAGE_SIZE);
    for (const cpu of [0, 1])
      expect([0, 1, 2, 3].map((i) => on(cpu, VA + i * PAGE_SIZE))).toEqual([false, false, false, true]);
    loadOn(w, 1, w.m.pmap0);
    pmapRemove(w.m, pmap, VA, VA + NBPDR);
    loadOn(w, 1, pmap);
    expect(on(1, VA + 3 * PAGE_SIZE)).toBe(false);
  });
});
