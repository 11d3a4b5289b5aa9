/** What an import took, and by kind what it did not understand, put right or left out. */
import type { ImportCounts, Tally } from '../input/import/log.ts';
import { number } from './words.ts';

export function importText(file: string, counts: ImportCounts): string {
  const { lines, events, withoutSharedPage, unknown, repairs, ignored } = counts;
  return [
    `${file}: ${number(lines)} lines, ${number(events)} events\n`,
    withoutSharedPage === 0 ? '' : elsewhere(withoutSharedPage),
    section('not understood', unknown, true),
    section('put right', repairs, true),
    section('no effect on an address space', ignored, false),
  ].join('');
}

/** FreeBSD 13.2 and later put the shared page at a random address. */
const elsewhere = (programs: number): string =>
  `  no touch of the shared page can be recognised in ${number(programs)} of the programs: no page fault is at ` +
  `0x7ffffffff000, and --procstat does not say where the page is\n`;

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
