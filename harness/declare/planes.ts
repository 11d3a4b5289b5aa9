/**
 * The planes on which two records are compared, most severe first, and which statistic belongs to which.
 */
import { COUNTER_NAMES, FIRST_REACHED, GAUGE_COUNT } from '../../core/counters.ts';

/**
 * outcome: what a process can see. map: entries, objects, references, wiring. stats: the statistics that the kernel
 * publishes. tables: entries, pv, page references, A and M. cost: everything else that is counted, resolved faults too.
 */
export const PLANES = ['outcome', 'map', 'stats', 'tables', 'cost'] as const;
export type Plane = (typeof PLANES)[number];

/** Statistics of one pmap, recorded after every op beside the counters. */
export const PMAP_STATS = ['residentCount', 'wiredCount'] as const;

const GLOBAL_STATS: readonly string[] = ['userPtPageCount', 'kernelPtPageCount', 'pvPageCount'];

/** Counters that are compared: all but those that only tell whether a member of the seam was reached. */
export const COMPARED_COUNTERS = FIRST_REACHED;

/** Gauges are compared by level after each op, the other counters by what each op added. */
export const isGauge = (counter: number): boolean => counter < GAUGE_COUNT;

export const planeOfCounter = (counter: number): Plane =>
  GLOBAL_STATS.includes(COUNTER_NAMES[counter]) ? 'stats' : 'cost';

/** Names that a declaration can be about. */
export const isStatistic = (what: string): boolean =>
  (PMAP_STATS as readonly string[]).includes(what) ||
  COUNTER_NAMES.slice(0, COMPARED_COUNTERS).includes(what as (typeof COUNTER_NAMES)[number]);

/** Members of the seam, in order, by the names of their counters. */
export const MEMBERS: readonly string[] = COUNTER_NAMES.slice(FIRST_REACHED).map((name) =>
  name.replace('reached.', ''),
);
