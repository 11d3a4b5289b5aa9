import { describe, expect, it } from 'vitest';
import {
  MADV_DONTNEED,
  MADV_FREE,
  MADV_WILLNEED,
  MAP_FIXED,
  MAP_PREFAULT_READ,
  MAP_PRIVATE,
  MAP_SHARED,
  type Machine,
  PAGE_SIZE,
  type Proc,
  VM_PROT_NONE,
  VM_PROT_READ,
  VM_PROT_WRITE,
  access,
  fileCreate,
  runOn,
  sysBrk,
  sysExec,
  sysExit,
  sysFork,
  sysMadvise,
  sysMinherit,
  sysMlock,
  sysMmap,
  sysMprotect,
  sysMsync,
  sysMunlock,
  sysMunmap,
  sysRfork,
  sysUnshare,
  sysVfork,
} from '../../../core/index.ts';
import {
  GUARD_FLAGS,
  RW,
  SHARED_PAGE,
  SMALL,
  calls,
  image,
  kinds,
  machineOf,
  mapAnon,
  started,
} from '../../support/kernel.ts';

const A = 0x400000;
const P = PAGE_SIZE;

function fresh(): [Machine, Proc] {
  const m = machineOf('landed');
  return [m, started(m, SMALL)];
}

/** Two pages of anonymous memory, the first one written. */
function touched(): [Machine, Proc] {
  const [m, p] = fresh();
  mapAnon(m, p, A, 2);
  access(m, p, A, VM_PROT_WRITE);
  return [m, p];
}

describe('calls into the pmap layer: mapping', () => {
  it('inserting anonymous memory makes none', () => {
    const [m, p] = fresh();
    expect(calls(m, () => mapAnon(m, p, A, 4))).toEqual([]);
  });

  it('inserting a file maps runs of resident pages, and an absent page does not end a run', () => {
    const [m, p] = fresh();
    const file = fileCreate(m, 8, 'even', 'rw');
    const flags = MAP_PRIVATE | MAP_FIXED | MAP_PREFAULT_READ;
    expect(kinds(m, () => sysMmap(m, p, A, 8 * P, VM_PROT_READ, 0, flags, file, 0))).toEqual(['enter_object']);
  });

  it('replacing removes each entry that has an object', () => {
    const [m, p] = touched();
    mapAnon(m, p, A + 4 * P, 2);
    expect(calls(m, () => mapAnon(m, p, A, 8))).toEqual(['remove 1 400000 402000 0']);
  });

  it('growing and shrinking the heap makes none, and a removal if it was touched', () => {
    const m = machineOf('landed');
    const p = started(m, { ...SMALL, data: A, heap: A });
    expect(calls(m, () => sysBrk(m, p, A + 4 * P))).toEqual([]);
    access(m, p, A, VM_PROT_WRITE);
    expect(calls(m, () => sysBrk(m, p, A + P))).toEqual(['remove 1 401000 404000 0']);
  });
});

describe('calls into the pmap layer: faults', () => {
  it('a zero-fill fault enters one page', () => {
    const [m, p] = fresh();
    mapAnon(m, p, A, 2);
    expect(calls(m, () => access(m, p, A, VM_PROT_WRITE))).toEqual(['enter 1 400000 3 2']);
  });

  it('a copy into memory that is shared read-write takes the original from all who map it', () => {
    const [m, p] = touched();
    sysFork(m, p);
    sysMinherit(m, p, A, 2 * P, 0);
    sysFork(m, p);
    const sharer = m.procs.get(m.retval)!;
    runOn(m, sharer, 0);
    expect(kinds(m, () => access(m, sharer, A, VM_PROT_WRITE))).toEqual(['copy_page', 'remove_all', 'enter']);
  });

  it('a write to a page that fork left read-only, and that nobody else has any more, only raises its rights', () => {
    const [m, p] = touched();
    sysFork(m, p);
    const child = m.procs.get(m.retval)!;
    runOn(m, child, 0);
    sysExit(m, child, 0);
    runOn(m, p, 0);
    expect(calls(m, () => access(m, p, A, VM_PROT_WRITE))).toEqual(['enter 1 400000 3 102']);
  });

  it('device-like memory is entered page by page, at once', () => {
    const [m, p] = fresh();
    expect(sysMmap(m, p, A, 3 * P, RW, 0, MAP_SHARED | MAP_FIXED, -1, 0, true)).toBe(0);
    expect(kinds(m, () => access(m, p, A + P, VM_PROT_WRITE))).toEqual(['enter', 'enter', 'enter']);
    expect(calls(m, () => access(m, p, A, VM_PROT_READ))).toEqual([]);
  });

  it('growing a stack makes none but that of the page', () => {
    const [m, p] = fresh();
    expect(kinds(m, () => access(m, p, SHARED_PAGE - 300 * 1024, VM_PROT_WRITE))).toEqual(['enter']);
  });
});

