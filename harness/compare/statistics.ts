/**
 * Statistics and counters of two runs, op by op, against what is declared to differ.
 *
 * A counter is compared by what each op added to it, a gauge by its level after each op, a statistic of the acting pmap
 * likewise, and those of all other pmaps at every checkpoint.
 *
 * An explanation holds only if its measure fits at every op; a call that stops and goes on is judged as a whole,
 * at the op in which it ends. From `horizon` on the two machines are no longer in the same state, so later differences
 * follow from what happened there and are not judged one by one; nor is a call that never ends.
 */
import { COMPARED, COUNTER_COUNT, COUNTER_NAMES, GAUGES } from '../../core/counters.ts';
import type { Step } from '../declare/declarations.ts';
import { BASES } from '../declare/measure.ts';
import { MAPPING_STATS, PMAP_STATS, type Plane, isCompared, isGauge, planeOfCounter } from '../declare/planes.ts';
import type { RunPart } from '../run/record.ts';
import type { Declarations } from './declarations.ts';
import { compareEveryPmap, compareLevels } from './levels.ts';
import { type ListDelta, ListPairs, deltaOf, differsIn } from './list-delta.ts';
import { type Occasions, newOccasions, readOccasions } from './occasions.ts';
import { OpPair } from './ops.ts';
import { type Misfit, Parting } from './parting.ts';
import { type FittedSide, type Sides, type StatDifference, type StatFit, Track, unboxed } from './track.ts';

/** What either run counted, by counter. */
export interface Sums {
  readonly reference: Float64Array;
  readonly candidate: Float64Array;
}

export interface StatComparison {
  readonly differences: readonly StatDifference[];
  /** declarations and findings that explained something here */
  readonly seen: readonly Step[];
  /** of each statistic, where a declaration is looked for */
  readonly fits: readonly StatFit[];
}

/** Compares statistics part by part. */
export class StatisticsComparer {
  /** makes a track */
  readonly #make: (what: string, plane: Plane, kind: 'added' | 'level') => Track;
  /** by counter; none until it differs, unless it is judged where it does not */
  readonly #counters: (Track | undefined)[] = [];
  readonly #pmapTracks: readonly Track[];
  /** counters, but no gauges, whose declarations have terms: they are judged even where they do not differ */
  readonly #withTerms: readonly number[];
  /** by basis: a declaration about a gauge counts it */
  readonly #countedByLevels: readonly boolean[];
  readonly #pair = new OpPair();
  /** by counter: of gauges, candidate minus reference */
  readonly #levels = new Float64Array(COUNTER_COUNT);
  /** occasions of all ops so far, of either run */
  readonly #sofarA = newOccasions();
  readonly #sofarB = newOccasions();
  /** by counter: over the ops before the horizon; of gauges, the level where it is read */
  readonly sums: Sums = { reference: new Float64Array(COUNTER_COUNT), candidate: new Float64Array(COUNTER_COUNT) };
  readonly parting: Parting;
  #begun = false;
  /** no op was judged yet */
  #isFirst = true;

