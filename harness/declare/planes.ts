/** The planes on which two records are compared, most severe first, and the plane of each statistic. */
import { COMPARED, COUNTER_NAMES, GAUGES, MEMBER_NAMES } from '../../core/counters.ts';

/**
 * outcome: what a process can see. map: entries, objects, references, wiring. mapping: which pages a pmap maps, and which
 * of them its map does not allow. stats: the statistics that the kernel publishes. tables: entries, pv, page references,
 * A and M. cost: everything else that is counted, resolved faults too.
 */
export const PLANES = ['outcome', 'map', 'mapping', 'stats', 'tables', 'cost'] as const;
export type Plane = (typeof PLANES)[number];

/** Statistics of one pmap, recorded after every op: name, what it counts, and the kernel function that does that. */
export const PMAP_STATS_TABLE = [
  ['residentCount', 'pm_stats.resident_count of one pmap', 'pmap_resident_count_adj'],
  ['wiredCount', 'pm_stats.wired_count of one pmap', 'pmap_enter'],
] as const;

export const PMAP_STATS = PMAP_STATS_TABLE.map(([name]) => name);

/** What a pmap maps in the span of an op, recorded where an op may take mappings away, and of every pmap at checkpoints. */
export const MAPPING_STATS_TABLE = [
  ['mappedPages', 'pages that one pmap maps in the span of the op', 'pmap_enter'],
  ['excessPages', 'of these, pages that no map entry allows, or with more rights than it gives', 'vm_map_delete'],
] as const;

export const MAPPING_STATS = MAPPING_STATS_TABLE.map(([name]) => name);

/** What findings are about that say where machines part: see harness/compare/parting. */
export const PARTINGS = ['free pages', 'stopped call', 'within an op', 'between exits'] as const;
export type PartingKind = (typeof PARTINGS)[number];

const GLOBAL_STATS: readonly string[] = ['userPtPageCount', 'kernelPtPageCount', 'pvPageCount'];

/** By counter. Gauges are compared by their level after each op, other counters by their increment in each op. */
const IS_GAUGE = Uint8Array.from(COUNTER_NAMES, (_name, counter) => Number(GAUGES.includes(counter)));
export const isGauge = (counter: number): boolean => IS_GAUGE[counter] === 1;

/** All counters are compared except those that only count how often a member of the seam was reached. */
const IS_COMPARED = Uint8Array.from(COUNTER_NAMES, (_name, counter) => Number(COMPARED.includes(counter)));
export const isCompared = (counter: number): boolean => IS_COMPARED[counter] === 1;

export const planeOfCounter = (counter: number): Plane =>
  GLOBAL_STATS.includes(COUNTER_NAMES[counter]) ? 'stats' : 'cost';

/** Is this a number of one pmap, not of the machine? */
export const isOfOnePmap = (what: string): boolean =>
  (PMAP_STATS as readonly string[]).includes(what) || (MAPPING_STATS as readonly string[]).includes(what);

/** Names that a declaration can be about. */
export const STATISTICS: readonly string[] = [
  ...PMAP_STATS,
  ...MAPPING_STATS,
  ...COMPARED.map((counter) => COUNTER_NAMES[counter]),
];

/** Members of the seam, in order. */
export const MEMBERS: readonly string[] = MEMBER_NAMES;
