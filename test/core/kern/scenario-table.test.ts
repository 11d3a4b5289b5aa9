/**
 * The review outside pmap.c: every scenario under every revision, and under the control whose hook does not look at the
 * reference count. A row holds what is observed, column by column.
 */
import { describe, expect, it } from 'vitest';
import {
  DEFAULT_CONFIG,
  KERN_INVALID_ADDRESS,
  MAP_FIXED,
  MAP_SHARED,
  type Machine,
  type MachineConfig,
  PAGE_SIZE,
  type Proc,
  SOFT_FAULTS,
  SYSENT_LINUX_LA48,
  SYSENT_NATIVE_LA48,
  SYSENT_WITHOUT_SHARED_PAGE,
  type Sysent,
  VM_PROT_READ,
  VM_PROT_WRITE,
  access,
  bootMachine,
  clockRead,
  postSignal,
  procCreate,
  resetMachine,
  resume,
  runOn,
  setHandler,
  sysExec,
  sysExecFail,
  sysExit,
  sysFork,
  sysMlock,
  sysMmap,
  sysMunmap,
  sysRfork,
  sysSpawn,
  sysVfork,
} from '../../../core/index.ts';
import { variantById } from '../../../variants/index.ts';
import {
  RW,
  SHARED_PAGE,
  SMALL,
  STACK,
  calls,
  entriesOf,
  image,
  kinds,
  mapAnon,
  removes,
} from '../../support/kernel.ts';

const COLUMNS = [
  'baseline',
  'toplevel-accounting',
  'double-count-fix',
  'shared-page-unmap',
  'landed',
  'unmap-without-refcount-check',
] as const;

const A = 0x400000;
const SIGSEGV = 11;
const SIGUSR1 = 30;
const ENOENT = 2;

let only: Machine | null = null;

function machineOf(id: string, config: Partial<MachineConfig> = {}): Machine {
  const { hunks } = variantById(id)!;
  only ??= bootMachine(DEFAULT_CONFIG, hunks);
  resetMachine(only, { ...DEFAULT_CONFIG, ...config }, hunks);
  return only;
}

/** A process with three entries that have an object: a written page, the stack and, where its ABI has one, the shared page. */
function plain(m: Machine, touch = true, sysent: Sysent = SYSENT_NATIVE_LA48): Proc {
  const p = procCreate(m, sysent, m.config.pti);
  runOn(m, p, 0);
  const stack = { ...STACK, start: sysent.usrStack - STACK.len };
  const top = { start: sysent.usrStack - PAGE_SIZE, pages: 1, access: VM_PROT_WRITE };
  sysExec(m, p, image([stack], [top]));
  mapAnon(m, p, A, 1);
  access(m, p, A, VM_PROT_WRITE);
  const shared = p.sysent.sharedPage;
  if (touch && shared !== null) expect(access(m, p, shared.base, VM_PROT_READ)).toBe(0);
  return p;
}

const child = (m: Machine): Proc => m.procs.get(m.retval)!;

function on(m: Machine, p: Proc): Proc {
  runOn(m, p, 0);
  return p;
}

/** Calls of pmap_remove, and how many left early. */
function removed(m: Machine, act: () => void): [number, number] {
  const { calls: made, early } = removes(m, act);
  return [made, early];
}

const hasEntry = (p: Proc): boolean => entriesOf(p.vmspace.map).some(({ start }) => start === SHARED_PAGE);

/** What a read of the shared page comes to. */
function read(m: Machine, p: Proc): string {
  const signal = access(m, on(m, p), SHARED_PAGE, VM_PROT_READ);
  return signal === 0 ? `${m.faults} faults` : `signal ${signal}`;
}

/** One row: `observe` gives the cell of a column. */
function row(title: string, expected: readonly unknown[], observe: (id: string) => unknown): void {
  it.each(COLUMNS.map((id, i) => [id, expected[i]] as const))(`${title}: %s`, (id, cell) => {
    expect(observe(id)).toEqual(cell);
  });
}

const same = (cell: unknown): unknown[] => COLUMNS.map(() => cell);

/** resident_count between the hook with pmap_remove_pages and the sweep of the map. */
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

describe('a vfork child that execs', () => {
  row('leaves its parent untouched', same([[0, 0], 0, 0, 1, '0 faults']), (id) => {
    const m = machineOf(id);
    const parent = plain(m);
    const { map } = parent.vmspace;
    sysVfork(m, parent);
    const execing = on(m, child(m));
    const { nentries, timestamp } = map;
    const made = removed(m, () => sysExec(m, execing, SMALL));
    return [made, map.nentries - nentries, map.timestamp - timestamp, parent.vmspace.refcnt, read(m, parent)];
  });
});

