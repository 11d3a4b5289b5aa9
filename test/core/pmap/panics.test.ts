import { describe, expect, it } from 'vitest';
import { PG_A, PG_V, PG_W } from '../../../core/hw/entry.ts';
import { pageLimit } from '../../../core/page/page.ts';
import {
  newPmap,
  pmapActivate,
  pmapClearModify,
  pmapCopy,
  pmapEnter,
  pmapIsModified,
  pmapIsReferenced,
  pmapPinit,
  pmapProtect,
  pmapRelease,
  pmapRemove,
  pmapRemoveAll,
  pmapRemovePages,
  pmapRemoveWrite,
  pmapResidentCountAdj,
  pmapTsReferenced,
  pmapUnwire,
} from '../../../core/pmap/index.ts';
import { delayedInvlStart, delayedInvlWait } from '../../../core/pmap/invalidate.ts';
import { pdeAt } from '../../../core/pmap/tables.ts';
import {
  NBPDR,
  PAGE_SIZE,
  PMAP_ENTER_LARGEPAGE,
  PMAP_ENTER_WIRED,
  VM_MAXUSER_ADDRESS_LA57,
  vaHi,
  vaLo,
} from '../../../core/units.ts';
import { R, RW, VA, VA_1G, VA_2M, W, World, panicOf } from './world.ts';

