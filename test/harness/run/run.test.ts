import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { COUNTER_NAMES, KernelPanic, type Machine, type Pmap, type Variant } from '../../../core/index.ts';
import { loadWorkload } from '../../../harness/input/load.ts';
import type { RunRecord } from '../../../harness/run/record.ts';
import { run } from '../../../harness/run/run.ts';
import { generateWorkload } from '../../../harness/workload/generate.ts';
import { OUTCOME_NOT_RUN, OUTCOME_SIGNAL, OUTCOME_STOPPED } from '../../../harness/workload/names.ts';
import type { Workload } from '../../../harness/workload/ops.ts';
import { parseWorkload } from '../../../harness/workload/text/parse.ts';
import { experiments, series, variantById } from '../../../variants/index.ts';

const text = (lines: string): Workload => parseWorkload(lines, 'test');
const record = (lines: string, id = 'landed'): RunRecord => run(null, text(lines), variantById(id)!).record;
const codes = ({ perOp }: RunRecord): number[] => [...perOp.code];
const added = ({ perOp }: RunRecord, op: number, name: string): number => {
  const list = perOp.counterList[op]!;
  for (let k = perOp.counterFrom[list]!; k < perOp.counterFrom[list + 1]!; k++)
    if (COUNTER_NAMES[perOp.counterIndex[k]!] === name) return perOp.counterDelta[k]!;
  return 0;
};

