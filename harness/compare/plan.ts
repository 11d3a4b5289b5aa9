/**
 * What an n-way comparison compares and what it says, and what a whole selection of workloads adds up to.
 */
import { type KnownDifference, type Step, type VariantFacts, explanations, lineage } from '../declare/declarations.ts';
import type { Ended, Entered, Place, RemoveCalls, ReplayStats, Violation } from '../run/record.ts';
import type { Workload } from '../workload/ops.ts';
import type { CallPlace } from '../workload/places.ts';
import { Declarations } from './declarations.ts';
import type { MissedExpectation } from './expectations.ts';
import type { PairComparison } from './pair.ts';
import type { MissedStop } from './stops.ts';
import type { FittedSide } from './track.ts';

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
  /** calls of the functions that a patch changes; absent: there are none */
  readonly entered?: Entered;
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
  /** no two runs that are compared ended alike before the end */
  readonly complete: boolean;
  readonly recorded: boolean;
  /** frames that the processes of a recording take at most; null: no recording */
  readonly needs: number | null;
  /** what recorded it, '' if it does not say or is no recording */
  readonly recorder: string;
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

/** The columns in the order of `facts`, so that no answer depends on the order in which they were asked for. */
export const inOrder = (columns: readonly string[], facts: readonly VariantFacts[]): string[] =>
  facts.flatMap(({ id }) => (columns.includes(id) ? [id] : []));

/** The nearest of a variant's predecessors that is a column. */
function nearestBefore(id: string, columns: readonly string[], facts: readonly VariantFacts[]): string | null {
  const before = lineage(id, facts).slice(0, -1);
  return before.findLast((one) => columns.includes(one)) ?? null;
}

/** The column that `candidate` is compared with: one that does not come after it; null for the first of the columns. */
function referenceOf(
  candidate: string,
  columns: readonly string[],
  against: Against,
  facts: readonly VariantFacts[],
): string | null {
  if (against.kind === 'variant') return candidate === against.id ? null : against.id;
  const ordered = inOrder(columns, facts);
  const earlier = ordered.slice(0, ordered.indexOf(candidate));
  return (
    nearestBefore(candidate, columns, facts) ??
    earlier.findLast((id) => !lineage(id, facts).includes(candidate)) ??
    null
  );
}

/** Two columns to compare, and what may differ between them. */
export interface PlannedPair {
  readonly reference: VariantFacts;
  readonly candidate: VariantFacts;
  readonly explained: Declarations;
  /** the side a declaration of which is looked for, if any */
  readonly fitted: FittedSide | null;
}

/** What is compared with what, the same for every workload. */
export interface Plan {
  readonly columns: readonly VariantFacts[];
  /** predecessors of candidates that are no columns: they are run to be compared with, and not shown */
  readonly silent: readonly VariantFacts[];
  /** the columns, and every variant that lies between them */
  readonly facts: readonly VariantFacts[];
  readonly pairs: readonly PlannedPair[];
  /** each column after its predecessor, or the nearest that is run, where `pairs` has not got it */
  readonly predecessors: readonly PlannedPair[];
  readonly ledger: readonly KnownDifference[];
}

export interface PlanOptions {
  readonly against: Against;
  readonly ledger: readonly KnownDifference[];
  /** compare each revision with its predecessor too */
  readonly predecessors: boolean;
  /** variants for which declarations are looked for that account for what is unexpected. @default none */
  readonly fitted?: readonly string[];
  /** ids of variants that can be run though they are no columns */
  readonly atHand?: readonly string[];
}

/**
 * facts: the columns and every variant that lies between them, in an order that does not depend on that of the columns.
 * Throws RangeError when a declaration cannot be read.
 */
export function planComparison(
  columns: readonly string[],
  facts: readonly VariantFacts[],
  { against, ledger, predecessors, fitted = [], atHand = [] }: PlanOptions,
): Plan {
  const fact = (id: string): VariantFacts => facts.find((variant) => variant.id === id)!;
  const plan = (referenceFor: (id: string) => string | null): PlannedPair[] =>
    columns.flatMap((id) => {
      const reference = referenceFor(id);
      if (reference === null) return [];
      const explained = new Declarations(explanations(reference, id, facts, ledger));
      const side = fitted.includes(id) ? 'candidate' : fitted.includes(reference) ? 'reference' : null;
      return [{ reference: fact(reference), candidate: fact(id), explained, fitted: side }];
    });
  const pairs = plan((id) => referenceOf(id, columns, against, facts));
  const isPlanned = (one: PlannedPair): boolean =>
    pairs.some(({ reference, candidate }) => reference === one.reference && candidate === one.candidate);
  const predecessorOf = (id: string): string | null => {
    const { after } = fact(id);
    const isCandidate = pairs.some(({ candidate }) => candidate.id === id);
    if (after !== null && isCandidate && atHand.includes(after)) return after;
    return nearestBefore(id, columns, facts);
  };
  const others = predecessors ? plan(predecessorOf).filter((pair) => !isPlanned(pair)) : [];
  const shown = columns.map(fact);
  const silent = [...new Set(others.map(({ reference }) => reference))].filter((one) => !shown.includes(one));
  return { columns: shown, silent, facts, pairs, predecessors: others, ledger };
}

const stepKey = ({ variant, what, finding, intent }: Step): string =>
  finding ?? `${variant}|${what}|${intent?.by ?? ''}`;

/**
 * Steps of all plans that explained nothing in any workload: declarations and findings that matched no difference. A
 * declaration has to match in the comparison of the variant with its predecessor, if that is planned: in another
 * comparison, a declaration of another variant may explain the same difference.
 */
export function neverSeen(plan: Plan, workloads: readonly WorkloadComparison[]): Step[] {
  // A finding stands for all that it names: which of them is shown must not depend on the order of the columns.
  const place = ({ candidate }: PlannedPair): number => plan.facts.findIndex(({ id }) => id === candidate.id);
  const planned = [plan.pairs, plan.predecessors].flatMap((some) => some.toSorted((a, b) => place(a) - place(b)));
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
  // The ledger explains leaks and broken invariants for each run, not for each pair.
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
