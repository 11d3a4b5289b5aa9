import { describe, expect, it } from 'vitest';
import { ALLOC_FAILURES, VM_WAITS } from '../../../core/counters.ts';
import type { Machine } from '../../../core/hunks.ts';
import { physCopy, physRead, physWrite, physZero } from '../../../core/hw/phys.ts';
import {
  LIMIT_FAILURES,
  pageClaim,
  pageDivide,
  pageInit,
  pageLimit,
  pageTake,
  usedFrames,
  vmPageAllocNoobj,
  vmPageAllocNoobjWait,
  vmPageDirty,
  vmPageFree,
  vmPageUnwireNoq,
  vmWait,
} from '../../../core/page/page.ts';
import { reservIsFull, reservSetFull, reservTakeRun } from '../../../core/page/reserv.ts';
import { MachineState } from '../../../core/state/machine.ts';
import { VPO_UNMANAGED } from '../../../core/state/page.ts';
import { landed } from '../../../variants/index.ts';
import { panicOf } from '../pmap/world.ts';

const RAM = 2 ** 22;
const FRAMES = RAM / 4096;

function machine(ram = RAM): Machine {
  const config = { cpus: 1, pti: false, pcid: true, la57: false, superpages: false, ram, lowerShared: false };
  const m: Machine = new MachineState(config, landed.hunks);
  pageInit(m, 1);
  return m;
}

function release(m: Machine, frame: number, zeroed: boolean): void {
  vmPageUnwireNoq(m, frame);
  vmPageFree(m, frame, zeroed);
}

describe('an allocated page', () => {
  it('without an object is wired and unmanaged; the most recently freed one is allocated first', () => {
    const m = machine();
    const [a, b] = [vmPageAllocNoobj(m, true), vmPageAllocNoobj(m, true)];
    expect([m.page.refCount[a], m.page.oflags[a]]).toEqual([1, VPO_UNMANAGED]);
    release(m, a, true);
    release(m, b, true);
    expect([vmPageAllocNoobj(m, true), vmPageAllocNoobj(m, true)]).toEqual([b, a]);
  });

  it('is zeroed on request, whatever it held', () => {
    const m = machine();
    const frame = vmPageAllocNoobj(m, false);
    m.words[frame << 10] = 7;
    m.page.nonZero[frame] = 1;
    release(m, frame, false);
    const others: number[] = [];
    for (let i = 0; i < 600; i++) others.push(vmPageAllocNoobj(m, true));
    expect(others).toContain(frame);
    expect(others.every((other) => m.words[other << 10] === 0)).toBe(true);
  });

  it('of an object is the lowest free one, whatever happens to other pages', () => {
    const m = machine();
    const frames = [pageTake(m, true), pageTake(m, true), pageTake(m, true)];
    for (const frame of [frames[2]!, frames[0]!, frames[1]!]) vmPageFree(m, frame, true);
    for (let i = 0; i < 5; i++) vmPageAllocNoobj(m, true);
    expect([pageTake(m, true), pageTake(m, true)]).toEqual([frames[0], frames[1]]);
  });

  it('may be any page: each is allocated once', () => {
    const m = machine();
    const seen = new Set<number>();
    for (let frame = vmPageAllocNoobj(m, true); frame !== 0; frame = vmPageAllocNoobj(m, true)) seen.add(frame);
    expect(seen.size).toBe(FRAMES - 1);
    expect([pageTake(m, false), m.counters[ALLOC_FAILURES]]).toEqual([0, 2]);
  });

  it('is not freed while it has references', () => {
    const m = machine();
    const frame = vmPageAllocNoobj(m, true);
    expect(panicOf(() => vmPageFree(m, frame, true))).toBe('vm_page_free_prep: page has references');
    m.page.refCount[frame] = 0;
    m.page.pvHead[frame] = 1024;
    expect(panicOf(() => vmPageFree(m, frame, true))).toBe('vm_page_free_prep: freeing mapped page');
  });
});

describe('a limit', () => {
  it('lets that many allocations succeed, then none until someone waits', () => {
    const m = machine();
    pageLimit(m, 2);
    const got = (): boolean => vmPageAllocNoobj(m, true) !== 0;
    expect([got(), pageTake(m, true) !== 0, got(), got()]).toEqual([true, true, false, false]);
    vmWait(m);
    expect([got(), m.counters[ALLOC_FAILURES], m.counters[VM_WAITS]]).toEqual([true, 2, 1]);
  });

  it('ends after 64 failures, as if someone had waited', () => {
    const m = machine();
    pageLimit(m, 0);
    let failures = 0;
    while (vmPageAllocNoobj(m, false) === 0) failures++;
    expect([failures, m.counters[VM_WAITS]]).toEqual([LIMIT_FAILURES, 1]);
  });

  it('makes a caller that needs a page wait for it', () => {
    const m = machine();
    pageLimit(m, 0);
    expect(vmPageAllocNoobjWait(m, true)).toBeGreaterThan(0);
    expect([m.counters[ALLOC_FAILURES], m.counters[VM_WAITS]]).toEqual([0, 1]);
  });
});