describe('a record', () => {
  it('has the outcome of each op: ok, an error, a signal, or not run', () => {
    const lines = `a: exec sh60
a: mmap anon 4p r -> b
a: write b
a: clock
`;
    expect(codes(record(lines))).toEqual([0, 0, 128 + 10 + 1, 256]);
    expect(codes(record('a: exec sh60\na: mlock 0x500000000 1p\na: execfail ENOENT\na: exit\n'))).toEqual([
      0, 12, 2, 0,
    ]);
  });

  it('has no op of a thread that sleeps until its vfork child execs or exits; others run on', () => {
    const asleep = 'a: exec sh60\na: rfork thread -> t\na: vfork -> b\na: clock\na/2: clock\nt: clock\n';
    expect(codes(record(`${asleep}b: exec cat\na: clock\n`))).toEqual([0, 0, 0, 256, 0, 0, 0, 0]);
    expect(codes(record(`${asleep}b: exit\na: clock\n`))).toEqual([0, 0, 0, 256, 0, 0, 0, 0]);
    expect(codes(record(`${asleep}b: stop ppwait-cleared\nb: exec cat\na: clock\nb: go\n`)).slice(-2)).toEqual([0, 0]);
  });

  describe('of a process asleep in vfork', () => {
    const asleep = 'a: exec sh60\na: handler SIGCHLD\na: fork -> d\na: vfork -> b\nc: exec sh60\n';
    const died = (lines: string): string[] =>
      record(`${asleep}${lines}`).killed.map(({ op, process, signal }) => `${op - 5} ${process} ${signal}`);

    it('has its signals after its child’s exec or exit, or where that child is stopped behind the wakeup', () => {
      expect(died('c: kill a SIGTERM\nb: clock\nb: exec cat\nb: clock\n')).toEqual(['2 a SIGTERM']);
      expect(died('c: kill a SIGTERM\nb: exit\n')).toEqual(['1 a SIGTERM']);
      expect(died('c: kill a SIGTERM\nc: kill b SIGKILL\n')).toEqual(['1 b SIGKILL', '1 a SIGTERM']);
      expect(died('c: kill a SIGTERM\nb: stop ppwait-cleared\nb: exec cat\nb: go\n')).toEqual(['2 a SIGTERM']);
      expect(died('c: kill a SIGTERM\nb: stop release-failed\nb: exit\nb: go\n')).toEqual(['3 a SIGTERM']);
      expect(died('b: kill a SIGTERM\nb: execfail ENOENT\nb: exit\n')).toEqual(['2 a SIGTERM']);
    });

    it('has the handler of a signal, and one signal of each kind, then as well', () => {
      const after = record(`${asleep}d: exit\nc: kill a SIGCHLD\nb: exec cat\nb: exit\n`);
      expect([5, 6, 7, 8].map((op) => added(after, op, 'signals'))).toEqual([0, 0, 1, 1]);
    });

    it('takes all its signals before it runs again: no handler runs if one of them is fatal', () => {
      const gone = 'a: exec sh60\na: handler SIGUSR1\na: munmap shared 1p\na: vfork -> b\nc: exec sh60\n';
      const after = record(`${gone}c: kill a SIGUSR1\nc: kill a SIGUSR2\nb: exec cat\n`);
      expect(after.killed).toEqual([{ op: 7, process: 'a', signal: 'SIGUSR2' }]);
      expect(added(after, 7, 'signals')).toBe(1);
      const alone = record(`${gone}c: kill a SIGUSR1\nb: exec cat\n`);
      expect(alone.killed).toEqual([{ op: 6, process: 'a', signal: 'SIGSEGV' }]);
    });

    it('leaves its signals to another of its threads, when that ends a call', () => {
      expect(died('a/2: clock\nc: kill a SIGTERM\na/2: clock\n')).toEqual(['2 a SIGTERM']);
      expect(died('a/2: clock\nc: kill a SIGTERM\na/2: kill c SIGCHLD\n')).toEqual(['2 a SIGTERM']);
      expect(died('a/2: clock\nc: kill a SIGTERM\na/2: spawn cat -> e\n')).toEqual(['2 a SIGTERM']);
      expect(died('c: kill a SIGTERM\na/2: vfork -> e\nb: exec cat\ne: exec cat\n')).toEqual(['2 a SIGTERM']);
    });

    it('has them still behind a stop for its next op', () => {
      expect(died('c: kill a SIGTERM\na/2: stop refcnt-tested\nc: clock\na/2: clock\n')).toEqual(['3 a SIGTERM']);
    });

    it('sleeps no longer when another of its threads has exec’d', () => {
      const after = record(`${asleep}c: kill a SIGCHLD\na/2: exec cat\na: clock\nc: kill a SIGTERM\nb: exec cat\n`);
      expect(codes(after).slice(5)).toEqual([0, 0, 0, 0, 0]);
      expect(after.killed).toEqual([{ op: 8, process: 'a', signal: 'SIGTERM' }]);
    });

    it('has them at once if another of its threads sleeps', () => {
      const lines = 'a: exec sh60\na/2: vfork -> b\nc: exec sh60\nc: kill a SIGTERM\nb: exec cat\n';
      expect(record(lines).killed).toEqual([{ op: 3, process: 'a', signal: 'SIGTERM' }]);
    });
  });

  it('has the signal of which a process died where its exit goes on, if that stopped half-way', () => {
    for (const [death, signal] of [
      ['kill a SIGTERM', 15],
      ['read 0x10', 11],
    ]) {
      const after = record(`a: exec sh60\na: stop pages-removed\na: ${death}\na: clock\na: go\n`);
      expect(codes(after).slice(2)).toEqual([OUTCOME_STOPPED, OUTCOME_NOT_RUN, OUTCOME_SIGNAL + Number(signal)]);
    }
  });

  it('has an error for a handler of a signal that cannot be caught', () => {
    expect(codes(record('a: exec sh60\na: handler SIGKILL\na: handler SIGSTOP\na: handler SIGTERM\n'))).toEqual([
      0, 22, 22, 0,
    ]);
  });

  it('has the value of each op: a child, an address, the time', () => {
    const { perOp } = record('a: exec sh60\na: fork -> b\na: mmap anon 1p rw -> m\na: clock\nb: exit\na: exit\n');
    expect(perOp.value[1]).toBe(3);
    expect(perOp.value[2]! % 4096).toBe(0);
    expect(perOp.value[3]).toBe(0x61616161);
  });

  it('terminates even if an address and the next one are the same number', () => {
    expect(codes(record('machine la57=on\na: exec sh60\na: write stack-1p 8 step 1\n'))).toEqual([0, 0]);
  });

  it('has ok for a signal to a zombie, ESRCH for one to a process that was reaped', () => {
    const lines = 'a: exec sh60\na: fork -> b\nb: exit\na: kill b SIGTERM\na: wait b\na: kill b SIGTERM\n';
    expect(codes(record(lines)).slice(3)).toEqual([0, 0, 3]);
  });

  it('names the child of a fork that its parent finished because it was killed', () => {
    const lines = `a: exec sh60
a: rfork thread -> b
b: stop fork-unlocked
b: fork -> c
a: exit
c: exec sh60
c: exit
`;
    expect(codes(record(lines)).slice(3)).toEqual([257, 0, 0, 0]);
  });

  it('has the peers that a leader kills in the order of p_peers: a new one is behind the process that made it', () => {
    const makes = 'a: rfork thread -> b\na: rfork thread -> c\nb: rfork thread -> d\n';
    const { killed } = record(`a: exec sh60\n${makes}a: exit\n`);
    expect(killed.map(({ process }) => process)).toEqual(['c', 'b', 'd']);
  });

  it('inherits the last page below the end of the address space with five levels', () => {
    expect(codes(record('machine la57=on\na: exec sh60\na: minherit stack-1p 1p none\n'))).toEqual([0, 0]);
  });

  it('has the increments of each counter, and the statistics of the process, after each op', () => {
    const after = record('a: exec sh60\na: clock\na: exit\n');
    expect(added(after, 1, 'softFaults')).toBe(1);
    expect(added(after, 2, 'removeCalls')).toBe(53);
    expect(added(after, 2, 'removeEarlyExits')).toBe(52);
    expect([...after.perOp.topPages]).toEqual([1, 1, 0]);
    expect(after.perOp.residentCount[1]! - after.perOp.residentCount[0]!).toBe(1);
    expect(after.perOp.residentCount[2]).toBe(0);
  });

  it('adds up: start and deltas give the totals', () => {
    const { start, totals, perOp } = record('machine pti=on\na: exec sh60\na: fork -> b\nb: clock\nb: exit\na: exit\n');
    const sums = start.slice();
    for (const list of perOp.counterList)
      for (let k = perOp.counterFrom[list]!; k < perOp.counterFrom[list + 1]!; k++)
        sums[perOp.counterIndex[k]!]! += perOp.counterDelta[k]!;
    expect(sums).toEqual(totals);
  });

  it('counts pmap_remove by place', () => {
    const { removeByPlace } = record('a: exec sh60\na: mmap anon 1p rw -> m\na: write m\na: munmap m 1p\na: exit\n');
    expect(removeByPlace).toEqual({
      exit: { calls: 53, early: 52 },
      exec: { calls: 1, early: 1 },
      other: { calls: 1, early: 0 },
    });
  });

  it('has a checkpoint after each fork, each exit, each snapshot, each op that stopped half-way, and at the end', () => {
    const lines = `a: exec sh60
a: rfork mem -> b
a: snapshot
a: stop refcnt-tested
a: exit
b: exit
a: go
c: exec sh60
c: clock
`;
    const { checkpoints, perOp } = record(lines);
    expect(checkpoints.map(({ op }) => op)).toEqual([1, 2, 4, 5, 6, 8]);
    expect(perOp.code[4]).toBe(257);
  });

  it('reports leaks at the end, or that there are none', () => {
    expect(record('a: exec sh60\na: clock\na: exit\n').balance).toEqual({ alive: 0, left: [] });
    expect(record('a: exec sh60\n').balance).toEqual({ alive: 1, left: [] });
    const leak =
      'machine superpages=on\na: exec sh60\na: mmap anon 4M rw -> b\na: write b 4M\na: munmap b 4M\na: exit\n';
    const { balance, totals } = record(leak);
    const promotions = totals[COUNTER_NAMES.indexOf('promotions')]!;
    expect(promotions).toBeGreaterThan(0);
    expect(balance.left).toEqual([{ what: 'userPtPageCount', start: 0, end: promotions }]);
    expect(record(leak, 'd33276').balance.left).toEqual([]);
  });

  it('ends in a panic when the kernel panics, and keeps the earlier ops', () => {
    const { ended, ops, perOp } = run(null, text('a: exec sh60\na: clock\na: exit\n'), panicking).record;
    expect(ended).toEqual({ kind: 'panic', op: 2, where: 'exit1', reason: 'planted', values: { pid: 2 } });
    expect([ops, perOp.code.length]).toEqual([2, 2]);
  });

  it.each<['pinitTopPage' | 'releaseTopPage', number, string]>([
    ['pinitTopPage', 0, 'Error: residentCount: expected an integer, got NaN'],
    [
      'releaseTopPage',
      1,
      'expected a panic about numbers, got pmap_release: pmap resident count != 0 pmap=1 residentCount=NaN',
    ],
  ])('ends in a failure when %s of a variant makes a count of something else', (member, op, message) => {
    const landed = variantById('landed')!;
    const hunks = {
      ...landed.hunks,
      [member]: (...args: [Machine, Pmap, number, boolean]) => {
        const done = landed.hunks[member](...args);
        args[1].stats.residentCount = NaN;
        return done;
      },
    };
    const { ended } = run(null, text('a: exec sh60\na: exit\n'), { ...landed, hunks }).record;
    expect(ended).toEqual({ kind: 'failed', how: 'throw', op, message });
  });

  it('ends in a failure when a variant throws anything else, and the machine is not reused', () => {
    const { record: failed, machine } = run(null, text('a: exec sh60\na: exit\n'), throwing);
    expect(failed.ended).toEqual({ kind: 'failed', how: 'throw', op: 1, message: 'TypeError: planted' });
    expect(machine).toBeNull();
  });

  it('has the calls into the pmap layer and the state after an op, on request', () => {
    const workload = text('a: exec sh60\na: exit\n');
    const { events, state } = run(null, workload, variantById('landed')!, { events: true, stateAfter: 0 }).record;
    expect(events!.from[2]! - events!.from[1]!).toBeGreaterThan(53);
    expect(state).toMatchObject({ op: 0, machine: { map: expect.any(Array), tables: expect.any(Array) } });
    expect(record('a: exec sh60\na: exit\n')).toMatchObject({ events: null, state: null });
  });
});

