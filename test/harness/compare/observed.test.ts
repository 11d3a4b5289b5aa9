import { describe, expect, it } from 'vitest';
import { loadCr3 } from '../../../core/hw/tlb.ts';
import {
  CR3_LOADS,
  type Hunks,
  type Machine,
  MappedSpan,
  PMAP_SWITCHES,
  type Pmap,
  SOFT_FAULTS,
  SWAP_RESERVED,
  VM_PROT_READ,
  type Variant,
  access,
} from '../../../core/index.ts';
import { type PairComparison, unexpectedVerdict } from '../../../harness/compare/pair.ts';
import { planComparison } from '../../../harness/compare/plan.ts';
import { compareWorkload } from '../../../harness/compare/workload.ts';
import { knownDifferences, knownViolations } from '../../../harness/findings/index.ts';
import { run } from '../../../harness/run/run.ts';
import { parseWorkload } from '../../../harness/workload/text/parse.ts';
import { doubleCountFix, landed, series, sharedPageUnmap } from '../../../variants/index.ts';
import { factsOfAll } from '../../support/facts.ts';
import { recordOf } from '../../support/ran.ts';

/** Each of the variants against the one before it, on one workload. */
function comparePairs(text: string, variants: readonly Variant[], among: readonly Variant[] = variants) {
  const workload = parseWorkload(text, 'observed');
  const plan = planComparison(
    variants.map(({ id }) => id),
    factsOfAll(
      [...new Set([...series, ...among])].filter((one, i, all) => all.findIndex(({ id }) => id === one.id) === i),
    ),
    { against: { kind: 'previous' }, ledger: [...knownDifferences, ...knownViolations], predecessors: false },
  );
  const records = variants.map((variant) => recordOf(workload, variant));
  return compareWorkload(plan, workload, records).pairs;
}

const unexpectedIn = (pairs: readonly PairComparison[]): string[] =>
  pairs.flatMap(({ differences }) =>
    differences.filter(({ standing }) => standing === 'unexpected').map(({ what }) => what),
  );

/** landed, with these members instead. */
const planted = (hunks: Partial<Hunks>): Variant => ({
  ...landed,
  id: 'planted',
  after: 'landed',
  intends: [],
  hunks: { ...landed.hunks, ...hunks },
});

const tooEager = planted({ removeIsNoop: (_m, pmap) => pmap.stats.residentCount <= 5 });

describe('a translation that should be gone is latent, without a snapshot,', () => {
  const keep = 'machine cpus=1\na: exec bare\n';
  it('after msync invalidate', () => {
    const text = `${keep}a: mmap anon 34359738366p rw fixed 0x1000\na: write 0x200000\na: msync 0x1000 .. top invalidate\na: exit\n`;
    const [pair] = comparePairs(text, [landed, tooEager]);
    expect(pair!.verdict).toBe('latent');
    expect(unexpectedVerdict(pair!)).toBe('latent');
    expect(unexpectedIn([pair!])).toContain('mappedPages');
    expect(unexpectedIn([pair!])).not.toContain('excessPages');
  });

  it.each([
    ['munmap', 'a: munmap 0x10000000 1p\n'],
    ['mmap in its place', 'a: mmap anon 1p none fixed 0x10000000\n'],
  ])('after %s, and the map does not allow it', (_name, text) => {
    const mapped = `${keep}a: mmap phys 1p r fixed 0x10000000\na: read 0x10000000\n${text}`;
    const [pair] = comparePairs(mapped, [landed, tooEager]);
    expect(pair!.verdict).toBe('latent');
    expect(unexpectedIn([pair!])).toEqual(expect.arrayContaining(['mappedPages', 'excessPages']));
  });
});

describe('what the map does not allow', () => {
  const [RW, WIRED, NX_HI] = [0x2, 0x800, 1 << 31];
  const spanOf = (corrupt: (m: Machine, at: number) => void) => {
    const text =
      'a: exec bare\na: mmap anon 3p rw fixed 0x10000000\na: write 0x10000000 3p\na: mprotect 0x10000000 3p r\n';
    const m = run(null, parseWorkload(text, 'corrupted'), landed).machine!;
    const [vm] = m.vmspaces;
    const mapped = new MappedSpan();
    mapped.take(m, vm!, 0x10000000, 0x10002000);
    expect([mapped.pages, mapped.excess]).toEqual([2, 0]);
    corrupt(m, leafAt(m, vm!.pmap.top, 0x10000000));
    mapped.take(m, vm!, 0x10000000, 0x10002000);
    return [mapped.pages, mapped.excess];
  };
  const leafAt = (m: Machine, root: number, va: number): number => {
    let table = root;
    for (const shift of [39, 30, 21]) table = m.words[table * 1024 + (Math.floor(va / 2 ** shift) % 512) * 2]! >>> 12;
    return table * 1024 + (Math.floor(va / 4096) % 512) * 2;
  };
  it.each<[string, (m: Machine, at: number) => void, number[]]>([
    ['a right to write too many', (m, at) => (m.words[at]! |= RW), [2, 1]],
    ['a right to execute too many', (m, at) => (m.words[at + 1]! &= ~NX_HI), [2, 1]],
    ['wired without an entry that is', (m, at) => (m.words[at]! |= WIRED), [2, 1]],
    ['the page of another address', (m, at) => (m.words[at] = m.words[at + 2]!), [2, 1]],
    ['a page that is missing', (m, at) => (m.words[at] = 0), [1, 0]],
  ])('%s is counted', (_name, corrupt, expected) => expect(spanOf(corrupt)).toEqual(expected));
});

