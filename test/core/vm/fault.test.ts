import { describe, expect, it } from 'vitest';
import {
  COPY_ON_WRITES,
  HARD_FAULTS,
  KERN_INVALID_ADDRESS,
  KERN_OUT_OF_BOUNDS,
  KERN_PROTECTION_FAILURE,
  MAP_FIXED,
  MAP_PRIVATE,
  MAP_SHARED,
  type Machine,
  PAGE_SIZE,
  PREFAULTS,
  type Proc,
  VM_PROT_EXECUTE,
  VM_PROT_READ,
  VM_PROT_WRITE,
  ZERO_FILLS,
  access,
  fileCreate,
  peek,
  poke,
  runOn,
  sysExit,
  sysFork,
  sysMinherit,
  sysMlock,
  sysMmap,
  sysMunlock,
} from '../../../core/index.ts';
import { pmapEnter } from '../../../core/pmap/index.ts';
import type { VmObject } from '../../../core/state/vm.ts';
import type { Frame } from '../../../core/units.ts';
import { RW, SHARED_PAGE, SMALL, calls, entryAt, kinds, machineOf, mapAnon, started } from '../../support/kernel.ts';

const A = 0x400000;
const B = 0x800000;
const SIGSEGV = 11;
const SIGBUS = 10;

function fresh(): [Machine, Proc] {
  const m = machineOf('landed');
  return [m, started(m, SMALL)];
}

function fork(m: Machine, p: Proc): Proc {
  sysFork(m, p);
  const forked = m.procs.get(m.retval)!;
  runOn(m, forked, 0);
  return forked;
}

/** The word at addr as p reads it. */
function word(m: Machine, p: Proc, addr: number): number {
  runOn(m, p, 0);
  expect(peek(m, p, addr)).toBe(0);
  return m.retval;
}

describe('a fault', () => {
  it('zeroes anonymous memory, even if the frame held something else', () => {
    const [m, p] = fresh();
    mapAnon(m, p, A, 1);
    poke(m, p, A, 77);
    mapAnon(m, p, A, 1);
    const before = m.counters[ZERO_FILLS]!;
    expect([word(m, p, A), m.faults, m.counters[ZERO_FILLS]! - before]).toEqual([0, 1, 1]);
  });

  it.each([
    ['outside any entry', 0x300000, VM_PROT_READ, SIGSEGV, KERN_INVALID_ADDRESS],
    ['against the protection', SHARED_PAGE, VM_PROT_WRITE, SIGSEGV, KERN_PROTECTION_FAILURE],
  ])('%s ends in a signal', (_, addr, kind, signal, code) => {
    const [m, p] = fresh();
    expect([access(m, p, addr, kind), m.faultResult, m.faults]).toEqual([signal, code, 1]);
  });

  it('beyond the end of a file ends in SIGBUS', () => {
    const [m, p] = fresh();
    const file = fileCreate(m, 1, 'all', 'rw');
    sysMmap(m, p, A, 2 * PAGE_SIZE, VM_PROT_READ, 0, MAP_SHARED | MAP_FIXED, file, 0);
    expect([access(m, p, A + PAGE_SIZE, VM_PROT_READ), m.faultResult]).toEqual([SIGBUS, KERN_OUT_OF_BOUNDS]);
  });

  it('gives an entry an object even for a read', () => {
    const [m, p] = fresh();
    mapAnon(m, p, A, 4);
    expect(entryAt(p.vmspace.map, A).object).toBeNull();
    access(m, p, A, VM_PROT_READ);
    expect(entryAt(p.vmspace.map, A).object).not.toBeNull();
  });

  it('in the gap of a stack grows it by 128 KiB, as a separate entry', () => {
    const [m, p] = fresh();
    const { map } = p.vmspace;
    const { nentries } = map;
    expect(access(m, p, SHARED_PAGE - 200 * 1024, VM_PROT_WRITE)).toBe(0);
    expect(map.nentries).toBe(nentries + 1);
    const grown = entryAt(map, SHARED_PAGE - 200 * 1024);
    expect([grown.start, grown.end]).toEqual([SHARED_PAGE - 256 * 1024, SHARED_PAGE - 128 * 1024]);
  });

  it('maps four resident neighbours on either side too', () => {
    const [m, p] = fresh();
    const file = fileCreate(m, 200, 'all', 'ro');
    // mmap itself maps the first 96 pages.
    sysMmap(m, p, A, 200 * PAGE_SIZE, VM_PROT_READ, 0, MAP_PRIVATE | MAP_FIXED, file, 0);
    const before = m.counters[PREFAULTS]!;
    access(m, p, A + 150 * PAGE_SIZE, VM_PROT_READ);
    expect(m.counters[PREFAULTS]! - before).toBe(8);
    const faults = [145, 146, 154, 155].map((page) => {
      access(m, p, A + page * PAGE_SIZE, VM_PROT_READ);
      return m.faults;
    });
    expect(faults).toEqual([1, 0, 0, 1]);
  });

  it('reads a page of a file in, alone or with its window', () => {
    for (const clusters of [false, true]) {
      const [m, p] = fresh();
      const file = fileCreate(m, 64, 'none', 'ro', true, clusters);
      sysMmap(m, p, A, 64 * PAGE_SIZE, VM_PROT_READ, 0, MAP_PRIVATE | MAP_FIXED, file, 0);
      const before = m.counters[HARD_FAULTS]!;
      expect(word(m, p, A + 20 * PAGE_SIZE)).toBe((file + 1) * 2 ** 32 + 21);
      expect(m.counters[HARD_FAULTS]! - before).toBe(1);
      expect(m.files[file]!.object.residentCount).toBe(clusters ? 16 : 1);
    }
  });
});

