import { describe, expect, it } from 'vitest';
import {
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
import { RW, SMALL, calls, image, machineOf, mapAnon, sixtyEntries, started } from '../support/kernel.ts';

const A = 0x400000;

/** Something of everything: files, forks, wiring, superpages where they are on. */
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

describe('a machine that was used', () => {
  const configs = [
    {},
    { superpages: true },
    { pti: true, cpus: 4 },
    { la57: true, pcid: false },
    { ram: 2 ** 25, superpages: true },
  ];

  it.each(configs.map((config) => [JSON.stringify(config), config] as const))(
    'answers after a reset like a new one: %s',
    (_, config) => {
      const fresh = machineOf('landed', config);
      const expected = busy(fresh);
      const used = machineOf('baseline', { superpages: true, cpus: 2, pti: true });
      busy(used);
      const again = machineFor(used, fresh.config, fresh.hunks);
      expect(again === used).toBe(used.config.ram === fresh.config.ram);
      expect(busy(again)).toEqual(expected);
      expect(snapshotDigest(again)).toEqual(snapshotDigest(fresh));
      expect([...again.counters]).toEqual([...fresh.counters]);
    },
  );

  it('answers like a new one even if it panicked halfway through', () => {
    const fresh = machineOf('landed');
    const expected = busy(fresh);
    const used = machineOf('landed');
    const p = started(used, sixtyEntries());
    used.vmspaces[0]!.map.locked = 2;
    expect(() => sysExit(used, p, 0)).toThrow(KernelPanic);
    resetMachine(used, DEFAULT_CONFIG, fresh.hunks);
    expect(busy(used)).toEqual(expected);
  });

  it('keeps nothing of processes that are gone, and gives no number of a pmap twice', () => {
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

  it('holds the shared page and the kernel’s tables, and no process', () => {
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
  it('does not tell frames and objects apart by number', () => {
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

  it('tells a touched page from one that is not, and a read from a write', () => {
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
