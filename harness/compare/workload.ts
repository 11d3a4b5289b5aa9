/**
 * n-way comparison of the runs of one workload, piece by piece: nothing that it holds grows with the number of ops.
 */
import { type VariantFacts, findingsIn, knownIn, lineage } from '../declare/declarations.ts';
import type { RunEnd, RunPart, RunRecord } from '../run/record.ts';
import { OUTCOME_NOT_RUN, outcomeName } from '../workload/names.ts';
import type { Workload } from '../workload/ops.ts';
import { type Piece, type WorkloadHead, headOf, pieceOf } from '../workload/pieces.ts';
import { type CallPlace, placeIn } from '../workload/places.ts';
import { ExpectedEnd, type MissedExpectation, missedExpectations, unexplained } from './expectations.ts';
import { PairComparer, type PairComparison } from './pair.ts';
import type { JudgedViolation, Plan, PlannedPair, RunSummary, WorkloadComparison } from './plan.ts';
import { SameRun } from './same.ts';
import { StopWatch } from './stops.ts';
import { exceeds, explainViolation, violationsOf } from './violations.ts';

/** Compares the runs of one workload, one per column of the plan, in its order, then those that are not shown. */
export class WorkloadComparer {
  readonly #plan: Plan;
  /** what is run: the columns, and the silent ones */
  readonly #all: readonly VariantFacts[];
  readonly #head: WorkloadHead;
  readonly #pairs: readonly PairComparer[];
  readonly #predecessors: readonly PairComparer[];
  /** by column, and by the columns before it */
  readonly #same: readonly (readonly SameRun[])[];
  /** columns that must answer what the workload expects */
  readonly #references: readonly Reference[];
  /** by column: the last op that its run has finished, and the one behind it, in which it may have ended */
  readonly #ends: { readonly ops: readonly number[]; readonly isOver: boolean }[];
  /** by column: what is expected of the op in which its run ends early */
  readonly #expectedEnds: readonly ExpectedEnd[];
  /** ops after which an invariant did not hold */
  readonly #violated = new Set<number>();
  readonly #texts = new OpTexts();
  readonly #stops = new StopWatch();

  constructor(plan: Plan, head: WorkloadHead) {
    this.#plan = plan;
    this.#all = [...plan.columns, ...plan.silent];
    this.#head = head;
    const { columns } = plan;
    const comparer = ({ reference, candidate, explained, fitted }: PlannedPair): PairComparer =>
      new PairComparer(explained, { reference, candidate }, fitted);
    this.#pairs = plan.pairs.map(comparer);
    this.#predecessors = plan.predecessors.map(comparer);
    this.#same = columns.map((_column, i) => columns.slice(0, i).map(() => new SameRun()));
    this.#references = columns.flatMap((facts, column) =>
      plan.pairs.some(({ candidate }) => candidate === facts) ? [] : [referenceAt(plan, column, this.#all)],
    );
    this.#ends = this.#all.map(() => ({ ops: [], isOver: false }));
    this.#expectedEnds = this.#all.map(() => new ExpectedEnd());
  }

  /** What each run made of the next piece, by column. */
  take(piece: Piece, parts: readonly RunPart[]): void {
    const { from } = piece;
    const comparers = this.#eachPair((pair, [reference, candidate]) => {
      pair.take(parts[reference], parts[candidate], from);
      return pair;
    });
    this.#same.forEach((before, i) => before.forEach((same, j) => same.take(parts[j], parts[i], from)));
    for (const { column, outcomes, faultless, missed } of this.#references) {
      const answers = (op: number): string[] =>
        faultless.map((other) => outcomeName(parts[other].perOp.code[op - from] ?? OUTCOME_NOT_RUN));
      missed.push(...unexplained(missedExpectations(piece, parts[column]), outcomes, answers));
    }
    for (const { violations } of parts) for (const { op } of violations) this.#violated.add(op);
    for (const [column, { ops }] of parts.entries()) {
      if (this.#ends[column].isOver) continue;
      this.#expectedEnds[column].take(piece, parts[column]);
      this.#ends[column] = { ops: [from + ops - 1, from + ops], isOver: ops < piece.length };
    }
    const ends = this.#ends.flatMap(({ ops }) => ops);
    this.#stops.take(piece, parts);
    this.#texts.take(piece, [...comparers.flatMap((pair) => pair.pointsAt()), ...ends, ...this.#violated]);
  }