describe('copy-on-write', () => {
  it('shows each process its own words', () => {
    const [m, p] = fresh();
    mapAnon(m, p, A, 2);
    poke(m, p, A, 1);
    const forked = fork(m, p);
    poke(m, forked, A, 2);
    expect([word(m, p, A), word(m, forked, A)]).toEqual([1, 2]);
    runOn(m, p, 0);
    poke(m, p, A, 3);
    const grandchild = fork(m, forked);
    poke(m, grandchild, A + PAGE_SIZE, 4);
    expect([p, forked, grandchild].map((q) => [word(m, q, A), word(m, q, A + PAGE_SIZE)])).toEqual([
      [3, 0],
      [2, 0],
      [2, 4],
    ]);
  });

  it('copies a page that two processes can see, and leaves the page to the last one', () => {
    const [m, p] = fresh();
    mapAnon(m, p, A, 1);
    poke(m, p, A, 1);
    const forked = fork(m, p);
    const copies = m.counters[COPY_ON_WRITES]!;
    expect(kinds(m, () => poke(m, forked, A, 2))).toEqual(['copy_page', 'enter']);
    expect(m.counters[COPY_ON_WRITES]! - copies).toBe(1);
    sysExit(m, forked, 0);
    runOn(m, p, 0);
    expect(kinds(m, () => poke(m, p, A, 5))).toEqual(['enter']);
    expect(word(m, p, A)).toBe(5);
  });

  it('leaves shared memory shared, and zeroes what is inherited as zero', () => {
    const [m, p] = fresh();
    for (const [n, inheritance] of [0, 1, 2, 3].entries()) {
      mapAnon(m, p, A + n * 0x10000, 1);
      poke(m, p, A + n * 0x10000, 7);
      sysMinherit(m, p, A + n * 0x10000, PAGE_SIZE, inheritance);
    }
    const forked = fork(m, p);
    poke(m, forked, A, 8);
    expect(word(m, p, A)).toBe(8);
    expect(word(m, forked, A + 0x10000)).toBe(7);
    expect(access(m, forked, A + 0x20000, VM_PROT_READ)).toBe(SIGSEGV);
    expect(word(m, forked, A + 0x30000)).toBe(0);
  });

  it('copies wired memory at once', () => {
    const [m, p] = fresh();
    mapAnon(m, p, A, 2);
    poke(m, p, A, 9);
    sysMlock(m, p, A, 2 * PAGE_SIZE);
    const order = kinds(m, () => sysFork(m, p)).filter((kind) => kind === 'copy_page' || kind === 'enter');
    expect(order).toEqual(['copy_page', 'enter', 'copy_page', 'enter']);
    expect(sysMunlock(m, p, A, 2 * PAGE_SIZE)).toBe(0);
    expect(p.vmspace.pmap.stats.wiredCount).toBe(0);
  });
});

