/**
 * A hunt: rounds of slices, whose finds and corpora are joined in order; what is found is reduced to the smallest
 * workload that shows it. The same seed finds the same.
 */
import type { Difference, Verdict } from '../compare/pair.ts';
import type { Standing } from '../compare/track.ts';
import type { Workload } from '../workload/ops.ts';
import { type CallPlace, callPlace } from '../workload/places.ts';
import { parseWorkload } from '../workload/text/parse.ts';
import type { Pair } from './pair.ts';
import { draftOf, readDraft, reduce, textOfDraft } from './reduce.ts';
import { Signals } from './signal.ts';
import {
  type Entry,
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

/** Does the work of a hunt: in this thread, or elsewhere. Results are in the order of what was asked. */
export interface Hunter {
  readonly pair: Pair;
  /** fewer results: it was stopped */
  readonly slices: (specs: readonly SliceInput[]) => Promise<readonly SliceResult[]>;
  /** null: not shown again. Fewer results: it was stopped */
  readonly minimise: (raw: readonly RawFind[]) => Promise<readonly (Find | null)[]>;
}

export interface HuntLimits {
  /** no more is searched; what is found is still reduced */
  readonly isOver: () => boolean;
  /** nothing more is run */
  readonly isStopped: () => boolean;
}

export function hunterHere(pair: Pair, { isOver, isStopped }: HuntLimits): Hunter {
  const whileRunning = async <Spec, Result>(specs: readonly Spec[], work: (spec: Spec) => Promise<Result>) => {
    const results: Result[] = [];
    for (const spec of specs) if (!isStopped()) results.push(await work(spec));
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
}

/** Results of a part of a hunt. */
export interface Stretch {
  readonly runs: number;
  readonly reached: Reached;
  readonly finds: readonly Find[];
  /** runs of the search that showed something new, and what */
  readonly fresh: readonly Pick<Entry, 'run' | 'signals'>[];
}

/** What slices in a round do not know of each other does not depend on how many run at a time. */
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
    if (isOver() || isStopped()) break;
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
  { pair, minimise: reduced }: Hunter,
  { known, isOver, isStopped, progress }: HuntOptions,
  isReduced = true,
): Promise<Stretch & { readonly found: readonly string[] }> {
  const reached: Record<string, number> = {};
  const found = new Set<string>();
  const raw: RawFind[] = [];
  let runs = 0;
  for (const text of known) {
    if (isOver() || isStopped()) break;
    const draft = readDraft(draftOf(text));
    if (draft === null) continue;
    const ran = await pair.run(draft.workload, true);
    countReached(ran.reached, 1, reached);
    runs++;
    const fresh = ran.found.filter(({ signature }) => !found.has(signature));
    for (const { signature } of fresh) {
      found.add(signature);
      raw.push({ signature, text, run: runs });
    }
    progress(runs, raw.length);
  }
  return { runs, reached, found: [...found], fresh: [], finds: isReduced ? only(await reduced(raw)) : [] };
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
  let corpus: readonly Entry[] = [];
  let runs = 0;
  for (let from = first; from < end && !isOver() && !isStopped(); from += SLICES * SLICE_RUNS) {
    const results = await hunter.slices(roundOf(seed, from, end, corpus, [...found]));
    corpus = joinCorpora(corpus, results);
    for (const result of results) {
      runs += result.runs;
      for (const [name, times] of Object.entries(result.reached)) countReached([name], times, reached);
    }
    progress(runs, finds.length);
    const raw = results
      .flatMap((result) => result.finds)
      .filter(({ signature }) => !found.has(signature) && found.add(signature) && !isReduced(signature));
    finds.push(...only(await hunter.minimise(raw)));
    progress(runs, finds.length);
  }
  return { runs, reached, finds, fresh: corpus.map(({ run, signals }) => ({ run, signals })) };
}

const only = (finds: readonly (Find | null)[]): Find[] => finds.flatMap((find) => find ?? []);

/** stretches: in their order, the known workloads first. Of a signature, the first find counts. */
export function joinStretches({ changed }: Pair, seed: number, stretches: readonly Stretch[]): Hunted {
  const reached: Record<string, number> = {};
  countReached(changed, 0, reached);
  const signals = new Signals();
  const finds = new Map<string, Find>();
  let runs = 0;
  let lastSignal: number | null = null;
  for (const stretch of stretches) {
    for (const [name, times] of Object.entries(stretch.reached)) countReached([name], times, reached);
    for (const find of stretch.finds) if (!finds.has(find.signature)) finds.set(find.signature, find);
    for (const { run, signals: fresh } of stretch.fresh)
      if (fresh.filter((signal) => signals.add(signal)).length > 0) lastSignal = stretches[0].runs + run + 1;
    runs += stretch.runs;
  }
  return { seed, runs, reached, lastSignal, finds: [...finds.values()] };
}

/** What some workloads show, reduced and nothing else. */
export async function reduceAll(
  { pair, minimise: reduced }: Hunter,
  texts: readonly string[],
  isStopped: () => boolean,
): Promise<Pick<Hunted, 'runs' | 'reached' | 'finds'>> {
  const reached: Record<string, number> = {};
  countReached(pair.changed, 0, reached);
  const raw: RawFind[] = [];
  for (const text of texts) {
    const draft = readDraft(draftOf(text));
    if (draft === null || isStopped()) continue;
    const ran = await pair.run(draft.workload, true);
    countReached(ran.reached, 1, reached);
    raw.push(...ran.found.map(({ signature }) => ({ signature, text, run: 0 })));
  }
  return { runs: texts.length, reached, finds: only(await reduced(raw)) };
}

/** The slices of the round that begins with run `first`. */
function roundOf(
  seed: number,
  first: number,
  runs: number,
  corpus: readonly Entry[],
  found: readonly string[],
): SliceInput[] {
  const starts = Array.from({ length: SLICES }, (_one, i) => first + i * SLICE_RUNS).filter((start) => start < runs);
  return starts.map((start) => ({
    seed,
    first: start,
    runs: Math.min(SLICE_RUNS, runs - start),
    corpus,
    found,
  }));
}

/** Entries of a later slice that show nothing beyond those of an earlier one are dropped. */
function joinCorpora(corpus: readonly Entry[], results: readonly SliceResult[]): Entry[] {
  const signals = new Signals(corpus.flatMap((entry) => entry.signals));
  const joined = [...corpus];
  for (const entry of results.flatMap((result) => result.corpus)) {
    const fresh = entry.signals.filter((signal) => signals.add(signal));
    if (fresh.length > 0) joined.push({ ...entry, signals: fresh });
  }
  return joined;
}

/** The smallest workload that shows what `raw` does; null if that does not show it again. */
export async function minimise(pair: Pair, raw: RawFind, isStopped: () => boolean): Promise<Find | null> {
  const { signature } = raw;
  const look = async (workload: Workload) =>
    (await pair.run(workload, true)).found.find((one) => one.signature === signature);
  const first = readDraft(draftOf(raw.text));
  if (first === null || (await look(first.workload)) === undefined) return null;
  const reduced = await reduce(first.draft, async (workload) => (await look(workload)) !== undefined, isStopped);
  const text = textOfDraft(reduced.draft);
  const workload = parseWorkload(text, 'find');
  const shown = await look(workload);
  if (shown === undefined) return null;
  const { verdict, difference } = shown;
  return {
    signature,
    verdict,
    standing: difference.standing,
    difference,
    place: callPlace(workload, difference.op),
    ops: workload.ops.length,
    text,
    minimal: reduced.isMinimal ? reduced.tried : null,
  };
}
