/**
 * Statistics and counters of two records, op by op, against what is declared to differ.
 *
 * A counter is compared by what each op added to it, a gauge by its level after each op, a statistic of the acting pmap
 * likewise. An explanation holds only if its measure fits at every op; a call that stops and goes on is judged as a whole,
 * at the op in which it ends. From `horizon` on the two machines are no longer in the same state, so later differences
 * follow from what happened there and are not judged one by one; nor is a call that never ends.
 */
import { COUNTER_NAMES } from '../../core/counters.ts';
import { OUTCOME_STOPPED, type RunRecord } from '../run/record.ts';
import { OUTCOME_NOT_RUN } from '../workload/names.ts';
import type { Explanations, Step } from './declarations.ts';
import { type Measure, NOTHING, sum } from './measure.ts';
import { type Expected, fits, mayStray, newOccasions, readOccasions, termsOf } from './occasions.ts';
import { OpPair } from './ops.ts';
import { COMPARED_COUNTERS, PMAP_STATS, type Plane, isGauge, planeOfCounter } from './planes.ts';

/**
 * intended: declared by an author. known: a finding names it. follows: not judged, as it comes after a difference of a
 * severer plane, or in a call that never ends.
 */
export type Standing = 'intended' | 'known' | 'unexpected' | 'follows';

/** One statistic or counter that differs, or that was declared to differ and does not. */
export interface StatDifference {
  readonly what: string;
  readonly plane: Plane;
  readonly standing: Standing;
  /** steps that explain it; empty when unexpected */
  readonly steps: readonly Step[];
  /** first op that differs, or where the declaration does not fit */
  readonly op: number;
  /** ops that differ */
  readonly ops: number;
  /** least and greatest difference, candidate minus reference: of one op's share, or of a level */
  readonly least: number;
  readonly most: number;
  /** difference over all ops; of a level: after the last op compared */
  readonly total: number;
}

/** One statistic on its way through the ops. */
class Track {
  readonly what: string;
  readonly plane: Plane;
  readonly intended: readonly Step[];
  readonly known: readonly Step[];
  readonly #byIntent: Expected;
  readonly #byLedger: Expected;
  #intentFits = true;
  #ledgerFits = true;
  #misfit = -1;
  /** how far differences lay from what the terms of declarations and ledger come to */
  #leastAstray = 0;
  #mostAstray = 0;
  first = -1;
  ops = 0;
  least = 0;
  most = 0;
  total = 0;
  /** steps a term of which applied to some op */
  readonly #applied = new Set<Step>();
  #pending: Step[];
  /** the steps have terms: they are to be held against ops without a difference too */
  readonly hasTerms: boolean;
  /** differences at or after the horizon */
  firstLater = -1;
  opsLater = 0;

  constructor(what: string, plane: Plane, { intended, known }: Explanations) {
    this.what = what;
    this.plane = plane;
    this.intended = intended.filter((step) => step.what === what);
    this.known = known.filter((step) => step.what === what);
    this.#byIntent = expected(this.intended);
    this.#byLedger = expected([...this.intended, ...this.known]);
    this.#pending = [...this.intended, ...this.known].filter(({ measure }) => measure.per.some((n) => n !== 0));
    this.hasTerms = this.#pending.length > 0;
  }

  /** Take note of a difference at `op`; it is held against the declarations by judge(). */
  note(op: number, difference: number): void {
    if (this.first < 0) this.first = op;
    this.ops++;
    if (difference < this.least) this.least = difference;
    if (difference > this.most) this.most = difference;
  }

  noteLater(op: number): void {
    if (this.firstLater < 0) this.firstLater = op;
    this.opsLater++;
  }

