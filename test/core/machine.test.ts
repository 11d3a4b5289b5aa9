import { describe, expect, it } from 'vitest';
import type { Hunks } from '../../core/hunks.ts';
import {
  COUNTER_NAMES,
  DEFAULT_CONFIG,
  KERNEL_PT_PAGE_COUNT,
  MAP_FIXED,
  MAP_PRIVATE,
  type Machine,
  PAGE_SIZE,
  SYSENT_NATIVE_LA48,
  SYSENT_NATIVE_LA57,
  SYSENT_NATIVE_LOWERED,
  SYSENT_WITHOUT_SHARED_PAGE,
  VM_PROT_READ,
  VM_PROT_WRITE,
  access,
  clockRead,
  fileCreate,
  machineFor,
  poke,
  resetMachine,
  runOn,
  snapshot,
  snapshotDigest,
  sysExit,
  sysFork,
  sysMlock,
  sysMmap,
  sysWait,
} from '../../core/index.ts';
import { KernelPanic } from '../../core/panic.ts';
import { MAP_WRITE_LOCKED } from '../../core/state/vm.ts';
import { vmPageAlloc } from '../../core/vm/pages.ts';
import { landed } from '../../variants/index.ts';
import { RW, SMALL, calls, entryAt, image, machineOf, mapAnon, sixtyEntries, started } from '../support/kernel.ts';

const A = 0x400000;

/** Exercises everything: files, forks, wiring, and superpages if they are on. */
function busy(m: Machine): string[] {
  return calls(m, () => {
    const p = started(m, sixtyEntries());
    const file = fileCreate(m, 600, 'all', 'rw', true);
    sysMmap(m, p, 0x4000_0000, 600 * PAGE_SIZE, RW, 0, MAP_PRIVATE | MAP_FIXED, file, 0);
    mapAnon(m, p, 0x200_0000, 1024);
    for (let page = 0; page < 1024; page++) access(m, p, 0x200_0000 + page * PAGE_SIZE, VM_PROT_WRITE);
    sysMlock(m, p, 0x200_0000, 8 * PAGE_SIZE);
    sysFork(m, p);
    const forked = m.procs.get(m.retval)!;
    runOn(m, forked, m.config.cpus - 1);
    poke(m, forked, 0x4000_0000, 5);
    clockRead(m, forked);
  });
}

const { hunks } = landed;
const CONFIG = { ...DEFAULT_CONFIG, ram: 2 ** 25 };

/** Runs busy() and returns everything that can be observed afterwards. */
const answers = (m: Machine): unknown => [busy(m), snapshotDigest(m), [...m.counters]];

/** Panics in the middle of operations that take several steps. */
const panics: readonly { readonly within: string; readonly act: (m: Machine) => void }[] = [
  {
    within: 'a splay, its tree split and not yet joined',
    act(m) {
      const p = started(m, sixtyEntries());
      const entry = p.vmspace.map.header.right;
      entry.end = entry.start;
      sysExit(m, p, 0);
    },
  },
  {
    within: 'a fault, which has the map locked and its object referenced',
    act(m) {
      const p = started(m, SMALL);
      mapAnon(m, p, A, m.frames);
      for (let page = 0; page < m.frames; page++) access(m, p, A + page * PAGE_SIZE, VM_PROT_WRITE);
    },
  },
  {
    within: 'a radix insert, after the page was taken and before it is linked',
    act(m) {
      const p = started(m, SMALL);
      mapAnon(m, p, A, 2);
      access(m, p, A, VM_PROT_WRITE);
      vmPageAlloc(m, entryAt(p.vmspace.map, A).object!, 0);
    },
  },
  {
    within: 'an exit, before its vmspace goes',
    act(m) {
      const p = started(m, sixtyEntries());
      p.vmspace.map.locked = MAP_WRITE_LOCKED;
      sysExit(m, p, 0);
    },
  },
  {
    within: 'an exit, its pmap half released',
    act(m) {
      const p = started(m, sixtyEntries());
      resetHunks(m, {
        releaseEnd() {
          throw new KernelPanic('pmap_release', 'planted');
        },
      });
      sysExit(m, p, 0);
    },
  },
];

