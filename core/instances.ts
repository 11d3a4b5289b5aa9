/**
 * Which lock or line each event was about, while the kernel is being watched: what tells whether instances of a program
 * that run at once would wait for each other. Only a recording machine counts here.
 */
import type { Frame } from './units.ts';

/** Numbers by instance, in ascending order of the instance. */
export type ByInstance = readonly (readonly [instance: number, count: number])[];

/** What was counted by instance since the first op. */
export interface InstanceCounts {
  /** write acquisitions of the pv list lock, by 2M frame */
  readonly pvLocks: ByInstance;
  /** pv entries that pmap_copy inserted or pmap_remove_pages removed under that lock, by 2M frame */
  readonly pvPages: ByInstance;
  /** references taken and dropped, by object that processes share: those of files and devices */
  readonly references: ByInstance;
  /** other pv entries that the insertions of pmap_copy, and the removals of pmap_remove_pages, had to change */
  readonly neighboursCopied: number;
  readonly neighboursRemoved: number;
  /** the most CPUs that used one address space at once; a parent that sleeps in vfork uses none */
  readonly sharers: number;
}

export class Instances {
  readonly #pvLocks = new Map<number, number>();
  readonly #pvPages = new Map<number, number>();
  readonly #references = new Map<number, number>();
  #neighboursCopied = 0;
  #neighboursRemoved = 0;
  #sharers = 1;

  clear(): void {
    // An empty map takes longer to clear than to look at.
    for (const counts of [this.#pvLocks, this.#pvPages, this.#references]) if (counts.size > 0) counts.clear();
    this.#neighboursCopied = 0;
    this.#neighboursRemoved = 0;
    this.#sharers = 1;
  }

  locked(run: Frame): void {
    count(this.#pvLocks, run);
  }

  /** A pv entry of a page in 2M frame `run` goes to the end of its list, where `neighbours` entries are linked to it. */
  copied(run: Frame, neighbours: number): void {
    count(this.#pvPages, run);
    this.#neighboursCopied += neighbours;
  }

  removed(run: Frame, neighbours: number): void {
    count(this.#pvPages, run);
    this.#neighboursRemoved += neighbours;
  }

  referenced(object: number): void {
    count(this.#references, object);
  }

  sharedBy(cpus: number): void {
    this.#sharers = Math.max(this.#sharers, cpus);
  }

  counts(): InstanceCounts {
    return {
      pvLocks: sorted(this.#pvLocks),
      pvPages: sorted(this.#pvPages),
      references: sorted(this.#references),
      neighboursCopied: this.#neighboursCopied,
      neighboursRemoved: this.#neighboursRemoved,
      sharers: this.#sharers,
    };
  }
}

function count(by: Map<number, number>, instance: number): void {
  by.set(instance, (by.get(instance) ?? 0) + 1);
}

const sorted = (by: ReadonlyMap<number, number>): ByInstance => [...by].toSorted(([a], [b]) => a - b);