  constructor(declared: Declarations, fitted: FittedSide | null = null) {
    this.#make = (what, plane, kind) => new Track(what, plane, kind, declared.of(what), fitted);
    const begun = COMPARED.filter((counter) => {
      const what = COUNTER_NAMES[counter];
      return fitted !== null || (declared.names.has(what) && (isGauge(counter) || declared.of(what).hasTerms));
    });
    this.#withTerms = begun.filter((counter) => this.#track(counter).hasTerms && !isGauge(counter));
    this.#countedByLevels = fitted === null ? declared.countedByGauges : BASES.map(() => true);
    this.parting = new Parting(declared);
    this.#pmapTracks = [
      ...PMAP_STATS.map((what) => this.#make(what, 'stats', 'level')),
      ...MAPPING_STATS.map((what) => this.#make(what, 'mapping', 'level')),
    ];
  }

  #track(counter: number): Track {
    const kind = isGauge(counter) ? 'level' : 'added';
    return (this.#counters[counter] ??= this.#make(COUNTER_NAMES[counter], planeOfCounter(counter), kind));
  }

  /**
   * Compare the first `count` ops of the next parts, which begin with op `first`. From op `given` on differences follow
   * from an earlier one.
   */
  take(a: RunPart, b: RunPart, first: number, count: number, given: number): void {
    if (!this.#begun) this.#begin(a, b);
    this.#takeCounters(a, b, first, count, given);
    const horizon = Math.min(given, this.parting.op);
    const [x, y] = [a.perOp, b.perOp];
    const [resident, wired, mapped, excess] = this.#pmapTracks;
    compareLevels(x.residentCount, y.residentCount, a, b, first, count, horizon, resident);
    compareLevels(x.wiredCount, y.wiredCount, a, b, first, count, horizon, wired);
    compareLevels(x.mappedPages, y.mappedPages, a, b, first, count, horizon, mapped);
    compareLevels(x.excessPages, y.excessPages, a, b, first, count, horizon, excess);
    const others = new Map(b.checkpoints.map((point) => [point.op, point]));
    for (const point of a.checkpoints) {
      const other = point.op < Math.min(first + count, horizon) ? others.get(point.op) : undefined;
      if (other !== undefined && !point.isMidCall && !other.isMidCall) compareEveryPmap(point, other, this.#pmapTracks);
    }
  }

  #begin(a: RunPart, b: RunPart): void {
    this.#begun = true;
    for (const gauge of GAUGES) {
      this.#levels[gauge] = b.start[gauge] - a.start[gauge];
      this.sums.reference[gauge] = a.start[gauge];
      this.sums.candidate[gauge] = b.start[gauge];
    }
    readOccasions(this.#sofarA, a.start);
    readOccasions(this.#sofarB, b.start);
    this.#sofarA.fill(0, 1);
    this.#sofarB.fill(0, 1);
  }

  #takeCounters(a: RunPart, b: RunPart, first: number, count: number, given: number): void {
    const pair = this.#pair;
    let horizon = Math.min(given, this.parting.op);
    const [listsA, listsB] = [a.perOp.counterList, b.perOp.counterList];
    const known = new ListPairs();
    pair.begin(a, b, first, horizon);
    // Ops in a row that differ in nothing, and are no occasion on which a gauge is judged.
    let quiet = 0;
    for (let at = 0; at < count; at++) {
      const op = first + at;
      let delta: ListDelta | null;
      if (pair.isPlain(at)) {
        delta = known.of(listsA[at], listsB[at]) ?? known.add(listsA[at], listsB[at], this.#read(at)!);
        if (op < horizon && delta.differences.length > 0) horizon = this.#part(op, horizon, delta, true);
        if (op < horizon) delta.ops++;
        if (delta.isQuiet && (delta.isJudged || op >= horizon) && !this.#isFirst) {
          if (op < horizon) this.#addGauges(delta);
          quiet++;
          continue;
        }
      } else {
        delta = this.#read(at);
        if (op < horizon)
          horizon = this.#part(op, horizon, delta ?? deltaOf(pair, this.#countedByLevels), delta !== null);
        if (delta !== null && op < horizon) this.#addCounters(delta, 1);
      }
      this.#passQuiet(op - quiet, quiet, horizon);
      quiet = 0;
      if (delta !== null) this.#takeOp(op, delta, horizon);
    }
    this.#passQuiet(first + count - quiet, quiet, horizon);
    known.each((delta) => this.#addCounters(delta, delta.ops));
  }

  /** What op `at` of the parts did, with the earlier ops of its call; null: the call has not ended. */
  #read(at: number): ListDelta | null {
    return this.#pair.read(at) ? deltaOf(this.#pair, this.#countedByLevels) : null;
  }

  #addGauges({ gauges }: ListDelta): void {
    const { reference, candidate } = this.sums;
    for (let k = 0; k < gauges.length; k += 3) {
      reference[gauges[k]] += gauges[k + 1];
      candidate[gauges[k]] += gauges[k + 2];
    }
  }

  #addCounters({ counters }: ListDelta, ops: number): void {
    const { reference, candidate } = this.sums;
    for (let k = 0; k < counters.length; k += 3) {
      reference[counters[k]] += ops * counters[k + 1];
      candidate[counters[k]] += ops * counters[k + 2];
    }
  }

  /** `ops` ops from `from` on leave every gauge as far from the other run's as it was. */
  #passQuiet(from: number, ops: number, horizon: number): void {
    if (ops === 0) return;
    const before = Math.max(0, Math.min(ops, horizon - from));
    for (const gauge of GAUGES) {
      if (this.#levels[gauge] === 0) continue;
      const track = this.#track(gauge);
      track.noteAgain(before);
      if (before < ops) track.noteLater(from + before, ops - before);
    }
  }

  /** Returns `op` if the machines part there, else the horizon. hasEnded false: its call stops. */
  #part(op: number, horizon: number, delta: ListDelta, hasEnded: boolean): number {
    this.parting.take(op, delta, hasEnded ? this.#pair.unfinished : null, () => this.#misfits(delta));
    return Math.min(horizon, this.parting.op);
  }

  /** What differs in an op otherwise than declared. */
  #misfits({ differences, onceA, onceB }: ListDelta): Misfit[] {
    const plus = (sofar: Occasions, once: Occasions): Occasions => sofar.map((n, basis) => n + once[basis]);
    const [sofarA, sofarB] = [plus(this.#sofarA, onceA), plus(this.#sofarB, onceB)];
    const found: Misfit[] = [];
    for (let k = 0; k < differences.length; k += 3) {
      const [counter, difference] = [differences[k], differences[k + 1]];
      const track = this.#track(counter);
      const side = isGauge(counter)
        ? track.sideOf(this.#levels[counter] + difference, sofarB, sofarA)
        : track.sideOf(difference, onceB, onceA);
      if (side !== 0) found.push({ what: track.what, side });
    }
    return found;
  }

  #takeOp(op: number, delta: ListDelta, horizon: number): void {
    const levels = this.#levels;
    const [sofarA, sofarB] = [this.#sofarA, this.#sofarB];
    const { onceA, onceB, isOccasion, isForLevels, differences } = delta;
    const isFirst = this.#isFirst;
    this.#isFirst = false;
    if (isForLevels)
      for (let i = 0; i < onceA.length; i++) {
        sofarA[i] += onceA[i];
        sofarB[i] += onceB[i];
      }
    if (op < horizon) this.#addGauges(delta);
    let gaugeMoved = false;
    for (let k = 0; k < differences.length; k += 3) {
      const counter = differences[k];
      const difference = differences[k + 1];
      if (isGauge(counter)) {
        levels[counter] += difference;
        gaugeMoved = true;
        continue;
      }
      const track = this.#track(counter);
      track.total += difference;
      if (op >= horizon) track.noteLater(op);
      else {
        track.note(op, difference, differences[k + 2]);
        if (!delta.isJudged) track.judge(op, difference, onceB, onceA);
      }
    }
    for (const gauge of GAUGES) {
      const level = levels[gauge];
      if (level === 0 && this.#counters[gauge] === undefined) continue;
      const track = this.#track(gauge);
      if (level !== 0) {
        if (op < horizon) track.note(op, level, this.sums.reference[gauge]);
        else track.noteLater(op);
      }
      if (op < horizon && (gaugeMoved || isForLevels || isFirst)) track.judge(op, level, sofarB, sofarA);
    }
    if (op >= horizon) return;
    if ((isOccasion || isFirst) && !delta.isJudged)
      for (const counter of this.#withTerms)
        if (!differsIn(counter, delta)) this.#track(counter).judge(op, 0, onceB, onceA);
    delta.isJudged = true;
  }

  /** Some statistic differs, in a call that has ended. */
  get differs(): boolean {
    return this.#tracks().some(({ first, firstLater }) => first >= 0 || firstLater >= 0);
  }

  /** Ops that the differences found so far may point at. */
  pointsAt(): number[] {
    return [
      ...this.#tracks().flatMap((track) => track.pointsAt()),
      ...Array.from(this.#pair.unfinished, ({ op }) => op),
    ];
  }

  #tracks(): readonly Track[] {
    return [...this.#pmapTracks, ...COMPARED.flatMap((counter) => this.#counters[counter] ?? [])];
  }

  /** Of a counter; a level has none. */
  #sumOf(what: string): Sides | null {
    const counter = (COUNTER_NAMES as readonly string[]).indexOf(what);
    if (counter < 0 || isGauge(counter)) return null;
    return { reference: unboxed(this.sums.reference[counter]), candidate: unboxed(this.sums.candidate[counter]) };
  }

  /** What all parts come to. */
  finish(): StatComparison {
    const levels = this.#levels;
    for (const begun of this.#pair.unfinished) {
      for (const counter of COMPARED) {
        const difference = begun.candidate[counter] - begun.reference[counter];
        if (difference === 0) continue;
        this.#track(counter).noteLater(begun.op);
        if (isGauge(counter)) levels[counter] += difference;
        else this.#track(counter).total += difference;
      }
    }
    for (const gauge of GAUGES) if (levels[gauge] !== 0) this.#track(gauge).total = levels[gauge];
    const all = this.#tracks();
    return {
      differences: all.flatMap((track) => track.result(this.#sumOf(track.what)) ?? []),
      seen: all.flatMap((track) => track.seen()),
      fits: all.flatMap((track) => track.fit() ?? []),
    };
  }
}

/**
 * Does some op, of those in which no call stops or goes on, add other numbers to the counters that are compared? Says no
 * more than StatisticsComparer.differs would, but stops at the first such op. Gauges are left to it.
 */
export function addsOtherNumbers(a: RunPart, b: RunPart, first: number): boolean {
  const pair = new OpPair();
  const [listsA, listsB] = [a.perOp.counterList, b.perOp.counterList];
  /** by list of a: the list of b that goes with it and has the same numbers, -1: none yet */
  const same = new Int32Array(a.perOp.counterFrom.length - 1).fill(-1);
  pair.begin(a, b, first, Infinity);
  for (let at = 0; at < a.ops; at++) {
    if (same[listsA[at]] === listsB[at] || !pair.isPlain(at)) continue;
    pair.read(at);
    for (let k = 0; k < pair.count; k++) {
      const counter = pair.touched[k];
      if (pair.reference[counter] !== pair.candidate[counter] && isCompared(counter) && !isGauge(counter)) return true;
    }
    same[listsA[at]] = listsB[at];
  }
  return false;
}
