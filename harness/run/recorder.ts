/**
 * Fills the per-op arrays of a run's parts: outcome, statistics of the acting pmap, and the increments of each counter.
 *
 * Hot: after() runs once per op, over arrays that only grow. An unchanged counter costs one comparison.
 */
import {
  COUNTER_COUNT,
  COUNTER_NAMES,
  EXECS_NEW,
  EXECS_REUSED,
  EXITS,
  REACHED_EXIT_BEFORE_VMSPACE_EXIT,
  REMOVE_CALLS,
  REMOVE_EARLY_EXITS,
  type MappedSpan,
  type Pmap,
  type Proc,
} from '../../core/index.ts';
import { OUTCOME_STOPPED, type PerOp, type Place, type RemoveCalls, type Resumed } from './record.ts';

/** Number of top-level pages of a pmap. */
export const topPagesOf = ({ top, topUser }: Pmap): number => (top === 0 ? 0 : 1) + (topUser === 0 ? 0 : 1);

/** Only a variant's code can turn a count into something that is not an integer. */
function noInteger(what: string, got: number): never {
  throw new Error(`${what}: expected an integer, got ${got}`);
}

export class Recorder {
  #code = new Int32Array();
  #value = new Float64Array();
  #resident = new Int32Array();
  #wired = new Int32Array();
  #top = new Uint8Array();
  #mapped = new Int32Array();
  #excess = new Int32Array();
  #from = new Uint32Array(1);
  #index = new Uint8Array(4096);
  #delta = new Float64Array(4096);
  #used = 0;
  readonly #counters: Float64Array;
  readonly #before: Float64Array;
  readonly removeByPlace: Readonly<Record<Place, RemoveCalls>> = {
    exit: { calls: 0, early: 0 },
    exec: { calls: 0, early: 0 },
    other: { calls: 0, early: 0 },
  };
  /** the op where each stopped call stopped, and the place to which its pmap_remove calls belong */
  readonly #stopped = new Map<Proc, { readonly op: number; readonly place: Place }>();
  /** for the current part: number of its first op, ops so far, ops that resumed a stopped call */
  #first = 0;
  ops = 0;
  resumed: Resumed[] = [];

  /** counters: the machine's, before the first op. */
  constructor(counters: Float64Array) {
    this.#counters = counters;
    this.#before = counters.slice();
  }

  /** Starts a part of at most `ops` ops, with op `first` of the workload. */
  begin(first: number, ops: number): void {
    if (this.#code.length < ops) {
      this.#code = new Int32Array(ops);
      this.#value = new Float64Array(ops);
      this.#resident = new Int32Array(ops);
      this.#wired = new Int32Array(ops);
      this.#top = new Uint8Array(ops);
      this.#mapped = new Int32Array(ops);
      this.#excess = new Int32Array(ops);
      this.#from = new Uint32Array(ops + 1);
    }
    this.#first = first;
    this.ops = 0;
    this.resumed = [];
    this.#used = 0;
  }

  /**
   * Op number `ops` is done. pmap: of the process that ran it, null if it has none any more. goes: it is a `go`.
   * mapped: what that pmap maps in the op's span.
   */
  after(
    code: number,
    value: number,
    pmap: Pmap | null,
    acting: Proc | null,
    goes: boolean,
    { pages, excess }: MappedSpan,
  ): void {
    const op = this.ops;
    this.#code[op] = code;
    this.#value[op] = value;
    this.#mapped[op] = pages;
    this.#excess[op] = excess;
    if (pmap !== null) {
      this.#resident[op] = pmap.stats.residentCount;
      this.#wired[op] = pmap.stats.wiredCount;
      if (pmap.stats.residentCount !== this.#resident[op]) noInteger('residentCount', pmap.stats.residentCount);
      if (pmap.stats.wiredCount !== this.#wired[op]) noInteger('wiredCount', pmap.stats.wiredCount);
      this.#top[op] = topPagesOf(pmap);
    } else {
      this.#resident[op] = 0;
      this.#wired[op] = 0;
      this.#top[op] = 0;
    }
    const begun = goes && acting !== null ? this.#stopped.get(acting) : undefined;
    const place = begun?.place ?? this.#place();
    this.#takeCounters(place);
    if (begun !== undefined) {
      this.resumed.push({ op: this.#first + op, from: begun.op });
      this.#stopped.delete(acting!);
    }
    if (code === OUTCOME_STOPPED) this.#stopped.set(acting!, { op: this.#first + op, place });
    this.#from[op + 1] = this.#used;
    this.ops = op + 1;
  }

  /** number of calls stopped at a yield point */
  get stopped(): number {
    return this.#stopped.size;
  }

  #place(): Place {
    const [now, before] = [this.#counters, this.#before];
    const rose = (counter: number): boolean => now[counter] !== before[counter];
    if (rose(EXITS) || rose(REACHED_EXIT_BEFORE_VMSPACE_EXIT)) return 'exit';
    return rose(EXECS_REUSED) || rose(EXECS_NEW) ? 'exec' : 'other';
  }

  #takeCounters(place: Place): void {
    const counters = this.#counters;
    const before = this.#before;
    if (this.#used + COUNTER_COUNT > this.#index.length) this.#grow();
    const removes = counters[REMOVE_CALLS] - before[REMOVE_CALLS];
    if (removes !== 0) {
      const at = this.removeByPlace[place];
      at.calls += removes;
      at.early += counters[REMOVE_EARLY_EXITS] - before[REMOVE_EARLY_EXITS];
    }
    const index = this.#index;
    const delta = this.#delta;
    let used = this.#used;
    for (let counter = 0; counter < COUNTER_COUNT; counter++) {
      const now = counters[counter];
      if (now === before[counter]) continue;
      index[used] = counter;
      if (!Number.isSafeInteger(now)) noInteger(COUNTER_NAMES[counter], now);
      delta[used++] = now - before[counter];
      before[counter] = now;
    }
    this.#used = used;
  }

  #grow(): void {
    const [index, delta] = [this.#index, this.#delta];
    this.#index = new Uint8Array(index.length * 2);
    this.#delta = new Float64Array(delta.length * 2);
    this.#index.set(index);
    this.#delta.set(delta);
  }

  /** The part's data, valid until the next part begins: the arrays are reused. */
  perOp(): PerOp {
    const { ops } = this;
    return {
      code: this.#code.subarray(0, ops),
      value: this.#value.subarray(0, ops),
      residentCount: this.#resident.subarray(0, ops),
      wiredCount: this.#wired.subarray(0, ops),
      topPages: this.#top.subarray(0, ops),
      mappedPages: this.#mapped.subarray(0, ops),
      excessPages: this.#excess.subarray(0, ops),
      counterFrom: this.#from.subarray(0, ops + 1),
      counterIndex: this.#index.subarray(0, this.#used),
      counterDelta: this.#delta.subarray(0, this.#used),
    };
  }
}
