/** Fills a record's profile: what each op counted at each site of the kernel. */
import { type Machine, PLACE_NAMES } from '../../core/index.ts';
import type { Profile } from './record.ts';

export class Profiler {
  readonly #m: Machine;
  readonly #from: Uint32Array;
  #ops = 0;
  #used = 0;
  #node = new Uint16Array(4096);
  #what = new Uint8Array(4096);
  #delta = new Float64Array(4096);

  /** ops: the maximum number of ops. The machine charges its counters from now on. */
  constructor(m: Machine, ops: number) {
    this.#m = m;
    this.#from = new Uint32Array(ops + 2);
    m.events.calls.charge(m);
  }

  /** Call when an op is done, or when the run ended in it. */
  after(): void {
    this.#m.events.calls.drain(this.#take);
    this.#from[++this.#ops] = this.#used;
  }

  readonly #take = (node: number, what: number, delta: number): void => {
    if (this.#used === this.#node.length) this.#grow();
    const at = this.#used++;
    this.#node[at] = node;
    this.#what[at] = what;
    this.#delta[at] = delta;
  };

  #grow(): void {
    const [node, what, delta] = [this.#node, this.#what, this.#delta];
    this.#node = new Uint16Array(node.length * 2);
    this.#what = new Uint8Array(what.length * 2);
    this.#delta = new Float64Array(delta.length * 2);
    this.#node.set(node);
    this.#what.set(what);
    this.#delta.set(delta);
  }

  finish(): Profile {
    const { vmspaces, events } = this.#m;
    this.after();
    const { parent, place, length } = events.calls;
    let [residentCount, wiredCount] = [0, 0];
    for (const { pmap } of vmspaces) {
      if (pmap.top === 0) continue;
      residentCount += pmap.stats.residentCount;
      wiredCount += pmap.stats.wiredCount;
    }
    return {
      parent: parent.slice(0, length),
      site: place.slice(0, length),
      sites: PLACE_NAMES,
      from: this.#from.slice(0, this.#ops + 1),
      node: this.#node.slice(0, this.#used),
      what: this.#what.slice(0, this.#used),
      delta: this.#delta.slice(0, this.#used),
      residentCount,
      wiredCount,
      instances: events.instances.counts(),
    };
  }
}
