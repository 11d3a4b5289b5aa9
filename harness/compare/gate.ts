/**
 * From a comparison to an exit code. An incomplete answer never looks complete: precedence 130, 2, 3, 1, 4, 0.
 */
import type { Step } from '../declare/declarations.ts';
import { type PairComparison, type Verdict, unexpectedVerdict } from './pair.ts';
import type { WorkloadComparison } from './plan.ts';

export const EXIT_OK = 0;
export const EXIT_FINDING = 1;
export const EXIT_USAGE = 2;
export const EXIT_HARNESS = 3;
export const EXIT_INCONCLUSIVE = 4;
export const EXIT_INTERRUPTED = 130;

const PRECEDENCE = [EXIT_INTERRUPTED, EXIT_USAGE, EXIT_HARNESS, EXIT_FINDING, EXIT_INCONCLUSIVE];

/** The exit code that a set of outcomes adds up to. */
export const exitCodeOf = (codes: readonly number[]): number =>
  PRECEDENCE.find((code) => codes.includes(code)) ?? EXIT_OK;

export interface GateOptions {
  readonly interrupted: boolean;
  /** every workload and every revision was run: then a declaration that never came true is a fault */
  readonly wholeCatalog: boolean;
  readonly requireExercised: boolean;
  /** unexpected verdicts that make exit 1; absent: all */
  readonly failOn?: readonly Verdict[];
  /** expected differences that have expired */
  readonly expired?: number;
}

/** What can be chosen to fail on. A variant whose own code failed is never an answer: exit 3 in any case. */
export const FAIL_CLASSES = [
  'panic',
  'invariant-broken',
  'behavioural',
  'latent',
  'stat-only',
  'cost-only',
] as const satisfies readonly Verdict[];

/** Members of the seam that differ between two variants and that no workload reached in either. */
export interface Unreached {
  readonly reference: string;
  readonly candidate: string;
  readonly members: readonly string[];
}

export interface Tally {
  readonly pairs: number;
  readonly unexpected: number;
  readonly known: number;
  readonly intended: number;
  readonly equal: number;
  readonly notExercised: number;
  readonly failed: number;
  /** both ended alike before the end, with the chosen reference or the predecessor */
  readonly incomplete: number;
  /** of them: with the predecessor */
  readonly incompletePredecessors: number;
  /** comparisons with the predecessor beside those with the chosen reference, and unexpected ones among them */
  readonly predecessors: number;
  readonly unexpectedPredecessors: number;
  /** what does not hold in single runs, and no finding names */
  readonly faults: number;
  readonly missedExpectations: number;
  /** unexpected comparisons and runs of a class that was chosen to fail on, and the classes */
  readonly failing: number;
  readonly failOn: readonly Verdict[];
  readonly expired: number;
  /** declarations and findings that matched no difference, and whether that fails the gate */
  readonly neverSeen: number;
  readonly wholeCatalog: boolean;
  /** and whether that is a fault */
  readonly unreached: readonly Unreached[];
  readonly requireExercised: boolean;
  readonly exitCode: number;
}

/** Of each pair, what is left when every workload has reached what it reaches; nothing of one whose code failed. */
function unreachedBy(workloads: readonly WorkloadComparison[]): Unreached[] {
  const [first] = workloads;
  if (first === undefined) return [];
  return first.pairs.flatMap(({ reference, candidate }) => {
    const all = workloads.flatMap(({ pairs }) =>
      pairs.filter((pair) => pair.reference === reference && pair.candidate === candidate),
    );
    if (all.some(({ verdict }) => verdict === 'failed')) return [];
    const members = all[0].unreachedMembers.filter((name) =>
      all.every(({ unreachedMembers }) => unreachedMembers.includes(name)),
    );
    return members.length === 0 ? [] : [{ reference, candidate, members }];
  });
}

export function tally(
  workloads: readonly WorkloadComparison[],
  unseen: readonly Step[],
  { interrupted, wholeCatalog, requireExercised, failOn = FAIL_CLASSES, expired = 0 }: GateOptions,
): Tally {
  const pairs = workloads.flatMap((workload) => workload.pairs);
  const predecessors = workloads.flatMap((workload) => workload.predecessors);
  const count = (standing: string): number =>
    pairs.filter((pair) => pair.incomplete === null && pair.standing === standing).length;
  const unexpected = pairs.filter(({ standing }) => standing === 'unexpected').length;
  const unexpectedPredecessors = predecessors.filter(({ standing }) => standing === 'unexpected').length;
  const notExercised = pairs.filter(({ verdict }) => verdict === 'not-exercised').length;
  const failed = [...pairs, ...predecessors].filter(({ verdict }) => verdict === 'failed').length;
  const incompleteOf = (list: readonly PairComparison[]): number =>
    list.filter((pair) => pair.incomplete !== null).length;
  const [incompletePairs, incompletePredecessors] = [incompleteOf(pairs), incompleteOf(predecessors)];
  const incomplete = incompletePairs + incompletePredecessors;
  const missed = workloads.reduce((sum, workload) => sum + workload.missed.length, 0);
  const faults = workloads
    .flatMap(({ runs }) => runs.flatMap((run) => run.faults))
    .filter(({ standing }) => standing === 'unexpected').length;
  const fails = (verdict: Verdict | null): boolean => verdict !== null && failOn.includes(verdict);
  const failing =
    [...pairs, ...predecessors].filter((pair) => fails(unexpectedVerdict(pair))).length +
    (fails('invariant-broken') ? faults : 0);
  const unreached = unreachedBy(workloads);
  return {
    pairs: pairs.length,
    unexpected,
    known: count('known'),
    intended: count('intended'),
    equal: pairs.filter(({ verdict }) => verdict === 'identical').length,
    notExercised,
    failed,
    incomplete,
    incompletePredecessors,
    predecessors: predecessors.length,
    unexpectedPredecessors,
    faults,
    missedExpectations: missed,
    failing,
    failOn,
    expired,
    neverSeen: unseen.length,
    wholeCatalog,
    unreached,
    requireExercised,
    exitCode: exitCodeOf([
      interrupted ? EXIT_INTERRUPTED : EXIT_OK,
      failed > 0 || incomplete > 0 || missed > 0 || pairs.length === 0 ? EXIT_HARNESS : EXIT_OK,
      failing > 0 || expired > 0 ? EXIT_FINDING : EXIT_OK,
      requireExercised && unreached.length > 0 ? EXIT_FINDING : EXIT_OK,
      wholeCatalog && unseen.length > 0 ? EXIT_FINDING : EXIT_OK,
    ]),
  };
}
