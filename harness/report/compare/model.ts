/**
 * The report as data: everything that a renderer prints, already added up and in order. Renderers do no arithmetic.
 */
import type { StateDifference } from '../../compare/closer-look.ts';
import { EXIT_FINDING, EXIT_HARNESS, EXIT_OK, type Tally, exitCodeOf } from '../../compare/gate.ts';
import type { Judged } from '../../compare/judge.ts';
import type { Difference, PairComparison, Verdict } from '../../compare/pair.ts';
import type { Against, Plan, RunSummary, WorkloadComparison } from '../../compare/plan.ts';
import type { Compared } from '../../compare/run-comparison.ts';
import type { Suggestions } from '../../compare/suggest.ts';
import type { Standing } from '../../compare/track.ts';
import type { Warning } from '../../compare/warnings.ts';
import type { Step } from '../../declare/declarations.ts';
import { PLANES } from '../../declare/planes.ts';
import type { Place, RemoveCalls } from '../../run/record.ts';
import type { SavedComparison } from '../../saved/compare.ts';
import type { WorkloadHead } from '../../workload/pieces.ts';
import { type KindRow, kindRows } from '../kinds.ts';
import { happenedText } from '../outcomes.ts';
import { type EnteredRow, enteredRows } from './entered.ts';
import { type Amount, type Found, type Total, addTo, amountOf, textAt, totalsOf } from './totals.ts';
import { type ViolationLine, violationLines } from './violations.ts';

export const REPORT_SCHEMA = 'pmapdiff.compare/1';

/** Candidates whose records agree on every plane of every workload. */
export interface ColumnGroup {
  readonly ids: readonly string[];
  /** null: the reference itself, or the first of a series compared step by step */
  readonly reference: string | null;
}

/** A finding that explains a difference. gone: the reference has the fault, and the candidate has not. */
export interface Explaining {
  readonly id: string;
  readonly gone: boolean;
}

/** One candidate, one workload. */
export interface Cell {
  readonly verdict: Verdict;
  readonly standing: PairComparison['standing'];
  /** findings that explain it, in order */
  readonly findings: readonly Explaining[];
  /** whether a user's list of expected differences explains some of it */
  readonly accepted: boolean;
  /** a failure in one sentence, or the panic of both, or null */
  readonly note: string | null;
  /** what a process notices, or a panic, a line each */
  readonly happened: readonly { readonly text: string; readonly standing: NonNullable<PairComparison['standing']> }[];
}

/** Why a candidate differs: one reason and the statistics that it explains. */
export interface Reason {
  readonly standing: Exclude<Standing, 'follows'>;
  readonly findings: readonly Explaining[];
  /** what authors say of it. undone: of a step that the reference takes, and the candidate does not */
  readonly why: readonly { readonly text: string; readonly undone: boolean }[];
  readonly items: readonly ReasonItem[];
}

export interface ReasonItem {
  readonly what: string;
  readonly workloads: number;
  /** over these workloads; null for planes */
  readonly amount: Amount | null;
  /** of an outcome or a panic: what happened where it is seen first */
  readonly happened: string | null;
  /** where it is seen first, or is first not as declared */
  readonly first: { readonly workload: string; readonly at: string };
  /** findings about other variants that it looks like */
  readonly hints: readonly string[];
  /** of a counter that only one of the two cores has; null: both have it */
  readonly presence: 'new' | 'gone' | null;
}

/** Recordings only. */
export interface ProcessRow extends KindRow {
  readonly workload: string;
}

export interface RemoveRow {
  readonly workload: string;
  readonly place: Place;
  /** per column of `CompareReport.columns` */
  readonly cells: readonly RemoveCalls[];
}

/** By the id of a variant, by member. */
export type MemberLines = Readonly<Record<string, Readonly<Record<string, number>>>>;

