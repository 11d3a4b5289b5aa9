import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  COUNTER_NAMES,
  DEFAULT_CONFIG,
  MAP_FIXED,
  MAP_PRIVATE,
  MAP_SHARED,
  type Machine,
  PAGE_SIZE,
  VM_PROT_READ,
  VM_PROT_WRITE,
  access,
  fileCreate,
  machineFor,
  pageDaemonLook,
  snapshotDigest,
  sysMadvise,
  sysMlock,
  sysMmap,
  sysMsync,
  sysMunmap,
  vmDaemonVisit,
} from '../../../core/index.ts';
import { landed } from '../../../variants/index.ts';
import { RW, calls, sixtyEntries, started } from '../../support/kernel.ts';

const A = 0x4000_0000;
const PAGES = 1300;
const MS_INVALIDATE = 2;

interface Step {
  readonly what: 'map' | 'share' | 'read' | 'write' | 'advise' | 'sync' | 'lock' | 'unmap' | 'swap' | 'unref';
  readonly page: number;
  readonly pages: number;
  readonly how: number;
}

const steps = fc.array(
  fc.record<Step>({
    what: fc.constantFrom(
      'map',
      'share',
      'read',
      'read',
      'write',
      'write',
      'advise',
      'sync',
      'lock',
      'unmap',
      'swap',
      'swap',
      'unref',
    ),
    page: fc.nat(PAGES - 1),
    pages: fc.integer({ min: 1, max: 700 }),
    how: fc.nat(5),
  }),
  { minLength: 3, maxLength: 25 },
);

/** Where frames lie decides which pv list locks are taken. */
const COMPARED = COUNTER_NAMES.flatMap((name, i) => (name === 'pvListWriteLocks' ? [] : [i]));

let machine: Machine | null = null;

/** All that one can see of a process at work on a file. */
function seen(superpages: boolean, resident: 'all' | 'even', unread: boolean, made: readonly Step[]): unknown[] {
  const m = machineFor(machine, { ...DEFAULT_CONFIG, ram: 2 ** 26, superpages }, landed.hunks);
  machine = m;
  const p = started(m, sixtyEntries());
  const file = fileCreate(m, PAGES, resident, 'rw', false, false, unread);
  const before = COMPARED.map((counter) => m.counters[counter]!);
  sysMmap(m, p, A, PAGES * PAGE_SIZE, RW, 0, MAP_PRIVATE | MAP_FIXED, file, 0);
  return made.map(({ what, page, pages, how }) => {
    const [at, bytes] = [A + page * PAGE_SIZE, Math.min(pages, PAGES - page) * PAGE_SIZE];
    const answers: number[] = [];
    const did = calls(m, () => {
      if (what === 'map' || what === 'share') {
        const flags = (what === 'map' ? MAP_PRIVATE : MAP_SHARED) | MAP_FIXED;
        answers.push(sysMmap(m, p, at, bytes, RW, 0, flags, file, page * PAGE_SIZE));
      } else if (what === 'read' || what === 'write')
        answers.push(access(m, p, at, what === 'read' ? VM_PROT_READ : VM_PROT_WRITE));
      else if (what === 'advise') answers.push(sysMadvise(m, p, at, bytes, how));
      else if (what === 'sync') answers.push(sysMsync(m, p, at, bytes, how % 2 === 0 ? 0 : MS_INVALIDATE));
      else if (what === 'swap') answers.push(vmDaemonVisit(m, p, how * pages));
      else if (what === 'unref') answers.push(pageDaemonLook(m, p), m.retval);
      else if (what === 'lock') answers.push(sysMlock(m, p, at, Math.min(bytes, 8 * PAGE_SIZE)));
      else answers.push(sysMunmap(m, p, at, bytes));
    });
    const added = COMPARED.map((counter, i) => m.counters[counter]! - before[i]!);
    return { what, answers, did, added, digest: snapshotDigest(m), resident: m.files[file]!.object.residentCount };
  });
}

describe('a file whose pages take no frame before they are looked for', () => {
  it.each([
    [false, 'all'],
    [true, 'all'],
    [false, 'even'],
  ] as const)('looks like one that lies in memory: superpages %s, resident: %s', (superpages, resident) => {
    fc.assert(
      fc.property(steps, (made) => {
        expect(seen(superpages, resident, true, made)).toEqual(seen(superpages, resident, false, made));
      }),
      { numRuns: 20 },
    );
  });

  it('may be larger than memory', () => {
    const m = machineFor(null, { ...DEFAULT_CONFIG, ram: 2 ** 24 }, landed.hunks);
    const p = started(m, sixtyEntries());
    const pages = 2 ** 30;
    const file = fileCreate(m, pages, 'all', 'rw', false, false, true);
    const offset = (pages - 16) * PAGE_SIZE;
    expect(sysMmap(m, p, A, 16 * PAGE_SIZE, RW, 0, MAP_SHARED | MAP_FIXED, file, offset)).toBe(0);
    expect(access(m, p, A + 15 * PAGE_SIZE, VM_PROT_WRITE)).toBe(0);
    expect(m.files[file]).toMatchObject({ unread: pages - 16, object: { residentCount: pages } });
  });
});
