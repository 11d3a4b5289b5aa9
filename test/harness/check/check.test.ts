import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Machine, Variant } from '../../../core/index.ts';
import { checkers } from '../../../harness/check/checker.ts';
import { INVARIANTS, type InvariantName } from '../../../harness/check/invariants.ts';
import { knownIn } from '../../../harness/declare/declarations.ts';
import { knownViolations } from '../../../harness/findings/index.ts';
import { loadWorkload } from '../../../harness/input/load.ts';
import { OUTCOME_STOPPED, type RunRecord } from '../../../harness/run/record.ts';
import { run } from '../../../harness/run/run.ts';
import type { MakeChecker } from '../../../harness/run/session.ts';
import type { Workload } from '../../../harness/workload/ops.ts';
import { parseWorkload } from '../../../harness/workload/text/parse.ts';
import { baseline, d33276, landed, series, toplevelAccounting } from '../../../variants/index.ts';
import { recordOf } from '../../support/ran.ts';
import { workloads } from '../workload/arbitrary.ts';
import { FAULTS } from './faults.ts';
import { LIVE } from './plant.ts';
import { SWEEP_FAULTS } from './sweep-faults.ts';

/** `npm run soak` runs more and longer ones. */
const RANDOM = 200;

const checker = checkers();

const checked = (workload: Workload, variant: Variant): RunRecord =>
  recordOf(workload, variant, { check: true }, { checker });

/** On a machine of its own: what is planted behind the kernel's back, no reset clears. */
const plantedIn = (workload: Workload, variant: Variant, make: MakeChecker): RunRecord =>
  run(null, workload, variant, { check: true }, { checker: make }).record;

/** A checker that finds the state changed by `plant` after op `op`. */
const finding =
  (op: number, plant: (m: Machine) => void): MakeChecker =>
  (given) => {
    const { after, violations, sweep } = bound(checker(given));
    return {
      violations,
      sweep,
      after(moment, isChecked) {
        if (moment.op === op) plant(given.m);
        after(moment, isChecked && moment.op >= op - 1);
      },
    };
  };

const bound = (made: ReturnType<MakeChecker>): ReturnType<MakeChecker> => ({
  violations: made.violations,
  after: (moment, isChecked) => made.after(moment, isChecked),
  sweep: (p, vm, clear) => made.sweep(p, vm, clear),
});

/** Invariants broken in a run that are not named by any finding of the variant or of an earlier one. */
function unknown({ variant, violations }: RunRecord): string[] {
  const ids = [...series, d33276].map(({ id }) => id);
  const line = ids.slice(0, ids.indexOf(variant) + 1);
  const names = new Set(knownIn(line, knownViolations).map(({ what }) => what));
  return violations
    .filter(({ name }) => !names.has(name))
    .map(({ name, op, process, expected, got }) => `${name} of ${process} after op ${op}: ${expected}, got ${got}`);
}

it.each([
  [1, 1],
  [4, 4],
  [64, 7],
])('with checkEach %i invariants are checked after one op in so many, and at checkpoints', (checkEach, op) => {
  const workload = parseWorkload(`a: exec sh60\n${'a: clock\n'.repeat(6)}a: exit\n`, 'w');
  const breaking: MakeChecker = (given) => {
    const { after, violations, sweep } = bound(checker(given));
    return {
      violations,
      sweep,
      after(moment, isChecked) {
        if (moment.op === 1) given.m.vmspace0!.refcnt++;
        after(moment, isChecked);
      },
    };
  };
  const { record } = run(null, workload, landed, { check: true, checkEach }, { checker: breaking });
  expect(record.violations.map(({ name, op: first }) => [name, first])).toEqual([['vmspace0-references', op]]);
});

it('a shared page that a child copies and then shares on is its own business', () => {
  const lines = `a: exec sh60
a: minherit shared 1p copy
a: fork -> b
b: minherit shared 1p share
b: fork -> c
c: clock
`;
  expect(checked(parseWorkload(lines, 'w'), landed).violations).toEqual([]);
});

it('a page of an object that backs a shared one is mapped once by each who shares', () => {
  const lines = `a: exec bare
a: mmap anon 2p rw -> m
a: write m 2p
a: fork -> b
b: exit
a: wait b
a: minherit m 1p none
a: minherit m+1p 1p share
a: fork -> c
`;
  expect(checked(parseWorkload(lines, 'w'), landed).violations).toEqual([]);
});

/**
 * The checker was written from two lists of invariants, one for the pmap (6.x) and one for the VM (5.x). For each
 * invariant, the list items it asserts.
 */