const landed = variantById('landed')!;
const withExit = (exitBeforeVmspaceExit: Variant['hunks']['exitBeforeVmspaceExit']): Variant => ({
  ...landed,
  id: 'planted',
  hunks: { ...landed.hunks, exitBeforeVmspaceExit },
});
const panicking = withExit((_m, p) => {
  throw new KernelPanic('exit1', 'planted', { pid: p.pid });
});
const throwing = withExit(() => {
  throw new TypeError('planted');
});

describe('a replay', () => {
  it('reports how faithfully it followed the recording', async () => {
    const { replay } = run(null, await loadWorkload('pipe_one'), landed).record;
    expect(replay).toMatchObject({ accesses: 1937, hits: 1509, faulted: 428, signals: 0, failedOps: 0 });
    expect(replay!.mappedAlready).toBeGreaterThan(0);
  });
});

describe('a record is the same', () => {
  const others = [
    text('machine pti=on cpus=2\na: exec sh60\na: rfork mem -> b\nb@1: clock\na: fork -> c\nc: clock\nb@1: exit\n'),
    text('machine superpages=on\na: exec sh60\na: mmap anon 4M rw -> b\na: write b 4M\na: fork -> c\nc: write b 4M\n'),
    text('machine ram=256M la57=on\na: exec sh60\na: clock\na: stop refcnt-tested\na: exit\n'),
  ];
  /** Every value of a record; V8's own form also tells 0 kept as an integer from 0 kept as a double. */
  const bytes = (one: RunRecord): string =>
    JSON.stringify(one, (_key, value: unknown) => {
      if (ArrayBuffer.isView(value)) return [value.constructor.name, Array.from(value as Float64Array, String)];
      return typeof value === 'number' ? (Object.is(value, -0) ? '-0' : String(value)) : value;
    });

  it.each(['exit-touched', 'vfork-execfail', 'superpage-exit', 'sharers-exit-together', 'rfork-peers-two-cpus'])(
    'of %s on a fresh machine, on a used one, and after a panic',
    async (name) => {
      const workload = await loadWorkload(name);
      for (const variant of series) {
        const fresh = bytes(run(null, workload, variant).record);
        let machine: Machine | null = null;
        for (const other of others) {
          ({ machine } = run(machine, other, variant));
          ({ machine } = run(machine, other, panicking));
          const used = run(machine, workload, variant);
          ({ machine } = used);
          expect(bytes(used.record) === fresh).toBe(true);
        }
      }
    },
  );

  it('for any workload, whatever ran on the machine before', () => {
    let machine: Machine | null = null;
    const machines = ['', 'pti=on cpus=2', 'superpages=on', 'pcid=off cpus=4', 'la57=on ram=512M'];
    fc.assert(
      fc.property(
        fc.nat(),
        fc.constantFrom(...machines),
        fc.constantFrom(...series, ...experiments),
        (seed, line, variant) => {
          const workload = generateWorkload(seed, { machine: line });
          const used = run(machine, workload, variant);
          ({ machine } = used);
          expect(bytes(used.record) === bytes(run(null, workload, variant).record)).toBe(true);
        },
      ),
      { numRuns: 20 },
    );
  });
});