export interface CompareReport {
  readonly against: Against;
  /** nobody chose it */
  readonly againstDefault: boolean;
  /** false: interrupted, the rest was not run */
  readonly allRan: boolean;
  /** allRan, and no two runs that are compared ended alike before the end */
  readonly complete: boolean;
  readonly columns: readonly ColumnGroup[];
  readonly titles: Readonly<Record<string, string>>;
  readonly rows: readonly {
    readonly workload: WorkloadComparison;
    /** per column; null for a reference */
    readonly cells: readonly (Cell | null)[];
  }[];
  readonly reasons: readonly {
    readonly column: ColumnGroup;
    readonly reasons: readonly Reason[];
    readonly following: number;
  }[];
  /** over all workloads, of each column that has a reference */
  readonly totals: readonly { readonly column: ColumnGroup; readonly totals: readonly Total[] }[];
  /** what is unexpected in comparisons with the predecessor beside those of the columns */
  readonly predecessors: readonly {
    readonly reference: string;
    readonly candidate: string;
    readonly reasons: readonly Reason[];
  }[];
  readonly states: readonly StateDifference[];
  /** functions that patches change, by column and name */
  readonly entered: readonly EnteredRow[];
  readonly removes: readonly RemoveRow[];
  /** cells per column of `columns` */
  readonly processes: readonly ProcessRow[];
  readonly replays: readonly { readonly workload: string; readonly run: RunSummary }[];
  readonly violations: readonly ViolationLine[];
  readonly expected: Judged['expected'];
  /** what would make all this expected; null: not looked for */
  readonly suggestions: Suggestions | null;
  readonly neverSeen: readonly Step[];
  /** what was asked for and applied to nothing */
  readonly warnings: readonly Warning[];
  readonly findingTitles: Readonly<Record<string, string>>;
  readonly tally: Tally;
  /** variant files as they were given, by the id of the variant in them */
  readonly files: Readonly<Record<string, string>>;
  /** lines on which these files write the members of the seam */
  readonly lines: MemberLines;
  /** what has changed since results were saved; null: nobody asked */
  readonly baseline: SavedComparison | null;
  /** workloads whose invariants were checked; empty: none were */
  readonly checked: readonly Pick<WorkloadHead, 'name' | 'length'>[];
}

export interface CompareInput {
  readonly plan: Plan;
  readonly against: Against;
  readonly againstDefault?: boolean;
  readonly compared: Compared;
  readonly judged: Judged;
  readonly findingTitles: Readonly<Record<string, string>>;
  readonly files: CompareReport['files'];
  readonly lines?: MemberLines;
  readonly warnings?: readonly Warning[];
  readonly checked: CompareReport['checked'];
  readonly suggestions?: Suggestions;
  readonly baseline?: SavedComparison | null;
}

export const pairOf = (workload: WorkloadComparison, { ids, reference }: ColumnGroup): PairComparison | null =>
  workload.pairs.find((pair) => pair.candidate === ids[0] && pair.reference === reference) ?? null;

const runOf = (workload: WorkloadComparison, id: string): RunSummary =>
  workload.runs.find(({ variant }) => variant === id)!;