  judge(op: number, difference: number, ofCandidate: Float64Array, ofReference: Float64Array): void {
    if (this.#intentFits && !fits(this.#byIntent, difference, ofCandidate, ofReference)) {
      this.#intentFits = false;
      if (this.#misfit < 0) this.#misfit = op;
    }
    const astray = difference - termsOf(this.#byLedger, ofCandidate, ofReference);
    if (!mayStray(this.#byLedger, astray)) this.#ledgerFits = false;
    if (astray < this.#leastAstray) this.#leastAstray = astray;
    if (astray > this.#mostAstray) this.#mostAstray = astray;
    for (const step of this.#pending) {
      const occasions = step.reversed ? ofReference : ofCandidate;
      if (!step.measure.per.some((n, basis) => n !== 0 && occasions[basis] !== 0)) continue;
      this.#applied.add(step);
      this.#pending = this.#pending.filter((other) => other !== step);
    }
  }

  /** What came of it, or null when nothing differs and nothing was declared in vain. */
  result(): StatDifference | null {
    const { what, plane, first, ops, least, most, total } = this;
    const standing: Standing = this.#intentFits ? 'intended' : this.#ledgerFits ? 'known' : 'unexpected';
    if (first < 0 && standing !== 'unexpected') {
      if (this.firstLater < 0) return null;
      return {
        what,
        plane,
        standing: 'follows',
        steps: [],
        op: this.firstLater,
        ops: this.opsLater,
        least,
        most,
        total,
      };
    }
    const steps =
      standing === 'intended' ? this.intended : standing === 'known' ? [...this.intended, ...this.known] : [];
    return {
      what,
      plane,
      standing,
      steps,
      op: standing === 'unexpected' ? this.#misfit : first,
      ops,
      least,
      most,
      total,
    };
  }

  /** Steps that really explained something: by a term that applied, or by a difference beyond the terms on their open side. */
  seen(): Step[] {
    const holding = this.#intentFits ? this.intended : this.#ledgerFits ? [...this.intended, ...this.known] : [];
    return holding.filter((step) => {
      const { measure, reversed } = step;
      if (this.#applied.has(step)) return true;
      const [up, down] = reversed ? [measure.fewer, measure.more] : [measure.more, measure.fewer];
      return (up && this.#mostAstray > 0) || (down && this.#leastAstray < 0);
    });
  }
}

function expected(steps: readonly Step[]): Expected {
  let forward: Measure = NOTHING;
  let backward: Measure = NOTHING;
  for (const { measure, reversed } of steps) {
    if (reversed) backward = sum(backward, measure);
    else forward = sum(forward, measure);
  }
  return { forward, backward };
}

export interface StatComparison {
  readonly differences: readonly StatDifference[];
  /** declarations and findings that explained something here */
  readonly seen: readonly Step[];
}

/** Compare ops 0 .. ops of two records; from op `horizon` on differences follow from an earlier one. */
export function compareStatistics(
  a: RunRecord,
  b: RunRecord,
  ops: number,
  horizon: number,
  explained: Explanations,
): StatComparison {
  const counters: Track[] = [];
  for (let c = 0; c < COMPARED_COUNTERS; c++) counters.push(new Track(COUNTER_NAMES[c], planeOfCounter(c), explained));
  const pmapTracks = PMAP_STATS.map((what) => new Track(what, 'stats', explained));

  compareCounters(a, b, ops, horizon, counters);
  compareLevels(a.perOp.residentCount, b.perOp.residentCount, a, b, ops, horizon, pmapTracks[0]);
  compareLevels(a.perOp.wiredCount, b.perOp.wiredCount, a, b, ops, horizon, pmapTracks[1]);

  const tracks = [...pmapTracks, ...counters];
  return {
    differences: tracks.flatMap((track) => track.result() ?? []),
    seen: tracks.flatMap((track) => track.seen()),
  };
}

function compareCounters(a: RunRecord, b: RunRecord, ops: number, horizon: number, tracks: readonly Track[]): void {
  const pair = new OpPair(a, b, horizon);
  const { reference, candidate, touched } = pair;
  const gauges = tracks.filter((_track, counter) => isGauge(counter));
  const withTerms = tracks.flatMap((track, counter) => (!isGauge(counter) && track.hasTerms ? [counter] : []));
  const levels = gauges.map((_gauge, counter) => b.start[counter] - a.start[counter]);
  const [onceA, onceB, sofarA, sofarB] = [newOccasions(), newOccasions(), newOccasions(), newOccasions()];
  readOccasions(sofarA, a.start);
  readOccasions(sofarB, b.start);
  sofarA.fill(0, 1);
  sofarB.fill(0, 1);

  let isFirst = true;
  for (let op = 0; op < ops; op++) {
    const isWhole = pair.read(op);
    if (!isWhole) continue;
    readOccasions(onceA, reference);
    readOccasions(onceB, candidate);
    let occasion = isFirst;
    isFirst = false;
    for (let i = 0; i < onceA.length; i++) {
      if (onceA[i] !== 0 || onceB[i] !== 0) occasion = true;
      sofarA[i] += onceA[i];
      sofarB[i] += onceB[i];
    }
    let gaugeMoved = false;
    for (let k = 0; k < pair.count; k++) {
      const counter = touched[k];
      if (counter >= COMPARED_COUNTERS) continue;
      const difference = candidate[counter] - reference[counter];
      if (isGauge(counter)) {
        levels[counter] += difference;
        gaugeMoved = true;
        continue;
      }
      if (difference === 0) continue;
      const track = tracks[counter];
      track.total += difference;
      if (op >= horizon) track.noteLater(op);
      else {
        track.note(op, difference);
        track.judge(op, difference, onceB, onceA);
      }
    }
    for (let g = 0; g < gauges.length; g++) {
      const level = levels[g];
      if (level !== 0) {
        if (op < horizon) gauges[g].note(op, level);
        else gauges[g].noteLater(op);
      }
      if (op < horizon && (gaugeMoved || occasion)) gauges[g].judge(op, level, sofarB, sofarA);
    }
    if (occasion && op < horizon)
      for (const counter of withTerms)
        if (candidate[counter] === reference[counter]) tracks[counter].judge(op, 0, onceB, onceA);
  }
  for (const begun of pair.unfinished) {
    for (let counter = 0; counter < COMPARED_COUNTERS; counter++) {
      const difference = begun.candidate[counter] - begun.reference[counter];
      if (difference === 0) continue;
      tracks[counter].noteLater(begun.op);
      if (isGauge(counter)) levels[counter] += difference;
      else tracks[counter].total += difference;
    }
  }
  gauges.forEach((gauge, g) => (gauge.total = levels[g]));
}

function compareLevels(
  reference: Int32Array,
  candidate: Int32Array,
  a: RunRecord,
  b: RunRecord,
  ops: number,
  horizon: number,
  track: Track,
): void {
  const [onceA, onceB] = [newOccasions(), newOccasions()];
  const { hasTerms } = track;
  const { code } = a.perOp;
  for (let op = 0; op < ops; op++) {
    if (op < horizon && (code[op] === OUTCOME_STOPPED || code[op] === OUTCOME_NOT_RUN)) continue;
    const difference = candidate[op] - reference[op];
    track.total = difference;
    if (op >= horizon) {
      if (difference !== 0) track.noteLater(op);
      continue;
    }
    if (difference !== 0) track.note(op, difference);
    else if (!hasTerms) continue;
    onceA[0] = a.perOp.topPages[op];
    onceB[0] = b.perOp.topPages[op];
    track.judge(op, difference, onceB, onceA);
  }
}
