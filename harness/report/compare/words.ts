/** Words that several renderers of a comparison share. */
import { PAGE_SIZE } from '../../../core/units.ts';
import type { ExpectedDifference } from '../../compare/accepted.ts';
import type { Tally, Unreached } from '../../compare/gate.ts';
import { type EarlyEnd, VERDICTS, type Verdict } from '../../compare/pair.ts';
import type { WorkloadComparison } from '../../compare/plan.ts';
import type { Sides } from '../../compare/track.ts';
import { formatSize } from '../../workload/size.ts';
import { number, plural, signed } from '../words.ts';
import type { Cell, ColumnGroup, CompareReport, Explaining, Reason, ReasonItem } from './model.ts';
import type { Geomean, Largest, Total } from './totals.ts';

/** The head of a column: variants that are alike one under the other. */
export const columnName = ({ ids }: Pick<ColumnGroup, 'ids'>): string => ids.join('\n= ');

/** `94 workloads (218,164 ops) × 5 revisions, each against baseline` */
export function comparedText({ rows, columns, against }: Pick<CompareReport, 'rows' | 'columns' | 'against'>): string {
  const ops = rows.reduce((sum, { workload }) => sum + workload.ops, 0);
  const revisions = columns.reduce((sum, { ids }) => sum + ids.length, 0);
  const chosen = against.kind === 'previous' ? 'its predecessor' : against.id;
  return `${plural(rows.length, 'workload')} (${number(ops)} ops) × ${plural(revisions, 'revision')}, each against ${chosen}`;
}

/** What the signs of the matrix stand for; what is rare is named only where there is such a cell. */
export const signLegend = (isAccepted: boolean, isIncomplete: boolean): string[] => [
  '= identical',
  '○ not exercised',
  '✓ intended',
  'F known finding',
  ...(isAccepted ? ['E in your list'] : []),
  '! unexpected',
  `✗ failed${isIncomplete ? ' or incomplete' : ''}`,
];

export const followingText = (following: number): string =>
  `${plural(following, 'later difference')} not judged (the machines had already diverged, or a call never ends)`;

export const inLine = ({ ids }: Pick<ColumnGroup, 'ids'>): string => ids.join(' = ');

/** `5,500 -> 11,063 (+5,563, +101.1%)`; without a percentage from 0. */
export function sidesText({ reference, candidate }: Sides): string {
  const share = shareText({ reference, candidate });
  const part = share === '' ? '' : `, ${share}`;
  return `${number(reference)} -> ${number(candidate)} (${signed(candidate - reference)}${part})`;
}

/** `+101.1%`; empty: from 0, or no difference. */
export function shareText({ reference, candidate }: Sides): string {
  return reference === 0 || candidate === reference ? '' : relative((candidate - reference) / reference);
}

/** `+101.1%` */
export const relative = (part: number): string => `${part > 0 ? '+' : ''}${(100 * part).toFixed(1)}%`;

/** `geomean +101.1% over 3 workloads, 1 with a 0 left out` */
export function geomeanText({ ratio, workloads, zeros }: Geomean): string {
  const left = zeros === 0 ? '' : `, ${number(zeros)} with a 0 left out`;
  return ratio === null
    ? `no geomean${left}`
    : `geomean ${relative(ratio - 1)} over ${plural(workloads, 'workload')}${left}`;
}

/** `+258 in msync-wide, line 3, sh: exec`, the op that has the largest difference. */
export const largestText = ({ reference, candidate, workload, at }: Largest): string =>
  `${signed(candidate - reference)} in ${workload}, ${at}`;

/**
 * What differs, in full: `removeLoops 5,500 -> 11,063 (+5,563, +101.1%)`, a level where it differs most, what happened, or
 * the name of a plane.
 */
export function amountText({ what, amount, happened, presence }: ReasonItem): string {
  if (happened !== null) return happened;
  if (amount === null) return what;
  const { kind, sum, largest } = amount;
  if (sum !== null && presence !== null) return `${what} is ${presence}: ${sidesText(sum)}`;
  if (sum !== null && (largest !== null || sum.reference !== sum.candidate)) return `${what} ${sidesText(sum)}`;
  if (largest === null) return `${what} is declared to differ and does not`;
  return `${what} ${kind === 'level' ? 'level ' : ''}${sidesText(largest)}`;
}

/** The same for a list: `removeLoops +5,563`, `residentCount level +2`. */
export function briefText(item: ReasonItem): string {
  const { what, amount, happened } = item;
  if (amount === null || amount.largest === null) return happened === null ? amountText(item) : what;
  const { kind, sum, largest } = amount;
  if (kind === 'level' || sum === null) return `${what} level ${signed(largest.candidate - largest.reference)}`;
  return `${what} ${signed(sum.candidate - sum.reference)}`;
}

/** `F6`, or `F6 gone` where the candidate no longer has the fault. */
export const findingName = ({ id, gone }: Explaining): string => (gone ? `${id} gone` : id);

