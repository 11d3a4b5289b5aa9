import { describe, expect, it } from 'vitest';
import {
  ESTOPPED,
  type Machine,
  PRS_NORMAL,
  PRS_REAPED,
  PV_ENTRY_COUNT,
  type Proc,
  type StopPoint,
  USER_PT_PAGE_COUNT,
  VM_PROT_READ,
  access,
  machineFor,
  resume,
  runOn,
  stopBit,
  sysExit,
  sysRfork,
} from '../../../core/index.ts';
import { SERIES, SHARED_PAGE, SMALL, machineOf, removes, started } from '../../support/kernel.ts';

/** The steps of an exit between which another process can run. */
const STEPS = ['refcnt-tested', 'release-failed', 'pages-removed', 'vmspace0-active', null] as const;

/** All interleavings of the steps of two processes; each process's own steps stay in order. */
function orders(a: number, b: number): ('a' | 'b')[][] {
  if (a === 0 && b === 0) return [[]];
  const first = a > 0 ? orders(a - 1, b).map((rest) => ['a' as const, ...rest]) : [];
  const second = b > 0 ? orders(a, b - 1).map((rest) => ['b' as const, ...rest]) : [];
  return [...first, ...second];
}

/** Lets p exit up to its next stop; a stop that this exit does not reach is skipped. */
function step(m: Machine, p: Proc, stop: StopPoint | null): void {
  if (p.state !== PRS_NORMAL) return;
  runOn(m, p, 0);
  m.stopAt = stop === null ? 0 : stopBit(stop);
  if (p.stoppedAt === 0) sysExit(m, p, 0);
  else resume(m, p);
  m.stopAt = 0;
}

describe.each(SERIES)('two processes that share a vmspace and exit at the same time, under %s', (id) => {
  const all = orders(STEPS.length, STEPS.length);

  it(`leak nothing in any of ${all.length} orders, and at worst lose the optimization`, () => {
    const seen = new Set<string>();
    let m = machineOf(id, { ram: 2 ** 24 });
    for (const order of all) {
      m = machineFor(m, m.config, m.hunks);
      const a = started(m, SMALL);
      sysRfork(m, a, 'mem');
      const b = m.procs.get(m.retval)!;
      access(m, a, SHARED_PAGE, VM_PROT_READ);
      const at = { a: 0, b: 0 };
      const { calls, early } = removes(m, () => {
        for (const who of order) step(m, who === 'a' ? a : b, STEPS[at[who]++]!);
      });
      expect([m.procs.size, m.vmspaces.length, m.vmspace0!.refcnt, m.counters[USER_PT_PAGE_COUNT]]).toEqual([
        0, 0, 1, 0,
      ]);
      seen.add(`${calls} ${early}`);
    }
    const hooked = id === 'shared-page-unmap' || id === 'landed';
    const alone = { baseline: '2 0', 'toplevel-accounting': '2 0', 'double-count-fix': '2 1' }[id as string];
    expect([...seen].toSorted()).toEqual(hooked ? ['2 0', '3 2'] : [alone]);
  });
});

describe.each(SERIES)('the last user of a vmspace, under %s', (id) => {
  it('has unmapped its pages at pages-removed, runs on vmspace0 at vmspace0-active, and leaves nothing at its end', () => {
    const m = machineOf(id, { ram: 2 ** 24 });
    const a = started(m, SMALL);
    const vm = a.vmspace;
    const mapped = m.counters[PV_ENTRY_COUNT];
    const seen = (): unknown[] => [
      m.counters[PV_ENTRY_COUNT],
      m.cpus[0]!.curpmap === vm.pmap,
      a.vmspace === m.vmspace0,
      m.vmspaces.includes(vm),
      a.state === PRS_NORMAL,
    ];
    expect([mapped, seen()]).toEqual([1, [1, true, false, true, true]]);
    m.stopAt = stopBit('pages-removed');
    expect([sysExit(m, a, 0), seen()]).toEqual([ESTOPPED, [0, true, false, true, true]]);
    m.stopAt = stopBit('vmspace0-active');
    expect([resume(m, a), seen()]).toEqual([ESTOPPED, [0, false, true, true, true]]);
    expect([resume(m, a), seen()]).toEqual([0, [0, false, true, false, false]]);
  });
});

describe('a call that is to stop at several yield points', () => {
  it('stops at the first that it reaches, and at a later one only if it is told again', () => {
    const m = machineOf('landed', { ram: 2 ** 24 });
    const a = started(m, SMALL);
    sysRfork(m, a, 'mem');
    const both = stopBit('refcnt-tested') | stopBit('release-failed');
    m.stopAt = both;
    expect([sysExit(m, a, 0), a.stoppedAt, m.stopAt]).toEqual([ESTOPPED, 1, 0]);
    m.stopAt = both;
    expect([resume(m, a), a.stoppedAt, m.stopAt]).toEqual([ESTOPPED, 2, 0]);
    expect([resume(m, a), a.stoppedAt, a.state]).toEqual([0, 0, PRS_REAPED]);
  });
});
