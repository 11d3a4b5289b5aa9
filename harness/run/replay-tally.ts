/** Counts how faithful the replay of a recording is, access by access, and the pmap_remove calls of its processes. */
import { type Counters, REMOVE_CALLS, REMOVE_EARLY_EXITS } from '../../core/index.ts';
import { OUTCOME_NOT_RUN, OUTCOME_OK, OUTCOME_SIGNAL } from '../workload/names.ts';
import { ORIGIN_FAULT, ORIGIN_FAULT_PRESENT, ORIGIN_PLAIN, ORIGIN_RESIDENT, type OpChunk } from '../workload/ops.ts';
import type { Piece } from '../workload/pieces.ts';
import { ProcessTally } from './process-tally.ts';
import type { ReplayStats } from './record.ts';

/** The interpreter's report on its last op. */
interface LastOp {
  readonly accesses: number;
  readonly faults: number;
  readonly faulted: number;
}

export class ReplayTally {
  #actors: Piece['actors'];
  readonly #counters: Counters;
  readonly #processes = new ProcessTally();
  /** pmap_remove calls of the current op, and the totals before it */
  readonly #removes = { calls: 0, early: 0 };
  #calls: number;
  #early: number;
  readonly stats: ReplayStats = {
    accesses: 0,
    hits: 0,
    faulted: 0,
    signals: 0,
    recordedFaults: 0,
    recordedFaultsPresent: 0,
    mappedAlready: 0,
    extraFaults: 0,
    failedOps: 0,
    byKind: this.#processes.byKind,
  };

  /** counters: the machine's, before the first op. */
  constructor({ actors }: Pick<Piece, 'actors'>, counters: Counters) {
    this.#actors = actors;
    this.#counters = counters;
    this.#calls = counters[REMOVE_CALLS];
    this.#early = counters[REMOVE_EARLY_EXITS];
  }

  /** From here on, ops belong to this piece. */
  enter({ actors, carried }: Piece): void {
    this.#actors = actors;
    if (carried !== null) this.#processes.carry(carried);
  }

  /** Counts the completed entry `at` of a chunk. */
  take(chunk: OpChunk, at: number, code: number, last: LastOp): void {
    this.#takeRemoves(chunk, at, code);
    this.#takeAccesses(chunk.origin[at], code, last);
  }

  #takeRemoves(chunk: OpChunk, at: number, code: number): void {
    const counters = this.#counters;
    const removes = this.#removes;
    removes.calls = counters[REMOVE_CALLS] - this.#calls;
    removes.early = counters[REMOVE_EARLY_EXITS] - this.#early;
    this.#calls += removes.calls;
    this.#early += removes.early;
    const { process } = this.#actors[chunk.who[at]];
    this.#processes.take(chunk.code[at], process, chunk.arg[at], code, removes);
  }

  #takeAccesses(origin: number, code: number, { accesses, faults, faulted }: LastOp): void {
    const { stats } = this;
    if (code > OUTCOME_OK && code < OUTCOME_SIGNAL) stats.failedOps++;
    if (origin === ORIGIN_PLAIN) return;
    const signalled = code > OUTCOME_SIGNAL && code < OUTCOME_NOT_RUN ? 1 : 0;
    stats.accesses += accesses;
    stats.signals += signalled;
    stats.faulted += faulted - signalled;
    stats.hits += accesses - faulted;
    // A page resident at exec was faulted in before the recording of faults started.
    const expected = origin === ORIGIN_FAULT || origin === ORIGIN_FAULT_PRESENT || origin === ORIGIN_RESIDENT ? 1 : 0;
    if (faults > expected) stats.extraFaults += faults - expected;
    if (origin === ORIGIN_FAULT) {
      stats.recordedFaults++;
      if (faults === 0) stats.mappedAlready++;
    } else if (origin === ORIGIN_FAULT_PRESENT) {
      stats.recordedFaultsPresent++;
    }
  }
}
