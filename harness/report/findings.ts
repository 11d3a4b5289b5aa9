/** The ledger as text: finding by variant, each cell with its number. */
import Table from 'cli-table3';
import pc from 'picocolors';
import { type OpenRow, matrixText, reportedRows } from './findings-matrix.ts';

/** What this renderer needs of a cell and its finding: see harness/findings/runner.ts. */
interface CellModel {
  readonly variant: string;
  readonly status: 'reproduced' | 'absent' | 'not exercised' | 'differs';
  readonly expected: number | string;
  readonly got: number | string | null;
}

interface FindingModel {
  readonly id: string;
  readonly title: string;
  readonly claim: string;
  readonly thread: string;
  readonly cases: readonly {
    readonly name: string;
    readonly observes: string;
    readonly source: string;
    readonly cells: readonly CellModel[];
  }[];
}

/** revisions: the columns of the matrix that comes first. */
export function renderFindings(
  findings: readonly FindingModel[],
  open: readonly OpenRow[],
  revisions: readonly string[],
  options: { readonly color: boolean },
): string {
  const c = pc.createColors(options.color);
  const style: Readonly<Record<CellModel['status'], (text: string) => string>> = {
    reproduced: c.bold,
    absent: (text) => text,
    'not exercised': c.yellow,
    differs: c.red,
  };
  const cellText = ({ status, expected, got }: CellModel): string =>
    style[status](status === 'differs' ? `differs: ${got}, not ${expected}` : `${status} (${got ?? '-'})`);
  const parts = findings.map(({ id, title, claim, thread, cases }) => {
    const head = `${c.bold(`${id}  ${title}`)}\n${thread}\n“${claim}”\n`;
    const tables = cases.map(({ name, observes, source, cells }) => {
      const table = new Table({ style: { head: [], border: [] } });
      table.push(
        cells.map(({ variant }) => variant),
        cells.map(cellText),
      );
      return `${name}: ${observes}\n${table.toString()}\nexpected after ${source}\n`;
    });
    return head + tables.join('');
  });
  const cells = findings.flatMap(({ cases }) => cases.flatMap((one) => one.cells));
  const wrong = cells.filter(({ status }) => status === 'differs' || status === 'not exercised').length;
  const total = `${findings.length} findings, ${cells.length} cells, ${wrong} not as their source says\n`;
  const matrix = matrixText(reportedRows(findings, revisions), revisions);
  const later = open.map(({ id, title, reason }) => `${c.bold(`${id}  ${title}`)}: open, ${reason}\n`).join('');
  return `${matrix}\n${parts.join('\n')}\n${later}\n${total}`;
}
