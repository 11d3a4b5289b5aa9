/** The planes on which two records are compared, most severe first, and the plane of each statistic. */
import { COMPARED, COUNTER_NAMES, GAUGES, MEMBER_NAMES } from '../../core/counters.ts';

/**
 * outcome: what a process can see. map: entries, objects, references, wiring. stats: the statistics that the kernel
 * publishes. tables: entries, pv, page references, A and M. cost: everything else that is counted, including resolved
 * faults.
 */
export const PLANES = ['outcome', 'map', 'stats', 'tables', 'cost'] as const;
export type Plane = (typeof PLANES)[number];

/** Statistics of one pmap, recorded after every op in addition to the counters. */
export const PMAP_STATS = ['residentCount', 'wiredCount'] as const;

const GLOBAL_STATS: readonly string[] = ['userPtPageCount', 'kernelPtPageCount', 'pvPageCount'];

/** By counter. Gauges are compared by their level after each op, other counters by their increment in each op. */
const IS_GAUGE = Uint8Array.from(COUNTER_NAMES, (_name, counter) => Number(GAUGES.includes(counter)));
export const isGauge = (counter: number): boolean => IS_GAUGE[counter] === 1;

/** All counters are compared except those that only count how often a member of the seam was reached. */
const IS_COMPARED = Uint8Array.from(COUNTER_NAMES, (_name, counter) => Number(COMPARED.includes(counter)));
export const isCompared = (counter: number): boolean => IS_COMPARED[counter] === 1;

export const planeOfCounter = (counter: number): Plane =>
  GLOBAL_STATS.includes(COUNTER_NAMES[counter]) ? 'stats' : 'cost';

/** Can a declaration name this statistic? */
export const isStatistic = (what: string): boolean =>
  (PMAP_STATS as readonly string[]).includes(what) || COMPARED.some((counter) => COUNTER_NAMES[counter] === what);

/** Members of the seam, in order. */
export const MEMBERS: readonly string[] = MEMBER_NAMES;
