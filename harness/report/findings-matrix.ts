/** The ledger at a glance: finding by revision, one mark each. */
import Table from 'cli-table3';
import type { Finding } from '../findings/finding.ts';

/** shows: in some case of the finding. wrong: some cell is not as its source says. null: nothing is said of it. */
export type Mark = 'shows' | 'absent' | 'wrong' | null;

export interface MatrixRow {
  readonly id: string;
  readonly title: string;
  /** per revision, in review order */
  readonly marks: readonly Mark[];
}

const SIGNS: Readonly<Record<NonNullable<Mark>, string>> = { shows: '●', absent: '–', wrong: '!' };
const sign = (mark: Mark): string => (mark === null ? ' ' : SIGNS[mark]);

/** Statuses of a finding's cells for one variant, as one mark. */
function markOf(statuses: readonly ('reproduced' | 'absent' | 'not exercised' | 'differs')[]): Mark {
  if (statuses.length === 0) return null;
  if (statuses.some((status) => status === 'differs' || status === 'not exercised')) return 'wrong';
  return statuses.includes('reproduced') ? 'shows' : 'absent';
}

interface Reported {
  readonly id: string;
  readonly title: string;
  readonly cases: readonly {
    readonly cells: readonly {
      readonly variant: string;
      readonly status: 'reproduced' | 'absent' | 'not exercised' | 'differs';
    }[];
  }[];
}

/** Rows of findings that were run. */
export const reportedRows = (findings: readonly Reported[], revisions: readonly string[]): MatrixRow[] =>
  findings.map(({ id, title, cases }) => {
    const cells = cases.flatMap((one) => one.cells);
    const mark = (revision: string): Mark =>
      markOf(cells.filter(({ variant }) => variant === revision).map(({ status }) => status));
    return { id, title, marks: revisions.map(mark) };
  });

/** Rows of the ledger as it is written, whatever a run says. */
export const ledgerRows = (ledger: readonly Finding[], revisions: readonly string[]): MatrixRow[] =>
  ledger.map(({ id, title, cases }) => {
    const mark = (revision: string): Mark =>
      markOf(
        cases.flatMap(({ expected }) => expected[revision] ?? []).map(({ shows }) => (shows ? 'reproduced' : 'absent')),
      );
    return { id, title, marks: revisions.map(mark) };
  });

/** ● reproduced, – absent, ! not as its source says. */
export function matrixText(rows: readonly MatrixRow[], revisions: readonly string[]): string {
  const table = new Table({ head: ['', ...revisions], style: { head: [], border: [] }, colAligns: ['left'] });
  for (const { id, title, marks } of rows) table.push([`${id} ${title}`, ...marks.map(sign)]);
  return `${table.toString()}\n● reproduced, – absent, ! not as its source says\n`;
}

export interface OpenRow {
  readonly id: string;
  readonly title: string;
  readonly reason: string;
}

const cell = (text: string): string => text.replaceAll('|', '\\|');

/** The table of the README. */
export function matrixMarkdown(
  rows: readonly MatrixRow[],
  open: readonly OpenRow[],
  revisions: readonly string[],
): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const lines = [
    line(['', 'remark', ...revisions.map((id) => `\`${id}\``)]),
    line(['---', '---', ...revisions.map(() => ':-:')]),
    ...rows.map(({ id, title, marks }) => line([id, cell(title), ...marks.map(sign)])),
  ];
  const later = open.map(({ id, title, reason }) => `- ${id}, ${title}: ${reason}.`);
  return `${lines.join('\n')}\n\n● shows, – does not. Open:\n\n${later.join('\n')}\n`;
}
