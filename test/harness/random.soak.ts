/**
 * Tens of thousands of random workloads through the compiled program: invariants after every op, and the n-way
 * comparison of the series. SOAK=0.01 in the environment runs a hundredth of them; SEED=N starts from a seed other than
 * 1.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import type { Machine, Variant } from '../../core/index.ts';
import type { WorkloadComparison } from '../../harness/compare/plan.ts';
import type { RunRecord } from '../../harness/run/record.ts';
import type { MakeChecker } from '../../harness/run/session.ts';
import type { Workload } from '../../harness/workload/ops.ts';
import { builtProgram } from '../support/built.ts';
import type { Modules } from '../support/pieces.ts';

const SHARE = Number(process.env.SOAK ?? 1);
const SEED = Number(process.env.SEED ?? 1);
const CHECKED = Math.ceil(10_000 * SHARE);
const COMPARED = Math.ceil(100_000 * SHARE);
const WITH_WHAT_IFS = Math.ceil(5_000 * SHARE);

const MACHINES = [
  '',
  'pti=on',
  'cpus=3',
  'superpages=on ram=256M',
  'cpus=2 pti=on pcid=off',
  'lower-shared=on',
  'la57=on',
  'cpus=2 pti=on superpages=on ram=256M',
];

let program: Modules;
let checker: MakeChecker;
beforeAll(async () => {
  program = await builtProgram();
  checker = program.checkers();
});

let machine: Machine | null = null;

function record(workload: Workload, variant: Variant, check: boolean): RunRecord {
  const result = program.run(machine, workload, variant, { check }, { checker });
  ({ machine } = result);
  return result.record;
}

const workloadOf = (seed: number, choices: number): Workload =>
  program.generateWorkload(seed, { machine: MACHINES[seed % MACHINES.length]!, choices });

function say(what: string, count: number, ops: number, start: number): void {
  const seconds = (performance.now() - start) / 1000;
  const rate = (count / seconds).toFixed(1);
  console.log(`${what}: ${count} workloads, ${ops} ops in ${seconds.toFixed(0)} s, ${rate} workloads/s`);
}

describe('random workloads', () => {
  it(`keep every invariant: ${CHECKED} of them`, () => {
    const { face, knownIn, knownViolations } = program;
    const variants = [...face.series, face.d33276];
    const start = performance.now();
    let ops = 0;
    for (let seed = SEED; seed < SEED + CHECKED; seed++) {
      const at = seed % variants.length;
      const { violations, ended, ...done } = record(workloadOf(seed, 60), variants[at]!, true);
      ops += done.ops;
      const line = [...face.series, face.d33276].slice(0, at + 1).map(({ id }) => id);
      const named = knownIn(line, knownViolations);
      const unknown = violations.filter(({ name }) => !named.some(({ what }) => what === name));
      expect({ seed, unknown, failed: ended.kind === 'failed' ? ended : null }).toEqual({
        seed,
        unknown: [],
        failed: null,
      });
    }
    say('checked', CHECKED, ops, start);
  });

  /** Undeclared differences between any two variants that the plans compare, over this many workloads. */
  function compareAll(what: string, variants: readonly Variant[], references: readonly string[], count: number): void {
    const { planComparison, compareWorkload, factsOfAll, knownDifferences } = program;
    const facts = factsOfAll(variants);
    const plans = references.map((id) =>
      planComparison(
        variants.map((variant) => variant.id),
        facts,
        { against: { kind: 'variant', id }, ledger: knownDifferences, predecessors: true },
      ),
    );
    const start = performance.now();
    let ops = 0;
    for (let seed = SEED; seed < SEED + count; seed++) {
      const workload = workloadOf(seed, 40);
      const records = variants.map((variant) => record(workload, variant, false));
      ops += workload.ops.length;
      const unexpected = plans.flatMap((plan) => unexpectedOf(compareWorkload(plan, workload, records)));
      expect({ seed, unexpected }).toEqual({ seed, unexpected: [] });
    }
    say(what, count, ops, start);
  }

  const unexpectedOf = ({ pairs, predecessors, runs }: WorkloadComparison): string[] => [
    ...[...pairs, ...predecessors].flatMap(({ reference, candidate, differences, failures }) => [
      ...differences
        .filter(({ standing }) => standing === 'unexpected')
        .map(({ what, op, amount }) => `${candidate} after ${reference}: ${what} by ${amount?.total} from op ${op} on`),
      ...failures.map(({ variant, failure }) => `${variant}: ${failure.message}`),
    ]),
    ...runs.flatMap(({ variant, faults }) =>
      faults.filter(({ standing }) => standing === 'unexpected').map(({ name }) => `${variant}: ${name}`),
    ),
  ];

  it(`differ between revisions as declared: ${COMPARED} of them`, () => {
    compareAll('compared, five revisions each', program.face.series, ['baseline'], COMPARED);
  });

  it(`differ between revisions and what-ifs as declared, against baseline and landed: ${WITH_WHAT_IFS} of them`, () => {
    const { series, experiments } = program.face;
    compareAll('compared, what-ifs too', [...series, ...experiments], ['baseline', 'landed'], WITH_WHAT_IFS);
  });
});
