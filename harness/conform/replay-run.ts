/**
 * Runs a recorded process tree through one revision and counts as replay summaries count: calls from the VM layer into
 * the pmap, taken from the event stream instead of the functions' own counters.
 */
import {
  EVENT_KINDS,
  EVENT_WORDS,
  EV_ADVISE,
  EV_REMOVE,
  type Machine,
  PRS_NORMAL,
  type Proc,
  USER_PT_PAGE_COUNT,
  runOn,
} from '../../core/index.ts';
import { Interpreter } from '../run/interpreter.ts';
import { ProcessTally } from '../run/process-tally.ts';
import { type ProcessKind, type RemoveCalls } from '../run/record.ts';
import { OUTCOME_NOT_RUN, OUTCOME_SIGNAL } from '../workload/names.ts';
import {
  ADVICES,
  OP_EXEC,
  OP_EXIT,
  OP_NAMES,
  OP_READ,
  OP_RUN,
  OP_TOUCH,
  OP_WRITE,
  type OpChunk,
  type Workload,
} from '../workload/ops.ts';
import type { ReplayRevisionNumbers } from './replay-vectors.ts';

/** Maximum number of signals and failed ops listed. */
const LISTED = 100;

/** One exit or exec under one revision. */
export interface ReplayRow {
  readonly pid: number;
  readonly kind: ProcessKind;
  readonly place: 'exit' | 'exec';
  /** map entries and resident_count before */
  readonly entries: number;
  readonly resident: number;
  /** calls of pmap_remove, and how many of them returned at the first test */
  readonly calls: number;
  readonly early: number;
}

export interface ReplayAnswer {
  readonly numbers: ReplayRevisionNumbers;
  readonly rows: readonly ReplayRow[];
}

type Place = 'exit' | 'exec' | 'other';

const ACCESS_LETTERS: Readonly<Record<number, string>> = {
  [OP_READ]: 'r',
  [OP_WRITE]: 'w',
  [OP_RUN]: 'x',
  [OP_TOUCH]: 'r',
};

const removes = (): RemoveCalls => ({ calls: 0, early: 0 });

class Replay {
  readonly #m: Machine;
  readonly #workload: Workload;
  readonly #interpreter: Interpreter;
  readonly #processes = new ProcessTally();
  /** by event kind; removes that were early; advises by advice */
  readonly #calls = new Float64Array(EVENT_KINDS.length);
  readonly #advises = new Float64Array(ADVICES.length);
  #early = 0;
  readonly #byPlace = { exit: removes(), exec: removes(), other: removes() };
  readonly #accesses = { hit: 0, faulted: 0, signal: 0 };
  #faultedMoreThanOnce = 0;
  #failedOps = 0;
  readonly #peak = { residentCountSum: 0, userPtPageCount: 0, vmspaces: 0 };
  readonly #signals: unknown[][] = [];
  readonly #failures: unknown[][] = [];
  readonly #rows: ReplayRow[] = [];

  constructor(m: Machine, workload: Workload) {
    this.#m = m;
    this.#workload = workload;
    this.#interpreter = new Interpreter(m, workload, workload);
  }

  all(): ReplayAnswer {
    const m = this.#m;
    m.events.clear();
    m.recording = true;
    try {
      let op = 0;
      for (const chunk of this.#workload.ops.chunks)
        for (let at = 0; at < chunk.code.length; at++) this.#op(chunk, at, op++);
    } finally {
      m.recording = false;
      m.events.clear();
    }
    return this.#answer();
  }

  #op(chunk: OpChunk, at: number, op: number): void {
    const { process } = this.#workload.actors[chunk.who[at]];
    const code = chunk.code[at];
    const p = this.#switchTo(chunk, at);
    const kind = this.#processes.kindOf(process);
    const place: Place = code === OP_EXIT ? 'exit' : code === OP_EXEC ? 'exec' : 'other';
    const entries = p === null ? 0 : p.vmspace.map.nentries;
    const resident = p === null ? 0 : p.vmspace.pmap.stats.residentCount;
    const outcome = this.#interpreter.step(chunk, at);
    const found = this.#takeEvents();
    this.#byPlace[place].calls += found.calls;
    this.#byPlace[place].early += found.early;
    if (place !== 'other') {
      const { pid } = this.#workload.processes[process];
      this.#rows.push({ pid, kind, place, entries, resident, ...found });
    }
    this.#takeOutcome(chunk, at, op, outcome);
    this.#takePeak();
    this.#processes.take(code, process, chunk.arg[at], outcome, found);
  }

