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
  resume,
  runOn,
  stopBit,
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
import { vmPageLookup } from '../../../core/vm/pages.ts';
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

/** A call on page n of A, without its rights. */
const page = (kind: string, n: number): string => `${kind} 1 ${(A + n * P).toString(16)} 1`;
const untilProt = (call: string): string => call.split(' ').slice(0, 4).join(' ');

describe('calls into the pmap layer: mapping', () => {
  it('inserting anonymous memory makes none', () => {
    const [m, p] = fresh();
    expect(calls(m, () => mapAnon(m, p, A, 4))).toEqual([]);
  });

  it('inserting a file maps runs of resident pages: an absent page does not end a run, an invalid one does', () => {
    const [m, p] = fresh();
    const file = fileCreate(m, 8, 'even', 'rw');
    const flags = MAP_PRIVATE | MAP_FIXED | MAP_PREFAULT_READ;
    const map = (): number => sysMmap(m, p, A, 8 * P, VM_PROT_READ, 0, flags, file, 0);
    expect(calls(m, map)).toEqual(['enter_object 1 400000 408000 1']);
    const { object } = m.files[file]!;
    m.page.valid[vmPageLookup(m, object, 2)] = 0;
    expect(calls(m, map)).toEqual([
      'remove 1 400000 408000 0',
      'enter_object 1 400000 402000 1',
      'enter_object 1 404000 408000 1',
    ]);
  });

  it('replacing removes each entry that has an object', () => {
    const [m, p] = touched();
    mapAnon(m, p, A + 4 * P, 2);
    expect(calls(m, () => mapAnon(m, p, A, 8))).toEqual(['remove 1 400000 402000 0']);
  });

  it('growing the heap makes none; shrinking makes a removal if it was touched', () => {
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

  it('the shared page is entered once, readable and executable, with no neighbour', () => {
    const [m, p] = fresh();
    expect(calls(m, () => access(m, p, SHARED_PAGE, VM_PROT_READ))).toEqual(['enter 1 7ffffffff000 5 101']);
    expect(calls(m, () => access(m, p, SHARED_PAGE, VM_PROT_READ))).toEqual([]);
  });

  it('a resident page is entered without sleeping, then four neighbours on either side, alternating outwards', () => {
    const [m, p] = fresh();
    const file = fileCreate(m, 200, 'all', 'ro');
    sysMmap(m, p, A, 200 * P, VM_PROT_READ, 0, MAP_PRIVATE | MAP_FIXED, file, 0); // maps the first 96
    const around = [149, 151, 148, 152, 147, 153, 146, 154];
    expect(calls(m, () => access(m, p, A + 150 * P, VM_PROT_READ)).map(untilProt)).toEqual([
      page('enter', 150),
      ...around.map((at) => page('enter_quick', at)),
    ]);
    expect(calls(m, () => access(m, p, A + 157 * P, VM_PROT_READ)).map(untilProt)).toEqual(
      [157, 156, 158, 155, 159, 160, 161].map((at) => page(at === 157 ? 'enter' : 'enter_quick', at)),
    );
  });

  it('a page read from its file is entered, then the pages read with it', () => {
    const [m, p] = fresh();
    const file = fileCreate(m, 64, 'none', 'ro', false, true);
    sysMmap(m, p, A, 64 * P, VM_PROT_READ, 0, MAP_PRIVATE | MAP_FIXED, file, 0);
    const window = [19, 21, 18, 22, 17, 23, 16, 24, 25, 26, 27, 28, 29, 30, 31];
    expect(calls(m, () => access(m, p, A + 20 * P, VM_PROT_READ)).map(untilProt)).toEqual([
      page('enter', 20),
      ...window.map((at) => page('enter_quick', at)),
    ]);
  });

  it('a write to private memory of a file copies the page, and replaces its mapping', () => {
    const [m, p] = fresh();
    const file = fileCreate(m, 4, 'all', 'rw');
    sysMmap(m, p, A, 4 * P, RW, 0, MAP_PRIVATE | MAP_FIXED, file, 0);
    const { residentCount } = p.vmspace.pmap.stats;
    const made = calls(m, () => access(m, p, A + P, VM_PROT_WRITE));
    expect(made.map((call) => call.split(' ')[0])).toEqual(['copy_page', 'enter']);
    expect(made[1]).toBe('enter 1 401000 3 2');
    expect(p.vmspace.pmap.stats.residentCount).toBe(residentCount);
  });

  it('a copy into memory that is shared read-write removes all mappings of the original', () => {
    const [m, p] = touched();
    sysFork(m, p);
    sysMinherit(m, p, A, 2 * P, 0);
    sysFork(m, p);
    const sharer = m.procs.get(m.retval)!;
    runOn(m, sharer, 0);
    expect(kinds(m, () => access(m, sharer, A, VM_PROT_WRITE))).toEqual(['copy_page', 'remove_all', 'enter']);
  });

  it('a write to a page that fork left read-only, and that nobody else has any more, only adds rights', () => {
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
    expect(calls(m, () => access(m, p, A + P, VM_PROT_WRITE))).toEqual([
      'enter 1 400000 3 2',
      'enter 1 401000 3 2',
      'enter 1 402000 3 2',
    ]);
    expect(calls(m, () => access(m, p, A, VM_PROT_READ))).toEqual([]);
  });

  it('growing a stack makes only the call for the page', () => {
    const [m, p] = fresh();
    expect(calls(m, () => access(m, p, SHARED_PAGE - 300 * 1024, VM_PROT_WRITE))).toEqual(['enter 1 7ffffffb4000 3 2']);
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
    mapAnon(m, p, A + 3 * P, 1);
    expect(calls(m, () => sysMadvise(m, p, A, 4 * P, MADV_DONTNEED))).toEqual([
      'advise 1 400000 402000 4',
      'advise 1 402000 403000 4',
      'advise 1 403000 404000 4',
    ]);
    expect(calls(m, () => sysMadvise(m, p, A, P, MADV_WILLNEED))).toEqual(['enter_object 1 400000 401000 3']);
  });

  it('minherit makes none', () => {
    const [m, p] = touched();
    for (const inheritance of [0, 1, 2, 3]) expect(calls(m, () => sysMinherit(m, p, A, P, inheritance))).toEqual([]);
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

  it('munmap unwires first, removes what has an object, and skips guards and untouched memory', () => {
    const [m, p] = touched();
    sysMlock(m, p, A, 2 * P);
    sysMmap(m, p, A + 2 * P, P, VM_PROT_NONE, 0, GUARD_FLAGS, -1, 0);
    mapAnon(m, p, A + 4 * P, 1);
    expect(calls(m, () => sysMunmap(m, p, A, 8 * P))).toEqual(['unwire 1 400000 402000 0', 'remove 1 400000 402000 0']);
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

  it('exec by a sole user empties the pmap in place, by a sharer makes a new one and drops the old one', () => {
    const [m, p] = touched();
    const empty = image([]);
    expect(calls(m, () => sysExec(m, p, empty))).toEqual([
      'remove 1 7ffffffff000 800000000000 0',
      'remove_pages 1 0 0 0',
      'remove 1 400000 402000 1',
      'remove 1 7ffffffdf000 7ffffffff000 1',
      'remove 1 7ffffffff000 800000000000 1',
    ]);
    sysRfork(m, p, 'mem');
    expect(calls(m, () => sysExec(m, p, empty))).toEqual(['pinit 2 0 0 0', 'activate 2 0 0 0']);
  });

  it('unshare is a fork, and a switch', () => {
    const [m, p] = touched();
    sysRfork(m, p, 'mem');
    expect(calls(m, () => sysUnshare(m, p))).toEqual([
      'pinit 2 0 0 0',
      'protect 1 400000 402000 1',
      'copy 2 1 400000 402000',
      'protect 1 7ffffffdf000 7ffffffff000 1',
      'copy 2 1 7ffffffdf000 7ffffffff000',
      'copy 2 1 7ffffffff000 800000000000',
      'activate 2 0 0 0',
    ]);
  });

  it('exit of the last user: the hook, all managed pages, away from the pmap, each entry with an object, release', () => {
    const [m, p] = touched();
    mapAnon(m, p, A + 4 * P, 1);
    expect(calls(m, () => sysExit(m, p, 0))).toEqual([
      'remove 1 7ffffffff000 800000000000 0',
      'remove_pages 1 0 0 0',
      'activate 0 0 0 0',
      'remove 1 400000 402000 1',
      'remove 1 7ffffffdf000 7ffffffff000 1',
      'remove 1 7ffffffff000 800000000000 1',
      'release 1 0 0 0',
    ]);
  });

  it('the last reference dropped by exec’s clean-up: full work for each entry, except above the last mapping', () => {
    const [m, parent] = touched();
    sysVfork(m, parent);
    const child = m.procs.get(m.retval)!;
    runOn(m, child, 0);
    m.stopAt = stopBit('ppwait-cleared');
    sysExec(m, child, image([]));
    m.stopAt = 0;
    runOn(m, parent, 0);
    sysExit(m, parent, 0);
    runOn(m, child, 0);
    expect(calls(m, () => resume(m, child))).toEqual([
      'remove 1 400000 402000 0',
      'remove 1 7ffffffdf000 7ffffffff000 0',
      'remove 1 7ffffffff000 800000000000 1',
      'release 1 0 0 0',
    ]);
  });

  it('exit of a sharer only switches away', () => {
    const [m, p] = touched();
    sysRfork(m, p, 'mem');
    expect(calls(m, () => sysExit(m, p, 0))).toEqual(['activate 0 0 0 0']);
  });
});
