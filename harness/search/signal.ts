/**
 * What is new about a run: which ops had which outcome, moved which counter, and how far; how often it entered what a
 * patch changes; and in which counters the two runs differ. Each is a number, so that signals of parts of a hunt can be
 * joined.
 */
import { COUNTER_COUNT, REACHED } from '../../core/counters.ts';
import type { RunRecord } from '../run/record.ts';
import { OUTCOME_PANIC } from '../workload/names.ts';
import { OP_NAMES, type Workload } from '../workload/ops.ts';

const VERBS = OP_NAMES.length;
const OUTCOMES = OUTCOME_PANIC + 1;
/** Sizes of the kinds of signal, one behind the other. */
const OUTCOME_AT = 0;
const COUNTER_AT = OUTCOME_AT + VERBS * OUTCOMES;
const AMOUNT_AT = COUNTER_AT + VERBS * COUNTER_COUNT;
const BUCKETS = 9;
const REACHED_AT = AMOUNT_AT + COUNTER_COUNT * BUCKETS;
const DENSE = REACHED_AT + VERBS * COUNTER_COUNT;
const HASHES = 2 ** 30;
/** By counter: is it the number of times that a member of the seam was called? */
const IS_REACHED = Uint8Array.from({ length: COUNTER_COUNT }, (_one, counter) => Number(REACHED.includes(counter)));

/** 0, 1, 2, 3, 4-7, 8-15, 16-31, 32-127, more */
function bucket(amount: number): number {
  const size = Math.abs(amount);
  if (size < 4) return size;
  if (size < 8) return 4;
  if (size < 16) return 5;
  if (size < 32) return 6;
  return size < 128 ? 7 : 8;
}

export class Signals {
  readonly #dense = new Uint8Array(DENSE);
  readonly #pairs = new Set<number>();
  #fresh: number[] = [];

  constructor(seen: Iterable<number> = []) {
    for (const signal of seen) this.add(signal);
  }

  /** Was it new? */
  add(signal: number): boolean {
    if (signal < DENSE) {
      if (this.#dense[signal] === 1) return false;
      this.#dense[signal] = 1;
      return true;
    }
    if (this.#pairs.has(signal)) return false;
    this.#pairs.add(signal);
    return true;
  }

  #note(signal: number): void {
    if (this.add(signal)) this.#fresh.push(signal);
  }

  /** The signals of two runs of a workload that are new. */
  take(workload: Workload, [a, b]: readonly [RunRecord, RunRecord]): readonly number[] {
    this.#fresh = [];
    this.#takeOps(workload, a);
    let hash = 0x811c9dc5;
    for (let counter = 0; counter < COUNTER_COUNT; counter++) {
      const ofA = a.totals[counter] - a.start[counter];
      const difference = b.totals[counter] - b.start[counter] - ofA;
      this.#note(AMOUNT_AT + counter * BUCKETS + bucket(ofA));
      if (difference !== 0) hash = Math.imul(hash ^ (counter * 16 + bucket(difference)), 0x01000193);
    }
    this.#note(DENSE + ((hash >>> 0) % HASHES));
    this.#takeCalls(a);
    this.#takeCalls(b);
    return this.#fresh;
  }

  /** How often the functions that a patch changes were entered: how near the workload comes to it. */
  #takeCalls({ entered }: RunRecord): void {
    if (entered === undefined) return;
    for (const [number, calls] of Object.values(entered.calls).entries())
      if (calls > 0) this.#note(DENSE + HASHES + number * BUCKETS + bucket(calls));
  }

  /** Hot: bytes of one array, and nothing made. */
  #takeOps({ ops }: Workload, { perOp, ops: count }: RunRecord): void {
    const { code, counterList, counterFrom, counterIndex } = perOp;
    if (ops.length === 0) return;
    const verbs = ops.chunks[0].code;
    let before = 0;
    for (let op = 0; op < Math.min(count, verbs.length); op++) {
      const verb = verbs[op];
      this.#note(OUTCOME_AT + verb * OUTCOMES + code[op]);
      const list = counterList[op];
      for (let k = counterFrom[list]; k < counterFrom[list + 1]; k++) {
        const counter = counterIndex[k];
        this.#note(COUNTER_AT + verb * COUNTER_COUNT + counter);
        if (IS_REACHED[counter] === 1) this.#note(REACHED_AT + before * COUNTER_COUNT + counter);
      }
      before = verb;
    }
  }
}