  #eachPair<T>(body: (pair: PairComparer, columns: readonly [reference: number, candidate: number]) => T): T[] {
    const { pairs, predecessors } = this.#plan;
    const comparers = [...this.#pairs, ...this.#predecessors];
    return [...pairs, ...predecessors].map(({ reference, candidate }, i) =>
      body(comparers[i], [this.#all.indexOf(reference), this.#all.indexOf(candidate)]),
    );
  }

  /** All runs have ended; what each came to, by column. */
  finish(all: readonly RunEnd[]): WorkloadComparison {
    const { columns, pairs } = this.#plan;
    const runs = all.slice(0, columns.length);
    const { name, title, length, trace, machine } = this.#head;
    const isMeant = (column: number): boolean => this.#expectedEnds[column].isMet(all[column]);
    const compared = sharing(
      this.#eachPair((pair, [reference, candidate]) =>
        pair.finish(all[reference], all[candidate], length, isMeant(reference)),
      ),
      pairs.length,
    );
    for (const { column, missed } of this.#references) missed.push(...this.#expectedEnds[column].missed(runs[column]));
    const ops = new Set(
      compared.flatMap(({ differences }) => differences.flatMap(({ op, numbers }) => [op, numbers?.largest?.op ?? op])),
    );
    for (const { ended } of runs) if (ended.kind !== 'done' && ended.op !== null) ops.add(ended.op);
    const referenceOf = (id: string): RunEnd | undefined => {
      const against = pairs.find(({ candidate }) => candidate.id === id)?.reference;
      return against === undefined ? undefined : runs[columns.indexOf(against)];
    };
    const sorted = [...ops].toSorted((a, b) => a - b);
    const isEnd = (op: number): boolean => op < 0 || op >= length;
    return {
      name,
      title,
      ops: length,
      complete: compared.every(({ incomplete }) => incomplete === null),
      recorded: trace !== null,
      needs: trace === null ? null : trace.pages,
      recorder: trace?.recorder ?? '',
      machine,
      runs: runs.map((run) => summaryOf(run, referenceOf(run.variant) ?? null, this.#plan)),
      groups: this.#groups(runs, isMeant),
      pairs: compared.slice(0, pairs.length),
      predecessors: compared.slice(pairs.length),
      opTexts: Object.fromEntries(sorted.map((op) => [op, isEnd(op) ? 'end' : textOf(this.#texts.of(op), op)])),
      opPlaces: Object.fromEntries(
        sorted.flatMap((op) => {
          const place = isEnd(op) ? null : this.#texts.of(op);
          return place === null ? [] : [[op, place]];
        }),
      ),
      missedStops: this.#stops.finish(),
      missed: this.#references.flatMap(({ missed }) => missed),
    };
  }

  /** Runs that ended early are like no other: what they would have done next is not known. */
  #groups(runs: readonly RunEnd[], isMeant: (column: number) => boolean): string[][] {
    const groups: number[][] = [];
    runs.forEach((run, column) => {
      const isWhole = this.#head.length > 0 && (run.ended.kind === 'done' || isMeant(column));
      const home = isWhole ? groups.find(([first]) => this.#same[column][first].finish(runs[first], run)) : undefined;
      if (home === undefined) groups.push([column]);
      else home.push(column);
    });
    return groups.map((group) => group.map((column) => runs[column].variant));
  }
}

/** A column that must answer what the workload expects. */
interface Reference {
  readonly column: number;
  /** per known fault that changes outcomes: those it may lead to; null: any */
  readonly outcomes: readonly (readonly string[] | null)[];
  /** columns that have none of these faults */
  readonly faultless: readonly number[];
  /** where it does not, and none of these faults explains it */
  readonly missed: MissedExpectation[];
}

function referenceAt({ facts, ledger }: Plan, column: number, all: readonly VariantFacts[]): Reference {
  const faultsOf = ({ id }: VariantFacts) =>
    knownIn(lineage(id, facts), ledger).filter(({ what }) => what === 'outcome');
  const faults = faultsOf(all[column]);
  return {
    column,
    outcomes: faults.map(({ outcomes = null }) => outcomes),
    faultless: all.flatMap((one, i) => (faultsOf(one).some((fault) => faults.includes(fault)) ? [] : [i])),
    missed: [],
  };
}

/** Compare the records of a whole workload, one per column of the plan and per silent one. */
export function compareWorkload(plan: Plan, workload: Workload, records: readonly RunRecord[]): WorkloadComparison {
  const ordered = [...plan.columns, ...plan.silent].map(({ id }) => records.find(({ variant }) => variant === id)!);
  const comparer = new WorkloadComparer(plan, headOf(workload));
  comparer.take(pieceOf(workload), ordered);
  return comparer.finish(ordered);
}

/** Places of the ops that matter so far, as their pieces are forgotten. */
class OpTexts {
  #texts = new Map<number, CallPlace>();
  #pieces: readonly Piece[] = [];

  /** ops: the numbers that matter, of this piece and those before it. */
  take(piece: Piece, ops: readonly number[]): void {
    const before = this.#texts;
    this.#texts = new Map();
    for (const op of ops) {
      const place = before.get(op) ?? placeIn(piece, op);
      if (place !== null) this.#texts.set(op, place);
    }
    this.#pieces = [piece, ...this.#pieces.slice(0, 1)];
  }

  /** An op that mattered, or one of the last two pieces. */
  of(op: number): CallPlace | null {
    const known = this.#texts.get(op);
    if (known !== undefined) return known;
    for (const piece of this.#pieces) {
      const place = placeIn(piece, op);
      if (place !== null) return place;
    }
    return null;
  }
}

/** What pairs have in common is kept once: the reference's sums, and what revisions that agree differ in. */
function sharing(pairs: readonly PairComparison[], totalled: number): PairComparison[] {
  const [sums, differences] = [new Shared<PairComparison['sums']>(), new Shared<PairComparison['differences']>()];
  return pairs.map((pair, i) => ({
    ...pair,
    sums: i < totalled ? sums.of(pair.sums) : [],
    differences: differences.of(pair.differences),
  }));
}

/** The first of all values that are equal. */
class Shared<T> {
  readonly #kept = new Map<string, T>();

  of(value: T): T {
    const text = JSON.stringify(value);
    const kept = this.#kept.get(text) ?? value;
    this.#kept.set(text, kept);
    return kept;
  }
}

/** `line 7, cc: exit`. */
function textOf(place: CallPlace | null, op: number): string {
  if (place === null) return `op ${op}`;
  const { line, process, call } = place;
  return `${line > 0 ? `line ${line}` : `op ${op}`}, ${process}: ${call}`;
}

/** A fault that the ledger knows of a variant stays known in its successors, until one mends it. */
function summaryOf(run: RunEnd, reference: RunEnd | null, { ledger, facts }: Plan): RunSummary {
  const line = lineage(run.variant, facts);
  const inReference = reference === null ? [] : violationsOf(reference);
  const violations = violationsOf(run);
  const known = violations.length === 0 ? [] : findingsIn(line, ledger);
  const faults = violations.map((violation): JudgedViolation => {
    const findings = explainViolation(violation, run, known).flatMap(({ finding }) => finding ?? []);
    const shared = inReference.some((other) => other.name === violation.name && !exceeds(violation, other));
    return { ...violation, standing: findings.length > 0 ? 'known' : shared ? 'shared' : 'unexpected', findings };
  });
  const { variant, ended, ops, removeByPlace, replay, balance, entered } = run;
  const summary = { variant, ended, ops, removeByPlace, replay, alive: balance.alive, faults };
  return entered === undefined ? summary : { ...summary, entered };
}
