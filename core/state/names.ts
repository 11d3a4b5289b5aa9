/**
 * Numbers that ids get at their first visit, from 1 up: a snapshot (core/snapshot.ts) numbers frames and objects so. Each
 * of its planes starts anew.
 */
export class Names {
  /** Number of id, valid where the stamp is that of the visit that goes on. */
  #numbers = new Int32Array(1024);
  #stamps = new Int32Array(1024);
  #stamp = 0;
  #count = 0;
  /** Was this the first visit of the id that was asked last? */
  fresh = false;

  /** Forgets all ids. */
  start(): void {
    this.#stamp++;
    this.#count = 0;
  }

  of(id: number): number {
    if (id >= this.#stamps.length) this.#widen(id);
    this.fresh = this.#stamps[id] !== this.#stamp;
    if (this.fresh) {
      this.#stamps[id] = this.#stamp;
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
