/**
 * Runs the built-in workloads with the compiled tree it is part of, most telling first, for test/power.soak.ts. It prints
 * one line of JSON.
 */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import type { Machine, Variant } from '../../core/index.ts';
import { checkers } from '../../harness/check/checker.ts';
import { tally } from '../../harness/compare/gate.ts';
import { planComparison } from '../../harness/compare/plan.ts';
import { compareWorkload } from '../../harness/compare/workload.ts';
import { knownDifferences, knownViolations } from '../../harness/findings/index.ts';
import { loadWorkload } from '../../harness/input/load.ts';
import { exportedVariant } from '../../harness/run/load.ts';
import type { RunRecord } from '../../harness/run/record.ts';
import { run } from '../../harness/run/run.ts';
import { CATALOG } from '../../harness/workload/catalog/index.ts';
import { CORPUS } from '../../harness/workload/corpus/index.ts';
import type { Workload } from '../../harness/workload/ops.ts';
import { parseWorkload } from '../../harness/workload/text/parse.ts';
import * as face from '../../variants/index.ts';
import { factsOfAll } from '../support/facts.ts';

/** Where a fault showed first, and in what; null: nowhere. */
export type Noticed = { readonly workload: string; readonly what: string } | null;

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

/** Workloads whose checks take too long: one op after another repeats the same. */
const MOST_CHECKED_OPS = 2000;

/** Writes what every workload comes to, in `landed` with the tree as it is, without checks and with them. */
async function answer(file: string): Promise<void> {
  const [plain, checked]: [Answers, Answers] = [{}, {}];
  for await (const workload of builtIn()) {
    plain[workload.name] = planes(record(workload, face.landed, false));
    if (workload.ops.length <= MOST_CHECKED_OPS) checked[workload.name] = planes(record(workload, face.landed, true));
  }
  writeFileSync(file, JSON.stringify({ plain, checked }));
}

/** The first workload that comes to something else than those answers. */
async function firstDifference(file: string, check: boolean): Promise<Noticed> {
  const { plain, checked } = JSON.parse(readFileSync(file, 'utf8')) as {
    readonly plain: Answers;
    readonly checked: Answers;
  };
  const expected = check ? checked : plain;
  for await (const workload of builtIn()) {
    const truth = expected[workload.name];
    if (truth === undefined) continue;
    let got: Record<string, string>;
    try {
      got = planes(record(workload, face.landed, check));
    } catch (error) {
      return { workload: workload.name, what: `threw ${(error as Error).message}` };
    }
    const what = Object.keys(truth).filter((plane) => truth[plane] !== got[plane]);
    const named = check ? new Set((JSON.parse(got.violations!) as string[][]).map(([name]) => name)) : [];
    if (what.length === 0) continue;
    const failed = /failed|panic/.test(got.ended!) ? got.ended! : '';
    return { workload: workload.name, what: [...what, ...named, failed].join(' ').trim() };
  }
  return null;
}

/** The first workload in which a variant differs from its base as nobody declared, as `compare --against BASE` judges. */
async function firstUnexpected(id: string, base: string, check: boolean, own: string): Promise<Noticed> {
  const file = `./${id}.js`;
  const variant = exportedVariant((await import(/* @vite-ignore */ file)) as Record<string, unknown>, id);
  const all = [...face.series, ...face.experiments];
  const plan = planComparison([base, id], factsOfAll([...all, variant]), {
    against: { kind: 'variant', id: base },
    ledger: check ? [...knownDifferences, ...knownViolations] : knownDifferences,
    predecessors: true,
  });
  const reference = all.find((one) => one.id === base)!;
  const workloads = own === '' ? builtIn() : [parseWorkload(readFileSync(own, 'utf8'), id)];
  for await (const workload of workloads) {
    if (check && workload.ops.length > MOST_CHECKED_OPS) continue;
    const records = [reference, variant].map((one) => record(workload, one, check));
    const compared = compareWorkload(plan, workload, records);
    const { exitCode } = tally([compared], [], { interrupted: false, wholeCatalog: false, requireExercised: false });
    if (exitCode === 0) continue;
    const [pair] = compared.pairs;
    const { verdict, differences } = pair!;
    const faults = compared.runs.flatMap((one) => one.faults.filter(({ standing }) => standing === 'unexpected'));
    const what = differences.filter(({ standing }) => standing === 'unexpected').map((one) => one.what);
    return { workload: workload.name, what: [verdict, ...what, ...faults.map(({ name }) => name)].join(' ') };
  }
  return null;
}

const [, job, ...args] = process.argv.slice(1);
const jobs: Readonly<Record<string, () => Promise<unknown>>> = {
  answer: () => answer(args[0]!),
  core: () => firstDifference(args[0]!, args[1] === 'check'),
  variant: () => firstUnexpected(args[0]!, args[1]!, args[2] === 'check', args[3] ?? ''),
};
process.stdout.write(JSON.stringify((await jobs[job!]!()) ?? null));