export function buildReport(input: CompareInput): CompareReport {
  const { plan, against, againstDefault = false, compared, judged, findingTitles, files, checked } = input;
  const { lines = {}, warnings = [], suggestions = null, baseline = null } = input;
  const { complete: allRan, states } = compared;
  const { workloads, expected, neverSeen, tally } = judged;
  const columns = columnsOf(plan, workloads);
  return {
    against,
    againstDefault,
    allRan,
    complete: allRan && workloads.every(({ complete }) => complete),
    columns,
    titles: Object.fromEntries(plan.columns.map(({ id, title }) => [id, title])),
    rows: workloads.map((workload) => ({
      workload,
      cells: columns.map((column) => {
        const pair = pairOf(workload, column);
        return pair === null ? null : cellOf(pair, runOf(workload, column.ids[0]), workload);
      }),
    })),
    reasons: columns.flatMap((column) => {
      if (column.reference === null) return [];
      const found = workloads.flatMap((workload) => {
        const pair = pairOf(workload, column);
        return pair === null ? [] : pair.differences.map((difference) => ({ workload, difference }));
      });
      const following = found.filter(({ difference }) => difference.standing === 'follows').length;
      return [{ column, reasons: reasonsOf(found), following }];
    }),
    totals: columns.flatMap((column) => {
      if (column.reference === null) return [];
      const pairs = workloads.flatMap((workload) => {
        const pair = pairOf(workload, column);
        return pair === null ? [] : [{ workload, pair }];
      });
      return [{ column, totals: totalsOf(pairs) }];
    }),
    predecessors: plan.predecessors.flatMap(({ reference, candidate }) => {
      const found = workloads.flatMap((workload) =>
        workload.predecessors
          .filter((pair) => pair.reference === reference.id && pair.candidate === candidate.id)
          .flatMap(({ differences }) => differences.map((difference) => ({ workload, difference }))),
      );
      const unexpected = reasonsOf(found.filter(({ difference }) => difference.standing === 'unexpected'));
      return unexpected.length === 0 ? [] : [{ reference: reference.id, candidate: candidate.id, reasons: unexpected }];
    }),
    states,
    entered: plan.columns.flatMap((column) => enteredRows(column, workloads)),
    removes: workloads.flatMap((workload) =>
      (['exit', 'exec'] as const).flatMap((place) => {
        const cells = columns.map(({ ids }) => runOf(workload, ids[0]).removeByPlace[place]);
        return cells.some(({ calls }) => calls > 0) ? [{ workload: workload.name, place, cells }] : [];
      }),
    ),
    processes: workloads.flatMap((workload) => {
      const kinds = columns.flatMap(({ ids }) => runOf(workload, ids[0]).replay?.byKind ?? []);
      return kinds.length < columns.length ? [] : kindRows(kinds).map((row) => ({ ...row, workload: workload.name }));
    }),
    replays: workloads.flatMap((workload) => {
      const first = workload.runs.find(({ replay }) => replay !== null);
      return first === undefined ? [] : [{ workload: workload.name, run: first }];
    }),
    violations: violationLines(workloads),
    expected,
    suggestions,
    neverSeen,
    findingTitles,
    tally: { ...tally, exitCode: exitCodeOf([tally.exitCode, exitSince(baseline)]) },
    baseline,
    files,
    lines,
    warnings,
    checked,
  };
}

/** Is that what a gate must not pass? What is gone is a check that nobody makes any more. */
export const isChange = (kind: string): boolean => kind === 'changed' || kind === 'gone';

/** A change is a finding, and so is a cell that was not run; that nothing could be compared is no answer. */
function exitSince(baseline: SavedComparison | null): number {
  if (baseline === null) return EXIT_OK;
  const kinds = baseline.cells.map(({ state }) => state.kind);
  if (!kinds.includes('same') && !kinds.includes('changed')) return EXIT_HARNESS;
  return kinds.some(isChange) ? EXIT_FINDING : EXIT_OK;
}

/** What is said of a candidate on one workload. */
function judgement(workload: WorkloadComparison, candidate: string, reference: string): string {
  const { verdict, standing, differences } = pairOf(workload, { ids: [candidate], reference })!;
  return JSON.stringify([
    verdict,
    standing,
    differences.map((difference) => [difference.what, difference.standing, difference.accepted]),
  ]);
}

/** Candidates with equal records and equal judgements everywhere, and the same reference, share a column. */
function columnsOf(plan: Plan, workloads: readonly WorkloadComparison[]): ColumnGroup[] {
  const columns: { ids: string[]; reference: string | null }[] = [];
  for (const { id } of plan.columns) {
    const reference = plan.pairs.find(({ candidate }) => candidate.id === id)?.reference.id ?? null;
    const home = columns.find(
      (column) =>
        column.reference !== null &&
        reference === column.reference &&
        workloads.every(
          (workload) =>
            workload.groups.some((group) => group.includes(id) && group.includes(column.ids[0])) &&
            judgement(workload, id, reference) === judgement(workload, column.ids[0], reference),
        ),
    );
    if (home === undefined) columns.push({ ids: [id], reference });
    else home.ids.push(id);
  }
  return columns;
}

