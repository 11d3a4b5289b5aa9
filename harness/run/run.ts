/**
 * run: one workload, one machine, one variant; what came of it is a RunRecord.
 *
 * A panic is an outcome. Whatever else is thrown is a failure of the variant (or of this program) and ends the run with a
 * record that says so. The machine is reset first, so that a record does not depend on what ran before.
 */
import {
  COUNTER_COUNT,
  EVENT_WORDS,
  EXITS,
  KernelPanic,
  type Machine,
  type Proc,
  type Variant,
  bootMachine,
  resetMachine,
  snapshot,
  snapshotDigest,
} from '../../core/index.ts';
import { CHUNK_OPS, OP_NAMES, OP_SNAPSHOT, type Workload } from '../workload/ops.ts';
import { balanceOf, pagesInUse } from './balance.ts';
import { Interpreter } from './interpreter.ts';
import {
  type Balance,
  CHECKED_OPS,
  type Checkpoint,
  type Ended,
  OUTCOME_STOPPED,
  type RunOptions,
  type RunRecord,
  type Violation,
} from './record.ts';
import { Recorder } from './recorder.ts';
import { Profiler } from './profiler.ts';
import { ReplayTally } from './replay-tally.ts';

/** What the harness around a run wants to know while it lasts, and how it words what a variant throws. */
export interface RunWatch {
  /** op `op` is about to be run; may throw a RunLimit */
  readonly announce?: (op: number) => void;
  readonly describe?: (error: unknown) => string;
  /** makes what options.check asks for; the run does not know who checks it */
  readonly checker?: MakeChecker;
}

/** Recounts the machine after an op; what does not hold goes to its violations. See harness/check. */
export interface OpChecker {
  readonly after: (
    moment: { readonly op: number; readonly verb: string; readonly code: number; readonly acting: Proc | null },
    isChecked: boolean,
  ) => void;
  readonly violations: readonly Violation[];
}

export type MakeChecker = (checked: {
  readonly m: Machine;
  readonly accounting: Variant['accounting'];
  readonly nameOf: (p: Proc) => string;
}) => OpChecker;

/** Thrown by announce: the process has grown too large. */
export class RunLimit extends Error {}

export interface RunResult {
  readonly record: RunRecord;
  /** the machine to use again; null if the run failed, which can leave anything behind */
  readonly machine: Machine | null;
}

/** machine: one to use again, or null. */
export function run(
  machine: Machine | null,
  workload: Workload,
  variant: Variant,
  options: RunOptions = {},
  watch: RunWatch = {},
): RunResult {
  const m = machine ?? bootMachine(workload.machine, variant.hunks);
  if (machine !== null) resetMachine(m, workload.machine, variant.hunks);
  const running = new Running(m, workload, variant, options, watch.checker);
  const ended = running.toEnd(watch);
  const record = running.record(variant.id, ended);
  return { record, machine: ended.kind === 'failed' ? null : m };
}

class Running {
  readonly #m: Machine;
  readonly #workload: Workload;
  readonly #options: RunOptions;
  readonly #interpreter: Interpreter;
  readonly #start: Float64Array;
  readonly #pagesAtStart: number;
  readonly #recorder: Recorder;
  readonly #tally: ReplayTally | null;
  readonly #checkpoints: Checkpoint[] = [];
  readonly #eventsFrom: Uint32Array | null;
  readonly #checker: OpChecker | null;
  readonly #profiler: Profiler | null;
  #state: RunRecord['state'] = null;

  constructor(m: Machine, workload: Workload, variant: Variant, options: RunOptions, make: MakeChecker | undefined) {
    this.#m = m;
    this.#workload = workload;
    this.#options = options;
    this.#interpreter = new Interpreter(m, workload);
    this.#start = m.counters.slice();
    this.#pagesAtStart = pagesInUse(m);
    this.#recorder = new Recorder(workload.ops.length, m.counters);
    this.#tally = workload.trace === null ? null : new ReplayTally(workload, m.counters);
    this.#eventsFrom = options.events === true ? new Uint32Array(workload.ops.length + 1) : null;
    this.#checker = options.check === true ? this.#makeChecker(variant, make) : null;
    m.events.clear();
    this.#profiler = options.profile === true ? new Profiler(m, workload.ops.length) : null;
    m.recording = options.events === true || this.#profiler !== null;
  }

