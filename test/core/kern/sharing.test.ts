import { describe, expect, it } from 'vitest';
import {
  EAGAIN,
  ECHILD,
  ESTOPPED,
  type Machine,
  PRS_NORMAL,
  PRS_REAPED,
  PRS_ZOMBIE,
  type Proc,
  TIMEKEEP_VALUE,
  VM_PROT_READ,
  access,
  clockRead,
  isWaitingForVfork,
  postSignal,
  resume,
  runOn,
  setHandler,
  stopBit,
  sysExec,
  sysExecFail,
  sysExit,
  sysFork,
  sysRfork,
  sysSpawn,
  sysUnshare,
  sysVfork,
  sysWait,
} from '../../../core/index.ts';
import { SERIES, SHARED_PAGE, SMALL, image, machineOf, removes, sixtyEntries, started } from '../../support/kernel.ts';

const SIGUSR1 = 30;
const SIGCHLD = 20;
const SIGILL = 4;
const SIGSEGV = 11;
const ENOENT = 2;

function child(m: Machine): Proc {
  return m.procs.get(m.retval)!;
}

/** A parent that has touched the shared page, and its vfork child, which is running. */
function vforked(m: Machine): [Proc, Proc] {
  const parent = started(m, SMALL);
  expect(clockRead(m, parent)).toBe(0);
  sysVfork(m, parent);
  const vforkChild = child(m);
  runOn(m, vforkChild, 0);
  return [parent, vforkChild];
}

describe.each(SERIES)('a vfork child whose exec fails, under %s', (id) => {
  const broken = id === 'double-count-fix';

  function afterFailedExec(caught?: number): [Machine, Proc] {
    const m = machineOf(id);
    const [parent, failing] = vforked(m);
    if (caught !== undefined) setHandler(m, parent, caught);
    expect(sysExecFail(m, failing, ENOENT, false)).toBe(ENOENT);
    sysExit(m, failing, 127);
    if (parent.state === PRS_NORMAL) runOn(m, parent, 0);
    return [m, parent];
  }

  it(broken ? 'costs the parent its clock: SIGSEGV' : 'leaves the parent its clock', () => {
    const [m, parent] = afterFailedExec();
    expect(clockRead(m, parent)).toBe(broken ? SIGSEGV : 0);
    if (!broken) expect([m.faults, m.retval]).toEqual([0, TIMEKEEP_VALUE]);
  });

  it(broken ? 'costs the parent its life at the next caught signal' : 'leaves the parent able to take a signal', () => {
    const [m, parent] = afterFailedExec(SIGUSR1);
    expect(postSignal(m, parent, SIGUSR1)).toBe(broken ? SIGSEGV : 0);
    expect(parent.state).toBe(broken ? PRS_REAPED : PRS_NORMAL);
  });

  it(broken ? 'kills a parent that catches SIGCHLD by that very signal' : 'tells a parent that catches SIGCHLD', () => {
    const [, parent] = afterFailedExec(SIGCHLD);
    expect(parent.state).toBe(broken ? PRS_REAPED : PRS_NORMAL);
    expect(parent.exitSignal).toBe(broken ? SIGSEGV : 0);
  });
});

it('a process without a stack dies of SIGILL at a signal that it catches', () => {
  const m = machineOf('landed');
  const p = started(m, image([]));
  setHandler(m, p, SIGUSR1);
  expect(postSignal(m, p, SIGUSR1)).toBe(SIGILL);
});

describe('a vfork child', () => {
  it('takes a new vmspace at exec and leaves the parent’s unchanged', () => {
    const m = machineOf('landed');
    const [parent, execing] = vforked(m);
    const { nentries, timestamp } = parent.vmspace.map;
    expect(isWaitingForVfork(parent, 0)).toBe(true);
    expect(removes(m, () => sysExec(m, execing, SMALL))).toEqual({ calls: 0, early: 0 });
    expect(isWaitingForVfork(parent, 0)).toBe(false);
    expect(execing.vmspace).not.toBe(parent.vmspace);
    expect(parent.vmspace.refcnt).toBe(1);
    expect([parent.vmspace.map.nentries, parent.vmspace.map.timestamp]).toEqual([nentries, timestamp]);
  });

  it('wakes its parent at exit only after it has dropped its reference', () => {
    const m = machineOf('landed');
    const [parent, exiting] = vforked(m);
    m.stopAt = stopBit('release-failed');
    expect(sysExit(m, exiting, 0)).toBe(ESTOPPED);
    expect(isWaitingForVfork(parent, 0)).toBe(true);
    expect(resume(m, exiting)).toBe(0);
    expect(isWaitingForVfork(parent, 0)).toBe(false);
    expect(parent.vmspace.refcnt).toBe(1);
  });

  it('wakes its parent at exec while it still holds the old reference', () => {
    const m = machineOf('landed');
    const [parent, execing] = vforked(m);
    m.stopAt = stopBit('ppwait-cleared');
    expect(sysExec(m, execing, SMALL)).toBe(ESTOPPED);
    expect([isWaitingForVfork(parent, 0), parent.vmspace.refcnt]).toEqual([false, 2]);
    runOn(m, parent, 0);
    const { pmap } = parent.vmspace;
    const skipped = removes(m, () => sysExit(m, parent, 0));
    expect(skipped).toEqual({ calls: 0, early: 0 });
    runOn(m, execing, 0);
    const torn = removes(m, () => resume(m, execing));
    // vmspace_free tears it down without pmap_remove_pages: the calls for the stack and the shared page do full work.
    expect(torn).toEqual({ calls: 2, early: 0 });
    expect(pmap.top).toBe(0);
  });

  it('of posix_spawn runs its program, or returns its error to the parent', () => {
    const m = machineOf('landed');
    const parent = started(m, SMALL);
    setHandler(m, parent, SIGUSR1);
    expect(sysSpawn(m, parent, SMALL, 0)).toBe(0);
    const spawned = child(m);
    expect([m.curproc, spawned.vmspace === parent.vmspace, spawned.caught]).toEqual([parent, false, 0]);
    expect(sysSpawn(m, parent, null, ENOENT)).toBe(ENOENT);
    expect(m.procs.size).toBe(2);
  });
});

