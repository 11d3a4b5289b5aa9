/** What an import took, and by kind what it did not understand, put right or left out. */
import type { ImportCounts, Tally } from '../input/import/log.ts';
import { number } from './words.ts';

export function importText(file: string, { lines, events, unknown, repairs, ignored }: ImportCounts): string {
  return [
    `${file}: ${number(lines)} lines, ${number(events)} events\n`,
    section('not understood', unknown, true),
    section('put right', repairs, true),
    section('no effect on an address space', ignored, false),
  ].join('');
}

function section(title: string, kinds: ReadonlyMap<string, Tally>, places: boolean): string {
  if (kinds.size === 0) return '';
  const rows = [...kinds].toSorted(([, a], [, b]) => b.count - a.count);
  const total = rows.reduce((sum, [, { count }]) => sum + count, 0);
  const place = (line: number): string => (places ? `, first in line ${line}` : '');
  return [
    `  ${title}: ${number(total)}\n`,
    ...rows.map(([kind, { count, line }]) => `    ${number(count)} ${kind}${place(line)}\n`),
  ].join('');
}
