/**
 * trace: compares the event streams of two runs of one workload op by op: where they first diverge, and all that
 * differs.
 *
 * An op is compared by its calls, its outcome, the statistics after it and its counter increments; a comparator may
 * ignore some of these. Both records contain events. Linear in the number of events as long as the streams are alike
 * within an op.
 */
import { COMPARED, COUNTER_COUNT, COUNTER_NAMES } from '../../core/counters.ts';
import { EVENT_WORDS } from '../../core/events.ts';
import { EVENT_KINDS, EVENT_ORDER } from '../../core/places.ts';
import { isCompared, planeOfCounter } from '../declare/planes.ts';
import { type Outcomes, type Parting, killedApart, partings } from '../run/outcome.ts';
import type { Ended, RecordedEvents, RunRecord } from '../run/record.ts';
import { Comparator, type ComparatorName } from './comparator.ts';

export const PARTS = ['calls', 'outcome', 'statistics', 'counters', 'end'] as const;
export type Part = (typeof PARTS)[number];

/** Where a user may ask for the first divergence: an op that differs in this part. */
export const TRACE_PLANES = ['outcome', 'calls', 'statistics', 'counters'] as const;
export type TracePlane = (typeof TRACE_PLANES)[number];

/** A number that differs: outcome code or value, a statistic, or the op's increment of a counter. */
export interface NumberDifference {
  readonly part: Part;
  readonly what: string;
  readonly reference: number;
  readonly candidate: number;
}

/** The first op that differs. */
export interface Divergence {
  readonly op: number;
  readonly parts: readonly Part[];
  /** index within the op of the first event that differs, null if the calls are the same */
  readonly event: number | null;
  readonly numbers: readonly NumberDifference[];
}

export interface KindSummary {
  /** of core/places, or of a patched core */
  readonly kind: string;
  readonly reference: number;
  readonly candidate: number;
  /** events without a counterpart in the same op of the other run, in order */
  readonly onlyReference: number;
  readonly onlyCandidate: number;
}

export interface TraceDiff {
  readonly comparator: ComparatorName;
  readonly ops: readonly [number, number];
  readonly events: readonly [number, number];
  readonly ended: readonly [Ended, Ended];
  /** what processes notice, and panics: the first of each */
  readonly happened: readonly Parting[];
  /** part in which `first` differs; null: in any */
  readonly plane: TracePlane | null;
  /** null if the comparator finds no difference between the two runs, or none in that part */
  readonly first: Divergence | null;
  /** number of ops that differ in each part */
  readonly differing: Readonly<Record<Part, number>>;
  /** kinds that have an event without a counterpart */
  readonly kinds: readonly KindSummary[];
}

const STATISTICS = 1;
const COUNTERS = 2;

/** For each counter, how it is compared: as a statistic, as another counter, or not (0). */
const comparedCounters = (name: ComparatorName): Uint8Array =>
  Uint8Array.from({ length: COUNTER_COUNT }, (_none, counter) => {
    if (!isCompared(counter)) return 0;
    if (planeOfCounter(counter) === 'stats') return STATISTICS;
    return name === 'no-cost' ? 0 : COUNTERS;
  });

class Tracing {
  readonly #a: RunRecord;
  readonly #b: RunRecord;
  readonly #eventsA: RecordedEvents;
  readonly #eventsB: RecordedEvents;
  readonly #comparator: Comparator;
  readonly #compared: Uint8Array;
  readonly differing: Record<Part, number> = { calls: 0, outcome: 0, statistics: 0, counters: 0, end: 0 };
  readonly only: readonly [Uint32Array, Uint32Array];
  first: Divergence | null = null;
  /** by op: a bit for each of PARTS that differs */
  readonly marks: Uint8Array;
  readonly #plane: TracePlane | null;
  readonly #killed: ReadonlyMap<number, Partial<Outcomes>>;