const ITEMS: Readonly<Record<InvariantName, string>> = {
  'resident-count': 'pmap 6.1, vm 5.17',
  'user-pt-page-count': 'pmap 6.2',
  'reserved-pt-page-count': 'pmap 6.2',
  'wired-count': 'pmap 6.3',
  'kernel-pmap': 'pmap 2.3',
  'no-tables-without-leaves': 'pmap 6.28, vm 5.18',
  'early-exit': 'pmap 6.28, vm 5.19',
  'remove-calls': 'vm 5.27',
  'pmap-released': 'pmap 6.29, vm 5.24',
  'table-references': 'pmap 6.4, vm 5.18',
  'table-links': 'pmap 6.5',
  'table-index': 'pmap 6.6',
  'table-entry': 'pmap 6.20',
  'user-root': 'pmap 6.31, 6.5',
  'root-kernel-slots': 'pmap 6.19',
  'reserved-tables': 'pmap 6.7',
  'leaf-bits': 'pmap 6.20',
  'leaf-frame': 'pmap 6.22',
  'leaf-key': 'pmap 6.23',
  'leaf-managed': 'pmap 6.12, vm 5.13',
  'superpage-wired': 'pmap 6.9',
  'superpage-clean': 'pmap 6.10',
  'freed-frame': 'pmap 6.17, vm 5.14',
  'page-writeable': 'pmap 6.16',
  'dirty-pages': 'pmap 6.21',
  'pv-entries': 'pmap 6.11, 6.12, 6.13',
  'pv-lists': 'pmap 6.14',
  'pv-chunks': 'pmap 6.14',
  'pv-entry-count': 'pmap 6.15',
  'pv-page-count': 'pmap 6.15',
  'tlb-entry': 'pmap 6.24',
  'paging-structure-cache': 'pmap 6.24',
  'pmap-active': 'pmap 6.25',
  'cpu-roots': 'pmap 6.31',
  pcid: 'pmap 6.26',
  'delayed-invalidation': 'pmap 6.27',
  'page-references': 'pmap 6.17, 6.30',
  'free-pages': 'pmap 6.17, 6.18',
  'page-wirings': 'vm 5.6',
  'zeroed-frees': 'pmap 6.18',
  'full-runs': 'vm 8',
  'map-order': 'vm 5.1',
  'map-counts': 'vm 5.2',
  'map-tree': 'vm 5.3',
  'map-max-free': 'vm 5.3',
  'entry-protection': 'vm 5.4',
  'entry-guard': 'vm 5.4',
  'entry-copy': 'vm 5.5',
  'entry-wiring': 'vm 5.6',
  'user-wired-count': 'vm 5.6',
  'swap-reserved': 'vm 5.10',
  'map-timestamp': 'vm 5.7',
  'map-locks': 'vm 5.8',
  'object-references': 'vm 5.9, 5.10',
  'object-shadows': 'vm 5.9',
  'object-chain': 'vm 5.11',
  'object-one-mapping': 'vm 5.12',
  'object-pages': 'vm 5.13',
  'shared-page': 'vm 5.10',
  'leaf-in-entry': 'vm 5.15',
  'leaf-page': 'vm 5.15',
  'leaf-stale': 'vm 5.15',
  'leaf-rights': 'vm 5.16',
  'leaf-wired': 'vm 5.16',
  'vmspace-references': 'vm 5.21',
  'vmspace0-references': 'vm 5.22',
  'removed-pages': 'vm 5.20',
  'removed-pages-where': 'vm 5.23',
  'sweep-calls': 'vm 5.27',
  'vfork-wait': 'vm 5.25',
  'shared-page-entry': 'vm 5.26',
  'shared-page-signal': 'vm 5.28',
};

