/**
 * Two runs of one workload: one verdict, the most severe that holds, and every difference with its standing.
 */
import { REACHED } from '../../core/counters.ts';
import type { Explanations, Step, VariantFacts } from '../declare/declarations.ts';
import { MEMBERS, type Plane } from '../declare/planes.ts';
import { type OpOutcome, OutcomeComparer, type Outcomes } from '../run/outcome.ts';
import type { Failure, RunEnd, RunPart, RunRecord } from '../run/record.ts';
import { compareApart, isApart } from './apart.ts';
import { CheckpointComparer, TablesComparer } from './checkpoints.ts';
import { Declarations } from './declarations.ts';
import { StatisticsComparer } from './statistics.ts';
import { type FittedSide, type Numbers, type Standing, type StatFit, unboxed } from './track.ts';
import { compareViolations, couldShow, explainViolation } from './violations.ts';

/** Most severe first. */
export const VERDICTS = [
  'failed',
  'panic',
  'incomplete',
  'invariant-broken',
  'behavioural',
  'latent',
  'stat-only',
  'cost-only',
  'not-exercised',
  'identical',
] as const;
export type Verdict = (typeof VERDICTS)[number];

/** A difference of any plane, of how the runs ended, or of an invariant. */
export interface Difference {
  readonly plane: Plane | 'panic' | 'invariant';
  /** the statistic or counter, the invariant, or the plane again */
  readonly what: string;
  readonly standing: Standing;
  readonly steps: readonly Step[];
  /** first op that differs */
  readonly op: number;
  /** ops, checkpoints or violations that differ */
  readonly count: number;
  /** of a statistic or counter: extremes of one op's difference, and the sum or last level */
  readonly amount: { readonly least: number; readonly most: number; readonly total: number } | null;
  /** of a statistic or counter: what both runs counted */
  readonly numbers: Numbers | null;
  /** of an outcome or a panic: what either run made of the op */
  readonly outcomes: Outcomes | null;
  /** of an invariant: which side broke it */
  readonly side: 'introduced' | 'mended' | null;
  /** of a counter that only one of the two cores has: whether the candidate's has it */
  readonly presence?: 'new' | 'gone';
  /** why a user's list of expected differences has it; it is known then */
  readonly accepted?: string;
  /** findings about other variants that an unexpected one looks like */
  readonly hints?: readonly string[];
}

/** Where and why two runs ended alike before the end of their workload, which does not say that they should. */
export interface EarlyEnd {
  /** the op that was being run: ops before it were compared */
  readonly op: number;
  /** of the workload */
  readonly ops: number;
  /** null: there was no op to run */
  readonly panic: { readonly where: string; readonly reason: string } | null;
}

export interface PairComparison {
  readonly reference: string;
  readonly candidate: string;
  readonly verdict: Verdict;
  /** worst standing of the differences that stand for themselves; null when there is none */
  readonly standing: Exclude<Standing, 'follows'> | null;
  readonly differences: readonly Difference[];
  /** members of the seam, then functions of the core, that differ between the two; those that neither run reached */
  readonly changedMembers: readonly string[];
  readonly unreachedMembers: readonly string[];
  /** from this op on the two machines are not in the same state; null: they are to the end */
  readonly parted: number | null;
  /**
   * by counter, what the reference counted before they part: the candidate as much, where no difference has other
   * numbers; none of a comparison with the predecessor, which no total has
   */
  readonly sums: readonly number[];
  /** both ended in the same panic: the ops before it were compared */
  readonly bothPanic: boolean;
  /** both runs ended early in the same way, and agree up to there; null: they are complete, or ended differently */
  readonly incomplete: EarlyEnd | null;
  /** whose own code failed, and how */
  readonly failures: readonly { readonly variant: string; readonly failure: Failure }[];
  /** declarations and findings that explained something */
  readonly seen: readonly Step[];
  /** of each statistic, where a declaration is looked for */
  readonly fits: readonly StatFit[];
}

/** Compares two runs of the same workload part by part. */
export class PairComparer {
  readonly #explained: Declarations;
  readonly #facts: { readonly reference: VariantFacts; readonly candidate: VariantFacts };
  readonly #outcomes = new OutcomeComparer();
  readonly #map = new CheckpointComparer('map');
  readonly #tables = new TablesComparer();
  readonly #statistics: StatisticsComparer;

  constructor(
    explained: Declarations,
    facts: { readonly reference: VariantFacts; readonly candidate: VariantFacts },
    fitted: FittedSide | null = null,
  ) {
    this.#explained = explained;
    this.#facts = facts;
    this.#statistics = new StatisticsComparer(explained, fitted);
  }