  constructor(a: RunRecord, b: RunRecord, name: ComparatorName, plane: TracePlane | null) {
    this.#plane = plane;
    if (a.events === null || b.events === null) throw new RangeError('trace: expected two runs with events');
    [this.#a, this.#b, this.#eventsA, this.#eventsB] = [a, b, a.events, b.events];
    const kinds = kindsOf(a, b).length;
    this.only = [new Uint32Array(kinds), new Uint32Array(kinds)];
    this.marks = new Uint8Array(Math.max(a.ops, b.ops) + 1);
    this.#comparator = new Comparator(name);
    this.#killed = killedApart(a.killed, b.killed);
    this.#compared = comparedCounters(name);
  }

  all(): void {
    const ops = Math.min(this.#a.ops, this.#b.ops);
    for (let op = 0; op < ops; op++) this.#op(op);
    const { ended: one } = this.#a;
    const { ended: other } = this.#b;
    if (this.#a.ops === this.#b.ops && JSON.stringify(one) === JSON.stringify(other)) return;
    this.differing.end++;
    this.marks[ops] |= 1 << PARTS.indexOf('end');
    if (this.#plane === null || this.#plane === 'outcome')
      this.first ??= { op: ops, parts: ['end'], event: null, numbers: [] };
  }

  #op(op: number): void {
    const event = this.#firstCall(op);
    const { perOp: a } = this.#a;
    const { perOp: b } = this.#b;
    const counters = this.#counters(op);
    const outcome = a.code[op] !== b.code[op] || a.value[op] !== b.value[op] || this.#killed.has(op);
    const statistics =
      (counters & STATISTICS) !== 0 ||
      a.residentCount[op] !== b.residentCount[op] ||
      a.wiredCount[op] !== b.wiredCount[op];
    if (event < 0 && counters === 0 && !outcome && !statistics) return;
    const differs: Readonly<Record<Part, boolean>> = {
      calls: event >= 0,
      outcome,
      statistics,
      counters: (counters & COUNTERS) !== 0,
      end: false,
    };
    for (const [bit, part] of PARTS.entries()) {
      if (!differs[part]) continue;
      this.differing[part]++;
      this.marks[op] |= 1 << bit;
    }
    if (event >= 0) this.#unmatched(op, event);
    const parts = PARTS.filter((part) => differs[part]);
    if (this.first === null && (this.#plane === null || differs[this.#plane]))
      this.first = { op, parts, event: event < 0 ? null : event, numbers: this.#numbers(op) };
  }

  /** Index of the first call in which the op differs, -1 if there is none. */
  #firstCall(op: number): number {
    const { from: fromA, words: a } = this.#eventsA;
    const { from: fromB, words: b } = this.#eventsB;
    const comparator = this.#comparator;
    const [i, j] = [fromA[op], fromB[op]];
    const [countA, countB] = [fromA[op + 1] - i, fromB[op + 1] - j];
    const count = Math.min(countA, countB);
    for (let k = 0; k < count; k++) if (!comparator.same(a, i + k, b, j + k)) return k;
    return countA === countB ? -1 : count;
  }

  /** Do compared statistics or other counters differ in the op's increments? Returns STATISTICS and COUNTERS bits. */
  #counters(op: number): number {
    const { counterList: listA, counterFrom: fromA, counterIndex: indexA, counterDelta: deltaA } = this.#a.perOp;
    const { counterList: listB, counterFrom: fromB, counterIndex: indexB, counterDelta: deltaB } = this.#b.perOp;
    const kinds = this.#compared;
    let [i, j] = [fromA[listA[op]], fromB[listB[op]]];
    const [endA, endB] = [fromA[listA[op] + 1], fromB[listB[op] + 1]];
    let differ = 0;
    while (i < endA || j < endB) {
      const a = i < endA ? indexA[i] : COUNTER_COUNT;
      const b = j < endB ? indexB[j] : COUNTER_COUNT;
      if (a === b && deltaA[i] === deltaB[j]) [i, j] = [i + 1, j + 1];
      else {
        differ |= kinds[Math.min(a, b)];
        if (a <= b) i++;
        if (b <= a) j++;
      }
    }
    return differ;
  }

  #numbers(op: number): NumberDifference[] {
    const { perOp: a } = this.#a;
    const { perOp: b } = this.#b;
    const numbers: NumberDifference[] = [];
    const put = (part: Part, what: string, reference: number, candidate: number): void => {
      if (reference !== candidate) numbers.push({ part, what, reference, candidate });
    };
    put('outcome', 'code', a.code[op], b.code[op]);
    put('outcome', 'value', a.value[op], b.value[op]);
    put('statistics', 'residentCount', a.residentCount[op], b.residentCount[op]);
    put('statistics', 'wiredCount', a.wiredCount[op], b.wiredCount[op]);
    put('statistics', 'mappedPages', a.mappedPages[op], b.mappedPages[op]);
    put('statistics', 'excessPages', a.excessPages[op], b.excessPages[op]);
    const [added, other] = [addedBy(this.#a, op), addedBy(this.#b, op)];
    for (const counter of COMPARED)
      if (this.#compared[counter] !== 0) {
        const part = this.#compared[counter] === STATISTICS ? 'statistics' : 'counters';
        put(part, COUNTER_NAMES[counter], added.get(counter) ?? 0, other.get(counter) ?? 0);
      }
    return numbers;
  }

  /**
   * Counts the events from index `event` on that have no counterpart, by a longest common subsequence of the op's
   * remaining events.
   */
  #unmatched(op: number, event: number): void {
    const { from: fromA, words: a } = this.#eventsA;
    const { from: fromB, words: b } = this.#eventsB;
    const comparator = this.#comparator;
    const alike = (i: number, j: number): boolean => comparator.alike(a, i, b, j);
    const [i, j] = [fromA[op] + event, fromB[op] + event];
    let [endA, endB] = [fromA[op + 1], fromB[op + 1]];
    while (endA > i && endB > j && alike(endA - 1, endB - 1)) [endA, endB] = [endA - 1, endB - 1];
    const [onlyA, onlyB] = withoutCounterpart(endA - i, endB - j, (x, y) => alike(i + x, j + y));
    for (const x of onlyA) this.only[0][a[(i + x) * EVENT_WORDS]]++;
    for (const y of onlyB) this.only[1][b[(j + y) * EVENT_WORDS]]++;
  }
}

function addedBy({ perOp }: RunRecord, op: number): Map<number, number> {
  const { counterList, counterFrom, counterIndex, counterDelta } = perOp;
  const added = new Map<number, number>();
  const list = counterList[op];
  for (let k = counterFrom[list]; k < counterFrom[list + 1]; k++) added.set(counterIndex[k], counterDelta[k]);
  return added;
}

/** Above this many comparisons, items are matched one by one in place. */
const MOST_CELLS = 1_000_000;

/** Indices of the items of two lists that a longest common subsequence omits. */
function withoutCounterpart(n: number, m: number, alike: (x: number, y: number) => boolean): [number[], number[]] {
  const [onlyA, onlyB]: [number[], number[]] = [[], []];
  if (n * m > MOST_CELLS) {
    for (let k = 0; k < Math.max(n, m); k++) {
      if (k < n && k < m && alike(k, k)) continue;
      if (k < n) onlyA.push(k);
      if (k < m) onlyB.push(k);
    }
    return [onlyA, onlyB];
  }
  const width = m + 1;
  const best = new Uint32Array((n + 1) * width);
  for (let x = n - 1; x >= 0; x--)
    for (let y = m - 1; y >= 0; y--) {
      const at = x * width + y;
      best[at] = alike(x, y) ? best[at + width + 1] + 1 : Math.max(best[at + width], best[at + 1]);
    }
  let [x, y] = [0, 0];
  while (x < n && y < m) {
    if (alike(x, y)) [x, y] = [x + 1, y + 1];
    else if (best[(x + 1) * width + y] >= best[x * width + y + 1]) onlyA.push(x++);
    else onlyB.push(y++);
  }
  while (x < n) onlyA.push(x++);
  while (y < m) onlyB.push(y++);
  return [onlyA, onlyB];
}

const eventCount = ({ ops, events }: RunRecord): number => events!.from[ops];

/** Kinds of calls by number: those that only patched cores know come last, with the same numbers in all columns. */
function kindsOf({ events: a }: RunRecord, { events: b }: RunRecord): readonly string[] {
  const [ofA, ofB] = [a?.kinds ?? EVENT_KINDS, b?.kinds ?? EVENT_KINDS];
  return ofA.length > ofB.length ? ofA : ofB;
}

function countKinds(record: RunRecord, kinds: number): Uint32Array {
  const counts = new Uint32Array(kinds);
  const { words } = record.events!;
  for (let i = 0, end = eventCount(record); i < end; i++) counts[words[i * EVENT_WORDS]]++;
  return counts;
}

/** Compares two runs of one workload that recorded events. */
export function diffTraces(
  a: RunRecord,
  b: RunRecord,
  comparator: ComparatorName,
  plane: TracePlane | null = null,
): TraceDiff {
  const tracing = new Tracing(a, b, comparator, plane);
  tracing.all();
  const names = kindsOf(a, b);
  const [inA, inB] = [countKinds(a, names.length), countKinds(b, names.length)];
  const [onlyA, onlyB] = tracing.only;
  const order = [...EVENT_ORDER, ...names.slice(EVENT_KINDS.length).map((_name, i) => EVENT_KINDS.length + i)];
  const kinds = order.map((k): KindSummary => ({
    kind: names[k],
    reference: inA[k],
    candidate: inB[k],
    onlyReference: onlyA[k],
    onlyCandidate: onlyB[k],
  }));
  return {
    comparator,
    ops: [a.ops, b.ops],
    events: [eventCount(a), eventCount(b)],
    ended: [a.ended, b.ended],
    happened: partings(a, b),
    plane,
    first: tracing.first,
    differing: tracing.differing,
    kinds: kinds.filter(({ onlyReference, onlyCandidate }) => onlyReference + onlyCandidate > 0),
  };
}

/** By op, one more than the longer of two runs has: a bit for each of PARTS in which the two differ there. */
export function differingOps(a: RunRecord, b: RunRecord, comparator: ComparatorName): Uint8Array {
  const tracing = new Tracing(a, b, comparator, null);
  tracing.all();
  return tracing.marks;
}
