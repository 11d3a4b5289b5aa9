/**
 * Runs the built-in workloads with the compiled tree it is part of, most telling first, for test/power.soak.ts. It prints
 * one line of JSON.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import type { Machine, Variant } from '../../core/index.ts';
import { checkers } from '../../harness/check/checker.ts';
import { tally } from '../../harness/compare/gate.ts';
import { type WorkloadComparison, planComparison } from '../../harness/compare/plan.ts';
import { compareWorkload } from '../../harness/compare/workload.ts';
import { knownDifferences, knownViolations } from '../../harness/findings/index.ts';
import { exportedVariant } from '../../harness/run/load.ts';
import type { RunRecord } from '../../harness/run/record.ts';
import { run } from '../../harness/run/run.ts';
import type { Workload } from '../../harness/workload/ops.ts';
import * as face from '../../variants/index.ts';
import { factsOfAll } from '../support/facts.ts';
import { type Answers, type Noticed, PASSES, builtIn, differing, planes } from './planes.ts';

const checker = checkers();
let machine: Machine | null = null;

function record(workload: Workload, variant: Variant, check: boolean): RunRecord {
  const result = run(machine, workload, variant, { check }, { checker });
  ({ machine } = result);
  return result.record;
}

/** Writes what every workload comes to, pass by pass, in `landed` with the tree as it is. */
async function answer(file: string): Promise<void> {
  const passes: Answers[number][] = [];
  for (const { check, takes } of PASSES) {
    const answers: Record<string, Record<string, string>> = {};
    for await (const workload of builtIn())
      if (takes(workload)) answers[workload.name] = planes(record(workload, face.landed, check));
    passes.push(answers);
  }
  writeFileSync(file, JSON.stringify(passes));
}

/**
 * The first workload that comes to something else than those answers. Each begins with a new machine: no reset looks for
 * all that a wrong core leaves in one.
 */
async function firstDifference(file: string): Promise<Noticed> {
  const passes = JSON.parse(readFileSync(file, 'utf8')) as Answers;
  for (const [pass, { how, check, takes }] of PASSES.entries())
    for await (const workload of builtIn()) {
      if (!takes(workload)) continue;
      const { name } = workload;
      machine = null;
      const what = differences(workload, passes[pass]![name]!, check);
      if (what !== '') return { how, workload: name, what };
    }
  return null;
}

/** What differs in a run of the workload. */
function differences(workload: Workload, expected: Readonly<Record<string, string>>, check: boolean): string {
  try {
    return differing(expected, planes(record(workload, face.landed, check)));
  } catch (error) {
    return `threw ${(error as Error).message}`;
  }
}

/** The first workload in which a variant differs from its base as nobody declared, as `compare --against BASE` judges. */
async function firstUnexpected(id: string, base: string): Promise<Noticed> {
  const file = `./${id}.js`;
  const variant = exportedVariant((await import(/* @vite-ignore */ file)) as Record<string, unknown>, id);
  const all = [...face.series, ...face.experiments];
  const reference = all.find((one) => one.id === base)!;
  const facts = factsOfAll([...all, variant]);
  for (const { how, check, takes } of PASSES) {
    const plan = planComparison([base, id], facts, {
      against: { kind: 'variant', id: base },
      ledger: check ? [...knownDifferences, ...knownViolations] : knownDifferences,
      predecessors: true,
    });
    for await (const workload of builtIn()) {
      if (!takes(workload)) continue;
      const records = [reference, variant].map((one) => record(workload, one, check));
      const compared = compareWorkload(plan, workload, records);
      const { exitCode } = tally([compared], [], { interrupted: false, wholeCatalog: false, requireExercised: false });
      if (exitCode !== 0) return { how, workload: workload.name, what: unexpectedOf(compared) };
    }
  }
  return null;
}

function unexpectedOf({ pairs, runs }: WorkloadComparison): string {
  const [{ verdict, differences: found }] = pairs;
  const what = found.filter(({ standing }) => standing === 'unexpected').map((one) => one.what);
  const faults = runs.flatMap((one) => one.faults.filter(({ standing }) => standing === 'unexpected'));
  return [verdict, ...what, ...faults.map(({ name }) => name)].join(' ');
}

const [, job, ...args] = process.argv.slice(1);
const jobs: Readonly<Record<string, () => Promise<unknown>>> = {
  answer: () => answer(args[0]!),
  core: () => firstDifference(args[0]!),
  variant: () => firstUnexpected(args[0]!, args[1]!),
};
process.stdout.write(JSON.stringify((await jobs[job!]!()) ?? null));
