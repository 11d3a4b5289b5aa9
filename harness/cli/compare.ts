/**
 * `pmapdiff compare`: every selected workload through every selected revision, and what differs.
 */
import { type Chosen, isBuiltIn, isPatch } from '../columns/chosen.ts';
import type { Column } from '../columns/column.ts';
import { builtInFacts, factsAround } from '../columns/facts.ts';
import { factsOfFile, withColumns } from '../columns/open.ts';
import { type OnOutput } from '../columns/own.ts';
import { DEFAULT_LIMITS, type ProcessLimits } from '../columns/process.ts';
import { EXIT_HARNESS, EXIT_INTERRUPTED, EXIT_OK } from '../compare/gate.ts';
import type { JudgeOptions } from '../compare/judge.ts';
import { planComparison } from '../compare/plan.ts';
import type { WorkloadDone } from '../compare/run-comparison.ts';
import { knownDifferences, knownViolations } from '../findings/index.ts';
import { OutputFile, refuseSame } from '../output-file.ts';
import type { CompareReport } from '../report/compare/model.ts';
import { FORMATS } from '../report/formats.ts';
import type { Asked, Joined } from '../shard/part.ts';
import { type Shard, placesOf } from '../shard/shard.ts';
import { Answer } from './answer.ts';
import { type Asking, type CompareRequest, answerOf, filesOf } from './compare-answer.ts';
import { noteRepairs, openInputs, runHere, runInPool } from './compare-run.ts';
import { UsageError, flagOf, inFile, secondsOf } from './errors.ts';
import { dayOf, misspelt, readExpected } from './expect.ts';
import { Interrupt } from './interrupt.ts';
import { type PatchOptions, choosePatches, filesOfPatches, withPatches } from './patches.ts';
import { Progress } from './progress.ts';
import { type PoolOptions, isPooled, lostText, openPool } from './queue.ts';
import {
  allWorkloadNames,
  builtInIds,
  chooseAgainst,
  chooseFailOn,
  chooseMachine,
  chooseTouch,
  chooseVariants,
} from './select.ts';
import { askedOf, chooseShard, refuseOtherColumns, writePart } from './shard.ts';

export interface CompareOptions extends PatchOptions, PoolOptions {
  readonly workload?: readonly string[];
  readonly variants?: string;
  readonly variant?: readonly string[];
  readonly against?: string;
  readonly touch?: string;
  readonly machine?: readonly string[];
  readonly failOn?: string;
  readonly expect?: string;
  readonly today?: string;
  readonly requireExercised?: boolean;
  readonly timeLimit?: string;
  readonly check?: boolean;
  readonly quiet?: boolean;
  readonly save?: string;
  readonly baseline?: string;
  readonly shard?: string;
  /** a page to write */
  readonly html?: string;
  readonly junit?: string;
}

const DEFAULT_TIME_LIMIT = 10;

/** `pmapdiff page`: the comparison as a page, and nothing on stdout. */
export async function pageCommand({
  output,
  from,
  ...options
}: CompareOptions & { readonly output: string; readonly from?: string }): Promise<number> {
  if (from === undefined) return compare({ ...options, html: output }, null);
  // `cache` is there by default.
  const given = Object.keys(options).find((name) => name !== 'cache');
  if (given !== undefined)
    throw new UsageError(`page --from ${from}: expected only --output beside it, got ${flagOf(given)}`);
  await (await import('./page.ts')).writeSavedPage(new OutputFile(output, [from], output), from);
  return EXIT_OK;
}

/** joined: what shards have done; it is not run again. */
export async function compareCommand(
  options: CompareOptions,
  joined: Joined<WorkloadDone> | null = null,
): Promise<number> {
  if (options.html === '-') throw new UsageError('--html -: expected a file, as the answer is on stdout');
  return compare(options, new Answer('compare', FORMATS.compare, options, filesReadBy(options, joined)), joined);
}

