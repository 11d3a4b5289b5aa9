/**
 * Fills the per-op arrays of a run's parts: outcome, statistics of the acting pmap, and the increments of each counter.
 *
 * Hot: after() runs once per op, over arrays that only grow, and that the runs of a machine share. An unchanged counter
 * costs one comparison.
 */
import {
  countedSince,
  EXECS_NEW,
  EXECS_REUSED,
  EXITS,
  REACHED_EXIT_BEFORE_VMSPACE_EXIT,
  REMOVE_CALLS,
  REMOVE_EARLY_EXITS,
  SWAP_RESERVED,
  type Counters,
  type Machine,
  type MappedSpan,
  type Pmap,
  type Proc,
} from '../../core/index.ts';
import { CounterLists, noInteger } from './counter-lists.ts';
import { OUTCOME_STOPPED, type PerOp, type Place, type RemoveCalls, type Resumed } from './record.ts';

/** Number of top-level pages of a pmap. */
export const topPagesOf = ({ top, topUser }: Pmap): number => (top === 0 ? 0 : 1) + (topUser === 0 ? 0 : 1);

const noRemoves = (): Record<Place, RemoveCalls> => ({
  exit: { calls: 0, early: 0 },
  exec: { calls: 0, early: 0 },
  other: { calls: 0, early: 0 },
});

/** A machine has one run at a time. */
const recorders = new WeakMap<Machine, Recorder>();

/** The recorder for a run that now begins on m. */
export function recorderFor(m: Machine): Recorder {
  let recorder = recorders.get(m);
  if (recorder === undefined) recorders.set(m, (recorder = new Recorder(m)));
  recorder.reset();
  return recorder;
}

export class Recorder {
  #code = new Int32Array();
  #value = new Float64Array();
  #resident = new Int32Array();
  #wired = new Int32Array();
  #top = new Uint8Array();
  #mapped = new Int32Array();
  #excess = new Int32Array();
  #list = new Uint32Array();
  readonly #lists = new CounterLists();
  readonly #vm: Machine['vm'];
  readonly #counters: Counters;
  readonly #before: Counters;
  #reserved = 0;
  removeByPlace = noRemoves();
  /** the op where each stopped call stopped, and the place to which its pmap_remove calls belong */
  readonly #stopped = new Map<Proc, { readonly op: number; readonly place: Place }>();
  /** for the current part: number of its first op, ops so far, ops that resumed a stopped call */
  #first = 0;
  ops = 0;
  resumed: Resumed[] = [];

  constructor({ counters, vm }: Machine) {
    this.#vm = vm;
    this.#counters = counters;
    this.#before = counters.slice();
  }

  /** A run begins. */
  reset(): void {
    this.#before.set(this.#counters);
    this.#reserved = this.#vm.swapReserved;
    this.removeByPlace = noRemoves();
    this.#stopped.clear();
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
      this.#list = new Uint32Array(ops);
    }
    this.#first = first;
    this.ops = 0;
    this.resumed = [];
    this.#lists.clear();
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
    this.#list[op] = this.#takeCounters(place);
    if (begun !== undefined) {
      this.resumed.push({ op: this.#first + op, from: begun.op });
      this.#stopped.delete(acting!);
    }
    if (code === OUTCOME_STOPPED) this.#stopped.set(acting!, { op: this.#first + op, place });
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

  /** Number of the list of what the op added. */
  #takeCounters(place: Place): number {
    const counters = this.#counters;
    const before = this.#before;
    const removes = counters[REMOVE_CALLS] - before[REMOVE_CALLS];
    if (removes !== 0) {
      const at = this.removeByPlace[place];
      at.calls += removes;
      at.early += counters[REMOVE_EARLY_EXITS] - before[REMOVE_EARLY_EXITS];
    }
    const { swapReserved } = this.#vm;
    if (!Number.isSafeInteger(swapReserved)) noInteger('swapReserved', swapReserved);
    const reserved = swapReserved - this.#reserved;
    this.#reserved = swapReserved;
    return this.#lists.take(counters, before, reserved);
  }

  /** Adds what the part's ops counted to totals by counter, and what an op did that the run ended in. */
  addTo(totals: Float64Array): void {
    this.#lists.addTo(totals, this.#list, this.ops);
    const before = this.#before;
    for (let counter = 0; counter < before.length; counter++)
      totals[counter] += countedSince(this.#counters, counter, before[counter]);
    totals[SWAP_RESERVED] += this.#vm.swapReserved - this.#reserved;
  }

  /**
   * The part's data. Those of a whole run have memory of their own. Those of a piece are valid until the next begins:
   * fresh memory for each piece of a long recording would stay until a collection, in every column.
   */
  perOp(isWhole: boolean): PerOp {
    const { ops } = this;
    const lists = this.#lists.all();
    if (!isWhole)
      return {
        value: this.#value.subarray(0, ops),
        code: this.#code.subarray(0, ops),
        residentCount: this.#resident.subarray(0, ops),
        wiredCount: this.#wired.subarray(0, ops),
        mappedPages: this.#mapped.subarray(0, ops),
        excessPages: this.#excess.subarray(0, ops),
        counterList: this.#list.subarray(0, ops),
        topPages: this.#top.subarray(0, ops),
        ...lists,
      };
    const kept = new Kept(ops * OP_BYTES + lists.counterIndex.length * 9 + lists.counterFrom.length * 4);
    return {
      value: kept.float64(this.#value, ops),
      counterDelta: kept.float64(lists.counterDelta, lists.counterDelta.length),
      code: kept.int32(this.#code, ops),
      residentCount: kept.int32(this.#resident, ops),
      wiredCount: kept.int32(this.#wired, ops),
      mappedPages: kept.int32(this.#mapped, ops),
      excessPages: kept.int32(this.#excess, ops),
      counterList: kept.uint32(this.#list, ops),
      counterFrom: kept.uint32(lists.counterFrom, lists.counterFrom.length),
      topPages: kept.uint8(this.#top, ops),
      counterIndex: kept.uint8(lists.counterIndex, lists.counterIndex.length),
    };
  }
}

/** Bytes of an op in all arrays. */
const OP_BYTES = 8 + 6 * 4 + 1;

/** Copies of arrays in one piece of memory, the widest elements first. */
class Kept {
  readonly #buffer: ArrayBuffer;
  #at = 0;

  constructor(bytes: number) {
    this.#buffer = new ArrayBuffer(bytes);
  }

  float64(from: Float64Array, count: number): Float64Array {
    return this.#copied(from, new Float64Array(this.#buffer, this.#at, count));
  }

  int32(from: Int32Array, count: number): Int32Array {
    return this.#copied(from, new Int32Array(this.#buffer, this.#at, count));
  }

  uint32(from: Uint32Array, count: number): Uint32Array {
    return this.#copied(from, new Uint32Array(this.#buffer, this.#at, count));
  }

  uint8(from: Uint8Array, count: number): Uint8Array {
    return this.#copied(from, new Uint8Array(this.#buffer, this.#at, count));
  }

  #copied<T extends Float64Array | Int32Array | Uint32Array | Uint8Array>(from: T, to: T): T {
    if (to.length > 100) to.set(from.subarray(0, to.length));
    else for (let i = 0; i < to.length; i++) to[i] = from[i];
    this.#at += to.byteLength;
    return to;
  }
}
