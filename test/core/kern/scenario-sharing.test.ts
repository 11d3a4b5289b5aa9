/** Scenarios of processes that share an address space, or have just left one. */
import { describe, expect } from 'vitest';
import {
  KERN_INVALID_ADDRESS,
  type Machine,
  PAGE_SIZE,
  type Proc,
  SOFT_FAULTS,
  clockRead,
  postSignal,
  resume,
  setHandler,
  stopBit,
  sysExec,
  sysExecFail,
  sysExit,
  sysFork,
  sysRfork,
  sysSpawn,
  sysVfork,
} from '../../../core/index.ts';
import { SMALL, kinds } from '../../support/kernel.ts';
import { child, hasEntry, machineOf, on, plain, read, removed, row, same } from '../../support/scenario.ts';

const SIGSEGV = 11;
const SIGUSR1 = 30;
const ENOENT = 2;

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

describe('a child that shares the vmspace, fails to exec and exits', () => {
  const nothing = [0, 0, 0, 0, true];
  const cells = [nothing, nothing, [-1, -PAGE_SIZE, 1, -1, false], nothing, nothing, [0, 0, 0, 0, true]];

  /**
   * Changes of the parent's map: entries, bytes, timestamp, references of the shared page's object; and whether the map
   * still has its entry.
   */
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

  /** Returns the parent of such a child. */
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

/** Three processes that share one vmspace. */
function peers(id: string): [Machine, Proc, Proc, Proc] {
  const m = machineOf(id);
  const a = plain(m);
  sysRfork(m, a, 'mem');
  const b = child(m);
  sysRfork(m, a, 'mem');
  return [m, a, b, child(m)];
}

describe('processes that share a vmspace', () => {
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
          m.stopAt = stopBit('refcnt-tested');
          sysExit(m, on(m, p), 0);
        }
        m.stopAt = 0;
        for (const p of [a, b]) resume(m, on(m, p));
        expect(m.vmspaces).toEqual([]);
      });
    },
  );
});

describe('a vfork parent that exits while its child, awake after exec, still holds the old vmspace', () => {
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
    m.stopAt = stopBit('ppwait-cleared');
    sysExec(m, execing, SMALL);
    m.stopAt = 0;
    const exit = removed(m, () => sysExit(m, on(m, parent), 0));
    on(m, execing);
    let cleanup: [number, number] = [0, 0];
    const seen = kinds(m, () => (cleanup = removed(m, () => resume(m, execing))));
    expect(seen).not.toContain('remove_pages');
    return [exit, cleanup];
  });
});
