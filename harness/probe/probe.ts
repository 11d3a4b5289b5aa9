/**
 * probe: what `dtrace -n 'fbt::pmap_remove:entry { @[stack(), args[0]->pm_stats.resident_count == 0] = count(); }'`
 * would print for a run: its pmap_remove calls, by the functions that led to them.
 */
import { CHARGED_EMPTY, CHARGED_EMPTY_EARLY } from '../../core/calls.ts';
import { REMOVE_CALLS, REMOVE_EARLY_EXITS } from '../../core/counters.ts';
import { chainsOf } from '../explain/explain.ts';
import type { RunRecord } from '../run/record.ts';

/**
 * stack: the chain of functions, innermost first. empty: resident_count is 0 at entry. early: returned at the first
 * test.
 */
export const PROBE_KEYS = ['stack', 'empty', 'early'] as const;
export type ProbeKey = (typeof PROBE_KEYS)[number];

export const PROBE_POINT = 'pmap_remove:entry';

/** One line of the aggregation: the values of its keys, and the count. */
export interface ProbeRow {
  readonly stack?: readonly string[];
  readonly empty?: boolean;
  readonly early?: boolean;
  readonly count: number;
}

export interface ProbeResult {
  readonly workload: string;
  readonly variant: string;
  readonly by: readonly ProbeKey[];
  /** in ascending order of count, as dtrace prints them */
  readonly rows: readonly ProbeRow[];
  readonly calls: number;
  readonly empty: number;
  readonly early: number;
}

/** Calls at one node: neither empty nor early, empty only, early only, both. */
type Cells = [number, number, number, number];

/** The record must contain a profile. */
export function probe({ workload, variant, profile }: RunRecord, by: readonly ProbeKey[]): ProbeResult {
  if (profile === null) throw new RangeError(`probe: the run of ${variant} has no profile`);
  const { node, what, delta } = profile;
  const cells = new Map<number, Cells>();
  for (let k = 0; k < node.length; k++) {
    const isCounted = [REMOVE_CALLS, REMOVE_EARLY_EXITS, CHARGED_EMPTY, CHARGED_EMPTY_EARLY].includes(what[k]);
    if (!isCounted) continue;
    let of = cells.get(node[k]);
    if (of === undefined) cells.set(node[k], (of = [0, 0, 0, 0]));
    const n = delta[k];
    if (what[k] === REMOVE_CALLS) of[0] += n;
    else if (what[k] === CHARGED_EMPTY) [of[0], of[1]] = [of[0] - n, of[1] + n];
    else if (what[k] === REMOVE_EARLY_EXITS) [of[0], of[2]] = [of[0] - n, of[2] + n];
    else [of[0], of[1], of[2], of[3]] = [of[0] + n, of[1] - n, of[2] - n, of[3] + n];
  }
  const chains = chainsOf(profile);
  const rows = new Map<string, ProbeRow>();
  const sums: Cells = [0, 0, 0, 0];
  for (const [at, of] of cells)
    of.forEach((count, cell) => {
      if (count === 0) return;
      sums[cell] += count;
      const values = { stack: chains[at].toReversed(), empty: (cell & 1) !== 0, early: (cell & 2) !== 0 };
      const key = Object.fromEntries(by.map((name) => [name, values[name]]));
      const id = JSON.stringify(key);
      rows.set(id, { ...key, count: (rows.get(id)?.count ?? 0) + count });
    });
  return {
    workload,
    variant,
    by,
    rows: [...rows.values()].toSorted((a, b) => a.count - b.count),
    calls: sums[0] + sums[1] + sums[2] + sums[3],
    empty: sums[1] + sums[3],
    early: sums[2] + sums[3],
  };
}
