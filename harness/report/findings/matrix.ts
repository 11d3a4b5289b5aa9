/** The ledger at a glance: finding by revision, one mark each. */
import type { Finding, OpenFinding, RemarkKind } from '../../findings/finding.ts';
import { type Answer, type Cell, type FindingResult, isWrong } from '../../findings/result.ts';
import { fittedTable, wrapped } from '../words.ts';

/**
 * shows: in some case of the finding. otherwise: but never in the amount that the thread published. wrong: some cell is not
 * as its source says. unknown: a variant that was asked never came to it, or failed. null: nothing is said of it.
 */
export type Mark = 'shows' | 'otherwise' | 'absent' | 'wrong' | 'unknown' | null;

export interface MatrixRow {
  readonly id: string;
  readonly kind: RemarkKind;
  readonly title: string;
  /** per revision, in review order, then per variant that was asked */
  readonly marks: readonly Mark[];
  /** controls and what-ifs in which it shows */
  readonly alsoIn: readonly string[];
}

/** Columns of a line of the README. */
const README_WIDTH = 118;

/** A mark as a sign and in words. */
export const MARKS: Readonly<Record<NonNullable<Mark>, { readonly sign: string; readonly words: string }>> = {
  shows: { sign: '●', words: 'shows' },
  otherwise: { sign: '◐', words: 'shows, but not in the published amount' },
  absent: { sign: '–', words: 'does not' },
  wrong: { sign: '!', words: 'not as its source says' },
  unknown: { sign: '?', words: 'never came to it, or failed' },
};
const sign = (mark: Mark): string => (mark === null ? ' ' : MARKS[mark].sign);

/** A finding's cells for one variant, as one mark. */
function markOf(cells: readonly Pick<Cell, 'status' | 'otherwise'>[]): Mark {
  if (cells.length === 0) return null;
  if (cells.some(isWrong)) return 'wrong';
  const shown = cells.filter(({ status }) => status === 'reproduced');
  if (shown.length === 0) return 'absent';
  return shown.every(({ otherwise }) => otherwise === true) ? 'otherwise' : 'shows';
}

/** Cells and answers of a variant, as one mark. */
function markWith(cells: readonly Cell[], answers: readonly Answer[]): Mark {
  const mark = markOf(cells);
  if (mark === 'wrong' || answers.length === 0) return mark;
  if (mark === 'shows' || answers.some(({ status }) => status === 'shows')) return 'shows';
  return answers.every(({ status }) => status === 'absent') ? 'absent' : 'unknown';
}

/** Each once, without the revisions. */
const others = (shown: readonly string[], revisions: readonly string[]): string[] =>
  [...new Set(shown)].filter((variant) => !revisions.includes(variant));

/** Rows of findings that were run. */
export const reportedRows = (findings: readonly FindingResult[], revisions: readonly string[]): MatrixRow[] =>
  findings.map(({ id, kind, title, cases }) => {
    const cells = cases.flatMap((one) => one.cells);
    const answers = cases.flatMap((one) => one.answers);
    const of = <Of extends { readonly variant: string }>(list: readonly Of[], revision: string): Of[] =>
      list.filter(({ variant }) => variant === revision);
    const mark = (revision: string): Mark => markWith(of(cells, revision), of(answers, revision));
    const shown = cells.filter(({ status }) => status === 'reproduced').map(({ variant }) => variant);
    return { id, kind, title, marks: revisions.map(mark), alsoIn: others(shown, revisions) };
  });
export const ledgerRows = (ledger: readonly Finding[], revisions: readonly string[]): MatrixRow[] =>
  ledger.map(({ id, kind, title, cases }) => {
    const mark = (revision: string): Mark =>
      markOf(
        cases
          .flatMap(({ expected }) => expected[revision] ?? [])
          .map(({ shows, otherwise }) => ({
            status: shows ? 'reproduced' : 'absent',
            ...(otherwise && { otherwise }),
          })),
      );
    const shown = cases.flatMap(({ expected }) => Object.keys(expected).filter((variant) => expected[variant].shows));
    return { id, kind, title, marks: revisions.map(mark), alsoIn: others(shown, revisions) };
  });

/** What the signs stand for; the last two only where there is such a mark. */
export const markLegend = (marks: readonly Mark[]): string =>
  (['shows', 'otherwise', 'absent', 'wrong', 'unknown'] as const)
    .filter((mark, i) => i < 3 || marks.includes(mark))
    .map((mark) => `${MARKS[mark].sign} ${MARKS[mark].words}`)
    .join(', ');

const legend = (rows: readonly MatrixRow[]): string => markLegend(rows.flatMap(({ marks }) => marks));

/** Finding by variant, and in which controls and what-ifs each shows. */
export function matrixText(rows: readonly MatrixRow[], revisions: readonly string[], width: number): string {
  const hasOthers = rows.some(({ alsoIn }) => alsoIn.length > 0);
  const grid = fittedTable(
    ['', '', ...revisions, ...(hasOthers ? ['also in'] : [])],
    rows.map(({ id, kind, marks, alsoIn }) => [
      id,
      kind,
      ...marks.map(sign),
      ...(hasOthers ? [alsoIn.join(', ')] : []),
    ]),
    { width, keep: 2, wrapLast: hasOthers },
  );
  return `${grid}\n${wrapped(legend(rows), width)}\n`;
}

const cell = (text: string): string => text.replaceAll('|', '\\|');

/** The table of the README. */
export function matrixMarkdown(
  rows: readonly MatrixRow[],
  open: readonly OpenFinding[],
  revisions: readonly string[],
): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const lines = [
    line(['', 'remark', ...revisions.map((id) => `\`${id}\``)]),
    line(['---', '---', ...revisions.map(() => ':-:')]),
    ...rows.map(({ id, kind, title, marks }) =>
      line([kind === 'fault' ? `**${id}**` : id, cell(title), ...marks.map(sign)]),
    ),
  ];
  const elsewhere = rows
    .filter(({ alsoIn }) => alsoIn.length > 0)
    .map(({ id, alsoIn }) => `${id} ${alsoIn.map((variant) => `\`${variant}\``).join(' ')}`);
  const also =
    elsewhere.length === 0 ? '' : `\n\n${wrapped(`It also shows in: ${elsewhere.join(', ')}.`, README_WIDTH, 0)}`;
  const later = open.map(({ id, title, reason }) => `${id}, ${title} (${reason})`);
  const rest = later.length === 0 ? '' : `\n\n${wrapped(`Open: ${later.join('; ')}.`, README_WIDTH, 0)}`;
  return `${lines.join('\n')}\n\n${legend(rows)}. Bold: a fault where it shows.${also}${rest}\n`;
}
