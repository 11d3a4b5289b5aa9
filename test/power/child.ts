/**
 * Runs the built-in workloads with the compiled tree it is part of, most telling first, for test/power.soak.ts. It prints
 * one line of JSON.
 */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import type { Machine, Variant } from '../../core/index.ts';
import { checkers } from '../../harness/check/checker.ts';
import { tally } from '../../harness/compare/gate.ts';
import { type WorkloadComparison, planComparison } from '../../harness/compare/plan.ts';
import { compareWorkload } from '../../harness/compare/workload.ts';
import { knownDifferences, knownViolations } from '../../harness/findings/index.ts';
import { loadWorkload } from '../../harness/input/load.ts';
import { exportedVariant } from '../../harness/run/load.ts';
import type { RunRecord } from '../../harness/run/record.ts';
import { run } from '../../harness/run/run.ts';
import { CATALOG } from '../../harness/workload/catalog/index.ts';
import { CORPUS } from '../../harness/workload/corpus/index.ts';
import type { Workload } from '../../harness/workload/ops.ts';
import * as face from '../../variants/index.ts';
import { factsOfAll } from '../support/facts.ts';

/** Where a fault showed first, and in what; null: nowhere. */
export type Noticed = {
  readonly how: 'records' | 'check';
  readonly workload: string;
  readonly what: string;
} | null;

/** By workload: what one run came to, plane by plane. */
type Answers = Record<string, Readonly<Record<string, string>>>;

const checker = checkers();
let machine: Machine | null = null;

function record(workload: Workload, variant: Variant, check: boolean): RunRecord {
  const result = run(machine, workload, variant, { check }, { checker });
  ({ machine } = result);
  return result.record;
}

/** The catalog, then the corpus: each from the shortest on. */
async function* builtIn(): AsyncGenerator<Workload> {
  const catalog = await Promise.all(Object.keys(CATALOG).map((name) => loadWorkload(name)));
  yield* catalog.toSorted((a, b) => a.ops.length - b.ops.length);
  for (const name of Object.keys(CORPUS)) yield await loadWorkload(name, { touch: 'recorded' });
}

const hash = (parts: readonly (string | ArrayBufferView)[]): string => {
  const sum = createHash('sha1');
  for (const part of parts)
    sum.update(typeof part === 'string' ? part : new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
  return sum.digest('hex');
};

function planes({ ended, perOp, checkpoints, balance, replay, violations }: RunRecord): Record<string, string> {
  const { code, value, residentCount, wiredCount, topPages, mappedPages, excessPages } = perOp;
  return {
    ended: JSON.stringify(ended),
    outcome: hash([code, value]),
    levels: hash([residentCount, wiredCount, topPages, mappedPages, excessPages]),
    counters: hash([perOp.counterFrom, perOp.counterIndex, perOp.counterDelta]),
    map: hash(checkpoints.map(({ map }) => map)),
    tables: hash(checkpoints.map(({ tables }) => tables)),
    pmaps: hash(checkpoints.map(({ pmaps }) => pmaps)),
    balance: JSON.stringify(balance),
    replay: JSON.stringify(replay),
    violations: JSON.stringify(violations.map(({ name, op, process }) => [name, op, process])),
  };
}

/** Longer ones come last, and unchecked: their ops repeat each other, and a check after each takes long. */
const SHORT = 2000;
const isShort = ({ ops }: Workload): boolean => ops.length <= SHORT;

/** What is looked at in turn, from the cheapest on. */
const PASSES = [
  { how: 'records', check: false, takes: isShort },
  { how: 'check', check: true, takes: isShort },
  { how: 'records', check: false, takes: (workload: Workload) => !isShort(workload) },
] as const;

/** Writes what every workload comes to, pass by pass, in `landed` with the tree as it is. */
async function answer(file: string): Promise<void> {
  const passes: Answers[] = [];
  for (const { check, takes } of PASSES) {
    const answers: Answers = {};
    for await (const workload of builtIn())
      if (takes(workload)) answers[workload.name] = planes(record(workload, face.landed, check));
    passes.push(answers);
  }
  writeFileSync(file, JSON.stringify(passes));
}

/** The first workload that comes to something else than those answers. */
async function firstDifference(file: string): Promise<Noticed> {
  const passes = JSON.parse(readFileSync(file, 'utf8')) as readonly Answers[];
  for (const [pass, { how, check, takes }] of PASSES.entries())
    for await (const workload of builtIn()) {
      if (!takes(workload)) continue;
      const { name } = workload;
      const what = differences(workload, passes[pass]![name]!, check);
      if (what !== '') return { how, workload: name, what };
    }
  return null;
}

/** The planes in which a workload comes to something else, the invariants that do not hold, and how it ended early. */
function differences(workload: Workload, expected: Answers[string], check: boolean): string {
  try {
    const got = planes(record(workload, face.landed, check));
    const what = Object.keys(expected).filter((plane) => expected[plane] !== got[plane]);
    if (what.length === 0) return '';
    const named = new Set((JSON.parse(got.violations!) as string[][]).map(([name]) => name));
    return [...what, ...named, ...(/failed|panic/.test(got.ended!) ? [got.ended] : [])].join(' ');
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
