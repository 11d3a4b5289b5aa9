/**
 * A run that takes its ops piece by piece, on one machine with one variant; every piece yields a part, and the run an
 * end.
 *
 * A panic is an outcome. Any other exception is a failure of the variant (or of this program) and ends the run with an
 * end that says so. The machine is reset first, so that a run does not depend on what ran before.
 */
import {
  type CountersType,
  Digester,
  EVENT_WORDS,
  EXITS,
  type Hunks,
  KernelPanic,
  type Machine,
  MappedSpan,
  type Pmap,
  type Proc,
  type Variant,
  type Vmspace,
  machineFor,
  snapshot,
} from '../../core/index.ts';
import { OUTCOME_OK, signalName } from '../workload/names.ts';
import { OP_GO, OP_NAMES, OP_SNAPSHOT, makesProcess } from '../workload/ops.ts';
import type { Piece, WorkloadHead } from '../workload/pieces.ts';
import { balanceOf, pagesInUse } from './balance.ts';
import { Interpreter } from './interpreter.ts';
import { Profiler } from './profiler.ts';
import {
  type Balance,
  CHECKED_OPS,
  type Checkpoint,
  type Ended,
  type Killed,
  type MachineState,
  OUTCOME_STOPPED,
  PMAP_FIELDS,
  type RunEnd,
  type RunOptions,
  type RunPart,
  type Violation,
  emptyPart,
} from './record.ts';
import { type Recorder, recorderFor, topPagesOf } from './recorder.ts';
import { ReplayTally } from './replay-tally.ts';

/** How the surrounding harness follows a run in progress, and how it formats what a variant throws. */
export interface RunWatch {
  /** op `op` is about to be run; may throw a RunLimit */
  readonly announce?: (op: number) => void;
  readonly describe?: (error: unknown) => string;
  /** creates the checker for options.check; the run does not depend on a particular one */
  readonly checker?: MakeChecker;
  /** of a machine that is made. @default Int32Array, for code that counts nothing but integers */
  readonly counters?: CountersType;
}

/** Recounts the machine after an op and adds what does not hold to its violations. See harness/check. */
export interface OpChecker {
  readonly after: (
    moment: { readonly op: number; readonly verb: string; readonly code: number; readonly acting: Proc | null },
    isChecked: boolean,
  ) => void;
  /** p clears the map of vm, by calling `clear`. */
  readonly sweep: (p: Proc, vm: Vmspace, clear: () => void) => void;
  readonly violations: readonly Violation[];
}

export type MakeChecker = (checked: {
  readonly m: Machine;
  readonly accounting: Variant['accounting'];
  readonly nameOf: (p: Proc) => string;
}) => OpChecker;

/** Thrown by announce: the process has grown too large. */
export class RunLimit extends Error {}

/** The variant's hunks, with the checker around each final vm_map_remove of a map. */
const watched = (hunks: Hunks, checker: OpChecker): Hunks => ({
  ...hunks,
  vmspaceClear: (m, p, vm) => checker.sweep(p, vm, () => hunks.vmspaceClear(m, p, vm)),
});

/** Map entries of all processes up to which every birth and exit looks at the maps, and every exit at the page tables. */
const ENTRIES_OF_MAPS = 4096;
const ENTRIES_OF_TABLES = 1024;

/**
 * How often a plane is looked at: what is alive must not cost more at each birth or exit than `entries` map entries do,
 * so with more alive only every second, third, .. looks. The map plane alone decides: runs that agree on it look after the
 * same ops.
 */
class Pace {
  readonly #entries: number;
  /** map entries that the births and exits since the last look have paid for */
  #paid = 0;

  constructor(entries: number) {
    this.#entries = entries;
  }

