/**
 * Where the kernel is while it is being watched: the chain of functions that led to a pmap call, as a tree of places,
 * and what was counted at each of them.
 *
 * Only a recording machine enters places (enterPlace of events.ts). Every place entered is left again, except on a
 * panic. A function that is not among the places counts as part of its caller.
 */
import { COUNTER_COUNT, type Counters, SWAP_RESERVED, countedSince } from './counters.ts';
import { PLACE_NAMES } from './places.ts';

/** The part of a pmap that is watched. */
interface Watched {
  readonly stats: { residentCount: number; wiredCount: number };
}

/** The part of a machine that is watched. */
interface Counted {
  readonly counters: Counters;
  readonly vm: { readonly swapReserved: number };
}

const PLACES = PLACE_NAMES.length;

/**
 * Quantities charged in addition to the counters. residentCount and wiredCount are sums over all user pmaps with a
 * root.
 */
const EXTRA_NAMES = ['residentCount', 'wiredCount', 'removeEmpty', 'removeEmptyEarly'] as const;
export const CHARGED_RESIDENT = COUNTER_COUNT;
export const CHARGED_WIRED = COUNTER_COUNT + 1;
/** pmap_remove calls that found resident_count 0 at entry, and how many of those returned at the first test. */
export const CHARGED_EMPTY = COUNTER_COUNT + 2;
export const CHARGED_EMPTY_EARLY = COUNTER_COUNT + 3;
/** Charged quantities beyond the counters, in order. */
export const CHARGED_EXTRA = EXTRA_NAMES;
const CHARGED = COUNTER_COUNT + EXTRA_NAMES.length;

/** Receives the charges of an op: quantity `what` changed by `delta` at place `node` of the tree. */
export type ChargeSink = (node: number, what: number, delta: number) => void;

export class CallTree {
  /** Each node's parent (the root is its own parent) and place. */
  parent = new Int32Array(64);
  place = new Uint8Array(64);
  length = 1;
  current = 0;
  #children = new Int32Array(64 * PLACES);

  /** null while nothing is charged. */
  #machine: Counted | null = null;
  readonly #before = new Float64Array(CHARGED);
  #reserved = 0;
  readonly #pmaps: Watched[] = [];
  /** Charges by node and quantity; `#listed` holds the non-zero ones (and may hold some that have returned to 0). */
  #charged = new Float64Array(64 * CHARGED);
  #isListed = new Uint8Array(64 * CHARGED);
  #listed: number[] = [];

  /** Forgets everything and stops charging. */
  clear(): void {
    this.#children.fill(0, 0, this.length * PLACES);
    this.length = 1;
    this.current = 0;
    this.#machine = null;
    this.#pmaps.length = 0;
    for (const at of this.#listed) {
      this.#charged[at] = 0;
      this.#isListed[at] = 0;
    }
    this.#listed = [];
  }

  /**
   * Starts charging: changes in the counters of `machine`, and in pmaps made from now on, are charged to the place where
   * they happen.
   */
  charge(machine: Counted): void {
    this.#before.fill(0);
    this.#before.set(machine.counters);
    this.#reserved = machine.vm.swapReserved;
    this.#machine = machine;
  }

  enter(place: number): void {
    if (this.#machine !== null) this.#take(this.#machine);
    const at = this.current * PLACES + place;
    const node = this.#children[at];
    this.current = node === 0 ? this.#grow(at, place) : node;
  }

  leave(): void {
    if (this.#machine !== null) this.#take(this.#machine);
    this.current = this.parent[this.current];
  }

  /** Starts counting this pmap (its root was just allocated), if charging is on. */
  watch(pmap: Watched): void {
    if (this.#machine !== null) this.#pmaps.push(pmap);
  }

  /** Stops counting this pmap (its root was freed). */
  unwatch(pmap: Watched): void {
    const at = this.#pmaps.indexOf(pmap);
    if (at < 0) return;
    this.#take(this.#machine!);
    this.#pmaps[at] = this.#pmaps.at(-1)!;
    this.#pmaps.pop();
    const [resident, wired] = [pmap.stats.residentCount, pmap.stats.wiredCount];
    if (resident !== 0) this.#add(CHARGED_RESIDENT, -resident);
    if (wired !== 0) this.#add(CHARGED_WIRED, -wired);
    this.#before[CHARGED_RESIDENT] -= resident;
    this.#before[CHARGED_WIRED] -= wired;
  }

  /** Charges a pmap_remove call that found resident_count 0 to the current place. */
  foundEmpty(early: boolean): void {
    if (this.#machine === null) return;
    this.#add(CHARGED_EMPTY, 1);
    if (early) this.#add(CHARGED_EMPTY_EARLY, 1);
  }

  /** Passes the charges since the last drain to `sink`, by node and quantity. */
  drain(sink: ChargeSink): void {
    this.#take(this.#machine!);
    const charged = this.#charged;
    for (const at of this.#listed) {
      const delta = charged[at];
      charged[at] = 0;
      this.#isListed[at] = 0;
      if (delta !== 0) sink(Math.floor(at / CHARGED), at % CHARGED, delta);
    }
    this.#listed.length = 0;
  }

  /** Charges the changes since the last call to the current place. */
  #take({ counters, vm }: Counted): void {
    const before = this.#before;
    for (let counter = 0; counter < COUNTER_COUNT; counter++) {
      const now = counters[counter];
      if (now === before[counter]) continue;
      this.#add(counter, countedSince(counters, counter, before[counter]));
      before[counter] = now;
    }
    const { swapReserved } = vm;
    if (swapReserved !== this.#reserved) {
      this.#add(SWAP_RESERVED, swapReserved - this.#reserved);
      this.#reserved = swapReserved;
    }
    const pmaps = this.#pmaps;
    let resident = 0;
    let wired = 0;
    for (let i = 0; i < pmaps.length; i++) {
      const { stats } = pmaps[i];
      resident += stats.residentCount;
      wired += stats.wiredCount;
    }
    if (resident !== before[CHARGED_RESIDENT]) {
      this.#add(CHARGED_RESIDENT, resident - before[CHARGED_RESIDENT]);
      before[CHARGED_RESIDENT] = resident;
    }
    if (wired !== before[CHARGED_WIRED]) {
      this.#add(CHARGED_WIRED, wired - before[CHARGED_WIRED]);
      before[CHARGED_WIRED] = wired;
    }
  }

  #add(what: number, delta: number): void {
    const at = this.current * CHARGED + what;
    this.#charged[at] += delta;
    if (this.#isListed[at] === 1) return;
    this.#isListed[at] = 1;
    this.#listed.push(at);
  }

  #grow(child: number, place: number): number {
    const node = this.length++;
    if (node === this.parent.length) {
      this.parent = wider(this.parent, new Int32Array(node * 2));
      this.place = wider(this.place, new Uint8Array(node * 2));
      this.#children = wider(this.#children, new Int32Array(node * 2 * PLACES));
      this.#charged = wider(this.#charged, new Float64Array(node * 2 * CHARGED));
      this.#isListed = wider(this.#isListed, new Uint8Array(node * 2 * CHARGED));
    }
    this.parent[node] = this.current;
    this.place[node] = place;
    this.#children[child] = node;
    return node;
  }
}

function wider<T extends Int32Array | Uint8Array | Float64Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