/** answer: where the report goes; null: to the page alone. */
async function compare(
  options: CompareOptions,
  answer: Answer<CompareReport> | null,
  joined: Joined<WorkloadDone> | null = null,
): Promise<number> {
  const { html } = options;
  const page = html === undefined ? null : new OutputFile(html, filesReadBy(options, joined), html);
  refuseSame(filesWrittenBy(options));
  const shard = chooseShard('compare', options);
  const { named, ...request } = await requestOf(options);
  const { reading, leastMs } = request;
  const progress = new Progress();
  const isSaved = options.save !== undefined || options.baseline !== undefined;
  const saved = isSaved
    ? await (await import('./saved.ts')).openSaved(options, filesReadBy({ ...options, baseline: '' }, joined))
    : null;
  const limits = { ...DEFAULT_LIMITS, loadMs: leastMs };
  const chosen = await withReference(named, { against: options.against, onOutput: progress.onOutput, limits });
  const names = options.workload ?? [];
  const asked = names.length > 0 ? names : allWorkloadNames();
  const isShared =
    isPooled(options, {
      isSharable:
        saved === null &&
        answer?.format !== 'suggest' &&
        (options.queue === undefined ? asked.length > 1 && areBuiltIn(chosen, asked) : options.machine === undefined),
      expected: 'workloads by name or as text, without --machine, --save, --baseline and --suggest',
    }) && joined === null;
  const inputs =
    joined === null ? await openInputs(asked, reading, { isShared, isWhole: shard !== null, progress }) : [];
  const comparison: Comparison = {
    options,
    answer,
    page,
    shard,
    joined,
    request,
    progress,
    saved,
    chosen,
    isNamed: names.length > 0,
    asked,
    inputs,
    isShared,
  };
  return withColumns(chosen, progress.onOutput, (columns) => compareColumns(comparison, columns), {
    limits,
    warns: false,
    types: true,
    strict: options.strict === true,
  });
}

/** A comparison that was asked for. */
interface Comparison extends Asking {
  readonly options: CompareOptions;
  readonly shard: Shard | null;
  readonly joined: Joined<WorkloadDone> | null;
  /** workloads were given */
  readonly isNamed: boolean;
  readonly isShared: boolean;
}

async function compareColumns(comparison: Comparison, columns: readonly Column[]): Promise<number> {
  const { options, answer, shard, joined, request, progress, chosen, asked, inputs, isShared } = comparison;
  const { reading, leastMs, check, judging } = request;
  const ids = columns.map(({ facts }) => facts.id);
  const facts = factsAround(columns.map((column) => column.facts));
  const against = chooseAgainst(options.against ?? (isPatchesAlone(options) ? 'previous' : undefined), ids, facts);
  const heads = joined?.results.map(({ head }) => head) ?? inputs.flatMap(({ head }) => head ?? []);
  const tried = [...heads.map(({ name }) => name), ...allWorkloadNames()];
  misspelt(judging.entries, [...ids, ...builtInIds()], tried).forEach(progress.onOutput);
  const files = filesOf(chosen, ids);
  const fitted = ids.filter((id, i) => id in files || isPatch(chosen[i]));
  const plan = planComparison(ids, facts, {
    against,
    ledger: check ? [...knownDifferences, ...knownViolations] : knownDifferences,
    predecessors: true,
    ...(answer?.format === 'suggest' ? { fitted } : {}),
    atHand: builtInFacts.map(({ id }) => id),
  });
  const shardAsked = (): Asked => askedOf('compare', options, { columns, chosen, jobs: asked });
  if (joined !== null) refuseOtherColumns(joined.asked, shardAsked());
  const places =
    shard === null
      ? [...asked.keys()]
      : placesOf(
          shard,
          heads.map(({ length }) => length),
        );
  const interrupt = new Interrupt(columns);
  const shared = await openPool(options, isShared, { interrupt, progress });
  const running = { plan, columns, against, reading, check, leastMs, interrupt, progress };
  const run = async (): Promise<readonly WorkloadDone[]> => {
    if (joined !== null) return joined.results;
    const some = places.map((at) => inputs[at]);
    if (shared.pool !== null) return runInPool(shared.pool, some, running);
    return runHere(some, running, { ...comparison, heads });
  };
  const done = await run().finally(async () => {
    interrupt.off();
    await shared.close();
  });
  if (joined !== null || shared.pool !== null) noteRepairs(done, progress);
  const lost = shared.lost();
  progress.clear();
  if (lost !== null) progress.note(lostText(lost, options));
  if (shard === null) {
    const againstDefault = options.against === undefined;
    return answerOf(comparison, { plan, columns, against, againstDefault, fitted, heads, done, isLost: lost !== null });
  }
  if (done.length < places.length) return lost === null ? EXIT_INTERRUPTED : EXIT_HARNESS;
  await writePart(
    shard,
    shardAsked(),
    done.map((one, i) => [places[i], one]),
  );
  return EXIT_OK;
}