  /** The next parts, which begin with op `first`: what both ran is compared. */
  take(a: RunPart, b: RunPart, first: number): void {
    const ops = Math.min(a.ops, b.ops);
    this.#outcomes.take(a, b, first, ops);
    this.#map.take(a, b, first + ops);
    this.#tables.take(a, b, first + ops);
    this.#statistics.take(a, b, first, ops, this.#horizon);
  }

  /** From this op on the two machines are not in the same state. */
  get #horizon(): number {
    return Math.min(this.#outcomes.op, this.#map.op, this.#statistics.parting.op);
  }

  /** Findings about a plane; one about outcomes must name that of the first op that differs, in the run at fault. */
  #known(what: string): Step[] {
    const parted = this.#outcomes.outcomes;
    return this.#explained.known.filter(
      ({ what: about, outcomes, reversed }) =>
        about === what &&
        (outcomes === null ||
          (parted !== null && outcomes.includes(nameOf(reversed ? parted.reference : parted.candidate)))),
    );
  }

  /** Ops that the differences found so far may point at. */
  pointsAt(): number[] {
    return [this.#outcomes.op, this.#map.op, this.#tables.found.op, ...this.#statistics.pointsAt()];
  }

  /** The runs of a workload of `ops` ops have ended. isMeant: it says that they panic where they do. */
  finish(a: RunEnd, b: RunEnd, ops: number, isMeant: boolean): PairComparison {
    const { reference, candidate } = this.#facts;
    const changes = changesBetween(reference, candidate);
    const changed = [...changes.members, ...changes.functions];
    const unreached = unreachedIn(changes, a, b);
    const base = {
      reference: a.variant,
      candidate: b.variant,
      changedMembers: changed,
      unreachedMembers: unreached,
      parted: Number.isFinite(this.#horizon) ? unboxed(this.#horizon) : null,
      sums: Array.from(this.#statistics.sums.reference, unboxed),
    };
    const failures = [a, b].flatMap((run) =>
      run.ended.kind === 'failed' ? [{ variant: run.variant, failure: run.ended }] : [],
    );
    if (failures.length > 0)
      return {
        ...base,
        verdict: 'failed',
        standing: null,
        differences: [],
        bothPanic: false,
        incomplete: null,
        failures,
        seen: [],
        fits: [],
      };

    const differences: Difference[] = [];
    const seen: Step[] = [];
    const add = (
      plane: Difference['plane'],
      what: string,
      op: number,
      count: number,
      side: Difference['side'] = null,
      steps: readonly Step[] = this.#known(what),
      outcomes: Outcomes | null = null,
    ) => {
      seen.push(...steps);
      const standing = steps.length > 0 ? 'known' : side === 'mended' ? 'intended' : 'unexpected';
      const at = unboxed(op);
      differences.push({ plane, what, standing, steps, op: at, count, amount: null, numbers: null, outcomes, side });
    };

    const panics = this.#outcomes.panics(a, b);
    if (panics !== null && !panics.alike) {
      const { op, reference: ofA, candidate: ofB } = panics;
      add('panic', 'panic', op, 1, null, this.#known('panic'), { reference: ofA, candidate: ofB });
    }
    const { findings } = this.#explained;
    for (const { violation, side } of compareViolations(a, b)) {
      const isMended = side === 'mended';
      const steps = explainViolation(violation, isMended ? a : b, isMended ? findings.reference : findings.candidate);
      // A run that never reached the op shows neither that the violation is gone nor what distinguishes the two.
      if ((isMended || steps.length > 0) && !couldShow(violation, isMended ? b : a)) continue;
      add('invariant', violation.name, violation.op, 1, side, steps);
    }

    const [outcomes, map, tables] = [this.#outcomes, this.#map, this.#tables.found];
    if (outcomes.ops > 0)
      add('outcome', 'outcome', outcomes.op, outcomes.ops, null, this.#known('outcome'), outcomes.outcomes);
    if (map.checkpoints > 0) {
      if (map.op < outcomes.op) add('map', 'map', map.op, map.checkpoints);
      else differences.push(following('map', 'map', map.op, map.checkpoints));
    }
    if (tables.checkpoints > 0) {
      if (tables.op < this.#horizon && this.#tables.isWhole) add('tables', 'tables', tables.op, tables.checkpoints);
      else differences.push(following('tables', 'tables', tables.op, tables.checkpoints));
    }
    const { parting } = this.#statistics;
    if (parting.steps.length > 0) add('mapping', parting.steps[0].what, parting.op, 1, null, parting.steps);
    const statistics = this.#statistics.finish();
    for (const {
      what,
      plane,
      standing,
      steps,
      op,
      ops: count,
      least,
      most,
      total,
      numbers,
    } of statistics.differences) {
      if (isApart(a, b, what)) continue;
      const amount = { least, most, total };
      differences.push({ plane, what, standing, steps, op, count, amount, numbers, outcomes: null, side: null });
    }
    seen.push(...statistics.seen);
    for (const { what, presence, reference: was, candidate: is, steps } of compareApart(
      a,
      b,
      this.#explained.intended,
    )) {
      seen.push(...steps);
      differences.push({
        plane: 'cost',
        what,
        standing: steps.length > 0 ? 'intended' : 'unexpected',
        steps,
        op: ops,
        count: 1,
        amount: { least: is - was, most: is - was, total: is - was },
        numbers: { kind: 'added', sum: { reference: was, candidate: is }, largest: null },
        outcomes: null,
        side: null,
        ...(presence === null ? {} : { presence }),
      });
    }

    const bothPanic = panics !== null && panics.alike;
    const incomplete = ops === 0 || (bothPanic && !isMeant) ? earlyEnd(a, ops) : null;
    return {
      ...base,
      verdict: incomplete === null ? verdictOf(differences, changed, unreached) : 'incomplete',
      standing: worst(differences),
      differences,
      bothPanic,
      incomplete,
      failures: [],
      seen: [...new Set(seen)],
      fits: statistics.fits,
    };
  }
}

/** Compare two whole records of the same workload: of how many ops, they do not say if both panic. */
export function comparePair(
  a: RunRecord,
  b: RunRecord,
  explained: Explanations,
  facts: { readonly reference: VariantFacts; readonly candidate: VariantFacts },
): PairComparison {
  const pair = new PairComparer(Declarations.from(explained), facts);
  pair.take(a, b, 0);
  return pair.finish(a, b, a.ops + Number(a.ended.kind === 'panic'), false);
}

function earlyEnd({ ended, ops: op }: RunEnd, ops: number): EarlyEnd {
  return { op, ops, panic: ended.kind === 'panic' ? { where: ended.where, reason: ended.reason } : null };
}

const following = (plane: Plane, what: string, op: number, count: number): Difference => ({
  plane,
  what,
  standing: 'follows',
  steps: [],
  op: unboxed(op),
  count,
  amount: null,
  numbers: null,
  outcomes: null,
  side: null,
});

function nameOf(outcome: OpOutcome): string {
  if (outcome.kind === 'killed') return outcome.signal;
  return outcome.kind === 'outcome' ? outcome.name : outcome.kind;
}

/** Rows are tried in order; the first that holds is the verdict. A row that only follows from another never decides. */
function verdictOf(
  differences: readonly Difference[],
  changed: readonly string[],
  unreached: readonly string[],
): Verdict {
  const has = (plane: Difference['plane']): boolean => differences.some((difference) => difference.plane === plane);
  if (has('panic')) return 'panic';
  if (has('invariant')) return 'invariant-broken';
  if (has('outcome')) return 'behavioural';
  if (has('map') || has('mapping')) return 'latent';
  if (has('stats')) return 'stat-only';
  if (has('tables') || has('cost')) return 'cost-only';
  return changed.length > 0 && unreached.length === changed.length ? 'not-exercised' : 'identical';
}

/** The verdict that the unexpected differences alone would get; null when there is none. */
export function unexpectedVerdict({ differences }: PairComparison): Verdict | null {
  const unexpected = differences.filter(({ standing }) => standing === 'unexpected');
  return unexpected.length === 0 ? null : verdictOf(unexpected, [], []);
}

export function worst(differences: readonly Difference[]): Exclude<Standing, 'follows'> | null {
  const standings = differences.map(({ standing }) => standing);
  return (['unexpected', 'known', 'intended'] as const).find((standing) => standings.includes(standing)) ?? null;
}

/** Members of the seam and functions of the core that are not the same on both sides, by name. */
export interface Changes {
  readonly members: readonly string[];
  readonly functions: readonly string[];
}

export const changesBetween = (reference: VariantFacts, candidate: VariantFacts): Changes => ({
  members: MEMBERS.filter((_name, i) => reference.members[i] !== candidate.members[i]),
  functions: functionsBetween(reference, candidate),
});

/** Those that neither run reached. */
export const unreachedIn = ({ members, functions }: Changes, a: RunEnd, b: RunEnd): string[] => [
  ...members.filter((name) => !reached(a, name) && !reached(b, name)),
  ...functions.filter((name) => !entered(a, name) && !entered(b, name)),
];

function functionsBetween({ functions: a = {} }: VariantFacts, { functions: b = {} }: VariantFacts): string[] {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].filter((name) => a[name] !== b[name]).toSorted();
}

const entered = ({ entered: found }: RunEnd, name: string): boolean =>
  found !== undefined && (found.calls[name] > 0 || found.atBoot.includes(name));

function reached(record: RunEnd, member: string): boolean {
  const counter = REACHED[MEMBERS.indexOf(member)];
  return record.totals[counter] > record.start[counter];
}
