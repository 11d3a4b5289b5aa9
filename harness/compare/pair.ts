/**
 * Two records of one workload: one verdict, the most severe that holds, and every difference with its standing.
 */
import type { Checkpoint, Failure, RunRecord } from '../run/record.ts';
import type { Explanations, Step, VariantFacts } from './declarations.ts';
import { outcomeName } from '../workload/names.ts';
import { compareViolations, explainFault } from './faults.ts';
import { compareOutcomes } from './ops.ts';
import { MEMBERS, type Plane } from './planes.ts';
import { FIRST_REACHED } from '../../core/counters.ts';
import { type Standing, compareStatistics } from './statistics.ts';

/** Most severe first. */
export const VERDICTS = [
  'failed',
  'panic',
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
  /** of an invariant: which side broke it */
  readonly side: 'introduced' | 'mended' | null;
  /** why a user's list of expected differences has it; it is known then */
  readonly accepted?: string;
}

export interface PairComparison {
  readonly reference: string;
  readonly candidate: string;
  readonly verdict: Verdict;
  /** worst standing of the differences that stand for themselves; null when there is none */
  readonly standing: Exclude<Standing, 'follows'> | null;
  readonly differences: readonly Difference[];
  /** members of the seam that differ between the two, and those of them that neither run reached */
  readonly changedMembers: readonly string[];
  readonly unreachedMembers: readonly string[];
  /** both ended in the same panic: the ops before it were compared */
  readonly bothPanic: boolean;
  /** whose own code failed, and how */
  readonly failures: readonly { readonly variant: string; readonly failure: Failure }[];
  /** declarations and findings that explained something */
  readonly seen: readonly Step[];
}

/** Compare two records of the same workload. */
export function comparePair(
  a: RunRecord,
  b: RunRecord,
  explained: Explanations,
  facts: { readonly reference: VariantFacts; readonly candidate: VariantFacts },
): PairComparison {
  const changed = MEMBERS.filter((_name, i) => facts.reference.members[i] !== facts.candidate.members[i]);
  const unreached = changed.filter((name) => !reached(a, name) && !reached(b, name));
  const base = {
    reference: a.variant,
    candidate: b.variant,
    changedMembers: changed,
    unreachedMembers: unreached,
  };
  const failures = [a, b].flatMap((record) =>
    record.ended.kind === 'failed' ? [{ variant: record.variant, failure: record.ended }] : [],
  );
  if (failures.length > 0)
    return { ...base, verdict: 'failed', standing: null, differences: [], bothPanic: false, failures, seen: [] };

  const ops = Math.min(a.ops, b.ops);
  const differences: Difference[] = [];
  const known = (what: string, op: number): Step[] =>
    explained.known.filter(
      ({ what: about, outcomes, reversed }) =>
        about === what && (outcomes === null || outcomes.includes(outcomeName((reversed ? a : b).perOp.code[op]))),
    );
  const seen: Step[] = [];
  const add = (
    plane: Difference['plane'],
    what: string,
    op: number,
    count: number,
    side: Difference['side'] = null,
    steps: readonly Step[] = known(what, op),
  ) => {
    seen.push(...steps);
    const standing = steps.length > 0 ? 'known' : side === 'mended' ? 'intended' : 'unexpected';
    differences.push({ plane, what, standing, steps, op, count, amount: null, side });
  };

  const panics = comparePanics(a, b);
  if (panics !== null && !panics.alike) add('panic', 'panic', panics.op, 1);
  for (const { violation, side } of compareViolations(a, b)) {
    const isMended = side === 'mended';
    const steps = explainFault(
      violation,
      isMended ? a : b,
      isMended ? explained.faults.reference : explained.faults.candidate,
    );
    add('invariant', violation.name, violation.op, 1, side, steps);
  }

  const outcome = compareOutcomes(a.perOp, b.perOp, ops);
  if (outcome !== null) add('outcome', 'outcome', outcome.op, outcome.ops);
  const map = compareCheckpoints(a, b, 'map');
  const diverged = outcome === null ? Infinity : outcome.op;
  if (map !== null) {
    if (map.op < diverged) add('map', 'map', map.op, map.checkpoints);
    else differences.push(following('map', 'map', map.op, map.checkpoints));
  }
  const horizon = Math.min(diverged, map?.op ?? Infinity);
  const tables = compareTables(a, b);
  if (tables !== null) {
    if (tables.op < horizon && tables.isWhole) add('tables', 'tables', tables.op, tables.checkpoints);
    else differences.push(following('tables', 'tables', tables.op, tables.checkpoints));
  }
  const statistics = compareStatistics(a, b, ops, horizon, explained);
  for (const { what, plane, standing, steps, op, ops: count, least, most, total } of statistics.differences)
    differences.push({ plane, what, standing, steps, op, count, amount: { least, most, total }, side: null });
  seen.push(...statistics.seen);

  return {
    ...base,
    verdict: verdictOf(differences, changed, unreached),
    standing: worst(differences),
    differences,
    bothPanic: panics !== null && panics.alike,
    failures: [],
    seen,
  };
}