  /** alive: map entries of all processes */
  isDue(alive: number): boolean {
    this.#paid += this.#entries;
    if (this.#paid < alive) return false;
    this.#paid = 0;
    return true;
  }
}

/** Input of a run. */
export interface SessionSpec {
  readonly head: WorkloadHead;
  readonly variant: Variant;
  readonly options: RunOptions;
  readonly watch: RunWatch;
}

export class Session {
  readonly #m: Machine;
  readonly #spec: SessionSpec;
  readonly #interpreter: Interpreter;
  readonly #start: Float64Array;
  /** counters after the last piece */
  readonly #totals: Float64Array;
  readonly #pagesAtStart: number;
  readonly #recorder: Recorder;
  readonly #mapped = new MappedSpan();
  readonly #digester: Digester;
  readonly #tally: ReplayTally | null;
  readonly #checker: OpChecker | null;
  readonly #profiler: Profiler | null;
  /** the op after which the run ends */
  readonly #last: number;
  #checkpoints: Checkpoint[] = [];
  #killed: Killed[] = [];
  #states: MachineState[] = [];
  #ops = 0;
  readonly #maps = new Pace(ENTRIES_OF_MAPS);
  readonly #tables = new Pace(ENTRIES_OF_TABLES);
  #state: RunEnd['state'] = null;
  #ended: Ended | null = null;