function cellOf(
  { verdict, standing, differences, failures, bothPanic }: PairComparison,
  run: RunSummary,
  workload: WorkloadComparison,
): Cell {
  const findings = explaining(differences);
  const { ended } = run;
  const during = (op: number | null): string => (op === null ? '' : `, while running ${textAt(workload, op)}`);
  const failure = failures
    .map(({ variant, failure: { message, op } }) => `${variant}: ${message}${during(op)}`)
    .join('; ');
  const panic =
    bothPanic && ended.kind === 'panic'
      ? `both: panic: ${ended.where}: ${ended.reason} at ${textAt(workload, ended.op)}`
      : null;
  const happened = differences.flatMap((difference) => {
    const text = happenedIn({ workload, difference });
    return text === null || difference.standing === 'follows' ? [] : [{ text, standing: difference.standing }];
  });
  const accepted = differences.some((difference) => difference.accepted !== undefined);
  return { verdict, standing, findings, accepted, note: failure === '' ? panic : failure, happened };
}

/** What a process notices of a difference, or a panic; null for every other difference. */
function happenedIn({ workload, difference: { op, outcomes } }: Found): string | null {
  return outcomes === null ? null : happenedText(workload.opPlaces[op] ?? null, outcomes);
}

const STANDINGS = ['unexpected', 'known', 'intended'] as const;

/** What is unexpected comes in this order: most severe first. */
const SEVERITY: readonly Difference['plane'][] = ['panic', 'invariant', ...PLANES];
const severityOf = ({ difference: { plane, standing } }: Found): number =>
  standing === 'unexpected' ? SEVERITY.indexOf(plane) : 0;

/** Group differences by what explains them: unexpected ones first, each on its own; then by finding, then by intent. */
export function reasonsOf(found: readonly Found[]): Reason[] {
  const groups = new Map<string, Found[]>();
  for (const item of found) {
    const { standing } = item.difference;
    if (standing === 'follows') continue;
    addTo(groups, `${STANDINGS.indexOf(standing)}|${reasonKey(item.difference)}`, item);
  }
  return [...groups.entries()]
    .toSorted(([a, [one]], [b, [other]]) => Number(a[0]) - Number(b[0]) || severityOf(one) - severityOf(other))
    .map(([, items]) => {
      const { standing, steps } = items[0].difference;
      return {
        standing: standing === 'follows' ? 'unexpected' : standing,
        findings: explaining([items[0].difference]),
        why:
          items[0].difference.accepted === undefined
            ? whyOf(steps)
            : [{ text: items[0].difference.accepted, undone: false }],
        items: [...byWhat(items).values()].map(itemOf),
      };
    });
}

/** Differences with the same key are explained in one line. */
function reasonKey(difference: Difference): string {
  const { standing, steps, what, accepted } = difference;
  if (standing === 'unexpected') return what;
  if (accepted !== undefined) return `accepted ${accepted}`;
  return JSON.stringify(standing === 'known' ? explaining([difference]) : whyOf(steps));
}

const whyOf = (steps: readonly Step[]): Reason['why'] =>
  distinct(steps.flatMap(({ intent, reversed }) => (intent === null ? [] : [{ text: intent.why, undone: reversed }])));

/** An invariant that holds again has no step that is undone: the fault is the reference's. */
const explaining = (differences: readonly Difference[]): Explaining[] =>
  distinct(
    differences.flatMap(({ steps, side }) =>
      steps.flatMap(({ finding, reversed }) =>
        finding === null ? [] : [{ id: finding, gone: reversed || side === 'mended' }],
      ),
    ),
  );

/** Differences of one statistic, counter or plane as one line. */
export function itemOf(found: readonly Found[]): ReasonItem {
  const [{ workload, difference }] = found;
  return {
    what: difference.what,
    workloads: unique(found.map((item) => item.workload.name)).length,
    amount: amountOf(found),
    happened: happenedIn(found[0]),
    first: { workload: workload.name, at: textAt(workload, difference.op) },
    hints: unique(found.flatMap((item) => item.difference.hints ?? [])),
    presence: difference.presence ?? null,
  };
}

/** In the order in which each is met first. */
function byWhat(found: readonly Found[]): Map<string, Found[]> {
  const groups = new Map<string, Found[]>();
  for (const one of found) addTo(groups, one.difference.what, one);
  return groups;
}

const unique = <T>(items: readonly T[]): T[] => [...new Set(items)];

const distinct = <T extends object>(items: readonly T[]): T[] => [
  ...new Map(items.map((item) => [JSON.stringify(item), item])).values(),
];
