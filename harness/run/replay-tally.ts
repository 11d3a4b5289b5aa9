/**
 * How faithful the replay of a recording is, counted access by access.
 */
import { OUTCOME_NOT_RUN, OUTCOME_OK, OUTCOME_SIGNAL } from '../workload/names.ts';
import { ORIGIN_FAULT, ORIGIN_FAULT_PRESENT, ORIGIN_PLAIN, ORIGIN_RESIDENT } from '../workload/ops.ts';
import type { ReplayStats } from './record.ts';

/** What the interpreter says of its last op. */
interface LastOp {
  readonly accesses: number;
  readonly faults: number;
  readonly faulted: number;
}

export class ReplayTally {
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
  };

  take(origin: number, code: number, { accesses, faults, faulted }: LastOp): void {
    const { stats } = this;
    if (code > OUTCOME_OK && code < OUTCOME_SIGNAL) stats.failedOps++;
    if (origin === ORIGIN_PLAIN) return;
    const signalled = code > OUTCOME_SIGNAL && code < OUTCOME_NOT_RUN ? 1 : 0;
    stats.accesses += accesses;
    stats.signals += signalled;
    stats.faulted += faulted - signalled;
    stats.hits += accesses - faulted;
    // A page resident at exec was faulted in before the recording of faults began.
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