  /** machine: one to reuse, or null. first: the first piece. */
  constructor(machine: Machine | null, spec: SessionSpec, first: Piece) {
    const { head, variant, options, watch } = spec;
    const { without } = options;
    const hunks = without === undefined ? variant.hunks : { ...variant.hunks, [without]: () => {} };
    const m = machineFor(machine, head.machine, hunks, watch.counters);
    this.#m = m;
    this.#digester = new Digester(m);
    this.#spec = spec;
    this.#interpreter = new Interpreter(m, head, first);
    this.#start = m.counts();
    this.#totals = this.#start.slice();
    this.#pagesAtStart = pagesInUse(m);
    this.#recorder = recorderFor(m);
    this.#tally = head.trace === null ? null : new ReplayTally(first, m.counters);
    this.#checker = options.check === true ? this.#makeChecker(watch.checker) : null;
    if (this.#checker !== null) m.hunks = watched(hunks, this.#checker);
    m.events.clear();
    this.#profiler = options.profile === true ? new Profiler(m, head.length) : null;
    this.#last = Math.min(head.length - 1, options.until ?? Infinity);
    if (this.#last < 0) this.#ended = { kind: 'done' };
  }

  #makeChecker(make: MakeChecker | undefined): OpChecker {
    if (make === undefined) throw new Error('run: expected a checker with options.check, got none');
    const { accounting } = this.#spec.variant;
    return make({ m: this.#m, accounting, nameOf: (p) => this.#interpreter.nameOf(p) });
  }

  /** The run is over: by its last op, or by an early end. Pieces taken from now on yield empty parts. */
  get isOver(): boolean {
    return this.#ended !== null;
  }

  /** The machine for reuse once the run is over; null if the run failed, because its state is then unknown. */
  get machine(): Machine | null {
    return this.#ended?.kind === 'failed' ? null : this.#m;
  }

  /** Runs the ops of the next piece. A part that is not the whole is valid until the next: its arrays are reused. */
  take(piece: Piece): RunPart {
    if (this.#ended !== null) return emptyPart();
    const m = this.#m;
    const { options } = this.#spec;
    if (piece.from > 0) {
      this.#interpreter.enter(piece);
      this.#tally?.enter(piece);
    }
    const start = this.#totals.slice();
    const violated = this.#violations().length;
    const eventsFrom = options.events === true ? new Uint32Array(piece.length + 1) : null;
    m.events.forget();
    this.#recorder.begin(piece.from, piece.length);
    this.#checkpoints = [];
    this.#killed = [];
    this.#states = [];
    m.recording = eventsFrom !== null || this.#profiler !== null;
    this.#ended = this.#toEnd(piece, eventsFrom);
    m.recording = false;
    const { ops, resumed } = this.#recorder;
    this.#ops += ops;
    this.#recorder.addTo(this.#totals);
    const events =
      eventsFrom === null
        ? null
        : { from: eventsFrom.slice(0, ops + 1), words: m.events.words.slice(0, eventsFrom[ops] * EVENT_WORDS) };
    const violations = this.#violations().slice(violated);
    const part = {
      ops,
      perOp: this.#recorder.perOp(piece.length === this.#spec.head.length),
      start,
      checkpoints: this.#checkpoints,
      resumed,
      killed: this.#killed,
      violations,
      events,
    };
    return options.statesFrom === undefined ? part : { ...part, states: this.#states };
  }

  #violations(): readonly Violation[] {
    return this.#checker?.violations ?? [];
  }

  /** Returns how the run ended in this piece, or null if it continues after it. */
  #toEnd(piece: Piece, eventsFrom: Uint32Array | null): Ended | null {
    try {
      this.#all(piece, eventsFrom);
      return piece.from + piece.length > this.#last ? { kind: 'done' } : null;
    } catch (error) {
      const op = piece.from + this.#recorder.ops;
      if (error instanceof KernelPanic) {
        const { where, reason, values } = error;
        const isCounted = Object.values(values).every((value) => typeof value === 'string' || Number.isFinite(value));
        if (isCounted) return { kind: 'panic', op, where, reason, values };
        return { kind: 'failed', how: 'throw', op, message: `expected a panic about numbers, got ${error.message}` };
      }
      const how = error instanceof RunLimit ? 'memory' : 'throw';
      const message = (this.#spec.watch.describe ?? String)(error);
      return { kind: 'failed', how, op, message };
    }
  }

  #all({ from, chunks }: Piece, eventsFrom: Uint32Array | null): void {
    const m = this.#m;
    const interpreter = this.#interpreter;
    const recorder = this.#recorder;
    const tally = this.#tally;
    const checker = this.#checker;
    const profiler = this.#profiler;
    const { head, options, watch } = this.#spec;
    const { announce } = watch;
    const mapped = this.#mapped;
    const { digests = true } = options;
    const looks = digests === true;
    const looksIfAsked = digests !== false;
    const { stateAfter = -1, statesFrom = Infinity, checkEach = head.length < CHECKED_OPS ? 1 : Infinity } = options;
    const last = this.#last;
    let op = from;
    for (const chunk of chunks) {
      const end = chunk.code.length;
      for (let at = 0; at < end; at++, op++) {
        if (announce !== undefined) announce(op);
        const exits = m.counters[EXITS];
        const code = interpreter.step(chunk, at);
        const verb = chunk.code[at];
        if (looks) interpreter.span.look(m, interpreter.acting, mapped);
        recorder.after(code, interpreter.value, interpreter.pmap(), interpreter.acting, verb === OP_GO, mapped);
        if (m.killed.length !== 0) this.#noteKilled(op);
        if (tally !== null) tally.take(chunk, at, code, interpreter);
        if (eventsFrom !== null) eventsFrom[op - from + 1] = m.events.length;
        if (profiler !== null) {
          profiler.after();
          if (eventsFrom === null) m.events.forget();
        }
        const isExit = m.counters[EXITS] !== exits;
        const isAsked = code === OUTCOME_STOPPED || verb === OP_GO || verb === OP_SNAPSHOT || op === last;
        const isCheckpoint = isExit || isAsked;
        if (looks ? isAsked : looksIfAsked && verb === OP_SNAPSHOT) this.#checkpoint(op, true);
        else if (looks && isExit) this.#exit(op);
        else if (looks && code === OUTCOME_OK && makesProcess(verb)) this.#birth(op);
        if (checker !== null) {
          const { acting } = interpreter;
          checker.after({ op, verb: OP_NAMES[verb], code, acting }, isCheckpoint || op % checkEach === 0);
        }
        if (op === stateAfter) this.#state = { op, machine: snapshot(m) };
        if (op >= statesFrom) this.#states.push(this.#stateAt(op));
        if (op === last) return;
      }
    }
  }

  #noteKilled(op: number): void {
    const { killed } = this.#m;
    for (const p of killed)
      this.#killed.push({ op, process: this.#interpreter.nameOf(p), signal: signalName(p.exitSignal) });
    killed.length = 0;
  }

  /** The maps after a fork if they are due, and the child's pmap: it may exit without an op of its own. */
  #birth(op: number): void {
    const m = this.#m;
    const child = m.procs.get(this.#interpreter.value);
    if (child === undefined) return;
    const mapped = this.#mapped;
    const { vmspace } = child;
    mapped.take(m, vmspace, 0, Infinity);
    const { residentCount, wiredCount } = vmspace.pmap.stats;
    const pmaps = Int32Array.of(residentCount, wiredCount, topPagesOf(vmspace.pmap), mapped.pages, mapped.excess);
    const map = this.#maps.isDue(this.#entries()) ? this.#digester.map() : '';
    this.#checkpoints.push({ op, map, tables: '', isMidCall: this.#recorder.stopped > 0, pmaps });
  }

  #exit(op: number): void {
    const alive = this.#entries();
    const withMaps = this.#maps.isDue(alive);
    const withTables = this.#tables.isDue(alive);
    if (withMaps || withTables) this.#checkpoint(op, withTables);
  }

  /** Map entries of all processes. */
  #entries(): number {
    let entries = 0;
    for (const { map } of this.#m.vmspaces) entries += map.nentries;
    return entries;
  }

  #checkpoint(op: number, withTables: boolean): void {
    this.#checkpoints.push({ op, ...this.#digests(withTables), isMidCall: this.#recorder.stopped > 0 });
  }