/** Whatever may name a file that is read. The results that --baseline names may be replaced by those of --save only. */
const filesReadBy = (options: CompareOptions, joined: Joined<WorkloadDone> | null): string[] => {
  const { workload = [], variants = '', variant = [], expect = '', baseline = '' } = options;
  const files = [...workload, ...variants.split(','), ...variant, expect, baseline];
  return [...files, ...filesOfPatches(options), ...(joined?.files ?? [])];
};

const filesWrittenBy = (options: CompareOptions): (readonly [string, string])[] =>
  (['html', 'junit', 'save', 'resume'] as const).flatMap((name) => {
    const path = options[name];
    return path === undefined ? [] : [[`--${name} ${path}`, path] as const];
  });

/** What the options ask for; `judging` says how the results are judged. Throws UsageError. */
async function requestOf(options: CompareOptions): Promise<CompareRequest & { readonly named: readonly Chosen[] }> {
  const reading = { touch: chooseTouch(options.touch), ...chooseMachine(options.machine) };
  const patches = choosePatches(options);
  const named = withPatches(options.variants, options.variant, patches);
  const isSeries =
    options.variants === undefined && named.some((one) => one.kind === 'built-in' && one.variant.after === null);
  const leastMs = 1000 * secondsOf('--time-limit', options.timeLimit, DEFAULT_TIME_LIMIT);
  const judging: JudgeOptions = {
    failOn: chooseFailOn(options.failOn),
    requireExercised: options.requireExercised === true,
    wholeCatalog: options.workload === undefined && isSeries,
    today: await dayOf(options.today),
    entries: options.expect === undefined ? [] : await readExpected(options.expect),
  };
  return { reading, named, leastMs, check: options.check === true, judging };
}

/** One variant alone is compared with the one that --against names, or with its predecessor. */
async function withReference(
  named: readonly Chosen[],
  {
    against,
    onOutput,
    limits,
  }: { readonly against: string | undefined; readonly onOutput: OnOutput; readonly limits: ProcessLimits },
): Promise<readonly Chosen[]> {
  const [only] = named;
  if (named.length !== 1) {
    const isNamed = named.some((one) => one.kind === 'built-in' && one.variant.id === against);
    const isMissing = against !== undefined && !isNamed && builtInIds().includes(against);
    return isMissing && named.some(isPatch) ? [...chooseVariants(against, []), ...named] : named;
  }
  if (isPatch(only)) throw new Error('compare: expected a patch beside what it is made of, got it alone');
  if (against !== undefined && against !== 'previous') {
    const [reference] = chooseVariants(against, []);
    return [reference, only];
  }
  const facts = only.kind === 'file' ? await factsOfFile(only.path, onOutput, limits) : only.variant;
  if ('kind' in facts) throw new Error(inFile((only as { readonly name: string }).name, facts.message));
  const { id, after } = facts;
  if (after === null)
    throw new UsageError(`compare: ${id} is alone and has no predecessor: expected two variants, or --against`);
  return [...chooseVariants(after, []), only];
}

/** Nothing but patches is named: each is compared with what it is made of, or with the one before it. */
const isPatchesAlone = ({ variants, variant, patch, rev, series }: CompareOptions): boolean =>
  variants === undefined && variant === undefined && (patch ?? rev ?? series) !== undefined;

/** Variants and workloads that another thread can open by name. */
const areBuiltIn = (chosen: readonly Chosen[], inputs: readonly string[]): boolean =>
  chosen.every(isBuiltIn) && inputs.every((name) => allWorkloadNames().includes(name));