describe('a kernel assertion', () => {
  it('names the arguments of pmap_enter', () => {
    const w = new World();
    const pmap = w.pmap();
    const { m } = w;
    const frame = w.pages(512);
    const run = w.run();
    const of = (...args: [number, number, number, number, number]): string =>
      panicOf(() => pmapEnter(m, pmap, ...args));
    expect(of(VA, frame, R, W, 0)).toBe("pmap_enter: flags includes VM_PROT_WRITE but prot doesn't");
    expect(of(VM_MAXUSER_ADDRESS_LA57, frame, R, R, 0)).toBe('pmap_enter: invalid page directory');
    expect(of(VA_2M + PAGE_SIZE, run, R, R, 1)).toBe('pmap_enter: va unaligned');
    expect(of(VA_2M, frame, R, R, 1)).toBe('pmap_enter: m->psind < psind');
    expect(of(VA_2M, run, RW, R, 1)).toBe('pmap_enter_pde: newpde is missing PG_M');
    expect(of(VA_2M, run, R, R | PMAP_ENTER_WIRED, 1)).toBe('pmap_enter_pde: cannot create wired user mapping');
    expect(of(VA_2M, run, R, R | PMAP_ENTER_LARGEPAGE, 1)).toBe('pmap_enter: managed largepage');
  });

  it('keeps the order of release: before the frees in the baseline, after them later', () => {
    for (const [variant, freed] of [
      ['baseline', false],
      ['toplevel-accounting', true],
      ['landed', true],
    ] as const) {
      const w = new World({}, variant);
      const pmap = w.pmap();
      w.enter(pmap, VA, w.pages());
      pmapActivate(w.m, w.m.pmap0);
      expect(panicOf(() => pmapRelease(w.m, pmap))).toBe('pmap_release: pmap resident count != 0');
      expect(w.m.page.refCount[pmap.top]).toBe(freed ? 0 : 1);
    }
  });

  it('forbids release with a saved page table page', () => {
    const w = new World();
    const pmap = w.pmap();
    w.promoted(pmap, VA_2M);
    pmapActivate(w.m, w.m.pmap0);
    expect(panicOf(() => pmapRelease(w.m, pmap))).toBe('pmap_release: pmap has reserved page table page(s)');
  });

  it('allows pmap_remove_pages only on the current pmap, loaded nowhere else', () => {
    const w = new World({ cpus: 2 });
    const [a, b] = [w.pmap(), w.pmap()];
    expect(panicOf(() => pmapRemovePages(w.m, a))).toBe('pmap_remove_pages: non-current pmap');
    w.m.curcpu = 1;
    pmapActivate(w.m, b);
    expect(panicOf(() => pmapRemovePages(w.m, b))).toBe('pmap_remove_pages: pmap active');
  });

  it('requires every mapping passed to pmap_unwire to be wired', () => {
    const w = new World();
    const pmap = w.pmap();
    w.enter(pmap, VA, w.pages());
    w.promoted(pmap, VA_2M);
    expect(panicOf(() => pmapUnwire(w.m, pmap, VA, VA + PAGE_SIZE))).toBe('pmap_unwire: pte is missing PG_W');
    expect(panicOf(() => pmapUnwire(w.m, pmap, VA_2M, VA_2M + NBPDR))).toBe('pmap_unwire: pde is missing PG_W');
  });

  it('requires managed pages for operations on all mappings of a page', () => {
    const w = new World();
    const frame = w.pages(1, false);
    const functions = {
      pmapRemoveAll,
      pmapRemoveWrite,
      pmapClearModify,
      pmapTsReferenced,
      pmapIsModified,
      pmapIsReferenced,
    };
    for (const [name, call] of Object.entries(functions)) {
      const kernelName = name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
      expect(panicOf(() => call(w.m, frame))).toBe(`${kernelName}: page is not managed`);
    }
  });

  it('catches a pmap copied onto itself, and a copy onto a 2M mapping, which would need to switch locks', () => {
    const w = new World();
    const [src, dst] = [w.pmap(), w.pmap()];
    w.enter(src, VA_2M, w.pages());
    expect(panicOf(() => pmapCopy(w.m, src, src, VA_2M, NBPDR, VA_2M))).toBe(
      '_mtx_lock_sleep: recursed on non-recursive mutex pmap',
    );
    w.promoted(dst, VA_2M);
    expect(panicOf(() => pmapCopy(w.m, dst, src, VA_2M, NBPDR, VA_2M))).toBe('reserve_pv_entries: lockp is NULL');
  });

  it('guards demotion: a wired leaf is accessed and has its page-table page, a writeable one is modified', () => {
    const spoil = (change: (w: World, pde: number) => void, flags = W): string => {
      const w = new World();
      const pmap = w.pmap();
      w.promoted(pmap, VA_2M, RW, flags);
      change(w, pdeAt(w.m, pmap, vaHi(VA_2M), vaLo(VA_2M)));
      return panicOf(() => pmapRemove(w.m, pmap, VA_2M, VA_2M + PAGE_SIZE));
    };
    expect(spoil((w, pde) => void (w.m.words[pde]! &= ~PG_A), W | PMAP_ENTER_WIRED)).toBe(
      'pmap_demote_pde: a wired mapping is missing PG_A',
    );
    expect(spoil((w) => w.m.pmaps[1]!.reserved.clear(), W | PMAP_ENTER_WIRED)).toBe(
      'pmap_demote_pde: page table page for a wired mapping is missing',
    );
    expect(spoil((w, pde) => void (w.m.words[pde]! &= ~0x40))).toBe('pmap_demote_pde: oldpde is missing PG_M');
  });

  it('checks the saved page table page: fully referenced, and promoted', () => {
    const removed = (change: (w: World, kept: number) => void): string => {
      const w = new World();
      const pmap = w.pmap();
      w.promoted(pmap, VA_2M);
      change(w, [...pmap.reserved.values()][0]!);
      return panicOf(() => pmapRemove(w.m, pmap, VA_2M, VA_2M + NBPDR));
    };
    expect(removed((w, kept) => void w.m.page.refCount[kept]!--)).toBe('pmap_remove_pde: pte page ref count error');
    expect(removed((w, kept) => void (w.m.page.valid[kept] = 0))).toBe('pmap_remove_pde: pte page not promoted');
  });

  it('requires a pv entry for every managed mapping, and a valid mapping for every pv entry', () => {
    const w = new World();
    const pmap = w.pmap();
    const frame = w.pages(2);
    w.enter(pmap, VA, frame);
    w.enter(pmap, VA + PAGE_SIZE, frame + 1);
    const pt = w.tables(pmap, VA)[2]!;
    w.m.words[pt << 10]! += 4096;
    expect(panicOf(() => pmapRemove(w.m, pmap, VA, VA + PAGE_SIZE))).toBe('pmap_pvh_free: pv not found');
    const other = new World();
    const spoilt = other.pmap();
    other.enter(spoilt, VA, other.pages());
    other.m.words[other.tables(spoilt, VA)[2]! << 10]! &= ~PG_V;
    expect(panicOf(() => pmapRemovePages(other.m, spoilt))).toBe('pmap_remove_pages: bad pte');
  });

  it('keeps resident_count from falling below 0', () => {
    const w = new World();
    const pmap = w.pmap();
    expect(panicOf(() => pmapResidentCountAdj(w.m, pmap, -2))).toBe(
      'pmap_resident_count_adj: resident count underflow',
    );
  });

  it('forbids nested delayed-invalidation blocks, and waiting or sleeping in one', () => {
    const w = new World();
    const { m } = w;
    const pmap = w.pmap();
    const frame = w.pages();
    delayedInvlStart(m);
    expect(panicOf(() => delayedInvlStart(m))).toBe('pmap_delayed_invl_start: already in a delayed invalidation block');
    m.page.invlGen[frame >>> 9] = m.invlOpen;
    expect(panicOf(() => delayedInvlWait(m, frame))).toBe('pmap_delayed_invl_wait: waits for its own thread');
    pageLimit(m, 0);
    expect(panicOf(() => w.enter(pmap, VA, frame))).toBe('pmap_allocpte_alloc: sleeps in a delayed invalidation block');
  });

  it('reports that all memory is in use and nobody would wake the sleeper', () => {
    const w = new World({ ram: 2 ** 26 });
    const fill = (): void => {
      for (;;) pmapPinit(w.m, newPmap(w.m), false);
    };
    expect(panicOf(fill)).toBe('vm_wait: no free pages');
  });

  it('forbids operations on part of a 1G mapping', () => {
    const w = new World();
    const pmap = w.pmap();
    const { m } = w;
    m.page.oflags[0] = 4;
    expect(pmapEnter(m, pmap, VA_1G, 0, RW, W | PMAP_ENTER_WIRED | PMAP_ENTER_LARGEPAGE, 2)).toBe(0);
    const part = [VA_1G, VA_1G + PAGE_SIZE] as const;
    const reason = 'partial update of non-transparent 1G mapping';
    expect(panicOf(() => pmapRemove(m, pmap, VA_1G, VA_1G + NBPDR))).toBe(`pmap_remove: ${reason}`);
    expect(panicOf(() => pmapProtect(m, pmap, ...part, R))).toBe(`pmap_protect: ${reason}`);
    expect(panicOf(() => pmapUnwire(m, pmap, ...part))).toBe(`pmap_unwire: ${reason}`);
    expect(w.m.words[w.pml4e(pmap, VA_1G)]! & PG_W).toBe(0);
  });
});
