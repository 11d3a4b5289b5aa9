/**
 * A hunt: rounds of slices, whose finds and corpora are joined in order; what is found is reduced to the smallest
 * workload that shows it. The same seed finds the same.
 */
import type { Difference, Verdict } from '../compare/pair.ts';
import type { Standing } from '../compare/track.ts';
import type { Workload } from '../workload/ops.ts';
import { type CallPlace, callPlace } from '../workload/places.ts';
import { parseWorkload } from '../workload/text/parse.ts';
import { type CodeFailure, type Found, type Pair, type Ran, failureIn } from './pair.ts';
import { draftOf, readDraft, reduce, textOfDraft } from './reduce.ts';
import { Signals } from './signal.ts';
import {
  type Entry,
  type Generation,
  type RawFind,
  type Reached,
  type SliceInput,
  type SliceResult,
  countReached,
  slice,
} from './slice.ts';

/** A workload that tells the two columns apart, and is as small as reductions make it. */
export interface Find {
  readonly signature: string;
  readonly verdict: Verdict;
  readonly standing: Standing;
  readonly difference: Difference;
  /** where it differs; null: at the end */
  readonly place: CallPlace | null;
  readonly ops: number;
  /** text without comments */
  readonly text: string;
  /** smaller workloads, none of which shows it; null: interrupted before all were tried */
  readonly minimal: number | null;
}

/** What a reduction came to. */
export interface Minimised {
  /** null: not shown again */
  readonly find: Find | null;
  /** a variant's own code failed on the way, so that the find is not minimal */
  readonly failure: CodeFailure | null;
}

/**
 * Does the work of a hunt: in this thread, or elsewhere. Results are in the order of what was asked; fewer: it was
 * stopped, or the variant's own code failed in the last one.
 */
export interface Hunter {
  readonly pair: Pair;
  readonly slices: (specs: readonly SliceInput[]) => Promise<readonly SliceResult[]>;
  readonly minimise: (raw: readonly RawFind[]) => Promise<readonly Minimised[]>;
}

/** Results up to the first in which a variant's own code failed: the same, whether or not others were computed. */
function upToFailure<Result extends { readonly failure: CodeFailure | null }>(
  results: readonly Result[],
): readonly Result[] {
  const failed = results.findIndex(({ failure }) => failure !== null);
  return failed < 0 ? results : results.slice(0, failed + 1);
}

export interface HuntLimits {
  /** no more is searched; what is found is still reduced */
  readonly isOver: () => boolean;
  /** nothing more is run */
  readonly isStopped: () => boolean;
}

export function hunterHere(pair: Pair, { isOver, isStopped }: HuntLimits): Hunter {
  const whileRunning = async <Spec, Result extends { readonly failure: CodeFailure | null }>(
    specs: readonly Spec[],
    work: (spec: Spec) => Promise<Result>,
  ) => {
    const results: Result[] = [];
    for (const spec of specs) {
      if (isStopped() || (results.at(-1)?.failure ?? null) !== null) break;
      results.push(await work(spec));
    }
    return results;
  };
  return {
    pair,
    slices: (specs) => whileRunning(specs, (spec) => slice(pair, spec, () => isStopped() || isOver())),
    minimise: (raw) => whileRunning(raw, (one) => minimise(pair, one, isStopped)),
  };
}

export interface HuntOptions extends HuntLimits {
  readonly seed: number;
  readonly runs: number;
  /** runs of a stretch; a multiple of those of a round. @default STRETCH_RUNS */
  readonly stretch?: number;
  /** texts that are run before the search, in this order */
  readonly known: readonly string[];
  readonly progress: (runs: number, finds: number) => void;
}

export interface Hunted {
  readonly seed: number;
  /** pairs of runs of the search */
  readonly runs: number;
  readonly reached: Reached;
  /** run that showed something new last; null: none did */
  readonly lastSignal: number | null;
  readonly finds: readonly Find[];
  /** what ended the hunt early; null: nothing */
  readonly failure: CodeFailure | null;
}

/** Results of a part of a hunt. */
export interface Stretch {
  readonly runs: number;
  readonly reached: Reached;
  readonly finds: readonly Find[];
  /** runs of the search that showed something new, and what */
  readonly fresh: readonly Pick<Entry, 'run' | 'signals'>[];
  /** a variant's own code failed, and the part ends there; null: it did not */
  readonly failure: CodeFailure | null;
}

/** Slices of a round share nothing. Their number is fixed, so the result does not depend on the number of threads. */
const SLICES = 4;
const SLICE_RUNS = 250;
/**
 * A hunt begins anew, with an empty corpus, after so many runs: what it finds from there on depends on nothing before,
 * so that it can be done elsewhere.
 */
export const STRETCH_RUNS = 20_000;

