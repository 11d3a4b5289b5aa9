/**
 * Instances of a workload on several CPUs at once, each on one CPU, that share files but no address space: what they
 * wait for. One closed network; a customer is an instance, and a round is a process life.
 */
import type { ByInstance } from '../../core/instances.ts';
import type { Profile } from '../run/record.ts';
import { type ConstantName, type MachineName, valuesOf } from './constants.ts';
import { type Counted, countOf, countedIn, lifeWork, wholeOf } from './measure.ts';
import { type Load, type Station, solve, solveCollapsing, upperBound } from './mva.ts';
import { PARTS_OF_A_CYCLE, type Work, priceOf, pricesOf } from './prices.ts';

/** How many 2M frames hold the pages that instances share, evenly; or the shares that a run has counted. */
export type Frames = number | 'counted';

/** What a process life of a workload under a variant counts, on the average. */
export interface Life {
  readonly variant: string;
  /** priced events, with the remainder */
  readonly work: Work;
  readonly pagesCopied: number;
  readonly pagesRemoved: number;
  /** other pv entries changed per page copied, and removed; null: not counted */
  readonly neighbours: readonly [copied: number, removed: number] | null;
  readonly invalidations: number;
  readonly chunkListLocks: number;
  /** holds of pv list locks */
  readonly pvListLocks: number;
  readonly pmapLocks: number;
  /** shares of the pages by 2M frame */
  readonly frames: readonly number[];
  /** references taken and dropped, by object */
  readonly references: readonly number[];
  /** CPUs on which sharers of one address space run */
  readonly sharers: number;
}

const shares = (by: ByInstance): number[] => {
  const all = by.reduce((sum, [, count]) => sum + count, 0);
  return by.map(([, count]) => count / all);
};

/**
 * counted: what some or all of the processes of a run counted; profile: of that run. What is known by lock and line alone
 * is known of the whole run, so its averages are taken over that. Throws RangeError: no process ended.
 */
export function lifeOf(variant: string, counted: Counted, remainder: Work, profile: Profile): Life {
  const lives = countOf(counted, 'exits');
  if (lives === 0) throw new RangeError(`${variant}: expected a process that exits, got none`);
  const { instances } = profile;
  const [whole] = countedIn(profile, wholeOf(profile));
  const perPage = (neighbours: number, pages: number): number => (pages === 0 ? 0 : neighbours / pages);
  return {
    variant,
    work: lifeWork(counted, remainder).map((count) => count / lives),
    pagesCopied: counted.pagesCopied / lives,
    pagesRemoved: counted.pagesRemoved / lives,
    neighbours:
      instances === undefined
        ? null
        : [
            perPage(instances.neighboursCopied, whole.pagesCopied),
            perPage(instances.neighboursRemoved, whole.pagesRemoved),
          ],
    invalidations: countOf(counted, 'delayedInvalidations') / lives,
    chunkListLocks: countOf(counted, 'pvChunkListLocks') / lives,
    pvListLocks: countOf(counted, 'pvListWriteLocks') / lives,
    pmapLocks: countOf(counted, 'pmapLocks') / lives,
    frames: shares(instances?.pvPages ?? []),
    references: (instances?.references ?? []).map(([, count]) => count / countOf(whole, 'exits')),
    sharers: instances?.sharers ?? 1,
  };
}

/** Which end of each range of constants: 0 low, 1 typical, 2 high. */
export interface Corner {
  readonly life: 0 | 1 | 2;
  readonly events: 0 | 1 | 2;
  readonly line: 0 | 1 | 2;
  readonly clock: 0 | 1 | 2;
}

export const TYPICAL: Corner = { life: 1, events: 1, line: 1, clock: 1 };

const ENDS = [0, 2] as const;
/** Every constant at an end of its range, the events' prices together. */
export const CORNERS: readonly Corner[] = ENDS.flatMap((life) =>
  ENDS.flatMap((events) => ENDS.flatMap((line) => ENDS.map((clock) => ({ life, events, line, clock })))),
);

/** A station, or several that are alike. */
export interface NamedLoad extends Load {
  readonly name: string;
  readonly alike: number;
}

export interface Contention {
  /** process lives per second, of all instances */
  readonly throughput: number;
  /** no more than this */
  readonly bound: number;
  /** the busiest first; waits in cycles per process life */
  readonly stations: readonly NamedLoad[];
}

export const PV_LIST = 'pv list';
export const INVALIDATION_LIST = 'delayed invalidation list';
export const PMAP_LOCK = 'pmap';
/** Begins the name of the line that counts the references of an object. */
export const SHARED_OBJECT = 'references of shared object';

interface NamedStation extends Station {
  readonly name: string;
}

/** Cycles per process life, and what of them is spent at stations when the instance runs alone. */
class Model {
  readonly #life: Life;
  readonly #machine: MachineName;
  readonly #corner: Corner;
  readonly #frames: Frames;
  readonly gigahertz: number;

  constructor(life: Life, frames: Frames, machine: MachineName, corner: Corner) {
    this.#life = life;
    this.#machine = machine;
    this.#corner = corner;
    this.#frames = frames;
    this.gigahertz = valuesOf('clock', machine)[corner.clock];
  }