  #makeChecker({ accounting }: Variant, make: MakeChecker | undefined): OpChecker {
    if (make === undefined) throw new Error('run: expected a checker with options.check, got none');
    return make({ m: this.#m, accounting, nameOf: (p) => this.#interpreter.nameOf(p) });
  }

  toEnd(watch: RunWatch): Ended {
    try {
      this.#all(watch.announce);
      return { kind: 'done' };
    } catch (error) {
      const op = this.#recorder.ops;
      if (error instanceof KernelPanic) {
        const { where, reason, values } = error;
        return { kind: 'panic', op, where, reason, values };
      }
      const how = error instanceof RunLimit ? 'memory' : 'throw';
      const message = (watch.describe ?? String)(error);
      return { kind: 'failed', how, op, message };
    } finally {
      this.#m.recording = false;
    }
  }

  #all(announce: RunWatch['announce']): void {
    const m = this.#m;
    const interpreter = this.#interpreter;
    const recorder = this.#recorder;
    const tally = this.#tally;
    const eventsFrom = this.#eventsFrom;
    const checker = this.#checker;
    const profiler = this.#profiler;
    const stateAfter = this.#options.stateAfter ?? -1;
    const { chunks, length } = this.#workload.ops;
    const last = Math.min(length - 1, this.#options.until ?? Infinity);
    let op = 0;
    for (const chunk of chunks) {
      const end = Math.min(CHUNK_OPS, chunk.code.length);
      for (let at = 0; at < end; at++, op++) {
        if (announce !== undefined) announce(op);
        const exits = m.counters[EXITS];
        const code = interpreter.step(chunk, at);
        recorder.after(code, interpreter.value, interpreter.pmap());
        if (tally !== null) tally.take(chunk, at, code, interpreter);
        if (eventsFrom !== null) eventsFrom[op + 1] = m.events.length;
        if (profiler !== null) {
          profiler.after();
          if (eventsFrom === null) m.events.forget();
        }
        const isCheckpoint =
          m.counters[EXITS] !== exits || code === OUTCOME_STOPPED || chunk.code[at] === OP_SNAPSHOT || op === last;
        if (isCheckpoint) this.#checkpoint(op);
        if (checker !== null) {
          const { acting } = interpreter;
          checker.after({ op, verb: OP_NAMES[chunk.code[at]], code, acting }, isCheckpoint || length < CHECKED_OPS);
        }
        if (op === stateAfter) this.#state = { op, machine: snapshot(m) };
        if (op === last) return;
      }
    }
  }

  #checkpoint(op: number): void {
    const { map, tables } = snapshotDigest(this.#m);
    this.#checkpoints.push({ op, map, tables });
  }

  record(variant: string, ended: Ended): RunRecord {
    const m = this.#m;
    const recorder = this.#recorder;
    const eventsFrom = this.#eventsFrom;
    const alive = this.#interpreter.alive();
    const balance: Balance =
      ended.kind === 'done' ? balanceOf(m, this.#start, this.#pagesAtStart, alive) : { alive, left: [] };
    return {
      workload: this.#workload.name,
      variant,
      ended,
      ops: recorder.ops,
      perOp: recorder.finish(),
      start: this.#start,
      totals: m.counters.slice(0, COUNTER_COUNT),
      checkpoints: this.#checkpoints,
      removeByPlace: recorder.removeByPlace,
      balance,
      replay: this.#tally?.stats ?? null,
      violations: this.#checker === null ? [] : [...this.#checker.violations],
      state: this.#state,
      events:
        eventsFrom === null
          ? null
          : {
              from: eventsFrom.slice(0, recorder.ops + 1),
              words: m.events.words.slice(0, eventsFrom[recorder.ops] * EVENT_WORDS),
            },
      profile: this.#profiler?.finish() ?? null,
    };
  }
}