describe('a collapse', () => {
  /**
   * A child has a copy of the first of two pages; when its parent exits, the child's object absorbs the object of both.
   */
  const collapse = (plant: (m: Machine, forked: Proc, shadow: VmObject, pages: [Frame, Frame]) => void) => (): void => {
    const [m, p] = fresh();
    mapAnon(m, p, A, 2);
    poke(m, p, A, 1);
    poke(m, p, A + PAGE_SIZE, 2);
    const forked = fork(m, p);
    poke(m, forked, A, 3);
    const shadow = entryAt(forked.vmspace.map, A).object!;
    const first = shadow.backing!.memqFirst;
    plant(m, forked, shadow, [first, m.page.listNext[first]!]);
    runOn(m, p, 0);
    sysExit(m, p, 0);
    expect([shadow.backing, word(m, forked, A), word(m, forked, A + PAGE_SIZE)]).toEqual([null, 3, 2]);
  };

  it('keeps the pages that are not shadowed, with their mappings', () => {
    expect(collapse(() => {})).not.toThrow();
  });

  it.each<[string, Parameters<typeof collapse>[0]]>([
    [
      'hidden',
      (m, { vmspace: { pmap } }, _, [page]) => void pmapEnter(m, pmap, B, page, VM_PROT_READ, VM_PROT_READ, 0),
    ],
    ['beyond the end', (_m, _p, shadow) => void (shadow.size = 1)],
    ['not valid', (m, _p, _shadow, [, page]) => void (m.page.valid[page] = 0)],
    [
      'hidden and wired',
      (m, { vmspace: { pmap } }, _, [page]) => {
        pmapEnter(m, pmap, B, page, VM_PROT_READ, VM_PROT_READ, 0);
        m.page.refCount[page]!++;
      },
    ],
  ])('frees no page that is %s as long as it is mapped', (_, plant) => {
    expect(collapse(plant)).toThrow(/^vm_object_collapse_scan: freeing mapped page/);
  });
});

describe('the shared page', () => {
  it('costs a process one soft fault and four pages', () => {
    const m = machineOf('baseline');
    const p = started(m, { ...SMALL, touched: [] });
    const { stats } = p.vmspace.pmap;
    expect(stats.residentCount).toBe(0);
    expect(calls(m, () => access(m, p, SHARED_PAGE, VM_PROT_EXECUTE))).toEqual(['enter 1 7ffffffff000 5 104']);
    expect([m.faults, stats.residentCount]).toEqual([1, 4]);
  });

  it('is inherited by a forked child as an entry, never as a mapping', () => {
    const [m, p] = fresh();
    access(m, p, SHARED_PAGE, VM_PROT_READ);
    const { sharedPage } = m.vm;
    const { refCount } = sharedPage!;
    const forked = fork(m, p);
    expect(entryAt(forked.vmspace.map, SHARED_PAGE).object).toBe(sharedPage);
    expect(sharedPage!.refCount).toBe(refCount + 1);
    access(m, forked, SHARED_PAGE, VM_PROT_READ);
    expect(m.faults).toBe(1);
  });

  it('can be read and executed, and nothing else', () => {
    const [m, p] = fresh();
    const entry = entryAt(p.vmspace.map, SHARED_PAGE);
    expect([entry.protection, entry.maxProtection, entry.inheritance]).toEqual([5, 5, 0]);
    expect(access(m, p, SHARED_PAGE, VM_PROT_WRITE)).toBe(SIGSEGV);
    expect(RW & entry.maxProtection).toBe(VM_PROT_READ);
  });
});
