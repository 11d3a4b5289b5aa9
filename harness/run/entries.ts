/** How often the functions that a patch changes were entered. */
import type { Entered } from './record.ts';

/** The functions, by number, and the counts that their code adds to. */
export interface Entries {
  readonly names: readonly string[];
  readonly counts: Float64Array;
}

export class EntryCounts {
  readonly #entries: Entries;
  /** by number: entered while the file or a machine was made ready */
  readonly #atBoot = new Set<number>();

  constructor(entries: Entries) {
    this.#entries = entries;
  }

  clear(): void {
    this.#entries.counts.fill(0);
  }

  /** Counts begin again: what was entered so far came before the first op. */
  boot(): void {
    this.#entries.counts.forEach((count, number) => count > 0 && this.#atBoot.add(number));
    this.clear();
  }

  get entered(): Entered {
    const { names, counts } = this.#entries;
    return {
      calls: Object.fromEntries(names.map((name, number) => [name, counts[number]])),
      atBoot: names.filter((_name, number) => this.#atBoot.has(number)),
    };
  }
}