/** `=` identical, `○` not exercised, `✓` all explained, `!` unexpected, `✗` no answer. */
export function signOf({ verdict, standing }: Pick<Cell, 'verdict' | 'standing'>): '=' | '○' | '✓' | '!' | '✗' {
  if (verdict === 'identical') return '=';
  if (verdict === 'not-exercised') return '○';
  if (verdict === 'failed' || verdict === 'incomplete') return '✗';
  return standing === 'unexpected' ? '!' : '✓';
}

/** What explains a cell: `F6`, `F1 gone`, `E` for an entry of the user's list. */
export const explaining = ({ findings, accepted }: Pick<Cell, 'findings' | 'accepted'>): string[] => [
  ...findings.map(findingName),
  ...(accepted ? ['E'] : []),
];

/** Why a difference is no surprise; empty if it is one. */
export function explained({ standing, findings, why }: Reason, titles: CompareReport['findingTitles']): string {
  const named = findings.map((finding) => {
    const title = titles[finding.id];
    return title === undefined ? findingName(finding) : `${findingName(finding)}${finding.gone ? ':' : ''} ${title}`;
  });
  const said = why.map(({ text, undone }) => (undone ? `undoes: ${text}` : text));
  return [...named, ...(standing === 'known' && named.length > 0 ? [] : said)].join('; ');
}

/** In how many workloads, the op with the largest difference, and the first one if that is another. */
export function whereText({ first, workloads, amount, happened }: ReasonItem): string {
  const inAll = plural(workloads, 'workload');
  if (happened !== null)
    return `${first.workload}${workloads > 1 ? ` and ${plural(workloads - 1, 'more workload')}` : ''}`;
  const largest = amount?.largest ?? null;
  if (largest === null) return `first in ${first.workload}, ${first.at}; ${inAll}`;
  const isFirst = largest.workload === first.workload && largest.at === first.at;
  const most = `${amount?.kind === 'level' ? 'there' : `largest in one op ${signed(largest.candidate - largest.reference)}`}: ${largest.workload}, ${largest.at}`;
  return [inAll, most, ...(isFirst ? [] : [`first: ${first.workload}, ${first.at}`])].join('; ');
}

/** `removeLoops 5 -> 7 (+2, +40.0%): 3 workloads; largest in one op +2: msync-wide, line 3, a: exit` */
export const reasonText = (item: ReasonItem): string => `${amountText(item)}: ${whereText(item)}`;

/** The same of one workload. */
export function amountAndPlace(item: ReasonItem): string {
  const { amount, happened, first } = item;
  if (happened !== null) return happened;
  const largest = amount?.largest ?? null;
  if (largest === null) return `${amountText(item)}: first at ${first.at}`;
  const most = `largest in one op ${signed(largest.candidate - largest.reference)} at ${largest.at}`;
  return `${amountText(item)}: ${most}${largest.at === first.at ? '' : `, first at ${first.at}`}`;
}

/** `removeLoops 5 -> 7 (+2, +40.0%), geomean +20.0% over 2 workloads, largest in one op +2 in msync-wide, line 3, a: exit` */
export function totalText({ what, kind, sum, largest, geomean }: Total): string {
  const amount =
    kind === 'level' || sum === null ? `${what} level ${sidesText(largest!)}` : `${what} ${sidesText(sum)}`;
  const most = largest === null ? [] : [`largest in one op ${largestText(largest)}`];
  return [amount, geomeanText(geomean), ...most].join(', ');
}

/** What a process notices, or a panic. */
export interface Happened {
  readonly what: string;
  readonly standing: NonNullable<Cell['standing']>;
  readonly workloads: readonly string[];
  /** `make: clock (line 9): ok -> SIGSEGV (vfork-execfail)` */
  readonly line: string;
}

/** Workloads named where the same happened in several. */
const SHOWN_WORKLOADS = 3;

/** A line for each thing that happens to a column, with the workloads in which it does. */
export function happenedLines({
  rows,
  columns,
}: CompareReport): { readonly column: ColumnGroup; readonly text: Happened }[] {
  return columns.flatMap((column, i) => {
    const found = new Map<string, { what: string; standing: Happened['standing']; workloads: string[] }>();
    for (const { workload, cells } of rows)
      for (const { text: what, standing } of cells[i]?.happened ?? []) {
        const key = `${standing} ${what}`;
        const one = found.get(key) ?? { what, standing, workloads: [] };
        one.workloads.push(workload.name);
        found.set(key, one);
      }
    return [...found.values()].map(({ what, standing, workloads }) => {
      const more = workloads.length - SHOWN_WORKLOADS;
      const where = [...workloads.slice(0, SHOWN_WORKLOADS), ...(more > 0 ? [`${number(more)} more`] : [])].join(', ');
      return { column, text: { what, standing, workloads, line: `${what} (${where})` } };
    });
  });
}