describe('a checked machine', () => {
  it('is sound before anything is planted', () => {
    for (const workload of [LIVE, ...FAULTS.flatMap((fault) => fault.workload ?? [])])
      expect(checked(parseWorkload(workload, 'live'), d33276).violations).toEqual([]);
  });

  it.each(FAULTS)('$invariant notices $what', ({ invariant, plant, workload = LIVE }) => {
    const live = parseWorkload(workload, 'live');
    const { ended, violations } = plantedIn(live, baseline, finding(live.ops.length - 1, plant));
    expect(ended.kind).toBe('done');
    expect(violations.map(({ name }) => name)).toContain(invariant);
    expect(new Set(violations.map(({ op }) => op))).toEqual(new Set([live.ops.length - 1]));
  });

  it.each(SWEEP_FAULTS)('$invariant notices $what', ({ invariant, hunks, workload }) => {
    const { violations } = checked(parseWorkload(workload, 'swept'), {
      ...baseline,
      hunks: { ...baseline.hunks, ...hunks },
    });
    expect(violations.map(({ name }) => name)).toContain(invariant);
  });

  it('has a planted fault, or a faulty revision, for every invariant', () => {
    const shown = new Set<string>([
      ...[...FAULTS, ...SWEEP_FAULTS].map(({ invariant }) => invariant),
      ...knownViolations.map(({ what }) => what),
    ]);
    expect(Object.keys(INVARIANTS).filter((name) => !shown.has(name))).toEqual([]);
  });

  it('has an invariant for every item of the lists except the one that states what does not hold', () => {
    const cited = new Set<string>();
    for (const source of Object.values(ITEMS)) {
      let book = '';
      for (const part of source.split(', ')) {
        const [, named, place] = /^(?:(pmap|vm) )?([\d.]+)$/.exec(part)!;
        book = named ?? book;
        cited.add(`${book} ${place}`);
      }
    }
    const items = [
      ...Array.from({ length: 31 }, (_none, i) => `pmap 6.${i + 1}`),
      ...Array.from({ length: 28 }, (_none, i) => `vm 5.${i + 1}`),
    ];
    expect(items.filter((item) => !cited.has(item))).toEqual(['pmap 6.8']);
  });

  it('names the kernel function that maintains each invariant', () => {
    for (const [name, [, source]] of Object.entries(INVARIANTS)) expect(source, name).toMatch(/^\w+\.[ch] \w+/);
  });

  it('reports a lasting violation once, and again only when it changes', () => {
    const workload = parseWorkload(
      'p: exec sh60\np: clock\np: clock\np: fork -> c\np: clock\nc: exit\np: exit\n',
      'two',
    );
    const { violations } = checked(workload, toplevelAccounting);
    expect(violations.map(({ name, op }) => `${name} ${op}`)).toEqual([
      'user-pt-page-count 0',
      'user-pt-page-count 3',
      'user-pt-page-count 5',
    ]);
  });

  it('needs a checker', () => {
    expect(() => run(null, parseWorkload(LIVE, 'live'), landed, { check: true })).toThrow('expected a checker');
  });
});

describe('an exit that is stopped', () => {
  const stopped = (points: readonly string[], cpus: number): string =>
    [
      `machine cpus=${cpus}`,
      'p: exec sh60',
      'p: clock',
      'p: fork -> c',
      'p: rfork mem -> s',
      's: exit',
      ...points.flatMap((point, i) => [`p: stop ${point}`, i === 0 ? 'p: exit' : 'p: go', `c@${cpus - 1}: write data`]),
      'p: go',
      'c: clock  => ok',
      'c: exit',
    ].join('\n');
  const POINTS = ['refcnt-tested', 'pages-removed', 'vmspace0-active'];

  it.each([1, 2])('is sound at each of its points and after it, on %i CPUs', (cpus) => {
    for (const points of [POINTS, ...POINTS.map((point) => [point])]) {
      const workload = parseWorkload(stopped(points, cpus), 'stopped');
      const { ended, violations, perOp } = checked(workload, landed);
      expect([ended.kind, violations]).toEqual(['done', []]);
      const codes = [...perOp.code].filter((code) => code === OUTCOME_STOPPED);
      expect(codes).toHaveLength(points.length);
    }
  });

  it.each(['pages-removed', 'vmspace0-active'])('is not, if it keeps its reference at %s', (point) => {
    const workload = parseWorkload(stopped([point], 1), 'stopped');
    const { violations } = plantedIn(
      workload,
      landed,
      finding(6, (m) => void [...m.vmspaces].find(({ refcnt }) => refcnt === 0)!.refcnt++),
    );
    expect(violations.map(({ name, op }) => `${name} ${op}`)).toContain('vmspace-references 6');
  });
});

describe('the revisions', () => {
  const N1 =
    'machine superpages=on\np: exec sh60\np: mmap anon 4M rw fixed 0x1000000000\np: write 0x1000000000 4M\np: munmap 0x1000000000 4M\np: exit\n';

  it.each([...series, d33276])('$id: only the invariants catch saved page table pages that are freed', (variant) => {
    const { violations } = checked(parseWorkload(N1, 'n1'), variant);
    const leaks = violations.filter(({ name }) => name === 'reserved-pt-page-count');
    expect(leaks.map(({ op, expected, got }) => [op, Number(got) - Number(expected)])).toEqual(
      variant.id === 'd33276' ? [] : [[3, 2]],
    );
  });

  const SOME = ['vfork-execfail', 'rfork-peers-two-cpus', 'exec-touched-pti', 'mlocked-exit', 'superpage-exit'];

  it.each([...series, d33276])('$id: any other violation is in the ledger', async (variant) => {
    for (const name of SOME) expect(unknown(checked(await loadWorkload(name), variant))).toEqual([]);
  });

  it('break nothing else in random workloads', () => {
    const variants = fc.constantFrom(...series, d33276);
    fc.assert(
      fc.property(workloads({ choices: 14 }), variants, ({ workload }, variant) => {
        expect(unknown(checked(workload, variant))).toEqual([]);
      }),
      { numRuns: RANDOM, seed: 32569 },
    );
  });
});