  /** The scheduler switches between processes: only what the op itself does goes to the event stream. */
  #switchTo(chunk: OpChunk, at: number): Proc | null {
    const m = this.#m;
    const p = this.#interpreter.processOf(chunk, at);
    if (p === null || p.state !== PRS_NORMAL || m.curproc === p) return p;
    m.recording = false;
    runOn(m, p, this.#workload.actors[chunk.who[at]].cpu);
    m.recording = true;
    return p;
  }

  /** Counts the op's events and empties the stream. Returns its remove calls. */
  #takeEvents(): RemoveCalls {
    const { events } = this.#m;
    const { words } = events;
    const end = events.length * EVENT_WORDS;
    const found = removes();
    for (let i = 0; i < end; i += EVENT_WORDS) {
      const kind = words[i];
      this.#calls[kind]++;
      if (kind === EV_REMOVE) {
        found.calls++;
        found.early += words[i + 4];
      } else if (kind === EV_ADVISE) {
        this.#advises[words[i + 4]]++;
      }
    }
    events.clear();
    this.#early += found.early;
    return found;
  }

  /** An access op of a recording is a single access. */
  #takeOutcome(chunk: OpChunk, at: number, op: number, outcome: number): void {
    const code = chunk.code[at];
    const letter = ACCESS_LETTERS[code];
    if (outcome > OUTCOME_SIGNAL && outcome < OUTCOME_NOT_RUN) {
      this.#accesses.signal++;
      const { process } = this.#workload.actors[chunk.who[at]];
      const { pid } = this.#workload.processes[process];
      const address = `0x${chunk.addr[at].toString(16)}`;
      if (this.#signals.length < LISTED)
        this.#signals.push([op, pid, this.#processes.kindOf(process), address, letter, outcome - OUTCOME_SIGNAL]);
    } else if (outcome !== 0) {
      this.#failedOps++;
      if (this.#failures.length < LISTED) this.#failures.push([op, OP_NAMES[code], outcome]);
    } else if (letter !== undefined) {
      const { faults } = this.#interpreter;
      if (faults === 0) this.#accesses.hit++;
      else this.#accesses.faulted++;
      if (faults > 1) this.#faultedMoreThanOnce++;
    }
  }

  #residentCountSum(): number {
    let sum = 0;
    for (const { pmap } of this.#m.vmspaces) sum += pmap.stats.residentCount;
    return sum;
  }

  #takePeak(): void {
    const m = this.#m;
    const peak = this.#peak;
    const resident = this.#residentCountSum();
    const tables = m.counters[USER_PT_PAGE_COUNT];
    if (resident > peak.residentCountSum) peak.residentCountSum = resident;
    if (tables > peak.userPtPageCount) peak.userPtPageCount = tables;
    if (m.vmspaces.length > peak.vmspaces) peak.vmspaces = m.vmspaces.length;
  }

  #pmapCalls(): Record<string, number> {
    const named: Record<string, number> = { removeEarly: this.#early };
    for (const [kind, name] of EVENT_KINDS.entries()) if (kind !== EV_ADVISE) named[name] = this.#calls[kind];
    named.advise_dontneed = this.#advises[ADVICES.indexOf('dontneed')];
    named.advise_free = this.#advises[ADVICES.indexOf('free')];
    named.object_init_pt = 0; // of device memory; there is none
    return named;
  }

  #removeByKind(): ReplayRevisionNumbers['removeByKind'] {
    const { execed, forked, vforked } = this.#processes.byKind;
    const callsOf = ({ exit, exec }: typeof execed): { exit: RemoveCalls; exec: RemoveCalls } => ({
      exit: { calls: exit.calls, early: exit.early },
      exec: { calls: exec.calls, early: exec.early },
    });
    return { execed: callsOf(execed), forked: callsOf(forked), vforked: callsOf(vforked) };
  }

  #answer(): ReplayAnswer {
    const userPtPageCount = this.#m.counters[USER_PT_PAGE_COUNT];
    const numbers: ReplayRevisionNumbers = {
      pmapCalls: this.#pmapCalls(),
      removeByPlace: this.#byPlace,
      removeByKind: this.#removeByKind(),
      accesses: this.#accesses,
      accessesFaultedMoreThanOnce: this.#faultedMoreThanOnce,
      failedOps: this.#failedOps,
      final: { userPtPageCount, residentCountSum: this.#residentCountSum() },
      peak: this.#peak,
      signals: this.#signals,
      failures: this.#failures,
    };
    return { numbers, rows: this.#rows };
  }
}

/** Replays a recording on a freshly reset machine. Throws KernelPanic. */
export const replayRecording = (m: Machine, workload: Workload): ReplayAnswer => new Replay(m, workload).all();