  #stateAt(op: number): MachineState {
    const m = this.#m;
    const cpus = Int32Array.from(m.cpus, ({ curpmap }) => 1 + m.vmspaces.findIndex(({ pmap }) => pmap === curpmap));
    const names = Object.fromEntries([...m.live].map((p) => [p.pid, this.#interpreter.nameOf(p)]));
    return { op, machine: snapshot(m), ...this.#digests(true), cpus, names };
  }

  #digests(withTables: boolean): Pick<Checkpoint, 'map' | 'tables' | 'pmaps'> {
    const m = this.#m;
    const mapped = this.#mapped;
    const pmaps = new Int32Array((2 + m.vmspaces.length) * PMAP_FIELDS);
    const put = (at: number, { stats }: Pmap, top: number, pages: number, excess: number): void => {
      pmaps[at] = stats.residentCount;
      pmaps[at + 1] = stats.wiredCount;
      pmaps[at + 2] = top;
      pmaps[at + 3] = pages;
      pmaps[at + 4] = excess;
    };
    put(0, m.kernelPmap, 0, 0, 0);
    put(PMAP_FIELDS, m.pmap0, 0, 0, 0);
    const each = ({ pmap }: Vmspace, index: number): void =>
      put((2 + index) * PMAP_FIELDS, pmap, topPagesOf(pmap), mapped.pages, mapped.excess);
    const { map, tables } = this.#digester.take(mapped, each, withTables);
    return { map, tables, pmaps };
  }

  /** The result of the run, once it is over. */
  end(): RunEnd {
    const m = this.#m;
    const { head, variant } = this.#spec;
    const ended = this.#ended;
    if (ended === null)
      throw new Error(`${head.name}: expected all of ${head.length} ops to be taken, got ${this.#ops}`);
    const alive = this.#interpreter.alive();
    const balance: Balance =
      ended.kind === 'done' ? balanceOf(m, this.#start, this.#totals, this.#pagesAtStart, alive) : { alive, left: [] };
    return {
      workload: head.name,
      variant: variant.id,
      ended,
      ops: this.#ops,
      start: this.#start,
      totals: this.#totals,
      removeByPlace: this.#recorder.removeByPlace,
      balance,
      replay: this.#tally?.stats ?? null,
      violations: [...this.#violations()],
      state: this.#state,
      profile: this.#profiler?.finish() ?? null,
    };
  }
}
