/** A row in which two states of a machine differ, in words. */
import type { FoldedChanges, FoldedSpace, StateChange } from '../compare/state-diff.ts';
import { hex, plural } from './words.ts';

const ADDRESSES = ['start', 'end', 'va', 'min', 'max', 'lo', 'hi', 'eflags'];
const shown = (name: string, value: number | string): string =>
  typeof value === 'number' && ADDRESSES.includes(name) ? hex(value) : String(value);

export function changeText({ kind, key, change, row, columns }: StateChange): string {
  const name = [kind, ...Object.entries(key).map(([column, value]) => `${column} ${shown(column, value)}`)].join(' ');
  if (row !== null) {
    const rest = Object.entries(row).filter(([column]) => !(column in key));
    return `${name} ${change} (${rest.map(([column, value]) => `${column} ${shown(column, value)}`).join(', ')})`;
  }
  const list = Object.entries(columns).map(
    ([column, [was, is]]) => `${column} ${shown(column, was)} → ${shown(column, is)}`,
  );
  return `${name}: ${list.join(', ')}`;
}

const KIND_NAMES: Readonly<Record<string, string>> = { leaf: 'mapping', table: 'page-table page' };

function rowsText(kind: string, n: number): string {
  if (kind === 'entry') return plural(n, 'map entry', 'map entries');
  if (kind === 'proc') return plural(n, 'process', 'processes');
  return plural(n, KIND_NAMES[kind] ?? `${kind} row`);
}

/** `vmspace 1 gone, with 1 process, 60 map entries` */
function spaceText({ vmspace, change, rows }: FoldedSpace): string {
  const parts = Object.entries(rows)
    .filter(([kind]) => kind !== 'vmspace')
    .map(([kind, n]) => rowsText(kind, n));
  return [`vmspace ${vmspace} ${change}`, ...(parts.length === 0 ? [] : [`with ${parts.join(', ')}`])].join(', ');
}

/** Folded changes, a line each; the references stand in the line of the spaces. */
export function foldedText({
  spaces,
  references,
  others,
}: Pick<FoldedChanges, 'spaces' | 'references' | 'others'>): string[] {
  const lines = spaces.map(spaceText);
  if (references > 0) lines[lines.length - 1] += `; references changed in ${plural(references, 'row')}`;
  return [...lines, ...others.map(changeText)];
}