const following = (plane: Plane, what: string, op: number, count: number): Difference => ({
  plane,
  what,
  standing: 'follows',
  steps: [],
  op,
  count,
  amount: null,
  side: null,
});

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
  if (has('map')) return 'latent';
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

function reached(record: RunRecord, member: string): boolean {
  const counter = FIRST_REACHED + MEMBERS.indexOf(member);
  return record.totals[counter] > record.start[counter];
}

/** How two runs panicked, null if neither did. Alike: at the same op, in the same function, for the same reason. */
function comparePanics(a: RunRecord, b: RunRecord): { readonly alike: boolean; readonly op: number } | null {
  const [first, second] = [a.ended, b.ended];
  if (first.kind === 'panic' && second.kind === 'panic') {
    const alike = first.op === second.op && first.where === second.where && first.reason === second.reason;
    return { alike, op: Math.min(first.op, second.op) };
  }
  if (first.kind === 'panic') return { alike: false, op: first.op };
  if (second.kind === 'panic') return { alike: false, op: second.op };
  return null;
}

interface CheckpointDifference {
  readonly op: number;
  readonly checkpoints: number;
}

/** First op after which the digests differ, and how many checkpoints do. One that only one run has differs. */
function compareCheckpoints(
  a: RunRecord,
  b: RunRecord,
  plane: 'map' | 'tables',
  isCompared: (point: Checkpoint) => boolean = () => true,
): CheckpointDifference | null {
  const ops = Math.min(a.ops, b.ops);
  const [before, after] = [a, b].map(
    (record) =>
      new Map(
        record.checkpoints
          .filter((point) => point.op < ops && isCompared(point))
          .map((point) => [point.op, point[plane]]),
      ),
  );
  const differing = [...new Set([...before.keys(), ...after.keys()])]
    .filter((op) => before.get(op) !== after.get(op))
    .toSorted((x, y) => x - y);
  return differing.length === 0 ? null : { op: differing[0], checkpoints: differing.length };
}

/**
 * Page tables are compared where no call is half done, as a revision may do earlier in a call what another does later in
 * it. isWhole false: what differs belongs to a call that never ends.
 */
function compareTables(a: RunRecord, b: RunRecord): (CheckpointDifference & { readonly isWhole: boolean }) | null {
  const whole = compareCheckpoints(a, b, 'tables', ({ isMidCall }) => !isMidCall);
  if (whole !== null) return { ...whole, isWhole: true };
  const last = a.checkpoints.at(-1);
  const atEnd = compareCheckpoints(a, b, 'tables', ({ op, isMidCall }) => isMidCall && op === last?.op);
  return atEnd === null ? null : { ...atEnd, isWhole: false };
}

/** Do two records agree on every plane? Variants whose records agree are shown as one. */
export function sameRecord(a: RunRecord, b: RunRecord): boolean {
  if (JSON.stringify(a.ended) !== JSON.stringify(b.ended) || a.ops !== b.ops) return false;
  if (a.ended.kind === 'failed') return false;
  if (compareOutcomes(a.perOp, b.perOp, a.ops) !== null || compareViolations(a, b).length > 0) return false;
  if (compareCheckpoints(a, b, 'map') !== null || compareCheckpoints(a, b, 'tables') !== null) return false;
  if (sameStatistics(a, b)) return true;
  const nothing: Explanations = { intended: [], known: [], faults: { reference: [], candidate: [] } };
  return compareStatistics(a, b, a.ops, Infinity, nothing).differences.length === 0;
}

const bytesOf = ({ buffer, byteOffset, byteLength }: NodeJS.TypedArray): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);
const sameBytes = (x: NodeJS.TypedArray, y: NodeJS.TypedArray): boolean => Buffer.compare(bytesOf(x), bytesOf(y)) === 0;

/** The common case, by bytes. Records that differ here may still agree: reached members are counted too. */
function sameStatistics({ perOp: a, start: before }: RunRecord, { perOp: b, start: after }: RunRecord): boolean {
  return (
    sameBytes(before, after) &&
    sameBytes(a.residentCount, b.residentCount) &&
    sameBytes(a.wiredCount, b.wiredCount) &&
    sameBytes(a.counterFrom, b.counterFrom) &&
    sameBytes(a.counterIndex, b.counterIndex) &&
    sameBytes(a.counterDelta, b.counterDelta)
  );
}
