/**
 * What ops added to the counters, each list of increments once: a recorded build of 180,000 ops has some 700 of them. Two
 * ops with one list need to be compared with those of another run only once.
 *
 * Hot: take() runs once per op. An unchanged counter costs one comparison.
 */
import { COUNTER_COUNT, COUNTER_NAMES, type Counters, SWAP_RESERVED } from '../../core/index.ts';
import type { PerOp } from './record.ts';

/** Only a variant's code can turn a count into something that is not an integer. */
export function noInteger(what: string, got: number): never {
  throw new Error(`${what}: expected an integer, got ${got}`);
}

/** What a counter adds that is no int32: an Int32 counter has wrapped, or a stranger's code counts as it likes. */
function unusual(counters: Counters, counter: number, added: number): number {
  if (counters instanceof Int32Array) return added | 0;
  if (!Number.isSafeInteger(counters[counter])) noInteger(COUNTER_NAMES[counter], counters[counter]);
  return added;
}

export class CounterLists {
  #count = 0;
  /** of the list being read: where it ends, and its hash */
  #end = 0;
  #mixed = 0;
  /** by list: where it begins, and its hash. The list being read is behind the last one. */
  #from = new Uint32Array(32);
  #hash = new Int32Array(32);
  #index = new Uint8Array(512);
  #delta = new Float64Array(512);
  /** by hash: 1 + the number of a list; 0 where there is none. At least half of them are 0. */
  #slots = new Uint32Array(64);

  clear(): void {
    this.#count = 0;
    this.#slots.fill(0);
  }

  /**
   * Number of the list that takes the counters from `before` to what they are, and SWAP_RESERVED up by `reserved`.
   * `before` becomes what they are.
   */
  take(counters: Counters, before: Counters, reserved: number): number {
    const first = this.#from[this.#count];
    if (first + COUNTER_COUNT > this.#index.length) this.#widen();
    this.#end = first;
    this.#mixed = 0;
    this.#read(counters, before, 0, SWAP_RESERVED);
    if (reserved !== 0) this.#put(SWAP_RESERVED, reserved);
    this.#read(counters, before, SWAP_RESERVED + 1, COUNTER_COUNT);
    const end = this.#end;
    const hash = this.#mixed;
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = hash & mask;
    for (; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const list = slots[slot] - 1;
      if (this.#hash[list] === hash && this.#isEqual(list, first, end)) return list;
    }
    return this.#add(slot, hash, end);
  }

  /** Counters [from, to). */
  #read(counters: Counters, before: Counters, from: number, to: number): void {
    for (let counter = from; counter < to; counter++) {
      const now = counters[counter];
      if (now === before[counter]) continue;
      const added = now - before[counter];
      this.#put(counter, (added | 0) === added ? added : unusual(counters, counter, added));
      before[counter] = now;
    }
  }

  #put(counter: number, added: number): void {
    const end = this.#end++;
    this.#index[end] = counter;
    this.#delta[end] = added;
    const hash = Math.imul(this.#mixed ^ (added + (counter << 20)), 0x9e3779b1);
    this.#mixed = hash ^ (hash >>> 15);
  }

  #isEqual(list: number, first: number, end: number): boolean {
    let at = this.#from[list];
    if (this.#from[list + 1] - at !== end - first) return false;
    for (let k = first; k < end; k++, at++)
      if (this.#index[k] !== this.#index[at] || this.#delta[k] !== this.#delta[at]) return false;
    return true;
  }

  /** The list being read, which ends at `end`, is a new one. */
  #add(slot: number, hash: number, end: number): number {
    const list = this.#count++;
    if (list + 2 > this.#from.length) {
      this.#from = widened(this.#from, new Uint32Array(this.#from.length * 2));
      this.#hash = widened(this.#hash, new Int32Array(this.#hash.length * 2));
    }
    this.#slots[slot] = list + 1;
    this.#hash[list] = hash;
    this.#from[list + 1] = end;
    if (this.#count * 2 > this.#slots.length) this.#rehash();
    return list;
  }

  #rehash(): void {
    const slots = new Uint32Array(this.#slots.length * 2);
    const mask = slots.length - 1;
    for (let list = 0; list < this.#count; list++) {
      let slot = this.#hash[list] & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = list + 1;
    }
    this.#slots = slots;
  }

  #widen(): void {
    this.#index = widened(this.#index, new Uint8Array(this.#index.length * 2));
    this.#delta = widened(this.#delta, new Float64Array(this.#delta.length * 2));
  }

  /** Adds what `ops` ops added, the numbers of whose lists are given, to totals by counter. */
  addTo(totals: Float64Array, lists: Uint32Array, ops: number): void {
    const times = new Uint32Array(this.#count);
    for (let op = 0; op < ops; op++) times[lists[op]]++;
    for (let list = 0; list < times.length; list++)
      for (let k = this.#from[list]; k < this.#from[list + 1]; k++)
        totals[this.#index[k]] += times[list] * this.#delta[k];
  }

  /** All lists, valid until they are cleared. */
  all(): Pick<PerOp, 'counterFrom' | 'counterIndex' | 'counterDelta'> {
    const used = this.#from[this.#count];
    return {
      counterFrom: this.#from.subarray(0, this.#count + 1),
      counterIndex: this.#index.subarray(0, used),
      counterDelta: this.#delta.subarray(0, used),
    };
  }
}

function widened<T extends Uint8Array | Int32Array | Uint32Array | Float64Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
