/** `pmapdiff hunt`: searches for workloads that tell two columns apart, and makes them small. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Chosen, isBuiltIn } from '../columns/chosen.ts';
import type { Column } from '../columns/column.ts';
import { withColumns } from '../columns/open.ts';
import { EXIT_FINDING, EXIT_HARNESS, EXIT_INTERRUPTED, EXIT_OK } from '../compare/gate.ts';
import { loadText } from '../input/load.ts';
import { FORMATS } from '../report/formats.ts';
import { type HuntReport, type Side, findFile, findText } from '../report/hunt.ts';
import { number } from '../report/words.ts';
import {
  type HuntOptions,
  type Hunted,
  type Hunter,
  STRETCH_RUNS,
  type Stretch,
  hunt,
  huntKnown,
  huntStretch,
  hunterHere,
  joinStretches,
  reduceAll,
  stretchesOf,
} from '../search/hunt.ts';
import { HUNTED, type Want } from '../search/pair.ts';
import type { Asked, Joined } from '../shard/part.ts';
import { type Shard, placesOf } from '../shard/shard.ts';
import { CATALOG } from '../workload/catalog/index.ts';
import { Answer } from './answer.ts';
import { UsageError, secondsOf, wordsOf } from './errors.ts';
import { Interrupt } from './interrupt.ts';
import { type PatchOptions, choosePair } from './patches.ts';
import { Progress } from './progress.ts';
import { type PoolOptions, isPooled, lostText, openPool } from './queue.ts';
import { MOST_SEED, countOf, isFolder, pairOf, writtenTo } from './search.ts';
import { askedOf, chooseShard, refuseOtherColumns, writePart } from './shard.ts';

export interface HuntCommandOptions extends PatchOptions, PoolOptions {
  readonly runs?: string;
  readonly seconds?: string;
  readonly seed?: string;
  readonly want?: string;
  readonly from?: readonly string[];
  readonly out?: string;
  /** false: --no-catalog */
  readonly catalog?: boolean;
  readonly shard?: string;
}

const DEFAULT_RUNS = 20_000;
const MOST_RUNS = 1_000_000_000;
/** A longer workload of the catalog, and recordings, are left to compare: reducing them takes longer than a search. */
const MOST_OPS = 1000;
const MS = 1000;

/**
 * 0: nothing found. 1: found. 3: a variant's own code failed, or the queue is lost. 130: interrupted. With what was found
 * so far in any case. joined: what shards have done.
 */
export async function huntCommand(
  a: string | undefined,
  b: string | undefined,
  options: HuntCommandOptions,
  joined: Joined<Stretch> | null = null,
): Promise<number> {
  const answer = new Answer('hunt', FORMATS.hunt, options);
  const chosen = choosePair('hunt', [a, b], options);
  const { from = [], out } = options;
  const seconds = secondsOf('--seconds', options.seconds, Infinity);
  const runs = countOf('--runs', options.runs, seconds === Infinity ? DEFAULT_RUNS : MOST_RUNS, [1, MOST_RUNS]);
  const seed = countOf('--seed', options.seed, 1, [0, MOST_SEED]);
  const want = wantOf(options.want, from.length > 0);
  const shard = chooseShard('hunt', options);
  if (shard !== null && (from.length > 0 || seconds !== Infinity))
    throw new UsageError(`hunt --shard: expected --runs, got ${from.length > 0 ? '--from' : '--seconds'}`);
  const isShared = isPooled(options, { isSharable: true, expected: 'two columns' }) && joined === null;
  if (out !== undefined) isFolder(out);
  const given = await Promise.all(from.map(textToReduce));
  const saved = out === undefined || joined !== null ? [] : await savedIn(out);
  const builtIn = options.catalog === false || joined !== null ? [] : await builtInWorkloads();
  const hunted = { a, b, options, answer, chosen, seconds, runs, seed, want, shard, joined, isShared, given };
  const progress = new Progress();
  return withColumns(
    chosen,
    progress.onOutput,
    ([reference, candidate]) =>
      huntColumns({ ...hunted, known: [...builtIn, ...saved], progress }, reference, candidate),
    { strict: options.strict === true },
  );
}

/** A hunt that was asked for. */
interface Asking {
  readonly a: string | undefined;
  readonly b: string | undefined;
  readonly options: HuntCommandOptions;
  readonly answer: Answer<HuntReport>;
  readonly chosen: readonly Chosen[];
  readonly seconds: number;
  readonly runs: number;
  readonly seed: number;
  readonly want: Want;
  readonly shard: Shard | null;
  readonly joined: Joined<Stretch> | null;
  readonly isShared: boolean;
  /** texts to reduce; none: it is a search */
  readonly given: readonly string[];
  /** texts that are run before the search */
  readonly known: readonly string[];
  readonly progress: Progress;
}

