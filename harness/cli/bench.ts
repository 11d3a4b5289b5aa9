/**
 * `pmapdiff bench`: how fast revisions are, and how fast the simulated machine is beside C.
 */
import { basename } from 'node:path';
import { didYouMean } from '../../core/suggest.ts';
import { variantById } from '../../variants/index.ts';
import { type ContentionCheck, checkContention } from '../bench/contention.ts';
import { type BenchColumn, NATIVE_VARIANT, bench } from '../bench/parent.ts';
import { type BenchReport, sumsAgree } from '../bench/report.ts';
import { TASKS, taskById } from '../bench/task.ts';
import { bundledColumn } from '../bundle/spawn.ts';
import { type Chosen, isPatch, sourceOf } from '../columns/chosen.ts';
import { EXIT_FINDING, EXIT_HARNESS, EXIT_INCONCLUSIVE, EXIT_OK } from '../compare/gate.ts';
import { TOUCHED_LOOP, lastRound } from '../cost/loop.ts';
import { type Counted, countOf, fullRemoves } from '../cost/measure.ts';
import { FORMATS } from '../report/formats.ts';
import { run } from '../run/run.ts';
import { parseWorkload } from '../workload/text/parse.ts';
import { Answer } from './answer.ts';
import { UsageError } from './errors.ts';
import { type PatchOptions, choosePatches, withPatches } from './patches.ts';
import { Progress } from './progress.ts';
import { columnNamed } from './select.ts';

interface BenchOptions extends PatchOptions {
  readonly task?: readonly string[];
  readonly variants?: string;
  readonly variant?: readonly string[];
  readonly against?: string;
  readonly rounds?: string;
  readonly time?: string;
  readonly native?: boolean;
  readonly contention?: boolean;
  readonly strict?: boolean;
  readonly json?: boolean;
}

const DEFAULT_ROUNDS = 5;
const DEFAULT_MILLISECONDS = 100;

export async function benchCommand(options: BenchOptions): Promise<number> {
  const answer = new Answer('bench', FORMATS.bench, options);
  const progress = new Progress();
  const contention = options.contention === true;
  if (contention && options.task !== undefined)
    throw new UsageError('bench: expected --contention or --task, got both');
  const columns = await chooseColumns(options);
  const rounds = positive('--rounds', options.rounds, DEFAULT_ROUNDS);
  const milliseconds = positive('--time', options.time, DEFAULT_MILLISECONDS);
  const report = await bench({
    columns,
    tasks: contention ? [] : chooseTasks(options.task ?? []),
    rounds,
    milliseconds,
    native: options.native !== false && !contention,
    memory: options.task === undefined && !contention,
    progress: (text) => progress.say(text),
    output: (variant, text) => progress.note(text.replaceAll(/^(?=.)/gm, `[${variant}] `)),
  });
  const check = contention ? { contention: await contentionOf(rounds, milliseconds, progress) } : {};
  progress.clear();
  await answer.write({ ...report, ...check });
  return exitCode(report, options.strict === true);
}

/** The loop of the review, counted under the revision that landed and under the same without its early exit. */
async function contentionOf(rounds: number, milliseconds: number, progress: Progress): Promise<ContentionCheck> {
  const workload = parseWorkload(TOUCHED_LOOP, 'fork loop');
  const variants = ['landed', 'no-early-exit'] as const;
  const [a, b] = variants.map((id) => {
    const { record } = run(null, workload, variantById(id)!, { profile: true, digests: false });
    return lastRound(record.profile!);
  });
  const calls = ({ counters }: Counted): number => fullRemoves(counters);
  return checkContention({
    variants,
    // One more hold removes the pages.
    counts: { pages: a.pagesCopied, holds: countOf(a, 'pvListWriteLocks') - 1, calls: [calls(a), calls(b)] },
    rounds,
    milliseconds,
    progress: (text) => progress.say(text),
  });
}

/** The reference first. */
async function chooseColumns(options: BenchOptions): Promise<BenchColumn[]> {
  const { variants, variant, against } = options;
  const patches = choosePatches(options);
  const columns = await Promise.all(withPatches(variants, variant, patches).map(columnOf));
  const reference = against ?? (columns.some(({ id }) => id === NATIVE_VARIANT) ? NATIVE_VARIANT : columns[0].id);
  const ids = columns.map(({ id }) => id);
  const first = columns[ids.indexOf(columnNamed(reference, ids))];
  return [first, ...columns.filter((column) => column !== first)];
}

async function columnOf(chosen: Chosen): Promise<BenchColumn> {
  const source = sourceOf(chosen);
  const cache = isPatch(chosen) ? chosen.how.cache : null;
  const bundle = await bundledColumn(source, 'bench', { cache });
  const file = basename(source.file);
  if (isPatch(chosen)) return { id: chosen.patched.id, file: chosen.patched.name, bundle };
  return { id: chosen.kind === 'built-in' ? chosen.variant.id : file, file, bundle };
}

function chooseTasks(names: readonly string[]): typeof TASKS {
  if (names.length === 0) return TASKS;
  return names.map((name) => {
    const task = taskById(name);
    if (task !== undefined) return task;
    const ids = TASKS.map(({ id }) => id);
    throw new UsageError(`unknown task ${JSON.stringify(name)}: ${didYouMean(name, ids)}`);
  });
}

function positive(name: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (Number.isInteger(value) && value > 0 && value <= 100_000) return value;
  throw new UsageError(`${name}: expected a whole number of 1..100000, got ${JSON.stringify(text)}`);
}

function exitCode({ tasks }: BenchReport, strict: boolean): number {
  if (tasks.some(({ rows }) => rows.some(({ kind }) => kind === 'failed'))) return EXIT_HARNESS;
  const natives = tasks.flatMap(({ native }) => native ?? []);
  if (natives.some((row) => !sumsAgree(row))) return EXIT_HARNESS;
  if (!strict) return EXIT_OK;
  if (natives.some(({ reached }) => reached === 'missed')) return EXIT_FINDING;
  const unsure =
    natives.some(({ reached }) => reached === 'inconclusive') ||
    tasks.some(({ rows }) => rows.some((row) => row.kind === 'measured' && row.speed === 'inconclusive'));
  return unsure ? EXIT_INCONCLUSIVE : EXIT_OK;
}