describe('a reset', () => {
  it('frees all pages that were used, and touches only those', () => {
    const m = machine();
    const used = [vmPageAllocNoobj(m, false), pageTake(m, false), vmPageAllocNoobj(m, true)];
    for (const frame of used) {
      m.words[frame << 10] = -1;
      m.page.nonZero[frame] = 1;
      vmPageDirty(m, frame);
      reservSetFull(m, frame, true);
    }
    pageInit(m, 1);
    for (const frame of used) {
      const { refCount, oflags, dirty, nonZero } = m.page;
      expect([m.words[frame << 10], refCount[frame], oflags[frame], dirty[frame], nonZero[frame]]).toEqual([
        0, 0, 0, 0, 0,
      ]);
      expect(reservIsFull(m, frame)).toBe(false);
    }
    expect([vmPageAllocNoobj(m, false), pageTake(m, false), vmPageAllocNoobj(m, true)]).toEqual(used);
  });

  it('clears claimed pages too, which are never allocated', () => {
    const m = machine();
    pageInit(m, 500);
    pageClaim(m, 499);
    m.page.aflags[499] = 1;
    expect(pageTake(m, true)).toBe(500);
    expect(() => pageClaim(m, 500)).toThrow('frame 500 can be allocated');
    pageInit(m, 500);
    expect(m.page.aflags[499]).toBe(0);
  });

  it('accepts a power of two from 4 MiB to 64 GiB as RAM', () => {
    for (const ram of [2 ** 21, 2 ** 37, 3 * 2 ** 22, 4096.5]) {
      expect(() => machine(ram)).toThrow(/ram: expected a power of two/);
    }
  });
});

describe('more than 4 GiB of memory', () => {
  const LOW = 2 ** 20;
  function large(): Machine {
    const m = machine(2 ** 33);
    for (let i = 0; i < 20; i++) pageTake(m, true);
    pageDivide(m);
    return m;
  }

  it('gives objects the frames above, from as far above as they would begin above 0, and others those below', () => {
    const m = large();
    expect([pageTake(m, true), pageTake(m, false)]).toEqual([LOW + 21, LOW + 22]);
    expect([vmPageAllocNoobj(m, true), vmPageAllocNoobj(m, false)]).toEqual([21, 22]);
    expect(usedFrames(m)).toEqual([
      [1, 23],
      [LOW + 21, LOW + 23],
      [2 * LOW, 2 * LOW],
    ]);
  });

  it('is given to objects to the last frame, also below, and then there is none for anybody', () => {
    const m = large();
    const table = vmPageAllocNoobj(m, true);
    let last = 0;
    let count = 0;
    for (let frame = pageTake(m, true); frame !== 0; frame = pageTake(m, true)) {
      last = frame;
      count++;
    }
    expect([last, count]).toEqual([LOW - 1, 2 * LOW - 21 - 1 - 21]);
    expect([vmPageAllocNoobj(m, true), m.counters[ALLOC_FAILURES]]).toEqual([0, 2]);
    expect(panicOf(() => vmPageAllocNoobjWait(m, true))).toBe('vm_wait: no free pages');
    release(m, table, false);
    expect(vmPageAllocNoobj(m, true)).toBe(table);
  });

  it('has no page table above 4 GiB: to run out of memory below is an error, not a shortage', () => {
    const m = large();
    for (let frame = 21; frame < LOW; frame++) vmPageAllocNoobj(m, false);
    expect(() => vmPageAllocNoobj(m, false)).toThrow(
      'ram: no memory below 4 GiB is left for page tables and pv entries',
    );
  });

  it('holds words, copies and zeroes across 4 GiB, and costs memory only where it was written', () => {
    const m = large();
    const frames = [100, LOW + 100, 2 * LOW - 1];
    for (const frame of frames) physWrite(m, frame, 7, frame);
    expect(frames.map((frame) => physRead(m, frame, 7))).toEqual(frames);
    for (const [from, to] of [
      [100, 101],
      [100, LOW + 101],
      [LOW + 100, 102],
      [LOW + 100, LOW + 102],
    ] as const) {
      physCopy(m, from, to);
      expect([physRead(m, to, 7), physRead(m, to, 8)], `${from} to ${to}`).toEqual([from, 0]);
    }
    expect(m.physBeyond.size).toBe(4);
    physCopy(m, LOW + 103, LOW + 102);
    physCopy(m, LOW + 103, 102);
    physZero(m, LOW + 100);
    expect([LOW + 102, 102, LOW + 100].map((frame) => physRead(m, frame, 7))).toEqual([0, 0, 0]);
    expect(m.physBeyond.size).toBe(2);
  });

  it('is reset to what it was, and then serves as less', () => {
    const m = large();
    const take = (): number[] => [pageTake(m, true), vmPageAllocNoobj(m, true), reservTakeRun(m)];
    const taken = take();
    vmPageFree(m, pageTake(m, false), false);
    for (const frame of [taken[0]!, taken[1]!]) {
      m.page.nonZero[frame] = 1;
      physWrite(m, frame, 3, 9);
    }
    pageInit(m, 1);
    for (let i = 0; i < 20; i++) pageTake(m, true);
    pageDivide(m);
    expect(m.page.freeZero.count + m.page.freeOther.count).toBe(0);
    expect([physRead(m, taken[0]!, 3), physRead(m, taken[1]!, 3), m.physBeyond.size]).toEqual([0, 0, 0]);
    expect(take()).toEqual(taken);
    m.config = { ...m.config, ram: RAM };
    pageInit(m, 1);
    expect(take()).toEqual([1, FRAMES - 512, 0]);
    expect(m.page.runTables.reduce((some, one) => some + one, 0)).toBe(1);
  });
});