async function huntColumns(asking: Asking, reference: Column, candidate: Column): Promise<number> {
  const { a, b, options, chosen, seconds, runs, seed, want, shard, joined, isShared, given, known, progress } = asking;
  const pair = pairOf('hunt', reference, candidate, want);
  const firsts = stretchesOf(runs);
  const jobs = [KNOWN, ...firsts.map((first) => `from run ${first}`)];
  const shardAsked = (): Asked =>
    askedOf('hunt', { ...options, a, b }, { columns: [reference, candidate], chosen, jobs });
  if (joined !== null) refuseOtherColumns(joined.asked, shardAsked());
  const interrupt = new Interrupt([]);
  const isStopped = (): boolean => interrupt.signal.aborted;
  const start = performance.now();
  const isOver = (): boolean => performance.now() - start > seconds * MS;
  const shared = await openPool(options, isShared, { interrupt, progress, hasOwn: !chosen.every(isBuiltIn) });
  const hunter =
    shared.pool === null
      ? hunterHere(pair, { isOver, isStopped })
      : (await import('../pool/hunter.ts')).hunterIn(shared.pool, pair, want, interrupt.signal);
  const how: HuntOptions = {
    seed,
    runs,
    known,
    isOver,
    isStopped,
    progress: (done, finds) => progress.say(`${number(done)} runs, ${number(finds)} found`),
  };
  const stopped = (): number => {
    const lost = shared.lost();
    if (lost === null) return EXIT_INTERRUPTED;
    progress.note(lostText(lost, options));
    return EXIT_HARNESS;
  };
  let hunted: Hunted;
  try {
    if (shard !== null) {
      const weights = [known.length, ...firsts.map((first) => Math.min(STRETCH_RUNS, runs - first))];
      const results = await huntShard(hunter, how, placesOf(shard, weights));
      if (isStopped()) return stopped();
      await writePart(shard, shardAsked(), results);
      return EXIT_OK;
    }
    if (joined !== null) hunted = joinStretches(pair, seed, joined.results);
    else if (given.length > 0) hunted = { seed, lastSignal: null, ...(await reduceAll(hunter, given, isStopped)) };
    else hunted = await hunt(hunter, how);
  } finally {
    await shared.close();
    interrupt.off();
    progress.clear();
  }
  await writeHunted(asking, hunted, { a: sideOf(reference), b: sideOf(candidate) });
  if (isStopped()) return stopped();
  if (hunted.failure !== null) return EXIT_HARNESS;
  return hunted.finds.length > 0 ? EXIT_FINDING : EXIT_OK;
}

/** Writes the finds to a folder, if they are wanted there, and the answer. */
async function writeHunted(
  { options: { out }, answer, given }: Asking,
  hunted: Hunted,
  sides: Pick<HuntReport, 'a' | 'b'>,
): Promise<void> {
  const report: HuntReport = {
    ...hunted,
    ...sides,
    isReducing: given.length > 0,
    files: hunted.finds.map(() => null),
  };
  const files =
    out === undefined
      ? report.files
      : await writtenTo(
          out,
          hunted.finds.map((find) => [findFile(find, report), findText(find, report)]),
        );
  await answer.write({ ...report, files });
}

/** Name of the job that runs the workloads of the catalog; its number is 0. */
const KNOWN = 'catalog';

/** The jobs at these places. Every shard runs the catalog, as what it shows is not looked for; one reports it. */
async function huntShard(
  hunter: Hunter,
  options: HuntOptions,
  places: readonly number[],
): Promise<(readonly [number, Stretch])[]> {
  const { found, ...known } = await huntKnown(hunter, options, places.includes(0));
  const results: (readonly [number, Stretch])[] = [];
  for (const place of places) {
    const first = (place - 1) * STRETCH_RUNS;
    results.push([
      place,
      place === 0 || known.failure !== null
        ? known
        : await huntStretch(hunter, first, { ...options, found, isReduced: () => false }),
    ]);
  }
  return results;
}

/** Text of a find says what its columns were: a hash of what they change, 8 digits. */
function sideOf({ facts: { id, members, functions = {} } }: Column): Side {
  const code = JSON.stringify([members, Object.entries(functions).toSorted()]);
  let hash = 0x811c9dc5;
  for (let i = 0; i < code.length; i++) hash = Math.imul(hash ^ code.charCodeAt(i), 0x01000193);
  return { id, hash: (hash >>> 0).toString(16).padStart(8, '0') };
}

/** What is given to be reduced counts whatever it shows, unless --want says otherwise. */
function wantOf(text: string | undefined, isGiven: boolean): Want {
  if (text === undefined) return isGiven ? { kind: 'verdicts', verdicts: HUNTED } : { kind: 'unexpected' };
  const words = wordsOf('--want', text, [...HUNTED, 'any']);
  return { kind: 'verdicts', verdicts: HUNTED.filter((verdict) => words.includes('any') || words.includes(verdict)) };
}

/** Throws Error: there is nothing to run. */
async function textToReduce(name: string): Promise<string> {
  const { workload, text } = await loadText(name);
  if (workload.ops.length === 0) throw new Error(`${name}: no ops, nothing was run`);
  return text;
}

const textOf = async (name: string): Promise<string> => (await loadText(name)).text;

async function builtInWorkloads(): Promise<string[]> {
  const all = await Promise.all(Object.keys(CATALOG).map(loadText));
  return all.flatMap(({ workload, text }) => (workload.ops.length <= MOST_OPS ? [text] : []));
}

/** The finds of earlier hunts. */
async function savedIn(folder: string): Promise<string[]> {
  if (!isFolder(folder)) return [];
  const names = readdirSync(folder).filter((name) => name.endsWith('.workload'));
  return Promise.all(names.toSorted().map((name) => textOf(join(folder, name))));
}