function resetHunks(m: Machine, some: Partial<Hunks>): void {
  m.hunks = { ...hunks, ...some };
}

/** How often busy() increments each counter; panics when it is about to increment `counter` for the `time`th time. */
function timesCounted(m: Machine, counter = '', time = 0): Map<string, number> {
  const { counters } = m;
  const times = new Map<string, number>();
  const watched = new Proxy(counters, {
    get: (array, key) => Reflect.get(array, key) as unknown,
    set(array, key, value) {
      const name = COUNTER_NAMES[Number(key)]!;
      const now = (times.get(name) ?? 0) + 1;
      if (name === counter && now === time) throw new KernelPanic('test', 'planted');
      times.set(name, now);
      return Reflect.set(array, key, value);
    },
  });
  Object.assign(m, { counters: watched });
  try {
    busy(m);
  } finally {
    Object.assign(m, { counters });
  }
  return times;
}

describe('a reset machine', () => {
  const configs = [
    {},
    { superpages: true },
    { pti: true, cpus: 4 },
    { la57: true, pcid: false },
    { ram: 2 ** 25, superpages: true },
    { ram: 2 ** 27 },
  ];

  it.each(configs.map((config) => [JSON.stringify(config), config] as const))(
    'answers after a reset like a new one: %s',
    (_, config) => {
      const fresh = machineOf('landed', config);
      const expected = busy(fresh);
      const used = machineOf('baseline', { superpages: true, cpus: 2, pti: true, ram: 2 ** 26 });
      busy(used);
      const again = machineFor(used, fresh.config, fresh.hunks);
      expect(again === used).toBe(fresh.config.ram <= 2 ** 26);
      expect(busy(again)).toEqual(expected);
      expect(snapshotDigest(again)).toEqual(snapshotDigest(fresh));
      expect([...again.counters]).toEqual([...fresh.counters]);
    },
  );

  it('answers like a new one with less memory than before, and with as much again', () => {
    const [small, large] = [{ ram: 2 ** 24 }, { ram: 2 ** 26, superpages: true }].map((config) => {
      const fresh = machineOf('landed', config);
      return {
        config: fresh.config,
        answers: busy(fresh),
        digest: snapshotDigest(fresh),
        counters: [...fresh.counters],
      };
    });
    const used = machineOf('landed', large!.config);
    for (const { config, answers: expected, digest, counters } of [large!, small!, large!, small!]) {
      resetMachine(used, config, used.hunks);
      expect(busy(used)).toEqual(expected);
      expect(snapshotDigest(used)).toEqual(digest);
      expect([...used.counters]).toEqual(counters);
    }
  });

  it('behaves like a new one even if it panicked halfway through', () => {
    const expected = answers(machineOf('landed', CONFIG));
    const used = machineOf('landed', CONFIG);
    const beside = machineOf('landed', CONFIG);
    for (const panic of panics) {
      expect(() => panic.act(used), panic.within).toThrow(KernelPanic);
      expect(answers(beside), `${panic.within}: a machine beside it`).toEqual(expected);
      resetMachine(used, CONFIG, hunks);
      expect(answers(used), panic.within).toEqual(expected);
      for (const m of [used, beside]) resetMachine(m, CONFIG, hunks);
    }
  });

  it('behaves like a new one whatever it was about to count when it panicked', () => {
    const expected = answers(machineOf('landed', CONFIG));
    const used = machineOf('landed', CONFIG);
    const beside = machineOf('landed', CONFIG);
    const counted = [...timesCounted(used)];
    expect(counted.length).toBeGreaterThan(30);
    for (const [counter, times] of counted) {
      resetMachine(used, CONFIG, hunks);
      expect(() => timesCounted(used, counter, Math.ceil(times / 2))).toThrow('planted');
      for (const m of [used, beside]) {
        resetMachine(m, CONFIG, hunks);
        expect(answers(m), `${counter}${m === used ? '' : ', beside it'}`).toEqual(expected);
      }
    }
  });

  it('keeps nothing of exited processes, and uses no pmap number twice', () => {
    const m = machineOf('landed');
    const p = started(m, sixtyEntries());
    const ids = new Set([p.vmspace.pmap.id]);
    for (let i = 0; i < 100; i++) {
      sysFork(m, p);
      const child = m.procs.get(m.retval)!;
      ids.add(child.vmspace.pmap.id);
      runOn(m, child, 0);
      sysExit(m, child, 0);
      sysWait(m, p, child.pid);
    }
    expect(ids.size).toBe(101);
    expect(m.sparePmaps.length + m.pmaps.filter((pmap) => pmap !== null).length).toBeLessThan(6);
    expect([m.procs.size, m.vmspaces.length]).toEqual([1, 1]);
  });

  it('has the shared page and the kernel’s tables, and no process', () => {
    const m = machineOf('landed');
    expect([m.procs.size, m.vmspaces.length, m.vmspace0!.refcnt]).toEqual([0, 0, 1]);
    expect([m.vm.sharedPage!.refCount, m.vm.sharedPage!.residentCount]).toEqual([1, 1]);
    expect(m.counters[KERNEL_PT_PAGE_COUNT]).toBeGreaterThan(0);
  });
});

