/**
 * What an n-way comparison compares and what it says, and what a whole selection of workloads adds up to.
 */
import {
  type Explanations,
  type KnownDifference,
  type Step,
  type VariantFacts,
  explanations,
  lineage,
} from '../declare/declarations.ts';
import type { Ended, Place, RemoveCalls, ReplayStats, Violation } from '../run/record.ts';
import type { Workload } from '../workload/ops.ts';
import type { CallPlace } from '../workload/places.ts';
import type { MissedExpectation } from './expectations.ts';
import type { PairComparison } from './pair.ts';
import type { MissedStop } from './stops.ts';

/** Each candidate against this: a column by id, or each against its predecessor among the columns. */
export type Against = { readonly kind: 'variant'; readonly id: string } | { readonly kind: 'previous' };

/** What a run did, without its per-op data. */
export interface RunSummary {
  readonly variant: string;
  readonly ended: Ended;
  readonly ops: number;
  readonly removeByPlace: Readonly<Record<Place, RemoveCalls>>;
  readonly replay: ReplayStats | null;
  readonly alive: number;
  /** what does not hold in this run, whatever the others do; unexpected unless a finding names it */
  readonly faults: readonly JudgedViolation[];
}

export interface JudgedViolation extends Violation {
  /** shared: the run's reference has it as well */
  readonly standing: 'known' | 'unexpected' | 'shared';
  readonly findings: readonly string[];
  /** why a user's list of expected differences has it; it is known then */
  readonly accepted?: string;
}

export interface WorkloadComparison {
  readonly name: string;
  readonly title: string;
  readonly ops: number;
  readonly recorded: boolean;
  readonly machine: Workload['machine'];
  readonly runs: readonly RunSummary[];
  /** variants whose records agree on every plane, each group in column order */
  readonly groups: readonly (readonly string[])[];
  /** each candidate against the chosen reference */
  readonly pairs: readonly PairComparison[];
  /** each revision against its predecessor, where that is another comparison: what declarations speak of */
  readonly predecessors: readonly PairComparison[];
  /** per pair, the op that each difference points at, in words */
  readonly opTexts: Readonly<Record<number, string>>;
  /** the same ops, but `end`, as data */
  readonly opPlaces: Readonly<Record<number, CallPlace>>;
  /** yield points that no run reached */
  readonly missedStops: readonly MissedStop[];
  /** what the reference did not answer as the workload says */
  readonly missed: readonly MissedExpectation[];
}

/** The column that `candidate` is compared with; null for the first of the columns. */
export function referenceOf(
  candidate: string,
  columns: readonly string[],
  against: Against,
  facts: readonly VariantFacts[],
): string | null {
  if (against.kind === 'variant') return candidate === against.id ? null : against.id;
  const nearest = lineage(candidate, facts)
    .slice(0, -1)
    .toReversed()
    .find((id) => columns.includes(id));
  return nearest ?? columns[columns.indexOf(candidate) - 1] ?? null;
}

/** Two columns to compare, and what may differ between them. */
export interface PlannedPair {
  readonly reference: VariantFacts;
  readonly candidate: VariantFacts;
  readonly explained: Explanations;
}

/** What is compared with what, the same for every workload. */
export interface Plan {
  readonly columns: readonly VariantFacts[];
  /** the columns, and every variant that lies between them */
  readonly facts: readonly VariantFacts[];
  readonly pairs: readonly PlannedPair[];
  /** each column after its predecessor, where `pairs` has not got it */
  readonly predecessors: readonly PlannedPair[];
  readonly ledger: readonly KnownDifference[];
}

export interface PlanOptions {
  readonly against: Against;
  readonly ledger: readonly KnownDifference[];
  /** compare each revision with its predecessor too */
  readonly predecessors: boolean;
}

/**
 * facts: the columns and every variant that lies between them. Throws RangeError when a declaration cannot be read.
 */
export function planComparison(
  columns: readonly string[],
  facts: readonly VariantFacts[],
  { against, ledger, predecessors }: PlanOptions,
): Plan {
  const fact = (id: string): VariantFacts => facts.find((variant) => variant.id === id)!;
  const plan = (kind: Against): PlannedPair[] =>
    columns.flatMap((id) => {
      const reference = referenceOf(id, columns, kind, facts);
      if (reference === null) return [];
      const explained = explanations(reference, id, facts, ledger);
      return [{ reference: fact(reference), candidate: fact(id), explained }];
    });
  const pairs = plan(against);
  const isPlanned = (one: PlannedPair): boolean =>
    pairs.some(({ reference, candidate }) => reference === one.reference && candidate === one.candidate);
  const others = predecessors ? plan({ kind: 'previous' }).filter((pair) => !isPlanned(pair)) : [];
  return { columns: columns.map(fact), facts, pairs, predecessors: others, ledger };
}

const stepKey = ({ variant, what, finding, intent }: Step): string =>
  finding ?? `${variant}|${what}|${intent?.by ?? ''}`;

/**
 * Steps of all plans that explained nothing in any workload: declarations that did not come true, and findings nothing of
 * which did. What a variant declares beside its predecessor has to show in the comparison of those two, if that is
 * planned: beside others it may be another's declaration that explains the same.
 */
export function neverSeen(plan: Plan, workloads: readonly WorkloadComparison[]): Step[] {
  const planned = [...plan.pairs, ...plan.predecessors];
  const own = new Set(planned.filter(followsDirectly).map(({ candidate }) => candidate.id));
  const counts = ({ finding, variant }: Step, reference: string, candidate: string): boolean =>
    finding !== null ||
    !own.has(variant) ||
    (candidate === variant && followsDirectly(pairOf(planned, reference, candidate)));
  const seen = new Set(
    workloads.flatMap(({ pairs, predecessors }) =>
      [...pairs, ...predecessors].flatMap((pair) =>
        pair.seen.filter((step) => counts(step, pair.reference, pair.candidate)).map(stepKey),
      ),
    ),
  );
  // What a run left out of balance or an invariant that it broke is laid to the ledger run by run, not pair by pair.
  for (const { runs } of workloads)
    for (const { faults } of runs) for (const { findings } of faults) for (const finding of findings) seen.add(finding);
  const found = new Map<string, Step>();
  for (const { explained } of planned)
    for (const step of [...explained.intended, ...explained.known])
      if (!seen.has(stepKey(step)) && !found.has(stepKey(step))) found.set(stepKey(step), step);
  return [...found.values()];
}

const followsDirectly = ({ reference, candidate }: PlannedPair): boolean => candidate.after === reference.id;
const pairOf = (planned: readonly PlannedPair[], reference: string, candidate: string): PlannedPair =>
  planned.find((pair) => pair.reference.id === reference && pair.candidate.id === candidate)!;