  #value(name: ConstantName, end: 0 | 1 | 2 = this.#corner.events): number {
    return valuesOf(name, this.#machine)[end];
  }

  /** Cycles of a process life without contention. */
  get alone(): number {
    const { life, events } = this.#corner;
    const prices = pricesOf(this.#machine)[events].slice();
    prices[0] = PARTS_OF_A_CYCLE * this.#value('processLife', life);
    return priceOf(this.#life.work, prices) / PARTS_OF_A_CYCLE;
  }

  /** Cycles that a cache line takes from one CPU to another. */
  get lineTransfer(): number {
    return this.#value('lineTransfer', this.#corner.line) * this.gigahertz;
  }

  /** The stations that instances share, when so many run. A line was last used elsewhere with chance 1 - 1 / n. */
  stations(instances: number): NamedStation[] {
    const { pagesCopied, pagesRemoved, invalidations, chunkListLocks, references, neighbours } = this.#life;
    const { line } = this.#corner;
    const transfer = (1 - 1 / instances) * this.lineTransfer;
    const isCounted = line === 1 && neighbours !== null;
    const linesCopied = isCounted ? 1 + neighbours[0] : this.#value('linesPerPageCopied', line);
    const linesRemoved = isCounted ? 1 + neighbours[1] : this.#value('linesPerPageRemoved', line);
    const hold =
      pagesCopied * (this.#value('pageCopied') + linesCopied * transfer) +
      pagesRemoved * (this.#value('pageRemoved') + linesRemoved * transfer);
    const owned = (this.#value('listHeadOwned') * this.gigahertz) / instances;
    const mutex = this.#value('mutexPair') + transfer;
    return [
      ...this.#pvLists(hold),
      // A block begins with a read and an update of the head, and ends with another.
      { name: INVALIDATION_LIST, demand: invalidations * 2 * (owned + transfer), alike: 1 },
      { name: 'pv chunk list', demand: chunkListLocks * mutex, alike: 1 },
      ...references.map((count, i) => ({
        name: `${SHARED_OBJECT} ${i + 1}`,
        demand: count * (this.#value('lock8') + transfer),
        alike: 1,
      })),
    ];
  }

  #pvLists(hold: number): NamedStation[] {
    if (this.#frames !== 'counted') return [{ name: PV_LIST, demand: hold / this.#frames, alike: this.#frames }];
    const alike = new Map<number, number>();
    for (const share of this.#life.frames) alike.set(share, (alike.get(share) ?? 0) + 1);
    return [...alike].map(([share, count]) => ({ name: PV_LIST, demand: hold * share, alike: count }));
  }

  /** The lock of an address space: its customers are the CPUs on which its sharers run. */
  get pmapLock(): NamedStation {
    const { pmapLocks, pagesCopied, pagesRemoved } = this.#life;
    const demand =
      pmapLocks * this.#value('mutexPair') +
      pagesCopied * this.#value('pageCopied') +
      pagesRemoved * this.#value('pageRemoved');
    return { name: PMAP_LOCK, demand, alike: 1 };
  }
}

/** Solves the network of `instances` >= 1 on as many CPUs. */
export function contend(
  life: Life,
  instances: number,
  frames: Frames,
  machine: MachineName,
  corner: Corner = TYPICAL,
): Contention {
  const model = new Model(life, frames, machine, corner);
  const { alone, gigahertz, pmapLock } = model;
  const stations = model.stations(instances);
  const thinkOf = (some: readonly Station[]): number =>
    some.reduce((rest, { demand, alike }) => rest - demand * alike, alone);
  const think = thinkOf(model.stations(1));
  const { throughput, loads } = solve(think, stations, instances);
  const own = solve(thinkOf([pmapLock]), [pmapLock], life.sharers).loads[0];
  const named = stations.map(({ name, alike }, i): NamedLoad => ({ name, alike, ...loads[i] }));
  const perSecond = 10 ** 9 * gigahertz;
  return {
    throughput: throughput * perSecond,
    bound: upperBound(think, stations, instances) * perSecond,
    stations: [...named, { ...own, name: PMAP_LOCK, alike: 1 }].toSorted((a, b) => b.utilisation - a.utilisation),
  };
}

/**
 * Process lives per second when the hottest pv list lock is handed over the more slowly, the more wait for it: half a
 * transfer of its line for each that waits. 0: nothing is shared.
 */
export function collapse(life: Life, instances: number, frames: Frames, machine: MachineName): number {
  const model = new Model(life, frames, machine, TYPICAL);
  const stations = model.stations(instances);
  const lists = stations.filter(({ name }) => name === PV_LIST);
  const hold = lists.reduce((sum, { demand, alike }) => sum + demand * alike, 0);
  if (hold === 0) return 0;
  const hottest = lists.reduce((best, one) => (one.demand > best.demand ? one : best));
  const holds = life.pvListLocks * (hottest.demand / hold);
  const think = model.stations(1).reduce((rest, { demand, alike }) => rest - demand * alike, model.alone);
  const lock = { station: stations.indexOf(hottest), perWaiter: (holds * model.lineTransfer) / 2 };
  return solveCollapsing(think, stations, lock, instances) * 10 ** 9 * model.gigahertz;
}
