/**
 * Reading two records op by op: what each op added to each counter, in either run, and where they differ.
 */
import { COUNTER_COUNT } from '../../core/counters.ts';
import type { PerOp } from '../run/record.ts';

/** The counters that an op touched in either run, and what it added to them. Reused from op to op. */
export class OpPair {
  readonly reference = new Float64Array(COUNTER_COUNT);
  readonly candidate = new Float64Array(COUNTER_COUNT);
  /** counters touched in at least one run: touched[0 .. count) */
  readonly touched = new Uint8Array(2 * COUNTER_COUNT);
  count = 0;
  readonly #a: PerOp;
  readonly #b: PerOp;

  constructor(a: PerOp, b: PerOp) {
    this.#a = a;
    this.#b = b;
  }

  read(op: number): void {
    const { reference, candidate, touched } = this;
    for (let k = 0; k < this.count; k++) {
      reference[touched[k]] = 0;
      candidate[touched[k]] = 0;
    }
    let count = 0;
    const a = this.#a;
    for (let k = a.counterFrom[op]; k < a.counterFrom[op + 1]; k++) {
      const counter = a.counterIndex[k];
      touched[count++] = counter;
      reference[counter] = a.counterDelta[k];
    }
    const b = this.#b;
    for (let k = b.counterFrom[op]; k < b.counterFrom[op + 1]; k++) {
      const counter = b.counterIndex[k];
      if (reference[counter] === 0) touched[count++] = counter;
      candidate[counter] = b.counterDelta[k];
    }
    this.count = count;
  }
}

/** First op, and number of ops, at which process-visible outcomes differ. */
export interface OutcomeDifference {
  readonly op: number;
  readonly ops: number;
}

export function compareOutcomes(a: PerOp, b: PerOp, ops: number): OutcomeDifference | null {
  let first = -1;
  let count = 0;
  for (let i = 0; i < ops; i++) {
    if (
      a.code[i] === b.code[i] &&
      (a.value[i] === b.value[i] || (a.value[i] !== a.value[i] && b.value[i] !== b.value[i]))
    )
      continue;
    if (first < 0) first = i;
    count++;
  }
  return first < 0 ? null : { op: first, ops: count };
}
