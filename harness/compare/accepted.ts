/**
 * Differences that a user expects of a series of their own, each with a reason and a day after which it is no longer
 * expected: what would be unexpected is known then.
 */
import { type Difference, type PairComparison, worst } from './pair.ts';
import type { JudgedViolation, RunSummary, WorkloadComparison } from './plan.ts';

export interface ExpectedDifference {
  /** one of the two variants compared, or the one whose run has the fault */
  readonly variant: string;
  /** a name, or `*` */
  readonly workload: string;
  /** a statistic or counter, `outcome`, `map`, `tables`, `panic`, or the name of an invariant */
  readonly what: string;
  readonly reason: string;
  /** the last day on which it is expected, YYYY-MM-DD */
  readonly expires: string;
}

export interface Acceptance {
  readonly workloads: readonly WorkloadComparison[];
  /** entries that explained nothing */
  readonly unused: readonly ExpectedDifference[];
  /** entries whose day has passed: they explain nothing and fail the gate */
  readonly expired: readonly ExpectedDifference[];
}

/** today: YYYY-MM-DD. */
export function acceptExpected(
  workloads: readonly WorkloadComparison[],
  entries: readonly ExpectedDifference[],
  today: string,
): Acceptance {
  const expired = entries.filter(({ expires }) => expires < today);
  const valid = entries.filter((entry) => !expired.includes(entry));
  if (valid.length === 0) return { workloads, unused: [], expired };
  const used = new Set<ExpectedDifference>();
  const reasonFor = (workload: string, variants: readonly string[], what: string): string | null => {
    const fitting = valid.filter(
      (entry) =>
        (entry.workload === '*' || entry.workload === workload) &&
        variants.includes(entry.variant) &&
        entry.what === what,
    );
    for (const entry of fitting) used.add(entry);
    return fitting[0]?.reason ?? null;
  };
  const accepted = workloads.map((workload): WorkloadComparison => {
    const { name, pairs, predecessors, runs } = workload;
    const pair = (one: PairComparison): PairComparison =>
      acceptPair(one, (variants, what) => reasonFor(name, variants, what));
    const run = (one: RunSummary): RunSummary => ({
      ...one,
      faults: one.faults.map((fault): JudgedViolation => {
        const reason = fault.standing === 'unexpected' ? reasonFor(name, [one.variant], fault.name) : null;
        return reason === null ? fault : { ...fault, standing: 'known', accepted: reason };
      }),
    });
    return { ...workload, pairs: pairs.map(pair), predecessors: predecessors.map(pair), runs: runs.map(run) };
  });
  return { workloads: accepted, unused: valid.filter((entry) => !used.has(entry)), expired };
}

function acceptPair(
  pair: PairComparison,
  reasonFor: (variants: readonly string[], what: string) => string | null,
): PairComparison {
  const { reference, candidate } = pair;
  const differences = pair.differences.map((difference): Difference => {
    if (difference.standing !== 'unexpected') return difference;
    const reason = reasonFor([candidate, reference], difference.what);
    return reason === null ? difference : { ...difference, standing: 'known', accepted: reason };
  });
  return { ...pair, differences, standing: worst(differences) };
}
