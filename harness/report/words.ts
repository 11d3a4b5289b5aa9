/** Words, numbers and tables that all renderers share. */
import Table from 'cli-table3';

/** How an answer is to look. */
export interface Look {
  readonly color: boolean;
}

export const number = (n: number): string => n.toLocaleString('en-US');
export const plural = (n: number, word: string): string => `${number(n)} ${word}${n === 1 ? '' : 's'}`;
export const signed = (n: number): string => (n > 0 ? `+${number(n)}` : number(n));
export const hex = (n: number): string => `0x${n.toString(16)}`;
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
