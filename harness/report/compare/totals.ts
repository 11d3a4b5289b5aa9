/**
 * Totals: what a statistic or counter comes to over workloads, and the largest difference of one op with its own place.
 *
 * Sums are over the ops before two machines part. A level has no sum: its largest difference stands for it.
 */
import { COUNTER_NAMES } from '../../../core/counters.ts';
import type { Difference, PairComparison } from '../../compare/pair.ts';
import type { WorkloadComparison } from '../../compare/plan.ts';
import type { Numbers, Sides } from '../../compare/track.ts';

/** A difference of one workload. */
export interface Found {
  readonly workload: WorkloadComparison;
  readonly difference: Difference;
}

/** One op: what it added to a counter, or the level after it. */
export interface Largest extends Sides {
  readonly workload: string;
  readonly op: number;
  readonly at: string;
}

export interface Amount {
  readonly kind: Numbers['kind'];
  /** over the workloads that differ; null: a level */
  readonly sum: Sides | null;
  /** null: no op differs, though it is declared to */
  readonly largest: Largest | null;
}

/** Mean of the ratios candidate / reference, each workload counted alike; a workload that is the same in both counts as 1. */
export interface Geomean {
  /** null: no workload has a ratio */
  readonly ratio: number | null;
  /** workloads that have a ratio */
  readonly workloads: number;
  /** workloads left out: one side is 0, the other is not */
  readonly zeros: number;
}

/** Of one workload. */
export interface WorkloadTotal extends Amount {
  readonly workload: string;
  /** false: summed up to where the machines part */
  readonly whole: boolean;
}

/** Of one candidate, over all workloads that were compared. */
export interface Total extends Amount {
  readonly what: string;
  /** workloads that differ; read off the comparisons each time, so that no number is held twice */
  readonly differing: Iterable<WorkloadTotal>;
  /** workloads compared, and those of them that are summed up to where the machines part */
  readonly workloads: number;
  readonly parted: number;
  readonly geomean: Geomean;
}

/** What stands for an amount in a table: the sums, or the level where it differs most. */
export const shownSides = ({ kind, sum, largest }: Pick<Amount, 'kind' | 'sum' | 'largest'>): Sides =>
  kind === 'level' || sum === null ? largest! : sum;

export const textAt = ({ opTexts }: WorkloadComparison, op: number): string => opTexts[op] ?? `op ${op}`;

const spanOf = ({ reference, candidate }: Sides): number => Math.abs(candidate - reference);

const add = (a: Sides, b: Sides): Sides => ({
  reference: a.reference + b.reference,
  candidate: a.candidate + b.candidate,
});

/** What differences of one statistic or counter come to; null for planes. */
export function amountOf(found: readonly Found[]): Amount | null {
  let kind: Numbers['kind'] | null = null;
  let sum: Sides | null = null;
  let largest: Largest | null = null;
  for (const { workload, difference } of found) {
    const { numbers } = difference;
    if (numbers === null) continue;
    kind = numbers.kind;
    if (numbers.sum !== null) sum = sum === null ? numbers.sum : add(sum, numbers.sum);
    const one = numbers.largest;
    if (one !== null && (largest === null || spanOf(one) > spanOf(largest)))
      largest = { workload: workload.name, op: one.op, at: textAt(workload, one.op), ...sidesOf(one) };
  }
  return kind === null ? null : { kind, sum, largest };
}

const sidesOf = ({ reference, candidate }: Sides): Sides => ({ reference, candidate });

/** Ratios of each workload: its sums, or the levels where they differ most. */
function geomeanOf(all: readonly Sides[]): Geomean {
  let [logs, workloads, zeros] = [0, 0, 0];
  for (const { reference, candidate } of all) {
    if (reference === candidate) workloads++;
    else if (reference === 0 || candidate === 0 || reference < 0 !== candidate < 0) zeros++;
    else {
      logs += Math.log(candidate / reference);
      workloads++;
    }
  }
  return { ratio: workloads === 0 ? null : Math.exp(logs / workloads), workloads, zeros };
}

/** Adds to the group of that name. */
export function addTo<T>(groups: Map<string, T[]>, name: string, one: T): void {
  const group = groups.get(name);
  if (group === undefined) groups.set(name, [one]);
  else group.push(one);
}

interface FoundIn extends Found {
  readonly pair: PairComparison;
}

type Compared = Omit<FoundIn, 'difference'>;

/** What differs before the machines part. what: of that name; null: all. */
function* foundIn(pairs: readonly Compared[], what: string | null): Generator<FoundIn> {
  for (const { workload, pair } of pairs)
    for (const difference of pair.differences)
      if (
        (what === null || difference.what === what) &&
        difference.numbers !== null &&
        difference.numbers.largest !== null
      )
        yield { workload, pair, difference };
}

function* differingIn(pairs: readonly Compared[], what: string): Generator<WorkloadTotal> {
  for (const found of foundIn(pairs, what))
    yield { workload: found.workload.name, whole: found.pair.parted === null, ...amountOf([found])! };
}

/** What both have counted: where they do not differ the candidate has the reference's sum. */
function sidesIn({ sums, differences }: PairComparison, what: string): Sides {
  const differing = differences.find((one) => one.what === what && one.numbers?.sum)?.numbers?.sum;
  const both = sums[(COUNTER_NAMES as readonly string[]).indexOf(what)];
  return differing ?? { reference: both, candidate: both };
}

/** One candidate's pairs, a workload each: a row for every statistic and counter that differs before the machines part. */
export function totalsOf(compared: readonly Compared[]): Total[] {
  const pairs = compared.filter(({ pair }) => pair.failures.length === 0);
  const names = new Set<string>();
  for (const { difference } of foundIn(pairs, null)) names.add(difference.what);
  return [...names].map((what): Total => {
    const found = [...foundIn(pairs, what)];
    const { kind, largest } = amountOf(found)!;
    const sums = kind === 'added' ? pairs.map(({ pair }) => sidesIn(pair, what)) : null;
    const levels = found.map(({ difference }) => difference.numbers!.largest!);
    const same = Array.from({ length: pairs.length - levels.length }, () => ({ reference: 1, candidate: 1 }));
    return {
      what,
      kind,
      sum: sums === null ? null : sums.reduce(add),
      largest,
      differing: { [Symbol.iterator]: () => differingIn(pairs, what) },
      workloads: pairs.length,
      parted: pairs.filter(({ pair }) => pair.parted !== null).length,
      geomean: geomeanOf(sums ?? [...levels, ...same]),
    };
  });
}