describe('the shared page given back by the process', () => {
  const exit = (machine: string, from: string): string => `${machine}\np: exec cat\np: munmap ${from}\np: exit\n`;
  const again = 'p: exec cat\np: munmap 0x7fffe0000000 .. 0x800000000000\np: exec cat\np: exit\n';
  it.each([
    ['with the stack', exit('', '0x7fffe0000000 .. 0x800000000000')],
    ['alone', exit('', '0x7ffffffff000 .. 0x800000000000')],
    ['with page-table isolation', exit('machine pti=on', '0x7fffe0000000 .. 0x800000000000')],
    ['with five levels', exit('machine la57=on', '0x7fffe0000000 .. 0x800000000000')],
    ['lowered', exit('machine lower-shared=on', '0x7fffe0000000 .. 0x7ffffffff000')],
    ['before an exec', again],
  ])('%s is as declared throughout the series', (_name, text) => {
    expect(unexpectedIn(comparePairs(text, series))).toEqual([]);
  });

  it('does not excuse a second call', () => {
    const twice: Hunks['exitBeforeVmspaceExit'] = (m, p) => {
      for (let i = 0; i < 2; i++) sharedPageUnmap.hunks.exitBeforeVmspaceExit(m, p);
    };
    const hunks = { ...sharedPageUnmap.hunks, exitBeforeVmspaceExit: twice };
    const text = exit('', '0x7fffe0000000 .. 0x800000000000');
    const unexpected = unexpectedIn(comparePairs(text, [doubleCountFix, { ...sharedPageUnmap, hunks }]));
    expect(unexpected).toEqual(expect.arrayContaining(['pmapLocks', 'delayedInvalidations', 'removeLoops']));
  });
});

describe('a child that only exits', () => {
  it('is looked at when it is made', () => {
    const counted = new WeakSet<Pmap>();
    const lopsided = planted({
      pinitTopPage(m, pmap) {
        const frame = landed.hunks.pinitTopPage(m, pmap);
        if (m.counters[SOFT_FAULTS] === 0) return frame;
        counted.add(pmap);
        pmap.stats.residentCount++;
        return frame;
      },
      releaseEnd(m, pmap) {
        if (counted.has(pmap)) pmap.stats.residentCount--;
        landed.hunks.releaseEnd(m, pmap);
      },
    });
    const text = 'a: exec sh60\na: clock\na: fork -> b\nb: exit\na: exit\n';
    const [pair] = comparePairs(text, [landed, lopsided]);
    expect(pair!.differences.map(({ what, op }) => [what, op])).toContainEqual(['residentCount', 2]);
  });
});

describe('an access', () => {
  const VA = 0x10000000;
  const machineOf = (): Machine => {
    const text = `machine pcid=off\na: exec bare\na: mmap anon 1p rw fixed 0x${VA.toString(16)}\na: write 0x${VA.toString(16)}\nb: exec bare\na: read 0x${VA.toString(16)}\n`;
    return run(null, parseWorkload(text, 'two'), landed).machine!;
  };

  it('uses the tables that CR3 names, so a wrong activation shows in its outcome', () => {
    const m = machineOf();
    const [a, b] = m.vmspaces;
    expect(access(m, m.curproc!, VA, VM_PROT_READ)).toBe(0);
    expect(m.curproc!.vmspace).toBe(a);
    loadCr3(m.cpus[0]!, b!.pmap.top, 0, false);
    expect(() => access(m, m.curproc!, VA, VM_PROT_READ)).toThrow('the access faults again and again');
  });
});

describe('the counters of costs', () => {
  const totalsOf = (text: string) => {
    const { start, totals } = recordOf(parseWorkload(text, 'counted'), landed);
    return (counter: number): number => totals[counter]! - start[counter]!;
  };

  it('count a switch and a CR3 load each time another process runs on a CPU', () => {
    const [once, thrice] = ['a: clock\n', 'a: clock\nb: clock\na: clock\n'].map((text) =>
      totalsOf(`a: exec bare\nb: exec bare\n${text}`),
    );
    for (const counter of [PMAP_SWITCHES, CR3_LOADS]) expect(thrice!(counter) - once!(counter)).toBe(2);
  });

  it('know how much swap is charged: what is mapped, and nothing when all is given back', () => {
    const charged = (text: string): number => totalsOf(`a: exec bare\n${text}`)(SWAP_RESERVED);
    expect(charged('a: mmap anon 3p rw\n') - charged('')).toBe(3 * 4096);
    expect(charged('a: mmap anon 3p r\n') - charged('')).toBe(0);
    expect(charged('a: mmap anon 3p rw -> m\na: write m 3p\na: munmap m 3p\n') - charged('')).toBe(0);
    expect(charged('a: mmap anon 3p rw\na: exit\n')).toBe(0);
  });

  it('count what is zeroed again when a revision forgets that a page is zeroed', () => {
    const forgets = planted({
      releaseTopPage: (m, pmap, frame) => landed.hunks.releaseTopPage(m, pmap, frame, false),
    });
    const [pair] = comparePairs('a: exec bare\na: exit\nb: exec bare\nb: exit\n', [landed, forgets]);
    expect(unexpectedIn([pair!])).toContain('pagesZeroed');
  });
});