describe('a run without digests', () => {
  it('is the same run, with no checkpoint', async () => {
    const workload = await loadWorkload('forkloop_small');
    const [all, none] = [{}, { digests: false }].map((options) => run(null, workload, landed, options).record);
    expect(all!.checkpoints.length).toBeGreaterThan(20);
    const { mappedPages, excessPages, ...perOp } = all!.perOp;
    const unseen = { mappedPages: mappedPages.map(() => 0), excessPages: excessPages.map(() => 0) };
    expect(none).toEqual({ ...all, perOp: { ...perOp, ...unseen }, checkpoints: [] });
  });

  it('looks at the machine where it is asked to, and nowhere else', () => {
    const workload = text('a: exec sh60\na: fork -> b\na: snapshot\nb: exit\na: exit\n');
    const [all, some] = [{}, { digests: 'snapshots' as const }].map(
      (options) => run(null, workload, landed, options).record,
    );
    expect(all!.checkpoints.map(({ op }) => op)).toEqual([1, 2, 3, 4]);
    expect(some!.checkpoints).toEqual([all!.checkpoints[1]]);
  });
});

describe('where a stranger’s code counts', () => {
  const counting = (count: (m: Machine) => void): Variant => ({
    ...variantById('landed')!,
    hunks: { ...variantById('landed')!.hunks, exitBeforeVmspaceExit: count },
  });
  const ended = (count: (m: Machine) => void) =>
    run(null, text('a: exec sh60\na: exit\n'), counting(count), {}, { counters: Float64Array }).record.ended;

  it.each<[string, (m: Machine) => void, string]>([
    ['a half', (m) => void (m.counters[4]! += 0.5), 'pmapLocks: expected an integer, got '],
    ['NaN', (m) => void m.counters.fill(NaN), 'userPtPageCount: expected an integer, got NaN'],
    ['NaN bytes', (m) => void (m.vm.swapReserved = NaN), 'swapReserved: expected an integer, got NaN'],
  ])('%s fails the run', (_what, count, message) => {
    expect(ended(count)).toMatchObject({ kind: 'failed', how: 'throw', message: expect.stringContaining(message) });
  });

  it('more than 32 bits are counted as they are', () => {
    const { record: far } = run(
      null,
      text('a: exec sh60\na: exit\n'),
      counting((m) => void (m.counters[4]! += 2 ** 40)),
      {},
      { counters: Float64Array },
    );
    expect(far.ended.kind).toBe('done');
    expect(far.totals[4]! - far.start[4]!).toBeGreaterThan(2 ** 40);
    expect(added(far, 1, 'pmapLocks')).toBeGreaterThan(2 ** 40);
  });
});

describe('counters of 32 bits', () => {
  it('wrap, and neither what an op adds nor the totals show it', () => {
    const lines = 'a: exec sh60\na: exit\n';
    const plain = record(lines);
    const most = 2 ** 31 - 1 - (plain.start[4]! + added(plain, 0, 'pmapLocks'));
    const { hunks } = variantById('landed')!;
    const full: Variant = {
      ...variantById('landed')!,
      hunks: {
        ...hunks,
        pinitTopPage(m, ...rest) {
          m.counters[4]! += most;
          return hunks.pinitTopPage(m, ...rest);
        },
      },
    };
    const { record: wrapped, machine } = run(null, text(lines), full);
    expect(machine!.counters[4]).toBeLessThan(0);
    expect(added(wrapped, 0, 'pmapLocks')).toBe(added(plain, 0, 'pmapLocks') + most);
    expect(added(wrapped, 1, 'pmapLocks')).toBe(added(plain, 1, 'pmapLocks'));
    expect(wrapped.totals[4]! - wrapped.start[4]!).toBe(plain.totals[4]! - plain.start[4]! + most);
  });
});
