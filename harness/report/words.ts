/** Words, numbers and tables that all renderers share. */
import Table from 'cli-table3';

/** How an answer is to look. */
export interface Look {
  readonly color: boolean;
  /** columns that a line may have. @default 120 */
  readonly width?: number;
  /** only what is unexpected, and the summary */
  readonly quiet?: boolean;
}

/** Columns of a line where nobody says how many there are. */
export const DEFAULT_WIDTH = 120;

export const number = (n: number): string => n.toLocaleString('en-US');
export const plural = (n: number, word: string, many = `${word}s`): string => `${number(n)} ${n === 1 ? word : many}`;
export const signed = (n: number): string => (n > 0 ? `+${number(n)}` : number(n));
/** A word of 32 bits may be negative. */
export const hex = (n: number): string => `0x${(n < 0 ? n >>> 0 : n).toString(16)}`;
export const percent = (part: number, whole: number): string => `${((100 * part) / whole).toFixed(1)}%`;

/** Columns without rules: bare text that survives a pipe, aligned. right: columns of numbers. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  right: readonly number[] = [],
): string {
  const edges = ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'];
  const sides = ['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid'];
  const grid = new Table({
    head: [...head],
    chars: { ...Object.fromEntries([...edges, ...sides].map((side) => [side, ''])), middle: '  ' },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0, compact: true },
    colAligns: head.map((_title, i) => (right.includes(i) ? 'right' : 'left')),
  });
  grid.push(...rows.map((row) => [...row]));
  return grid
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

/** A document of JSON: the same bytes for the same answer. */
export const jsonText = (body: object): string => `${JSON.stringify(body, null, 1)}\n`;

const ESCAPES = new RegExp(`${String.fromCharCode(27)}\\[[\\d;]*m`, 'g');
/** Columns that a line takes on a terminal. */
const columnsOf = (text: string): number => text.replaceAll(ESCAPES, '').length;

/** Breaks a line at spaces; what follows the first is indented. A word that is wider than a line is broken too. */
export function wrapped(text: string, width: number, indent = 4): string {
  if (columnsOf(text) <= width) return text;
  const lines: string[] = [];
  let line = '';
  const [start] = /^ */.exec(text)!;
  for (const word of text.slice(start.length).split(' ')) {
    const next = line === '' ? `${lines.length === 0 ? start : ' '.repeat(indent)}${word}` : `${line} ${word}`;
    if (line !== '' && columnsOf(next) > width) {
      lines.push(line.trimEnd());
      line = ' '.repeat(indent) + word;
    } else line = next;
    // A word that is wider than the line; coloured ones stay whole.
    for (; columnsOf(line) > width && columnsOf(line) === line.length; line = ' '.repeat(indent) + line.slice(width))
      lines.push(line.slice(0, width));
  }
  lines.push(line.trimEnd());
  return lines.join('\n');
}

const widthOf = (text: string): number => Math.max(0, ...text.split('\n').map(columnsOf));

export interface Fitting {
  readonly width: number;
  /** columns on the left that every part repeats where a table is broken into parts */
  readonly keep: number;
  /** columns of numbers */
  readonly right?: readonly number[];
  /** break the text of the last column, or of all that are not kept, before the table */
  readonly wrapLast?: boolean;
  readonly wrapCells?: boolean;
}

/** A table that is no wider than a line: cells are broken, or the columns go into several tables. */
export function fittedTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  { width, keep, right = [], wrapLast = false, wrapCells = false }: Fitting,
): string {
  const widths = head.map((title, i) => Math.max(widthOf(title), ...rows.map((row) => widthOf(row[i] ?? ''))));
  const total = (columns: readonly number[]): number =>
    columns.reduce((sum, i) => sum + widths[i], 0) + 2 * (columns.length - 1);
  const all = head.map((_title, i) => i);
  if (total(all) <= width) return table(head, rows, right);
  if (wrapLast) {
    const last = head.length - 1;
    const room = width - total(all.slice(0, -1)) - 2;
    if (room < LEAST_COLUMN) return underneath(head, rows, { width, keep, right });
    const broken = rows.map((row) => row.map((text, i) => (i === last ? wrapped(text, room, 2) : text)));
    return table(head, broken, right);
  }
  const kept = all.slice(0, keep);
  if (wrapCells) {
    const widest = Math.max(...all.slice(keep).map((i) => widthOf(head[i])));
    const isTooWide = (room: number): boolean =>
      total(kept) + all.slice(keep).reduce((sum, i) => sum + 2 + Math.min(widths[i], room), 0) > width;
    let room = width;
    while (room >= widest && isTooWide(room)) room--;
    if (room >= widest) {
      const broken = rows.map((row) => row.map((text, i) => (i < keep ? text : wrapped(text, room, 2))));
      return table(head, broken, right);
    }
  }
  const parts: number[][] = [];
  for (const i of all.slice(keep)) {
    const part = parts.at(-1);
    if (part === undefined || total([...kept, ...part, i]) > width) parts.push([i]);
    else part.push(i);
  }
  return parts
    .map((part) => {
      const shown = [...kept, ...part];
      const pick = (row: readonly string[]): string[] => shown.map((i) => row[i] ?? '');
      const numbers = shown.flatMap((i, at) => (right.includes(i) ? [at] : []));
      return table(pick(head), rows.map(pick), numbers);
    })
    .join('\n\n');
}

/** Below this many columns text is no longer read across lines. */
const LEAST_COLUMN = 36;

/** The last column of each row in a line of its own. Cells are of one line each. */
function underneath(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  { width, keep, right }: Fitting,
): string {
  const others = (row: readonly string[]): string[] => row.slice(0, -1);
  const [title, ...lines] = fittedTable(others(head), rows.map(others), {
    width: Infinity,
    keep,
    ...(right && { right }),
  }).split('\n');
  const under = (row: readonly string[]): string => wrapped(`    ${row.at(-1) ?? ''}`, width, 6);
  return [title, under(head), ...lines.flatMap((line, i) => [line, under(rows[i])])].join('\n');
}