/** Number of the first run of each stretch. */
export const stretchesOf = (runs: number, stretch = STRETCH_RUNS): number[] =>
  Array.from({ length: Math.ceil(runs / stretch) }, (_one, i) => i * stretch);

export async function hunt(hunter: Hunter, options: HuntOptions): Promise<Hunted> {
  const { seed, runs, stretch, isOver, isStopped, progress } = options;
  const known = await huntKnown(hunter, options);
  const stretches: Stretch[] = [known];
  for (const first of stretchesOf(runs, stretch)) {
    if (isOver() || isStopped() || stretches.at(-1)!.failure !== null) break;
    const before = joinStretches(hunter.pair, seed, stretches);
    const finds = before.finds.map(({ signature }) => signature);
    stretches.push(
      await huntStretch(hunter, first, {
        ...options,
        found: known.found,
        isReduced: (signature) => finds.includes(signature),
        progress: (done, found) => progress(before.runs + done, finds.length + found),
      }),
    );
  }
  return joinStretches(hunter.pair, seed, stretches);
}

/** Runs workloads that are known. found: signatures of all that they show. isReduced false: finds are left out. */
export async function huntKnown(
  hunter: Hunter,
  { known, isOver, isStopped, progress }: HuntOptions,
  isReduced = true,
): Promise<Stretch & { readonly found: readonly string[] }> {
  const { pair } = hunter;
  const reached: Record<string, number> = {};
  const found = new Set<string>();
  const raw: RawFind[] = [];
  let runs = 0;
  let failure: CodeFailure | null = null;
  for (const text of known) {
    if (isOver() || isStopped()) break;
    const draft = readDraft(draftOf(text));
    if (draft === null) continue;
    const ran = await attempt(pair, draft.workload);
    if ('variant' in ran) {
      failure = ran;
      break;
    }
    countReached(ran.reached, 1, reached);
    runs++;
    const fresh = ran.found.filter(({ signature }) => !found.has(signature));
    for (const one of fresh) {
      found.add(one.signature);
      raw.push({ ...one, text, run: runs });
    }
    progress(runs, raw.length);
  }
  return { runs, reached, found: [...found], fresh: [], ...(await smallest(hunter, isReduced ? raw : [], failure)) };
}

interface StretchOptions extends HuntOptions {
  /** signatures that are not looked for */
  readonly found: readonly string[];
  /** signatures of which there is a find already */
  readonly isReduced: (signature: string) => boolean;
}

/** The stretch that begins with run `first`. */
export async function huntStretch(
  hunter: Hunter,
  first: number,
  { seed, runs: all, stretch = STRETCH_RUNS, found: known, isReduced, isOver, isStopped, progress }: StretchOptions,
): Promise<Stretch> {
  const end = Math.min(all, first + stretch);
  const found = new Set(known);
  const reached: Record<string, number> = {};
  const finds: Find[] = [];
  const corpus: Generation[] = [];
  const signals = new Signals();
  let runs = 0;
  let failure: CodeFailure | null = null;
  const isEnded = (): boolean => isOver() || isStopped() || failure !== null;
  for (let from = first; from < end && !isEnded(); from += SLICES * SLICE_RUNS) {
    const results = upToFailure(await hunter.slices(roundOf(seed, from, end, corpus, [...found])));
    const added = generationOf(results, signals);
    if (added.length > 0) corpus.push(added);
    for (const result of results) {
      runs += result.runs;
      for (const [name, times] of Object.entries(result.reached)) countReached([name], times, reached);
    }
    progress(runs, finds.length);
    const raw = results
      .flatMap((result) => result.finds)
      .filter(({ signature }) => !found.has(signature) && found.add(signature) && !isReduced(signature));
    const reduced = await smallest(hunter, raw, results.at(-1)?.failure ?? null);
    finds.push(...reduced.finds);
    ({ failure } = reduced);
    progress(runs, finds.length);
  }
  return {
    runs,
    reached,
    finds,
    fresh: corpus.flat().map(({ run, signals: shown }) => ({ run, signals: shown })),
    failure,
  };
}

/** Reduces what was found; after a failure, everything that is left stays as it was found. */
async function smallest(
  hunter: Hunter,
  raw: readonly RawFind[],
  before: CodeFailure | null,
): Promise<{ readonly finds: readonly Find[]; readonly failure: CodeFailure | null }> {
  const done = before === null ? upToFailure(await hunter.minimise(raw)) : [];
  const failure = before ?? done.at(-1)?.failure ?? null;
  const finds = raw.flatMap((one, i) => {
    const { find, failure: failed } = done[i] ?? { find: null, failure };
    const isKept = find === null && (i >= done.length || failed !== null);
    return isKept ? [asFound(one)] : (find ?? []);
  });
  return { finds, failure };
}

