import { describe, expect, it } from 'vitest';
import {
  COUNTER_NAMES,
  ESRCH,
  MAP_ANON,
  MAP_FIXED,
  MAP_PRIVATE,
  MAP_SHARED,
  type Machine,
  PAGE_SIZE,
  type Proc,
  VM_PROT_READ,
  VM_PROT_WRITE,
  type VmMapEntry,
  access,
  fileCreate,
  pageDaemonLook,
  stopBit,
  sysExit,
  sysFork,
  sysMadvise,
  sysMlock,
  sysMmap,
  sysMunlock,
  vmDaemonVisit,
  vmMapEntrySucc,
  vmPageLookup,
} from '../../../core/index.ts';
import { pmapPageExistsQuick } from '../../../core/pmap/index.ts';
import { PQ_ACTIVE, PQ_INACTIVE, PQ_NONE } from '../../../core/state/page.ts';
import { RW, image, machineOf, started } from '../../support/kernel.ts';

const A = 0x4000_0000;
const MADV_SEQUENTIAL = 2;

/** What `act` adds to counters whose names begin with swapout. */
function swapped(m: Machine, act: () => void): Record<string, number> {
  const before = m.counters.slice();
  act();
  return Object.fromEntries(
    COUNTER_NAMES.flatMap((name, i) =>
      name.startsWith('swapout') && m.counters[i] !== before[i] ? [[name, m.counters[i]! - before[i]!]] : [],
    ),
  );
}

const anonymous = (m: Machine, p: Proc, pages: number): void => {
  sysMmap(m, p, A, pages * PAGE_SIZE, RW, 0, MAP_ANON | MAP_PRIVATE | MAP_FIXED, -1, 0);
  for (let page = 0; page < pages; page++) access(m, p, A + page * PAGE_SIZE, VM_PROT_WRITE);
};

/** Queue of each page of the object at A. */
function queues(m: Machine, p: Proc, pages: number): number[] {
  const { object } = entryAt(p);
  return Array.from({ length: pages }, (_, pindex) => m.page.queue[vmPageLookup(m, object!, pindex)]!);
}

function entryAt(p: Proc): VmMapEntry {
  let entry = p.vmspace.map.header.right;
  while (entry.start !== A) entry = vmMapEntrySucc(entry);
  return entry;
}

describe('a page of memory', () => {
  it('is in the active queue after its fault, in none while it is wired, and active again after that', () => {
    const m = machineOf('landed');
    const p = started(m, image([]));
    anonymous(m, p, 2);
    expect(queues(m, p, 2)).toEqual([PQ_ACTIVE, PQ_ACTIVE]);
    sysMlock(m, p, A, PAGE_SIZE);
    expect(queues(m, p, 2)).toEqual([PQ_NONE, PQ_ACTIVE]);
    sysMunlock(m, p, A, PAGE_SIZE);
    expect(queues(m, p, 2)).toEqual([PQ_ACTIVE, PQ_ACTIVE]);
  });

  it('is inactive where a sequential reader has left it behind', () => {
    const m = machineOf('landed');
    const p = started(m, image([]));
    const pages = 2 ** 20 / PAGE_SIZE + 300;
    const file = fileCreate(m, pages, 'none', 'rw', false, true);
    sysMmap(m, p, A, pages * PAGE_SIZE, VM_PROT_READ, 0, MAP_SHARED | MAP_FIXED, file, 0);
    sysMadvise(m, p, A, pages * PAGE_SIZE, MADV_SEQUENTIAL);
    for (let page = 0; page < 40; page++) access(m, p, A + page * PAGE_SIZE, VM_PROT_READ);
    expect(queues(m, p, 1)).toEqual([PQ_ACTIVE]);
    for (let page = 40; page < pages; page++) access(m, p, A + page * PAGE_SIZE, VM_PROT_READ);
    expect(queues(m, p, 1)).toEqual([PQ_INACTIVE]);
  });

  it('is found among its first 16 mappings only', () => {
    const m = machineOf('landed');
    const p = started(m, image([]));
    const file = fileCreate(m, 1, 'all', 'rw');
    sysMmap(m, p, A, PAGE_SIZE, VM_PROT_READ, 0, MAP_SHARED | MAP_FIXED, file, 0);
    access(m, p, A, VM_PROT_READ);
    const mapped = [p];
    while (mapped.length < 17) {
      sysFork(m, p);
      mapped.push(m.procs.get(m.retval)!);
      access(m, mapped.at(-1)!, A, VM_PROT_READ);
    }
    const frame = vmPageLookup(m, m.files[file]!.object, 0);
    expect(mapped.map(({ vmspace }) => pmapPageExistsQuick(m, vmspace.pmap, frame))).toEqual([
      ...Array.from({ length: 16 }, () => true),
      false,
    ]);
  });
});

describe('a swap-out', () => {
  it('stops at its limit and goes on from there, in index order', () => {
    const m = machineOf('baseline');
    const p = started(m, image([]));
    anonymous(m, p, 10);
    pageDaemonLook(m, p);
    expect(m.retval).toBe(10);
    const resident = p.vmspace.pmap.stats.residentCount;
    const step = (): Record<string, number> => swapped(m, () => vmDaemonVisit(m, p, resident - 4));
    expect(step()).toMatchObject({ swapoutPages: 4, swapoutUnmapped: 4, swapoutDeactivated: 4, swapoutStops: 2 });
    expect(queues(m, p, 5)).toEqual([PQ_INACTIVE, PQ_INACTIVE, PQ_INACTIVE, PQ_INACTIVE, PQ_ACTIVE]);
    expect(step()).toMatchObject({ swapoutStops: 2 });
  });

  it('passes over a process that has begun to exit', () => {
    const m = machineOf('landed');
    const p = started(m, image([]));
    sysFork(m, p);
    const child = m.procs.get(m.retval)!;
    m.stopAt = stopBit('refcnt-tested');
    sysExit(m, p, 0);
    expect(swapped(m, () => expect([vmDaemonVisit(m, p, 0), pageDaemonLook(m, p)]).toEqual([ESRCH, ESRCH]))).toEqual(
      {},
    );
    expect(vmDaemonVisit(m, child, 0)).toBe(0);
  });
});
