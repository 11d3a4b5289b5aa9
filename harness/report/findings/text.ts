/** The ledger as text: finding by variant, each cell with its number. */
import pc from 'picocolors';
import type { OpenFinding } from '../../findings/finding.ts';
import {
  type Answer,
  type Cell,
  type CellStatus,
  type FindingResult,
  answersIn,
  isWrong,
} from '../../findings/result.ts';
import { DEFAULT_WIDTH, type Look, fittedTable, jsonText, plural, wrapped } from '../words.ts';
import { matrixMarkdown, matrixText, reportedRows } from './matrix.ts';

/** The ledger as it was run. */
export interface FindingsReport {
  readonly findings: readonly FindingResult[];
  readonly open: readonly OpenFinding[];
  /** ids of the review's revisions, then of variants that were asked: the columns of the matrix that comes first */
  readonly revisions: readonly string[];
}

const capital = (word: string): string => word[0].toUpperCase() + word.slice(1);

export function findingsText(
  { findings, open, revisions }: FindingsReport,
  { color, width = DEFAULT_WIDTH }: Look,
): string {
  const c = pc.createColors(color);
  const style: Readonly<Record<CellStatus, (text: string) => string>> = {
    reproduced: c.bold,
    absent: (text) => text,
    'not exercised': c.yellow,
    differs: c.red,
  };
  const cellText = ({ status, expected, got, otherwise }: Cell): string => {
    if (status === 'differs') return style.differs(`differs: ${got}, not ${expected}`);
    const how = otherwise === true && status === 'reproduced' ? ', not in the published amount' : '';
    return style[status](`${SAID[status]}${how} (${got ?? '-'})`);
  };
  const answerStyle: Readonly<Record<Answer['status'], (text: string) => string>> = {
    shows: c.bold,
    absent: (text) => text,
    'not exercised': c.yellow,
    failed: c.red,
  };
  const parts = findings.map(({ id, kind, title, claim, thread, cases }) => {
    const head = [`${c.bold(id)}  ${c.bold(title)}`, `${capital(kind)}. ${thread}`, `“${claim}”`].map((text) =>
      wrapped(text, width, 0),
    );
    const tables = cases.map(({ name, observes, source, cells, answers }) => {
      const rows = [
        ...cells.map((cell) => [`    ${cell.variant}`, cellText(cell)]),
        ...answers.map((one) => [`    ${one.variant}`, answerStyle[one.status](answerText(one))]),
      ];
      const [, ...lines] = fittedTable(['', ''], rows, { width, keep: 1, wrapLast: true }).split('\n');
      return [wrapped(`  ${name}: ${observes}`, width), ...lines, wrapped(`    source: ${source}`, width, 6)];
    });
    return `${[...head, ...tables.flat()].join('\n')}\n`;
  });
  const cells = findings.flatMap(({ cases }) => cases.flatMap((one) => one.cells));
  const wrong = cells.filter(isWrong).length;
  const answers = answersIn(findings).length;
  const asked = answers === 0 ? '' : `, ${plural(answers, 'answer')} for variants without an expected value`;
  const total = `${plural(findings.length, 'finding')}, ${plural(cells.length, 'cell')}, ${wrong} not as their source says${asked}\n`;
  const matrix = matrixText(reportedRows(findings, revisions), revisions, width);
  const later = open.map(({ id, title, reason }) => `${wrapped(`${id}  ${title}: open, ${reason}`, width)}\n`).join('');
  return `${matrix}\n${parts.join('\n')}\n${later}\n${total}`;
}

/** The words of the legend, and those for what the legend has no mark for. */
const SAID: Readonly<Record<CellStatus | Answer['status'], string>> = {
  reproduced: 'shows',
  shows: 'shows',
  absent: 'does not',
  'not exercised': 'never came to it',
  differs: 'differs',
  failed: 'failed',
};

/** Variants named that show the same. */
const SHOWN_LIKE = 2;

/** What a variant was seen to do, and of which others the ledger says the same. */
function answerText({ status, got, like, failure }: Answer): string {
  if (failure !== null) return `failed: ${failure.message}`;
  const seen = got === null ? SAID[status] : `${SAID[status]} (${got})`;
  if (like.length === 0) return seen;
  const more = like.length - SHOWN_LIKE;
  return `${seen}, as ${like.slice(0, SHOWN_LIKE).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** The table of the README. */
export const findingsMarkdown = ({ findings, open, revisions }: FindingsReport): string =>
  matrixMarkdown(reportedRows(findings, revisions), open, revisions);

export const findingsJson = ({ findings, open }: FindingsReport): string =>
  jsonText({ schema: 'pmapdiff.findings/1', findings, open });

/** A line for every cell that is not as its source says. */
export const wrongCells = (findings: readonly FindingResult[]): string =>
  findings
    .flatMap(({ id, cases }) =>
      cases.flatMap(({ name, cells }) =>
        cells.filter(isWrong).map(({ variant, status, expected, got }) => {
          const what = got === null ? status : `${status}: ${got}`;
          return `pmapdiff: ${id}, ${name}: ${variant}: ${what}, not ${expected}\n`;
        }),
      ),
    )
    .join('');