/** Why a comparison is incomplete, and how little was compared. */
export function endText({ op, ops, panic }: EarlyEnd, workload: WorkloadComparison): string {
  if (panic === null) return 'no ops: nothing was run';
  const { where, reason } = panic;
  const why = `both: panic: ${where}: ${reason} at ${workload.opTexts[op] ?? `op ${op}`}`;
  const part = `${number(op)} of ${plural(ops, 'op')} compared${op === 0 ? ': nothing was run' : ''}`;
  return `${why}; ${part}${where === 'vm_wait' ? `; ${memoryText(workload)}` : ''}`;
}

/** How memory can be made to last. */
function memoryText({ machine, needs }: WorkloadComparison): string {
  const has = `the machine has ram=${formatSize(machine.ram)} (${plural(machine.ram / PAGE_SIZE, 'page')})`;
  if (needs === null) return `${has}, which a machine line of the workload sets`;
  return `${has}, the recording may take ${number(needs)}: --machine ram=SIZE sets it`;
}
/** `; looks like N9`, or nothing: a hint, which explains nothing. */
export const hintText = (hints: readonly string[] = []): string =>
  hints.length === 0 ? '' : `; looks like ${hints.join(', ')}`;

export const entryText = ({ variant, workload, what }: ExpectedDifference): string =>
  `${variant}, ${workload}, ${what}`;

/** `removeIsNoop, vmspaceClear (mine against landed)` */
export const unreachedText = ({ members, candidate, reference }: Unreached): string =>
  `${members.join(', ')} (${candidate} against ${reference})`;

/** The summary in parts, and whether each is as it should be; null: it says nothing of that. */
export function tallyParts(tally: Tally): readonly (readonly [text: string, isGood: boolean | null])[] {
  const { pairs, equal, notExercised, intended, known, unexpected, failed, incomplete, faults } = tally;
  const { predecessors, incompletePredecessors, unexpectedPredecessors, failing, expired, missedExpectations } = tally;
  const others = predecessors - incompletePredecessors;
  const isDeclared = unexpectedPredecessors === 0;
  const mild = unexpected + unexpectedPredecessors + faults - failing;
  const some = (count: number, text: string, isGood: false | null = false): [string, boolean | null][] =>
    count > 0 ? [[text, isGood]] : [];
  return [
    [`${plural(pairs, 'comparison')}: ${number(equal)} identical`, null],
    ...some(notExercised, `${number(notExercised)} not exercised`, null),
    [`${number(intended)} intended`, null],
    [`${number(known)} known`, null],
    [`${number(unexpected)} unexpected`, unexpected === 0],
    ...(isDeclared
      ? some(others, `${number(others)} more against the predecessor, as declared`, null)
      : some(
          others,
          `${number(unexpectedPredecessors)} of ${number(others)} more against the predecessor, unexpected`,
        )),
    ...some(failed, `${number(failed)} failed`),
    ...some(incomplete, `${number(incomplete)} incomplete`),
    ...some(faults, `${plural(faults, 'run')} out of balance`),
    ...some(mild, `${number(mild)} of them excluded by --fail-on`, null),
    ...some(expired, `${plural(expired, 'expected difference')} expired`),
    ...some(missedExpectations, `${plural(missedExpectations, 'expectation')} missed`),
  ];
}

/** The whole comparison in one line. */
export const tallyText = (tally: Tally): string =>
  tallyParts(tally)
    .map(([text]) => text)
    .join(', ');

/** What is incomplete, and why: one line a reason, with the comparisons that it concerns. */
export function incompleteNotes({ rows, tally }: CompareReport): string[] {
  if (tally.incomplete === 0) return [];
  const found = new Map<string, string[]>();
  for (const { workload } of rows)
    for (const { reference, candidate, incomplete } of [...workload.pairs, ...workload.predecessors]) {
      if (incomplete === null) continue;
      const key = `${workload.name}: ${endText(incomplete, workload)}`;
      found.set(key, [...(found.get(key) ?? []), `${candidate} against ${reference}`]);
    }
  return [...found].map(([note, pairs]) => `${note} (${pairs.join(', ')})`);
}

/** What a verdict says, for a reader who meets it first. */
const MEANINGS: Readonly<Partial<Record<Verdict, string>>> = {
  panic: 'only one run panics, or they panic differently',
  'invariant-broken': 'an invariant does not hold in one run',
  incomplete: 'both runs ended before the end of the workload',
  behavioural: 'a process notices',
  latent: 'maps or mappings differ, but no process has noticed',
  'stat-only': 'published statistics differ, and no process can notice',
  'cost-only': 'page tables or costs differ, and no published statistic',
  'not-exercised': 'no workload call reached what was changed',
};

/** One line about the verdicts that occur; none for those that need no words. */
export function verdictLegend(verdicts: readonly Verdict[]): string[] {
  const words = VERDICTS.flatMap((verdict) => {
    const meaning = MEANINGS[verdict];
    return meaning === undefined || !verdicts.includes(verdict) ? [] : [`${verdict}: ${meaning}`];
  });
  return words.length === 0 ? [] : [words.join('; ')];
}
