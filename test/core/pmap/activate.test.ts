import { describe, expect, it } from 'vitest';
import { pmapActivate, pmapRelease } from '../../../core/pmap/index.ts';
import { PMAP_PCID_NONE } from '../../../core/state/pmap.ts';
import { World, panicOf } from './world.ts';

describe('pmap_activate', () => {
  it('marks the pmap as loaded here and the previous one as not, in every mode', () => {
    for (const pcid of [false, true])
      for (const pti of [false, true]) {
        const w = new World({ pcid, pti });
        const [a, b] = [w.pmap(), w.pmap()];
        expect([a.activeLo, b.activeLo, w.m.pmap0.activeLo]).toEqual([0, 1, 0]);
        expect(w.m.cpus[0]!.curpmap).toBe(b);
        pmapActivate(w.m, a);
        expect([a.activeLo, b.activeLo]).toEqual([1, 0]);
        expect(w.m.cpus[0]!.root).toBe(a.top);
        expect(w.m.cpus[0]!.userRoot).toBe(pti ? a.topUser : a.top);
      }
  });

  it('assigns a PCID at the first activation on a CPU, from 2 up, and keeps it', () => {
    const w = new World({ cpus: 2 });
    const [a, b] = [w.pmap(), w.pmap()];
    expect([a.pcid[0], b.pcid[0], a.pcid[1]]).toEqual([2, 3, PMAP_PCID_NONE]);
    pmapActivate(w.m, a);
    expect([a.pcid[0], w.m.cpus[0]!.pcidNext]).toEqual([2, 4]);
  });

  it.each([
    ['without page-table isolation', false, 0x1000],
    ['with it, half of them', true, 0x800],
  ])('gives out all PCIDs %s, then starts over in a new generation', (_, pti, overmax) => {
    const w = new World({ pti });
    const { m } = w;
    const cpu = m.cpus[0]!;
    const [a, b] = [w.pmap(), w.pmap()];
    for (let i = 4; i < overmax; i++) {
      const other = i % 2 === 0 ? a : b;
      other.pcidGen[0] = 0;
      pmapActivate(m, other);
    }
    expect([cpu.pcidNext, cpu.pcidGen]).toEqual([overmax, 1]);
    a.pcidGen[0] = 0;
    pmapActivate(m, m.pmap0);
    pmapActivate(m, a);
    expect([a.pcid[0], a.pcidGen[0], cpu.pcidGen]).toEqual([1, 2, 2]);
    pmapActivate(m, b);
    expect([b.pcid[0], b.pcidGen[0]]).toEqual([2, 2]);
  });

  it('under page-table isolation defers the flush of a new user PCID to the return to user mode', () => {
    const w = new World({ pti: true });
    const [a, b] = [w.pmap(), w.pmap()];
    const cpu = w.m.cpus[0]!;
    expect([cpu.userFlushPending, cpu.userPcid]).toEqual([true, b.pcid[0]! | 0x800]);
    // b leaves with its flush pending, so its PCID is no longer valid; the same happened to a.
    pmapActivate(w.m, a);
    expect([b.pcidGen[0], a.pcid[0]]).toEqual([0, 4]);
  });

  it('of a pmap without user root under page-table isolation runs user mode on its only root', () => {
    const w = new World({ pti: true });
    const pmap = w.pmap(false);
    expect([w.m.cpus[0]!.userRoot, pmap.topUser]).toEqual([pmap.top, 0]);
  });

  it('keeps a pmap from being released', () => {
    const w = new World();
    const pmap = w.pmap();
    expect(panicOf(() => pmapRelease(w.m, pmap))).toBe('pmap_release: releasing active pmap');
    pmapActivate(w.m, w.m.pmap0);
    expect(panicOf(() => pmapRelease(w.m, pmap))).toBe('no panic');
  });
});