describe('calls into the pmap layer: changing rights and residence', () => {
  it('losing a right protects each entry, gaining one makes none', () => {
    const [m, p] = touched();
    expect(calls(m, () => sysMprotect(m, p, A, P, VM_PROT_READ))).toEqual(['protect 1 400000 401000 1']);
    expect(calls(m, () => sysMprotect(m, p, A, P, RW))).toEqual([]);
  });

  it('losing all rights is a protect call that removes', () => {
    const [m, p] = touched();
    expect(calls(m, () => sysMprotect(m, p, A, 2 * P, VM_PROT_NONE))).toEqual(['protect 1 400000 402000 0']);
    expect(p.vmspace.pmap.stats.residentCount).toBe(1 + 4);
  });

  it('advice goes to the pmap entry by entry, guards included; WILLNEED maps what is resident', () => {
    const [m, p] = touched();
    sysMmap(m, p, A + 2 * P, P, VM_PROT_NONE, 0, GUARD_FLAGS, -1, 0);
    const advised = ['advise 1 400000 402000 5', 'advise 1 402000 403000 5'];
    expect(calls(m, () => sysMadvise(m, p, A, 3 * P, MADV_FREE))).toEqual(advised);
    expect(kinds(m, () => sysMadvise(m, p, A, 3 * P, MADV_DONTNEED))).toEqual(['advise', 'advise']);
    expect(kinds(m, () => sysMadvise(m, p, A, P, MADV_WILLNEED))).toEqual(['enter_object']);
  });

  it('msync that invalidates removes the whole range in one call', () => {
    const [m, p] = touched();
    mapAnon(m, p, A + 2 * P, 2, VM_PROT_READ);
    expect(calls(m, () => sysMsync(m, p, A, 4 * P, 2))).toEqual(['remove 1 400000 404000 0']);
  });

  it('mlock enters every page wired, munlock unwires each entry', () => {
    const [m, p] = touched();
    expect(calls(m, () => sysMlock(m, p, A, 2 * P))).toEqual(['enter 1 400000 3 203', 'enter 1 401000 3 203']);
    expect(calls(m, () => sysMunlock(m, p, A, 2 * P))).toEqual(['unwire 1 400000 402000 0']);
  });

  it('munmap unwires first, removes what has an object, and passes over guards and untouched memory', () => {
    const [m, p] = touched();
    sysMlock(m, p, A, 2 * P);
    sysMmap(m, p, A + 2 * P, P, VM_PROT_NONE, 0, GUARD_FLAGS, -1, 0);
    mapAnon(m, p, A + 4 * P, 1);
    expect(kinds(m, () => sysMunmap(m, p, A, 8 * P))).toEqual(['unwire', 'remove']);
  });

  it('cutting into untouched memory gives it an object, and so a removal', () => {
    const [m, p] = fresh();
    mapAnon(m, p, A, 4);
    expect(calls(m, () => sysMunmap(m, p, A, P))).toEqual(['remove 1 400000 401000 0']);
  });
});

describe('calls into the pmap layer: processes', () => {
  it('fork write-protects a private writable entry even without an object, then copies what has one', () => {
    const [m, p] = touched();
    mapAnon(m, p, A + 4 * P, 1);
    expect(calls(m, () => sysFork(m, p))).toEqual([
      'pinit 2 0 0 0',
      'protect 1 400000 402000 1',
      'copy 2 1 400000 402000',
      'protect 1 404000 405000 1',
      `protect 1 7ffffffdf000 7ffffffff000 1`,
      'copy 2 1 7ffffffdf000 7ffffffff000',
      'copy 2 1 7ffffffff000 800000000000',
    ]);
    expect(kinds(m, () => sysFork(m, p)).filter((kind) => kind === 'protect')).toEqual(['protect']);
  });

  it('vfork and rfork(RFMEM) make none', () => {
    const [m, p] = touched();
    expect(calls(m, () => sysVfork(m, p))).toEqual([]);
    expect(calls(m, () => sysRfork(m, p, 'mem'))).toEqual([]);
  });

  it('exec of a sole user empties in place, of a sharer makes a new pmap and drops the old one', () => {
    const [m, p] = touched();
    const empty = image([]);
    const inPlace = ['remove', 'remove_pages', 'remove', 'remove', 'remove'];
    expect(kinds(m, () => sysExec(m, p, empty))).toEqual(inPlace);
    sysRfork(m, p, 'mem');
    expect(calls(m, () => sysExec(m, p, empty))).toEqual(['pinit 2 0 0 0', 'activate 2 0 0 0']);
  });

  it('unshare is a fork, and a switch', () => {
    const [m, p] = touched();
    sysRfork(m, p, 'mem');
    expect(kinds(m, () => sysUnshare(m, p)).filter((kind) => kind === 'pinit' || kind === 'activate')).toEqual([
      'pinit',
      'activate',
    ]);
  });

  it('exit of a sharer only switches away', () => {
    const [m, p] = touched();
    sysRfork(m, p, 'mem');
    expect(calls(m, () => sysExit(m, p, 0))).toEqual(['activate 0 0 0 0']);
  });
});
