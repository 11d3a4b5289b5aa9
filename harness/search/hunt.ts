/**
 * A hunt: rounds of slices, whose finds and corpora are joined in order; what is found is reduced to the smallest
 * workload that shows it. The same seed finds the same.
 */
import type { Difference, Verdict } from '../compare/pair.ts';
import type { Standing } from '../compare/track.ts';
import type { Workload } from '../workload/ops.ts';
import { type CallPlace, callPlace } from '../workload/places.ts';
import { parseWorkload } from '../workload/text/parse.ts';
import { printWorkload } from '../workload/text/print.ts';
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

export interface HuntOptions {
  readonly seed: number;
  readonly runs: number;
  /** run before the search, in this order */
  readonly known: readonly Workload[];
  /** no more is searched; what is found is still reduced */
  readonly isOver: () => boolean;
  /** nothing more is run */
  readonly isStopped: () => boolean;
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

/** What slices in a round do not know of each other does not depend on how many run at a time. */
const SLICES = 4;
const SLICE_RUNS = 250;

export async function hunt(pair: Pair, options: HuntOptions): Promise<Hunted> {
  const { seed, isStopped, progress } = options;
  const isOver = (): boolean => isStopped() || options.isOver();
  const finds: Find[] = [];
  const found = new Set<string>();
  const reached: Record<string, number> = {};
  countReached(pair.changed, 0, reached);
  let corpus: readonly Entry[] = [];
  let runs = 0;
  let lastSignal: number | null = null;
  const keep = async (raw: readonly RawFind[]): Promise<void> => {
    for (const one of raw) {
      if (found.has(one.signature) || isStopped()) continue;
      found.add(one.signature);
      const find = await minimise(pair, one, isStopped);
      if (find !== null) finds.push(find);
      progress(runs, finds.length);
    }
  };

  for (const workload of options.known) {
    if (isOver()) break;
    const ran = await pair.run(workload, true);
    countReached(ran.reached, 1, reached);
    runs++;
    const fresh = ran.found.filter(({ signature }) => !found.has(signature));
    if (fresh.length === 0) continue;
    const text = printWorkload(workload);
    await keep(fresh.map(({ signature }) => ({ signature, text, run: runs })));
  }
  for (let first = 0; first < options.runs && !isOver(); first += SLICES * SLICE_RUNS) {
    const results: SliceResult[] = [];
    for (const spec of roundOf(seed, first, options.runs, corpus, [...found]))
      results.push(await slice(pair, spec, isOver));
    const joined = joinCorpora(corpus, results);
    if (joined.length > corpus.length) lastSignal = runs + (joined.at(-1)!.run - first) + 1;
    corpus = joined;
    for (const result of results) {
      runs += result.runs;
      for (const [name, times] of Object.entries(result.reached)) countReached([name], times, reached);
    }
    progress(runs, finds.length);
    await keep(results.flatMap((result) => result.finds));
  }
  return { seed, runs, reached, lastSignal, finds };
}

/** What some workloads show, reduced and nothing else. */
export async function reduceAll(
  pair: Pair,
  texts: readonly string[],
  isStopped: () => boolean,
): Promise<Pick<Hunted, 'runs' | 'reached' | 'finds'>> {
  const reached: Record<string, number> = {};
  countReached(pair.changed, 0, reached);
  const finds: Find[] = [];
  for (const text of texts) {
    const draft = readDraft(draftOf(text));
    if (draft === null || isStopped()) continue;
    const ran = await pair.run(draft.workload, true);
    countReached(ran.reached, 1, reached);
    for (const { signature } of ran.found) {
      const find = await minimise(pair, { signature, text, run: 0 }, isStopped);
      if (find !== null) finds.push(find);
    }
  }
  return { runs: texts.length, reached, finds };
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
