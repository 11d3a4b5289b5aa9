/**
 * A slice of a hunt: a number of runs from one seed. It depends on nothing but its input, so slices can run anywhere and
 * in any order, and be joined in the order of their numbers.
 */
import { Random } from '../workload/random.ts';
import { type KnownOps, parseWorkload } from '../workload/text/parse.ts';
import { type Input, below, mutate, newInput, textOf } from './input.ts';
import { type CodeFailure, type Found, type Pair, failureIn } from './pair.ts';
import { Signals } from './signal.ts';

/** An input that showed something new. */
export interface Entry {
  readonly input: Input;
  /** what was new, and how much more often than others it is varied for what it reaches */
  readonly signals: readonly number[];
  readonly weight: number;
  readonly run: number;
}

/** What one round added to the corpus. */
export type Generation = readonly Entry[];

export interface SliceInput {
  readonly seed: number;
  /** number of its first run within the hunt */
  readonly first: number;
  readonly runs: number;
  /** oldest first; a later round has the same ones, and those added since */
  readonly corpus: readonly Generation[];
  /** what has been found already */
  readonly found: readonly string[];
}

export interface RawFind extends Found {
  /** text of the workload */
  readonly text: string;
  /** number of the run */
  readonly run: number;
}

export type Reached = Readonly<Record<string, number>>;

export interface SliceResult {
  readonly runs: number;
  readonly finds: readonly RawFind[];
  /** new ones only */
  readonly corpus: readonly Entry[];
  /** changed members and functions, and in how many runs each was reached */
  readonly reached: Reached;
  /** the run after the last of these, which a variant's own code did not survive; null: it did */
  readonly failure: CodeFailure | null;
}

/** An input that reaches what the candidate changes is varied more often: as syz-diff weighs the symbols of a patch. */
const WEIGHT_REACHED = 6;
/** One draw in so many is among these alone, if there are any: they may be few. */
const FOCUSED = 2;
/** New inputs among the runs, in percent, until the corpus has so many entries, and from then on. */
const SMALL_CORPUS = 50;
const NEW_AT_FIRST = 20;
const NEW_LATER = 5;
/** One run in so many is compared with its maps and page tables though nothing about it is new, */
const FULL = 16;
/** and one in so many of these with its invariants too. */
const CHECKED = 4;
/** They are checked after one op in so many: a check takes longer than an op. */
const CHECK_EACH = 4;

/** A corpus that is drawn from by weight. */
class Pool {
  readonly entries: Entry[];
  readonly #picked: number[];
  /** some reach what the candidate changes */
  #reaching: boolean;

  constructor(entries: readonly Entry[]) {
    this.entries = [...entries];
    this.#picked = entries.map(() => 0);
    this.#reaching = entries.some(({ weight }) => weight > 1);
  }

  add(entry: Entry): void {
    this.entries.push(entry);
    this.#picked.push(0);
    this.#reaching ||= entry.weight > 1;
  }

  draw(random: Random): Input {
    const isFocused = this.#reaching && below(random, FOCUSED) === 0;
    const energy = (i: number): number => {
      const { signals, weight } = this.entries[i];
      return isFocused && weight === 1 ? 0 : (signals.length * weight) / (1 + this.#picked[i]);
    };
    let total = 0;
    for (let i = 0; i < this.entries.length; i++) total += energy(i);
    let left = (random.word() / 2 ** 32) * total;
    let i = 0;
    while (i < this.entries.length - 1 && (left -= energy(i)) >= 0) i++;
    this.#picked[i]++;
    return this.entries[i].input;
  }
}

export function countReached(names: readonly string[], times: number, reached: Record<string, number>): void {
  for (const name of names) reached[name] = (reached[name] ?? 0) + times;
}

/** isStopped: the rest is not run. */
export async function slice(pair: Pair, spec: SliceInput, isStopped: () => boolean): Promise<SliceResult> {
  const random = new Random(spec.seed * 2 ** 20 + spec.first);
  const before = spec.corpus.flat();
  const signals = new Signals(before.flatMap((entry) => entry.signals));
  const pool = new Pool(before);
  const found = new Set(spec.found);
  const finds: RawFind[] = [];
  const reached: Record<string, number> = {};
  const known: KnownOps = [];
  let runs = 0;
  const next = async (): Promise<void> => {
    const run = spec.first + runs;
    const { entries } = pool;
    const isNew =
      entries.length === 0 || below(random, 100) < (entries.length < SMALL_CORPUS ? NEW_AT_FIRST : NEW_LATER);
    const input = isNew ? newInput(random) : mutate(pool.draw(random), entries, random);
    const text = textOf(input, `run ${run}`);
    const workload = parseWorkload(text, `run ${run}`, `run ${run}`, known);
    const isDue = run % FULL === 0;
    const isChecked = run % (FULL * CHECKED) === 0;
    const fast = await pair.run(workload, isDue, isChecked ? CHECK_EACH : 0);
    const fresh = signals.take(workload, fast.records);
    countReached(fast.reached, 1, reached);
    if (fresh.length > 0)
      pool.add({ input, signals: fresh, weight: fast.reached.length > 0 ? WEIGHT_REACHED : 1, run });
    if (!isDue && fresh.length === 0 && fast.found.every(({ signature }) => found.has(signature))) return;
    const isWhole = isChecked || (isDue && fresh.length === 0);
    for (const one of isWhole
      ? fast.found
      : (await pair.run(workload, true, fresh.length > 0 ? CHECK_EACH : 0)).found) {
      if (found.has(one.signature)) continue;
      found.add(one.signature);
      finds.push({ ...one, text, run });
    }
  };
  let failure: CodeFailure | null = null;
  try {
    for (; runs < spec.runs && !isStopped(); runs++) await next();
  } catch (error) {
    failure = failureIn(error);
  }
  return { runs, finds, corpus: pool.entries.slice(before.length), reached, failure };
}