describe('a native address space', () => {
  it.each([
    ['of 4 levels', SYSENT_NATIVE_LA48, {}, 2 ** 47],
    ['lowered by a page', SYSENT_NATIVE_LOWERED, { lowerShared: true }, 2 ** 47 - PAGE_SIZE],
    ['of 5 levels', SYSENT_NATIVE_LA57, { la57: true }, 2 ** 56],
  ])('%s ends with the shared page', (_, sysent, config, end) => {
    const m = machineOf('landed', config);
    const p = started(m, image([]), sysent);
    const { map } = p.vmspace;
    expect([map.maxOffset, map.header.left.start, map.header.left.end]).toEqual([end, end - PAGE_SIZE, end]);
    expect(clockRead(m, p)).toBe(0);
    expect(sysExit(m, p, 0)).toBe(0);
  });

  it('of an ABI without a shared page has none, and its hook does nothing', () => {
    const m = machineOf('landed');
    const p = started(m, image([]), SYSENT_WITHOUT_SHARED_PAGE);
    expect(p.vmspace.map.nentries).toBe(0);
    expect(calls(m, () => sysExit(m, p, 0))).toEqual(['remove_pages 1 0 0 0', 'activate 0 0 0 0', 'release 1 0 0 0']);
  });
});

const withoutPids = (m: Machine): unknown => snapshot(m).map.filter(({ kind }) => kind !== 'proc');

describe('a snapshot', () => {
  it('does not depend on frame and object numbers', () => {
    const one = machineOf('landed');
    const two = machineOf('landed');
    const other = started(two, sixtyEntries());
    sysExit(two, other, 0);
    const p = started(one, SMALL);
    const q = started(two, SMALL);
    for (const [m, r] of [
      [one, p],
      [two, q],
    ] as const) {
      mapAnon(m, r, A, 2);
      access(m, r, A, VM_PROT_WRITE);
    }
    expect(two.vm.objectCount).toBeGreaterThan(one.vm.objectCount);
    expect(withoutPids(two)).toEqual(withoutPids(one));
    expect(snapshot(two).tables).toEqual(snapshot(one).tables);
    expect(snapshotDigest(two).tables).toBe(snapshotDigest(one).tables);
  });

  it('distinguishes a touched page from an untouched one, and a read from a write', () => {
    const m = machineOf('landed');
    const p = started(m, SMALL);
    mapAnon(m, p, A, 1);
    const seen = new Set<string>();
    for (const act of [() => 0, () => access(m, p, A, VM_PROT_READ), () => access(m, p, A, VM_PROT_WRITE)]) {
      act();
      seen.add(snapshotDigest(m).tables);
    }
    expect(seen.size).toBe(3);
  });
});
