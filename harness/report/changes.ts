/** A row in which two states of a machine differ, in words. */
import type { StateChange } from '../compare/state-diff.ts';
import { hex } from './words.ts';

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
