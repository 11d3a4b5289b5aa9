/**
 * n-way comparison of one workload's records, and what a whole selection of workloads adds up to.
 */
import type { Ended, Failure, RemoveCalls, ReplayStats, RunRecord, Place, Violation } from '../run/record.ts';
import { OP_NAMES, type Workload, opAt } from '../workload/ops.ts';
import {
  type Explanations,
  type Known,
  type Step,
  type VariantFacts,
  explanations,
  faultsOf,
  lineage,
} from './declarations.ts';
import { type MissedExpectation, missedExpectations } from './expectations.ts';
import { exceeds, explainFault, violationsOf } from './faults.ts';
import { type PairComparison, comparePair, sameRecord } from './pair.ts';

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
  readonly faults: readonly Fault[];
}

export interface Fault extends Violation {
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
  readonly steps: readonly PairComparison[];
  /** per pair, the op that each difference points at, in words */
  readonly opTexts: Readonly<Record<number, string>>;
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
  readonly steps: readonly PlannedPair[];
  readonly ledger: readonly Known[];
}

export interface PlanOptions {
  readonly against: Against;
  readonly ledger: readonly Known[];
  /** compare each revision with its predecessor too */
  readonly steps: boolean;
}

/**
 * facts: the columns and every variant that lies between them. Throws RangeError when a declaration cannot be read.
 */
export function planComparison(
  columns: readonly string[],
  facts: readonly VariantFacts[],
  { against, ledger, steps }: PlanOptions,
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
  const others = steps ? plan({ kind: 'previous' }).filter((step) => !isPlanned(step)) : [];
  return { columns: columns.map(fact), facts, pairs, steps: others, ledger };
}

/** Compare the records of one workload, one per column of the plan. */
export function compareWorkload(plan: Plan, workload: Workload, records: readonly RunRecord[]): WorkloadComparison {
  const record = (id: string): RunRecord => records.find(({ variant }) => variant === id)!;
  const compare = ({ reference, candidate, explained }: PlannedPair): PairComparison =>
    comparePair(record(reference.id), record(candidate.id), explained, { reference, candidate });
  const [pairs, steps] = [plan.pairs.map(compare), plan.steps.map(compare)];
  const references = plan.columns.filter(({ id }) => !plan.pairs.some(({ candidate }) => candidate.id === id));
  const ops = new Set([...pairs, ...steps].flatMap(({ differences }) => differences.map(({ op }) => op)));
  for (const { ended } of records) if (ended.kind !== 'done' && ended.op !== null) ops.add(ended.op);
  return {
    name: workload.name,
    title: workload.title,
    ops: workload.ops.length,
    recorded: workload.trace !== null,
    machine: workload.machine,
    runs: records.map((run) => {
      const against = plan.pairs.find(({ candidate }) => candidate.id === run.variant)?.reference.id;
      return summaryOf(run, against === undefined ? null : record(against), plan);
    }),
    groups: groupsOf(records),
    pairs,
    steps,
    opTexts: Object.fromEntries([...ops].toSorted((a, b) => a - b).map((op) => [op, opText(workload, op)])),
    missed: references.flatMap(({ id }) =>
      plan.ledger.some(({ variant, what }) => variant === id && what === 'outcome')
        ? []
        : missedExpectations(workload, record(id)),
    ),
  };
}

/** A fault that the ledger knows of a variant stays known in its successors, until one mends it. */
function summaryOf(run: RunRecord, reference: RunRecord | null, { ledger, facts }: Plan): RunSummary {
  const line = lineage(run.variant, facts);
  const inReference = reference === null ? [] : violationsOf(reference);
  const known = faultsOf(line, ledger);
  const faults = violationsOf(run).map((violation): Fault => {
    const findings = explainFault(violation, run, known).flatMap(({ finding }) => finding ?? []);
    const shared = inReference.some((other) => other.name === violation.name && !exceeds(violation, other));
    return { ...violation, standing: findings.length > 0 ? 'known' : shared ? 'shared' : 'unexpected', findings };
  });
  const { variant, ended, ops, removeByPlace, replay, balance } = run;
  return { variant, ended, ops, removeByPlace, replay, alive: balance.alive, faults };
}

function groupsOf(records: readonly RunRecord[]): string[][] {
  const groups: RunRecord[][] = [];
  for (const record of records) {
    const home = groups.find(([first]) => sameRecord(first, record));
    if (home === undefined) groups.push([record]);
    else home.push(record);
  }
  return groups.map((group) => group.map(({ variant }) => variant));
}

/** `op 3, line 7, cc: exit`. */
function opText(workload: Workload, index: number): string {
  if (index < 0 || index >= workload.ops.length) return 'end';
  const op = opAt(workload.ops, index);
  const { process, thread } = workload.actors[op.who] ?? { process: -1, thread: '' };
  const name = (workload.processes[process]?.name ?? '?') + (thread === '' ? '' : `/${thread}`);
  return `${op.line > 0 ? `line ${op.line}` : `op ${index}`}, ${name}: ${OP_NAMES[op.code]}`;
}

const stepKey = ({ variant, what, finding, intent }: Step): string =>
  `${variant}|${what}|${finding ?? ''}|${intent?.by ?? ''}`;

/** Steps of all plans that explained nothing in any workload: declarations and findings that did not come true. */
export function neverSeen(plan: Plan, workloads: readonly WorkloadComparison[]): Step[] {
  const seen = new Set(
    workloads.flatMap(({ pairs, steps }) => [...pairs, ...steps].flatMap((pair) => pair.seen.map(stepKey))),
  );
  // What a run left out of balance or an invariant that it broke is laid to the ledger run by run, not pair by pair.
  for (const { runs } of workloads)
    for (const { variant, faults } of runs)
      for (const { name, findings } of faults)
        for (const finding of findings)
          for (const id of lineage(variant, plan.facts)) seen.add(`${id}|${name}|${finding}|`);
  const found = new Map<string, Step>();
  for (const { explained } of [...plan.pairs, ...plan.steps])
    for (const step of [...explained.intended, ...explained.known])
      if (!seen.has(stepKey(step)) && !found.has(stepKey(step))) found.set(stepKey(step), step);
  return [...found.values()];
}

export type { Failure };
