/** Scenarios of one process: exit, exec, a changed range of the shared page, another ABI. */
import { describe, expect } from 'vitest';
import {
  MAP_FIXED,
  MAP_SHARED,
  type Machine,
  PAGE_SIZE,
  type Proc,
  SYSENT_LINUX_LA48,
  SYSENT_WITHOUT_SHARED_PAGE,
  VM_PROT_READ,
  VM_PROT_WRITE,
  access,
  resetMachine,
  sysExec,
  sysExit,
  sysMlock,
  sysMmap,
  sysMunmap,
} from '../../../core/index.ts';
import { RW, SHARED_PAGE, SMALL, calls, kinds, mapAnon } from '../../support/kernel.ts';
import { hasEntry, machineOf, plain, read, removed, row, same } from '../../support/scenario.ts';

/** resident_count between the hook with pmap_remove_pages and the final vm_map_remove. */
function residue(id: string, touch: boolean, pti: boolean, leave: (m: Machine, p: Proc) => void): number {
  const m = machineOf(id, { pti });
  const seen: number[] = [];
  const { hunks } = m;
  resetMachine(m, m.config, {
    ...hunks,
    vmspaceClear(machine, p, vm) {
      seen.push(vm.pmap.stats.residentCount);
      hunks.vmspaceClear(machine, p, vm);
    },
  });
  const p = plain(m, touch);
  seen.length = 0;
  leave(m, p);
  return seen[0]!;
}

describe.each([
  ['exit', (m: Machine, p: Proc): unknown => sysExit(m, p, 0)],
  ['exec in place', (m: Machine, p: Proc): unknown => sysExec(m, p, SMALL)],
])('what pmap_remove_pages leaves at %s', (_, leave) => {
  const left = (touch: boolean, pti: boolean) => (id: string) => residue(id, touch, pti, leave);
  row('page touched', [4, 5, 1, 1, 1, 1], left(true, false));
  row('page touched, with a user root', [4, 6, 2, 2, 2, 2], left(true, true));
  row('page not touched', [0, 1, 1, 1, 1, 1], left(false, false));
  row('page not touched, with a user root', [0, 2, 2, 2, 2, 2], left(false, true));
});

describe('exec in place', () => {
  row('the entry of the shared page is there again', same([true, 2, '1 faults']), (id) => {
    const m = machineOf(id);
    const p = plain(m);
    sysExec(m, p, SMALL);
    return [hasEntry(p), m.vm.sharedPage!.refCount, read(m, p)];
  });
});

describe('a process that has changed the range of the shared page', () => {
  row(
    'unmapped it',
    [
      [2, 2],
      [2, 0],
      [2, 2],
      [3, 2],
      [3, 2],
      [3, 2],
    ],
    (id) => {
      const m = machineOf(id);
      const p = plain(m);
      sysMunmap(m, p, SHARED_PAGE, PAGE_SIZE);
      return removed(m, () => sysExit(m, p, 0));
    },
  );

  const before = 'remove 1 7ffffffff000 800000000000 0';
  const pages = 'remove_pages 1 0 0 0';
  const cells = [
    [pages, [3, 3]],
    [pages, [3, 0]],
    [before, [3, 2]],
    [before, [4, 3]],
    [before, [4, 3]],
    [before, [4, 3]],
  ];
  row('mapped something else there: the first call, and all', cells, (id) => {
    const m = machineOf(id);
    const p = plain(m, false);
    mapAnon(m, p, SHARED_PAGE, 1);
    access(m, p, SHARED_PAGE, VM_PROT_WRITE);
    let made: [number, number] = [0, 0];
    const seen = calls(m, () => (made = removed(m, () => sysExit(m, p, 0))));
    expect(m.vmspaces).toEqual([]);
    return [seen[0], made];
  });

  const sweep = ['remove_pages', 'activate', 'remove', 'remove', 'unwire', 'remove', 'release'];
  const entry = ['unwire', 'remove', 'remove_pages', 'activate', 'remove', 'remove', 'release'];
  const page = ['remove', ...sweep];
  row('wired it', [sweep, sweep, entry, page, page, page], (id) => {
    const m = machineOf(id);
    const p = plain(m);
    expect(sysMlock(m, p, SHARED_PAGE, PAGE_SIZE)).toBe(0);
    const seen = kinds(m, () => sysExit(m, p, 0));
    expect([m.vm.userWired, m.vm.sharedPage!.refCount, m.vm.sharedPage!.residentCount]).toEqual([0, 1, 1]);
    return seen;
  });
});

describe('a process of another ABI', () => {
  row('without a shared page: no hook', same(['remove_pages', 'activate', 'remove', 'remove', 'release']), (id) => {
    const m = machineOf(id);
    const p = plain(m, false, SYSENT_WITHOUT_SHARED_PAGE);
    return kinds(m, () => sysExit(m, p, 0));
  });

  row(
    'with a touched vdso above it: nothing leaves early',
    [
      [4, 0],
      [4, 0],
      [4, 0],
      [5, 0],
      [5, 0],
      [5, 0],
    ],
    (id) => {
      const m = machineOf(id);
      const p = plain(m, true, SYSENT_LINUX_LA48);
      const vdso = SYSENT_LINUX_LA48.maxUser - 2 * PAGE_SIZE;
      expect(sysMmap(m, p, vdso, 2 * PAGE_SIZE, RW, 0, MAP_SHARED | MAP_FIXED, -1, 0, true)).toBe(0);
      access(m, p, vdso, VM_PROT_READ);
      return removed(m, () => sysExit(m, p, 0));
    },
  );
});
