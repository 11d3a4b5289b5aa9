/**
 * Numbers given to ids at their first visit, starting at 1: a snapshot (core/snapshot.ts) numbers frames and objects
 * this way. Numbering restarts for each of its planes.
 */
export class Names {
  /** Number of an id, valid if its stamp is the current one. */
  #numbers: Int32Array;
  #stamps: Int32Array;
  /** Number of the numbering in use. */
  stamp = 0;
  #count = 0;
  /** Was the last lookup the first visit of its id? */
  fresh = false;

  /** Ids below `usual` cost no copy. The host commits memory only for those that are used. */
  constructor(usual: number) {
    this.#numbers = new Int32Array(usual);
    this.#stamps = new Int32Array(usual);
  }

  /** Forgets all ids. */
  start(): void {
    this.stamp++;
    this.#count = 0;
  }

  of(id: number): number {
    if (id >= this.#stamps.length) this.#widen(id);
    this.fresh = this.#stamps[id] !== this.stamp;
    if (this.fresh) {
      this.#stamps[id] = this.stamp;
      this.#numbers[id] = ++this.#count;
    }
    return this.#numbers[id];
  }

  #widen(id: number): void {
    const length = Math.max(id + 1, this.#stamps.length * 2);
    const stamps = new Int32Array(length);
    stamps.set(this.#stamps);
    this.#stamps = stamps;
    const numbers = new Int32Array(length);
    numbers.set(this.#numbers);
    this.#numbers = numbers;
  }
}