describe('a child that shares the space, cannot exec and exits', () => {
  const nothing = [0, 0, 0, 0, true];
  const cells = [nothing, nothing, [-1, -PAGE_SIZE, 1, -1, false], nothing, nothing, [0, 0, 0, 0, true]];

  /** Changes of the parent's map: entries, bytes, timestamp, references of the shared page's object; its entry is there. */
  function changes(m: Machine, parent: Proc, act: () => void): unknown[] {
    const { map } = parent.vmspace;
    const { nentries, size, timestamp } = map;
    const { refCount } = m.vm.sharedPage!;
    act();
    const now = m.vm.sharedPage!.refCount;
    return [map.nentries - nentries, map.size - size, map.timestamp - timestamp, now - refCount, hasEntry(parent)];
  }

  row('vfork: what the parent loses', cells, (id) => {
    const m = machineOf(id);
    const parent = plain(m);
    sysVfork(m, parent);
    const failing = on(m, child(m));
    return changes(m, parent, () => {
      sysExecFail(m, failing, ENOENT, false);
      sysExit(m, failing, 127);
    });
  });

  row('posix_spawn: what the parent loses', cells, (id) => {
    const m = machineOf(id);
    const parent = plain(m);
    return changes(m, parent, () => expect(sysSpawn(m, parent, null, ENOENT)).toBe(ENOENT));
  });

  /** The parent of such a child. */
  function left(m: Machine, caught: readonly number[] = []): Proc {
    const parent = plain(m);
    for (const signal of caught) setHandler(m, parent, signal);
    sysVfork(m, parent);
    const failing = on(m, child(m));
    sysExecFail(m, failing, ENOENT, false);
    sysExit(m, failing, 127);
    return on(m, parent);
  }

  const none = [0, 0];
  row('the parent reads the clock', [none, none, [SIGSEGV, 1], none, none, [0, 1]], (id) => {
    const m = machineOf(id);
    const signal = clockRead(m, left(m));
    if (signal !== 0) expect(m.faultResult).toBe(KERN_INVALID_ADDRESS);
    return [signal, m.faults];
  });

  row('the parent catches a signal', [none, none, [SIGSEGV, 0], none, none, [0, 1]], (id) => {
    const m = machineOf(id);
    const parent = left(m, [SIGUSR1, SIGSEGV]);
    const before = m.counters[SOFT_FAULTS]!;
    return [postSignal(m, parent, SIGUSR1), m.counters[SOFT_FAULTS]! - before];
  });

  const ok = [true, '1 faults'];
  row('a child that the parent forks then', [ok, ok, [false, 'signal 11'], ok, ok, ok], (id) => {
    const m = machineOf(id);
    sysFork(m, left(m));
    const forked = child(m);
    return [hasEntry(forked), read(m, forked)];
  });

  row('that child once it has exec’d', same([true, '1 faults']), (id) => {
    const m = machineOf(id);
    sysFork(m, left(m));
    const forked = on(m, child(m));
    sysExec(m, forked, SMALL);
    return [hasEntry(forked), read(m, forked)];
  });
});

/** Three processes with one space. */
function peers(id: string): [Machine, Proc, Proc, Proc] {
  const m = machineOf(id);
  const a = plain(m);
  sysRfork(m, a, 'mem');
  const b = child(m);
  sysRfork(m, a, 'mem');
  return [m, a, b, child(m)];
}

describe('processes that share a space', () => {
  const kept = ['0 faults', '0 faults'];
  row(
    'what the survivors of an exit read',
    [kept, kept, ['signal 11', 'signal 11'], kept, kept, ['1 faults', '0 faults']],
    (id) => {
      const [m, a, b, c] = peers(id);
      sysExit(m, a, 0);
      return [read(m, b), read(m, c)];
    },
  );

  const silent = [
    [0, 0],
    [0, 0],
  ];
  const hooks = [
    [1, 0],
    [0, 0],
  ];
  const always = [
    [1, 0],
    [1, 0],
  ];
  row('what the first and the second exit remove', [silent, silent, hooks, silent, silent, always], (id) => {
    const [m, a, b] = peers(id);
    const first = removed(m, () => sysExit(m, a, 0));
    return [first, removed(m, () => sysExit(m, on(m, b), 0))];
  });

  row(
    'the last exit',
    [
      [3, 0],
      [3, 0],
      [2, 2],
      [4, 3],
      [4, 3],
      [4, 3],
    ],
    (id) => {
      const [m, a, b, c] = peers(id);
      sysExit(m, a, 0);
      sysExit(m, on(m, b), 0);
      return removed(m, () => sysExit(m, on(m, c), 0));
    },
  );

  row(
    'two that exit at once, each seeing the other',
    [
      [3, 0],
      [3, 0],
      [3, 2],
      [3, 0],
      [3, 0],
      [5, 3],
    ],
    (id) => {
      const m = machineOf(id);
      const a = plain(m);
      sysRfork(m, a, 'mem');
      const b = child(m);
      return removed(m, () => {
        for (const p of [a, b]) {
          m.stopAt = 'refcnt-tested';
          sysExit(m, on(m, p), 0);
        }
        m.stopAt = null;
        for (const p of [a, b]) resume(m, on(m, p));
        expect(m.vmspaces).toEqual([]);
      });
    },
  );
});

describe('a vfork parent that exits while its child, awake after exec, still holds the old space', () => {
  const cells = [
    [
      [0, 0],
      [3, 0],
    ],
    [
      [0, 0],
      [3, 0],
    ],
    [
      [1, 0],
      [2, 0],
    ],
    [
      [0, 0],
      [3, 0],
    ],
    [
      [0, 0],
      [3, 0],
    ],
    [
      [1, 0],
      [3, 1],
    ],
  ];
  row('the exit, and the child’s clean-up without pmap_remove_pages', cells, (id) => {
    const m = machineOf(id);
    const parent = plain(m);
    sysVfork(m, parent);
    const execing = on(m, child(m));
    m.stopAt = 'ppwait-cleared';
    sysExec(m, execing, SMALL);
    m.stopAt = null;
    const exit = removed(m, () => sysExit(m, on(m, parent), 0));
    on(m, execing);
    let cleanup: [number, number] = [0, 0];
    const seen = kinds(m, () => (cleanup = removed(m, () => resume(m, execing))));
    expect(seen).not.toContain('remove_pages');
    return [exit, cleanup];
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
