/**
 * Reading two runs op by op: what each op added to each counter, in either run, and where they differ.
 *
 * A call that stops at a yield point is one call over several ops: what they added counts at the op in which it ends.
 */
import { COUNTER_COUNT } from '../../core/counters.ts';
import { OUTCOME_STOPPED, type PerOp, type RunPart, emptyPart } from '../run/record.ts';

/** What the ops of a call that has not ended have added so far. */
export interface Unfinished {
  /** the op that it stopped in last */
  readonly op: number;
  readonly reference: Float64Array;
  readonly candidate: Float64Array;
}

/** The counters that an op touched in either run, and what it added to them. Reused from op to op. */
export class OpPair {
  readonly reference = new Float64Array(COUNTER_COUNT);
  readonly candidate = new Float64Array(COUNTER_COUNT);
  /** counters touched in at least one run: touched[0 .. count) */
  readonly touched = new Uint8Array(2 * COUNTER_COUNT);
  count = 0;
  #a: PerOp = emptyPart().perOp;
  #b: PerOp = this.#a;
  #first = 0;
  #horizon = Infinity;
  /** by number of the op: the op that its call stopped in */
  #from: ReadonlyMap<number, number> = new Map();
  readonly #unfinished = new Map<number, Unfinished>();

  /** Go on with the next parts; they begin with op `first`. Before op `horizon` both runs stop and go on at the same ops. */
  begin(a: RunPart, b: RunPart, first: number, horizon: number): void {
    this.#a = a.perOp;
    this.#b = b.perOp;
    this.#first = first;
    this.#horizon = horizon;
    this.#from = new Map(a.resumed.map(({ op, from }) => [op, from]));
  }

  /** No call stops or goes on in op `at` of the parts: it did what its two lists say, and nothing before it counts. */
  isPlain(at: number): boolean {
    return this.#a.code[at] !== OUTCOME_STOPPED && (this.#from.size === 0 || !this.#from.has(this.#first + at));
  }

  /** Calls that stopped before `horizon` and have not gone on by the last op read. */
  get unfinished(): Iterable<Unfinished> {
    return this.#unfinished.values();
  }

  /** Read what op `at` of the parts added, and whatever the earlier ops of its call did. false: its call has not ended. */
  read(at: number): boolean {
    const op = this.#first + at;
    this.#readOne(at);
    const from = this.#from.get(op);
    const begun = from === undefined ? undefined : this.#unfinished.get(from);
    if (begun !== undefined) {
      this.#unfinished.delete(begun.op);
      this.#add(begun);
    }
    if (op >= this.#horizon || this.#a.code[at] !== OUTCOME_STOPPED) return true;
    this.#unfinished.set(op, { op, reference: this.reference.slice(), candidate: this.candidate.slice() });
    return false;
  }

  #add(begun: Unfinished): void {
    const { reference, candidate, touched } = this;
    for (let counter = 0; counter < COUNTER_COUNT; counter++) {
      const [before, after] = [begun.reference[counter], begun.candidate[counter]];
      if (before === 0 && after === 0) continue;
      if (reference[counter] === 0 && candidate[counter] === 0) touched[this.count++] = counter;
      reference[counter] += before;
      candidate[counter] += after;
    }
  }

  #readOne(op: number): void {
    const { reference, candidate, touched } = this;
    for (let k = 0; k < this.count; k++) {
      reference[touched[k]] = 0;
      candidate[touched[k]] = 0;
    }
    let count = 0;
    const a = this.#a;
    const listA = a.counterList[op];
    for (let k = a.counterFrom[listA]; k < a.counterFrom[listA + 1]; k++) {
      const counter = a.counterIndex[k];
      touched[count++] = counter;
      reference[counter] = a.counterDelta[k];
    }
    const b = this.#b;
    const listB = b.counterList[op];
    for (let k = b.counterFrom[listB]; k < b.counterFrom[listB + 1]; k++) {
      const counter = b.counterIndex[k];
      if (reference[counter] === 0) touched[count++] = counter;
      candidate[counter] = b.counterDelta[k];
    }
    this.count = count;
  }
}
