/**
 * Exact mean value analysis of a closed network: customers that think, then visit every station, then think again.
 * Product form: stations serve in turn or share the processor, and service times are exponential where they serve in
 * turn (Reiser and Lavenberg 1980). Times are in any one unit.
 */

export interface Station {
  /** service time of a customer per round */
  readonly demand: number;
  /** number of stations that are alike */
  readonly alike: number;
}

/** Per station, of each of those that are alike. */
export interface Load {
  /** share of the time in which it serves */
  readonly utilisation: number;
  /** time per round that a customer waits there before it is served */
  readonly wait: number;
}

export interface Network {
  /** rounds per unit of time, of all customers together */
  readonly throughput: number;
  readonly loads: readonly Load[];
}

/** Solves for `customers` >= 1. think: time per round outside of the stations. */
export function solve(think: number, stations: readonly Station[], customers: number): Network {
  const queue = new Float64Array(stations.length);
  let throughput = 0;
  for (let n = 1; n <= customers; n++) {
    let round = think;
    for (let i = 0; i < queue.length; i++) round += stations[i].alike * stations[i].demand * (1 + queue[i]);
    throughput = n / round;
    if (n === customers) break;
    for (let i = 0; i < queue.length; i++) queue[i] = throughput * stations[i].demand * (1 + queue[i]);
  }
  return {
    throughput,
    loads: stations.map(({ demand }, i) => ({ utilisation: throughput * demand, wait: demand * queue[i] })),
  };
}

/** A station that serves the slower, the more wait. */
export interface Collapsing {
  /** which of the stations, and those that are alike */
  readonly station: number;
  /** service time more per round for each that waits */
  readonly perWaiter: number;
}

/**
 * As solve, with one station whose service time depends on its queue (Reiser and Lavenberg 1980; of locks: Boyd-Wickizer
 * et al. 2012). Returns the throughput.
 */
export function solveCollapsing(
  think: number,
  stations: readonly Station[],
  { station, perWaiter }: Collapsing,
  customers: number,
): number {
  const queue = new Float64Array(stations.length);
  const { demand, alike } = stations[station];
  // Of each of the stations that are alike: the chance that so many are there.
  let chance = Float64Array.of(1);
  let throughput = 0;
  for (let n = 1; n <= customers; n++) {
    let round = think;
    for (let i = 0; i < queue.length; i++)
      if (i !== station) round += stations[i].alike * stations[i].demand * (1 + queue[i]);
    let response = 0;
    for (let there = 1; there <= n; there++) response += there * (demand + perWaiter * (there - 1)) * chance[there - 1];
    throughput = n / (round + alike * response);
    for (let i = 0; i < queue.length; i++) queue[i] = throughput * stations[i].demand * (1 + queue[i]);
    const next = new Float64Array(n + 1);
    let some = 0;
    for (let there = 1; there <= n; there++) {
      next[there] = throughput * (demand + perWaiter * (there - 1)) * chance[there - 1];
      some += next[there];
    }
    // Rounding may take the sum of a station that is never idle above 1.
    next[0] = Math.max(0, 1 - some);
    chance = next;
  }
  return throughput;
}

/** No schedule of the stations does better: the customers are too few, or the busiest station is always busy. */
export function upperBound(think: number, stations: readonly Station[], customers: number): number {
  const all = stations.reduce((sum, { demand, alike }) => sum + demand * alike, think);
  return Math.min(customers / all, 1 / Math.max(...stations.map(({ demand }) => demand)));
}
