import { describe, expect, it } from 'vitest';
import {
  MAP_ANON,
  MAP_EXCL,
  MAP_FIXED,
  MAP_GUARD,
  MAP_PRIVATE,
  MAP_SHARED,
  MAP_STACK,
  type Machine,
  PAGE_SIZE,
  type Proc,
  VM_PROT_NONE,
  VM_PROT_READ,
  VM_PROT_WRITE,
  access,
  fileCreate,
  sysFork,
  sysMinherit,
  sysMlock,
  sysMmap,
  sysMprotect,
  sysMsync,
  sysMunlock,
} from '../../../core/index.ts';
import { RW, SMALL, entriesOf, entryAt, kinds, machineOf, mapAnon, started } from '../../support/kernel.ts';

const A = 0x400000;
const P = PAGE_SIZE;
const TOP = 0x800000000000;
const [EBADF, ENOMEM, EACCES, EINVAL, ENOTSUP] = [9, 12, 13, 22, 45];

function fresh(): [Machine, Proc] {
  const m = machineOf('landed');
  return [m, started(m, SMALL)];
}

describe('mmap refuses', () => {
  const mmap = (prot: number, flags: number, file = -1, off = 0, max = 0): number => {
    const [m, p] = fresh();
    fileCreate(m, 4, 'all', 'ro');
    return sysMmap(m, p, A, P, prot, max, flags, file, off);
  };

  it.each<[string, number, number, number, number, number]>([
    ['a guard that is private or shared', EINVAL, VM_PROT_NONE, MAP_GUARD | MAP_PRIVATE, -1, 0],
    ['a guard of anonymous memory', EINVAL, VM_PROT_NONE, MAP_GUARD | MAP_ANON, -1, 0],
    ['a guard that is a stack', EINVAL, RW, MAP_GUARD | MAP_STACK, -1, 0],
    ['a guard with rights', EINVAL, VM_PROT_READ, MAP_GUARD, -1, 0],
    ['a guard of a file', EINVAL, VM_PROT_NONE, MAP_GUARD, 0, 0],
    ['memory without a file that is not anonymous', EBADF, VM_PROT_READ, MAP_PRIVATE, -1, 0],
    ['a file that is neither private nor shared', EINVAL, VM_PROT_READ, 0, 0, 0],
    ['what is private and shared', EINVAL, VM_PROT_READ, MAP_PRIVATE | MAP_SHARED | MAP_ANON, -1, 0],
    ['anonymous memory of a file', EINVAL, VM_PROT_READ, MAP_PRIVATE | MAP_ANON, 0, 0],
    ['an offset into anonymous memory', EINVAL, VM_PROT_READ, MAP_PRIVATE | MAP_ANON, -1, P],
    ['a stack that cannot be written', EINVAL, VM_PROT_READ, MAP_STACK, -1, 0],
    ['a free place that is not fixed', EINVAL, VM_PROT_READ, MAP_PRIVATE | MAP_ANON | MAP_EXCL, -1, 0],
    ['an alignment below a page', EINVAL, VM_PROT_READ, MAP_PRIVATE | MAP_ANON | (11 << 24), -1, 0],
    ['an alignment beyond an address', EINVAL, VM_PROT_READ, MAP_PRIVATE | MAP_ANON | (64 << 24), -1, 0],
    ['writing to a file shared that is open to read', EACCES, RW, MAP_SHARED, 0, 0],
  ])('%s', (_what, errno, prot, flags, file, off) => {
    expect(mmap(prot, flags, file, off)).toBe(errno);
  });

  it('rights beyond the maximum first, then a length of 0', () => {
    expect(mmap(RW, MAP_GUARD | MAP_PRIVATE, -1, 0, VM_PROT_READ)).toBe(ENOTSUP);
    const [m, p] = fresh();
    expect(sysMmap(m, p, A, 0, RW, 0, MAP_ANON | MAP_PRIVATE, -1, 0)).toBe(EINVAL);
  });

  it('a fixed address that is not aligned, or is outside user memory', () => {
    const [m, p] = fresh();
    const at = (addr: number): number => sysMmap(m, p, addr, P, RW, 0, MAP_ANON | MAP_PRIVATE | MAP_FIXED, -1, 0);
    expect([at(A + 1), at(0), at(TOP), at(TOP - P)]).toEqual([EINVAL, EINVAL, EINVAL, 0]);
  });

  it('but accepts a guard that is fixed, exclusive, or aligned', () => {
    expect(mmap(VM_PROT_NONE, MAP_GUARD)).toBe(0);
    expect(mmap(VM_PROT_NONE, MAP_GUARD | MAP_FIXED | MAP_EXCL)).toBe(0);
    expect(mmap(VM_PROT_NONE, MAP_GUARD | (21 << 24))).toBe(0);
  });
});

