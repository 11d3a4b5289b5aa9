/**
 * Keeps garbage within bounds. V8 lets a heap grow to four times what was alive when it was collected last: after many
 * runs, each of which leaves some behind, most of it is garbage.
 */
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const MOST_BYTES = 96 * 2 ** 20;

export class Garbage {
  /** bytes used when least was */
  #least = Infinity;
  #collect: (() => void) | null = null;

  /** Collects it if there may be more than that of it. */
  limit(): void {
    const used = getHeapStatistics().used_heap_size;
    this.#least = Math.min(this.#least, used);
    if (used - this.#least < MOST_BYTES) return;
    if (this.#collect === null) {
      setFlagsFromString('--expose-gc');
      this.#collect = runInNewContext('gc') as () => void;
    }
    this.#collect();
    this.#least = getHeapStatistics().used_heap_size;
  }
}
