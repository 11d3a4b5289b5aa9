import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Machine, Variant } from '../../../core/index.ts';
import { checkers } from '../../../harness/check/checker.ts';
import { INVARIANTS } from '../../../harness/check/invariants.ts';
import { knownIn } from '../../../harness/declare/declarations.ts';
import { knownViolations } from '../../../harness/findings/index.ts';
import { loadWorkload } from '../../../harness/input/load.ts';
import type { RunRecord } from '../../../harness/run/record.ts';
import { run } from '../../../harness/run/run.ts';
import type { MakeChecker } from '../../../harness/run/session.ts';
import type { Workload } from '../../../harness/workload/ops.ts';
import { parseWorkload } from '../../../harness/workload/text/parse.ts';
import { baseline, d33276, landed, series, toplevelAccounting } from '../../../variants/index.ts';
import { workloads } from '../workload/arbitrary.ts';
import { FAULTS } from './faults.ts';
import { LIVE } from './plant.ts';
import { SWEEP_FAULTS } from './sweep-faults.ts';

/** More of them, and longer ones: npm run soak. */
const RANDOM = 200;

const checker = checkers();
let machine: Machine | null = null;

function checked(workload: Workload, variant: Variant, make: MakeChecker = checker): RunRecord {
  const result = run(machine, workload, variant, { check: true }, { checker: make });
  ({ machine } = result);
  return result.record;
}

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

/** Invariants broken in a run that no finding of the variant or of one before it names. */
function unknown({ variant, violations }: RunRecord): string[] {
  const ids = [...series, d33276].map(({ id }) => id);
  const line = ids.slice(0, ids.indexOf(variant) + 1);
  const names = new Set(knownIn(line, knownViolations).map(({ what }) => what));
  return violations
    .filter(({ name }) => !names.has(name))
    .map(({ name, op, process, expected, got }) => `${name} of ${process} after op ${op}: ${expected}, got ${got}`);
}

describe('a checked machine', () => {
  it('is sound before anything is planted', () => {
    for (const workload of [LIVE, ...FAULTS.flatMap((fault) => fault.workload ?? [])])
      expect(checked(parseWorkload(workload, 'live'), d33276).violations).toEqual([]);
  });

  it.each(FAULTS)('$invariant notices $what', ({ invariant, plant, workload = LIVE }) => {
    const live = parseWorkload(workload, 'live');
    const { ended, violations } = checked(live, baseline, finding(live.ops.length - 1, plant));
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

  it('has a planted fault, or a revision that is at fault, for every invariant', () => {
    const shown = new Set<string>([
      ...[...FAULTS, ...SWEEP_FAULTS].map(({ invariant }) => invariant),
      ...knownViolations.map(({ what }) => what),
    ]);
    expect(Object.keys(INVARIANTS).filter((name) => !shown.has(name))).toEqual([]);
  });

  it('has an invariant for every item of the references but the one that says what does not hold', () => {
    const cited = new Set<string>();
    for (const [, source] of Object.values(INVARIANTS)) {
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

  it('says what stands once, and again only when it changes', () => {
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

describe('the revisions', () => {
  const N1 =
    'machine superpages=on\np: exec sh60\np: mmap anon 4M rw fixed 0x1000000000\np: write 0x1000000000 4M\np: munmap 0x1000000000 4M\np: exit\n';

  it.each([...series, d33276])('$id: released reserved pages are caught by the invariants alone', (variant) => {
    const { violations } = checked(parseWorkload(N1, 'n1'), variant);
    const leaks = violations.filter(({ name }) => name === 'reserved-pt-page-count');
    expect(leaks.map(({ op, expected, got }) => [op, Number(got) - Number(expected)])).toEqual(
      variant.id === 'd33276' ? [] : [[3, 2]],
    );
  });

  const SOME = ['vfork-execfail', 'rfork-peers-two-cpus', 'exec-touched-pti', 'mlocked-exit', 'superpage-exit'];

  it.each([...series, d33276])('$id: what else is broken is in the ledger', async (variant) => {
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
  }, 60_000);
});