describe('a range above user memory', () => {
  const beyond = TOP + 16 * P;

  it('is ignored by mprotect and minherit: the map is unchanged', () => {
    const [m, p] = fresh();
    const before = entriesOf(p.vmspace.map).map(({ start, end, protection, inheritance }) => [
      start,
      end,
      protection,
      inheritance,
    ]);
    expect(kinds(m, () => expect(sysMprotect(m, p, beyond, P, VM_PROT_READ)).toBe(0))).toEqual([]);
    expect(sysMinherit(m, p, beyond, P, 0)).toBe(0);
    expect(
      entriesOf(p.vmspace.map).map(({ start, end, protection, inheritance }) => [start, end, protection, inheritance]),
    ).toEqual(before);
  });

  it('cannot be locked, unlocked or synchronized', () => {
    const [m, p] = fresh();
    expect(sysMlock(m, p, beyond, P)).toBe(ENOMEM);
    expect(sysMunlock(m, p, beyond, P)).toBe(ENOMEM);
    expect(sysMsync(m, p, beyond, P, 0)).toBe(ENOMEM);
  });
});

describe('an empty range', () => {
  it('can always be locked, unlocked and protected, mapped or not', () => {
    const [m, p] = fresh();
    expect([sysMlock(m, p, A, 0), sysMunlock(m, p, A, 0), sysMprotect(m, p, A, 0, RW)]).toEqual([0, 0, 0]);
  });
});

describe('the page below user memory', () => {
  it('is not locked, unless something is mapped directly above it', () => {
    const [m, p] = fresh();
    expect(sysMlock(m, p, 0, P)).toBe(ENOMEM);
    mapAnon(m, p, P, 1);
    expect(sysMlock(m, p, 0, P)).toBe(0);
    expect(entryAt(p.vmspace.map, P).wiredCount).toBe(0);
  });
});

describe('wired memory that becomes writable', () => {
  it('gets its pages through the shadow chain', () => {
    const [m, p] = fresh();
    const file = fileCreate(m, 2, 'all', 'rw');
    expect(sysMmap(m, p, A, 2 * P, RW, 0, MAP_PRIVATE | MAP_FIXED, file, 0)).toBe(0);
    access(m, p, A, VM_PROT_WRITE);
    sysMprotect(m, p, A, 2 * P, VM_PROT_READ);
    expect(sysMlock(m, p, A, 2 * P)).toBe(0);
    expect(kinds(m, () => sysMprotect(m, p, A, 2 * P, RW))).toEqual(['enter', 'copy_page', 'enter']);
    const { wiredCount, residentCount } = p.vmspace.pmap.stats;
    expect(wiredCount).toBe(2);
    expect(access(m, p, A + P, VM_PROT_WRITE)).toBe(0);
    expect([m.faults, p.vmspace.pmap.stats.residentCount]).toEqual([0, residentCount]);
  });
});

describe('a shared file that fork is to copy', () => {
  it('is no longer writable through the parent: its write count is dropped when the locks are', () => {
    const [m, p] = fresh();
    const file = fileCreate(m, 2, 'all', 'rw');
    expect(sysMmap(m, p, A, 2 * P, RW, 0, MAP_SHARED | MAP_FIXED, file, 0)).toBe(0);
    const { object } = m.files[file]!;
    expect([object.writeMappings, object.refCount]).toEqual([2 * P, 1]);
    sysMinherit(m, p, A, 2 * P, 1);
    expect(kinds(m, () => sysFork(m, p))).toContain('copy');
    expect([object.writeMappings, object.refCount]).toEqual([0, 2]);
  });
});

describe('an exclusive mapping at an address in use', () => {
  it('does not change the file', () => {
    const [m, p] = fresh();
    const file = fileCreate(m, 2, 'all', 'rw');
    mapAnon(m, p, A, 1);
    expect(sysMmap(m, p, A, P, RW, 0, MAP_SHARED | MAP_FIXED | MAP_EXCL, file, 0)).toBe(ENOMEM);
    const { object } = m.files[file]!;
    expect([object.writeMappings, object.refCount]).toEqual([0, 0]);
  });
});
