/** What an op, or a call that stopped and went on, added to the counters of two runs. */
import { DEMOTIONS, PT_PAGE_ALLOCS, PV_CHUNK_ALLOCS, SHORT_ALLOCS } from '../../core/counters.ts';
import { BASES } from '../declare/measure.ts';
import { isCompared, isGauge } from '../declare/planes.ts';
import { type Occasions, newOccasions, readOccasions } from './occasions.ts';
import type { OpPair } from './ops.ts';

const NEEDS = [SHORT_ALLOCS, PT_PAGE_ALLOCS, PV_CHUNK_ALLOCS, DEMOTIONS];

/** What an op did in two runs: the same each time that it has the same two lists. */
export interface ListDelta {
  readonly onceA: Occasions;
  readonly onceB: Occasions;
  readonly isOccasion: boolean;
  /** an occasion that declarations about gauges count */
  readonly isForLevels: boolean;
  /** threes of what is compared: gauge, and other counter, what the reference and what the candidate added */
  readonly gauges: readonly number[];
  readonly counters: readonly number[];
  /** threes: counter or gauge, difference, what the reference added */
  readonly differences: readonly number[];
  /** a run asked for a page while memory was short */
  readonly isShort: boolean;
  /** they needed other numbers of pages for page tables or pv entries, or came to need them otherwise */
  readonly needsPages: boolean;
  /** no difference, and no occasion for gauges: once it was judged there is nothing to judge */
  readonly isQuiet: boolean;
  /** what is in it was judged, on these occasions */
  isJudged: boolean;
  /** ops before the horizon that did this */
  ops: number;
}

/** countedByLevels: by basis */
export function deltaOf(
  { reference, candidate, touched, count }: OpPair,
  countedByLevels: readonly boolean[],
): ListDelta {
  const [onceA, onceB] = [newOccasions(), newOccasions()];
  readOccasions(onceA, reference);
  readOccasions(onceB, candidate);
  const happened = BASES.map((_basis, i) => onceA[i] !== 0 || onceB[i] !== 0);
  const isOccasion = happened.includes(true);
  const isForLevels = happened.some((did, i) => did && countedByLevels[i]);
  const [gauges, counters, differences]: [number[], number[], number[]] = [[], [], []];
  for (let k = 0; k < count; k++) {
    const counter = touched[k];
    if (!isCompared(counter)) continue;
    (isGauge(counter) ? gauges : counters).push(counter, reference[counter], candidate[counter]);
    const difference = candidate[counter] - reference[counter];
    if (difference === 0) continue;
    differences.push(counter, difference, reference[counter]);
  }
  const isQuiet = !isForLevels && differences.length === 0;
  const isShort = reference[SHORT_ALLOCS] + candidate[SHORT_ALLOCS] > 0;
  const needsPages = NEEDS.some((counter) => reference[counter] !== candidate[counter]);
  const what = { onceA, onceB, isOccasion, isForLevels, gauges, counters, differences, isShort, needsPages, isQuiet };
  return { ...what, isJudged: false, ops: 0 };
}

export function differsIn(counter: number, { differences }: ListDelta): boolean {
  for (let k = 0; k < differences.length; k += 3) if (differences[k] === counter) return true;
  return false;
}

/** By the numbers of two lists of one part. Most lists of one run go with one list of the other. */
export class ListPairs {
  /** by list of the reference: the first list of the candidate that goes with it */
  readonly #other: number[] = [];
  readonly #first: ListDelta[] = [];
  readonly #more = new Map<number, ListDelta>();

  of(a: number, b: number): ListDelta | undefined {
    return this.#other[a] === b ? this.#first[a] : this.#more.get(a * 2 ** 26 + b);
  }

  add(a: number, b: number, delta: ListDelta): ListDelta {
    if (this.#other[a] === undefined) {
      this.#other[a] = b;
      this.#first[a] = delta;
    } else this.#more.set(a * 2 ** 26 + b, delta);
    return delta;
  }

  each(body: (delta: ListDelta) => void): void {
    this.#first.forEach(body);
    this.#more.forEach(body);
  }
}