/** stretches: in their order, the known workloads first. Of a signature, the first find counts. */
export function joinStretches({ changed }: Pair, seed: number, stretches: readonly Stretch[]): Hunted {
  const reached: Record<string, number> = {};
  countReached(changed, 0, reached);
  const signals = new Signals();
  const finds = new Map<string, Find>();
  let runs = 0;
  let lastSignal: number | null = null;
  let failure: CodeFailure | null = null;
  for (const stretch of stretches) {
    if (failure !== null) break;
    ({ failure } = stretch);
    for (const [name, times] of Object.entries(stretch.reached)) countReached([name], times, reached);
    for (const find of stretch.finds) if (!finds.has(find.signature)) finds.set(find.signature, find);
    for (const { run, signals: fresh } of stretch.fresh)
      if (fresh.filter((signal) => signals.add(signal)).length > 0) lastSignal = stretches[0].runs + run + 1;
    runs += stretch.runs;
  }
  return { seed, runs, reached, lastSignal, finds: [...finds.values()], failure };
}

/** What some workloads show, reduced and nothing else. */
export async function reduceAll(
  hunter: Hunter,
  texts: readonly string[],
  isStopped: () => boolean,
): Promise<Pick<Hunted, 'runs' | 'reached' | 'finds' | 'failure'>> {
  const { pair } = hunter;
  const reached: Record<string, number> = {};
  countReached(pair.changed, 0, reached);
  const raw: RawFind[] = [];
  let failure: CodeFailure | null = null;
  for (const text of texts) {
    const draft = readDraft(draftOf(text));
    if (draft === null || isStopped()) continue;
    const ran = await attempt(pair, draft.workload);
    if ('variant' in ran) {
      failure = ran;
      break;
    }
    countReached(ran.reached, 1, reached);
    raw.push(...ran.found.map((one) => ({ ...one, text, run: 0 })));
  }
  return { runs: texts.length, reached, ...(await smallest(hunter, raw, failure)) };
}

/** The slices of the round that begins with run `first`. */
function roundOf(
  seed: number,
  first: number,
  runs: number,
  corpus: readonly Generation[],
  found: readonly string[],
): SliceInput[] {
  const starts = Array.from({ length: SLICES }, (_one, i) => first + i * SLICE_RUNS).filter((start) => start < runs);
  return starts.map((start) => ({
    seed,
    first: start,
    runs: Math.min(SLICE_RUNS, runs - start),
    corpus: [...corpus],
    found,
  }));
}

/** What a round adds. Entries of a later slice that show nothing beyond `signals` and an earlier one are dropped. */
function generationOf(results: readonly SliceResult[], signals: Signals): Generation {
  return results.flatMap((result) =>
    result.corpus.flatMap((entry) => {
      const fresh = entry.signals.filter((signal) => signals.add(signal));
      return fresh.length > 0 ? [{ ...entry, signals: fresh }] : [];
    }),
  );
}

const attempt = (pair: Pair, workload: Workload, checkEach = 1): Promise<Ran | CodeFailure> =>
  pair.run(workload, true, checkEach).catch(failureIn);

/** What reducing a find needs of it. */
export type RawToReduce = Pick<RawFind, 'signature' | 'verdict' | 'text'>;

/** The smallest workload that shows what `raw` does. */
export async function minimise(
  pair: Pair,
  { signature, verdict, text }: RawToReduce,
  isStopped: () => boolean,
): Promise<Minimised> {
  let failure: CodeFailure | null = null;
  const look = async (workload: Workload): Promise<Found | undefined> => {
    const ran = await attempt(pair, workload, verdict === 'invariant-broken' ? 1 : 0);
    if (!('variant' in ran)) return ran.found.find((one) => one.signature === signature);
    failure ??= ran;
    return undefined;
  };
  const first = readDraft(draftOf(text));
  if (first === null || (await look(first.workload)) === undefined) return { find: null, failure };
  const reduced = await reduce(
    first.draft,
    async (workload) => (await look(workload)) !== undefined,
    () => failure !== null || isStopped(),
  );
  const smaller = textOfDraft(reduced.draft);
  const shown = await look(parseWorkload(smaller, 'find'));
  return {
    find: shown === undefined ? null : findOf(shown, smaller, reduced.isMinimal ? reduced.tried : null),
    failure,
  };
}

function findOf({ signature, verdict, difference }: Found, text: string, minimal: number | null): Find {
  const workload = parseWorkload(text, 'find');
  return {
    signature,
    verdict,
    standing: difference.standing,
    difference,
    place: callPlace(workload, difference.op),
    ops: workload.ops.length,
    text,
    minimal,
  };
}

/** A find that was not reduced. */
const asFound = (raw: RawFind): Find => findOf(raw, textOfDraft(draftOf(raw.text)), null);
