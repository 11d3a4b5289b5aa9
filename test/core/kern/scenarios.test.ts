import { describe, expect, it } from 'vitest';
import {
  type Machine,
  PAGE_SIZE,
  type Proc,
  SYSENT_NATIVE_LA48,
  SYSENT_WITHOUT_SHARED_PAGE,
  VM_PROT_READ,
  VM_PROT_WRITE,
  access,
  runOn,
  sysExec,
  sysExecFail,
  sysExit,
  sysFork,
  sysMlock,
} from '../../../core/index.ts';
import {
  SERIES,
  SHARED_PAGE,
  SMALL,
  calls,
  entryAt,
  image,
  machineOf,
  mapAnon,
  removes,
  started,
} from '../../support/kernel.ts';

const A = 0x400000;

/** A process with one written page in addition to its stack; the shared page is touched or not. */
function plain(m: Machine, touch: boolean): Proc {
  const p = started(m, SMALL);
  mapAnon(m, p, A, 1);
  access(m, p, A, VM_PROT_WRITE);
  if (touch) access(m, p, SHARED_PAGE, VM_PROT_READ);
  return p;
}

describe.each(SERIES)('under %s', (id) => {
  const removesEntry = id === 'double-count-fix';
  const hooked = id === 'shared-page-unmap' || id === 'landed';

  it('a wired page survives pmap_remove_pages: the calls up to it do full work', () => {
    const m = machineOf(id);
    const p = plain(m, false);
    sysMlock(m, p, A, PAGE_SIZE);
    const { calls: made, early } = removes(m, () => sysExit(m, p, 0));
    // Entries with an object: the wired one, the stack, the shared page.
    const expected = {
      baseline: [3, 2],
      'toplevel-accounting': [3, 0],
      'double-count-fix': [3, 1],
      'shared-page-unmap': [4, 2],
      landed: [4, 2],
    }[id];
    expect([made, early]).toEqual(expected);
    expect(m.vm.userWired).toBe(0);
  });

  it('an exec that fails after the point of no return ends the process by SIGABRT', () => {
    const m = machineOf(id);
    const p = plain(m, true);
    expect(sysExecFail(m, p, 2, true)).toBe(2);
    expect([p.exitSignal, m.procs.size, m.vmspaces.length]).toEqual([6, 0, 0]);
  });

  it('a forked child inherits the entry of the shared page, unless its parent has lost it', () => {
    const m = machineOf(id);
    const p = plain(m, true);
    sysFork(m, p);
    const child = m.procs.get(m.retval)!;
    expect(entryAt(child.vmspace.map, SHARED_PAGE).object).toBe(m.vm.sharedPage);
    runOn(m, child, 0);
    access(m, child, SHARED_PAGE, VM_PROT_READ);
    expect(m.faults).toBe(1);
  });

  it('an exec into an ABI with other bounds takes a new vmspace; with equal bounds it reuses the old one, with the old ABI’s hook', () => {
    const m = machineOf(id);
    const p = plain(m, true);
    const old = p.vmspace;
    const text = calls(m, () => sysExec(m, p, image([]), SYSENT_WITHOUT_SHARED_PAGE));
    expect(p.vmspace).toBe(old);
    expect(text[0]!.startsWith('remove 1 7ffffffff000')).toBe(removesEntry || hooked);
    const narrower = { ...SYSENT_NATIVE_LA48, maxUser: SYSENT_NATIVE_LA48.maxUser - PAGE_SIZE, sharedPage: null };
    sysExec(m, p, image([]), narrower);
    expect(p.vmspace).not.toBe(old);
    expect(m.vmspaces).toEqual([p.vmspace]);
  });
});
