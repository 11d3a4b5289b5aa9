/** At most so many processes work at once as there are cores; the others wait for their turn. */
import { availableParallelism } from 'node:os';
import { isMainThread } from 'node:worker_threads';

export class Turns {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(most: number) {
    this.#free = most;
  }

  /** Runs `body` when it is its turn, first come, first served. A body must not wait for another turn. */
  async take<T>(body: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await body();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free++;
      else next();
    }
  }
}

/**
 * The turns of all processes of this program. A thread that does jobs has a share of the cores already, its own, and waits
 * while a process works for it.
 */
export const turns = new Turns(isMainThread ? availableParallelism() : 1);