/** Two processes that share 60 entries, with the shared page touched. */
function peers(id: string): [Machine, Proc, Proc] {
  const m = machineOf(id);
  const a = started(m, sixtyEntries());
  sysRfork(m, a, 'mem');
  const b = child(m);
  expect(access(m, a, SHARED_PAGE, VM_PROT_READ)).toBe(0);
  return [m, a, b];
}

describe('processes that share a vmspace', () => {
  it('lose nothing when one of them exits, and the last one tears down like a sole owner', () => {
    const [m, a, b] = peers('landed');
    expect(removes(m, () => sysExit(m, a, 0))).toEqual({ calls: 0, early: 0 });
    runOn(m, b, 0);
    expect([access(m, b, SHARED_PAGE, VM_PROT_READ), m.faults]).toEqual([0, 0]);
    expect(removes(m, () => sysExit(m, b, 0))).toEqual({ calls: 53, early: 52 });
  });

  it('lose the shared page when one of them exits under double-count-fix', () => {
    const [m, a, b] = peers('double-count-fix');
    expect(removes(m, () => sysExit(m, a, 0))).toEqual({ calls: 1, early: 0 });
    runOn(m, b, 0);
    expect(access(m, b, SHARED_PAGE, VM_PROT_READ)).toBe(SIGSEGV);
    expect(removes(m, () => sysExit(m, b, 0))).toEqual({ calls: 51, early: 51 });
  });

  it('pay one soft fault if the hook does not test the reference count', () => {
    const [m, a, b] = peers('unmap-without-refcount-check');
    sysExit(m, a, 0);
    runOn(m, b, 0);
    expect([access(m, b, SHARED_PAGE, VM_PROT_READ), m.faults]).toEqual([0, 1]);
    expect([access(m, b, SHARED_PAGE, VM_PROT_READ), m.faults]).toEqual([0, 0]);
  });

  it('lose the optimization, and nothing else, if each still sees the other', () => {
    const [m, a, b] = peers('landed');
    m.stopAt = stopBit('refcnt-tested');
    expect(sysExit(m, a, 0)).toBe(ESTOPPED);
    runOn(m, b, 0);
    expect(removes(m, () => sysExit(m, b, 0))).toEqual({ calls: 0, early: 0 });
    runOn(m, a, 0);
    expect(removes(m, () => resume(m, a))).toEqual({ calls: 52, early: 0 });
    expect(m.vmspaces).toEqual([]);
  });

  it('let the process that drops the last reference empty the pmap, even if it had already left', () => {
    const [m, a, b] = peers('landed');
    m.stopAt = stopBit('release-failed');
    expect(sysExit(m, a, 0)).toBe(ESTOPPED);
    runOn(m, b, 0);
    m.stopAt = stopBit('release-failed');
    expect(sysExit(m, b, 0)).toBe(ESTOPPED);
    runOn(m, b, 0);
    expect(resume(m, b)).toBe(0);
    runOn(m, a, 0);
    // a returns to the vmspace for pmap_remove_pages; the shared page was never unmapped.
    expect(removes(m, () => resume(m, a))).toEqual({ calls: 52, early: 0 });
  });

  it('separate when one of them unshares', () => {
    const [m, a, b] = peers('landed');
    runOn(m, b, 0);
    sysUnshare(m, b);
    expect([a.vmspace.refcnt, b.vmspace.refcnt, a.vmspace === b.vmspace]).toEqual([1, 1, false]);
    sysUnshare(m, b);
    expect(b.vmspace.refcnt).toBe(1);
  });

  it('die before the leader of their threads does', () => {
    const m = machineOf('landed');
    const leader = started(m, SMALL);
    sysRfork(m, leader, 'thread');
    const peer = child(m);
    sysRfork(m, peer, 'thread');
    const second = child(m);
    expect([peer.leader, second.leader]).toEqual([leader, leader]);
    sysExit(m, leader, 0);
    expect([peer.exitSignal, second.exitSignal, leader.exitSignal]).toEqual([9, 9, 0]);
    expect(m.vmspaces).toEqual([]);
  });
});

describe('wait', () => {
  it('reaps a zombie, and with it its reference on vmspace0', () => {
    const m = machineOf('landed');
    const parent = started(m, SMALL);
    sysFork(m, parent);
    const forked = child(m);
    expect(sysWait(m, parent, forked.pid)).toBe(EAGAIN);
    runOn(m, forked, 0);
    sysExit(m, forked, 3);
    expect([forked.state, forked.exitStatus, m.vmspace0!.refcnt]).toEqual([PRS_ZOMBIE, 3, 2]);
    runOn(m, parent, 0);
    expect(sysWait(m, parent, forked.pid)).toBe(0);
    expect([forked.state, m.vmspace0!.refcnt]).toEqual([PRS_REAPED, 1]);
    expect(sysWait(m, parent, forked.pid)).toBe(ECHILD);
  });

  it('is init’s task for orphans', () => {
    const m = machineOf('landed');
    const parent = started(m, SMALL);
    sysFork(m, parent);
    const forked = child(m);
    sysExit(m, parent, 0);
    expect(m.procs.size).toBe(1);
    runOn(m, forked, 0);
    sysExit(m, forked, 0);
    expect([m.procs.size, m.vmspace0!.refcnt]).toEqual([0, 1]);
  });
});
