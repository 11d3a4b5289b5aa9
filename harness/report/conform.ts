/** How the simulation compares with recordings. */
import type { ConformReport, Mismatch } from '../conform/report.ts';
import { jsonText, number, plural } from './words.ts';

/** Mismatches shown. */
const SHOWN = 20;

export function conformText(report: ConformReport): string {
  const { kind, files, checked, mismatches } = report;
  const answers = (n: number): string => plural(n, kind === 'replay' ? 'process row' : 'answer');
  const count = mismatches.length === 1 ? '1 mismatch' : `${number(mismatches.length)} mismatches`;
  const revisions = report.kind === 'mmu' ? [] : report.revisions;
  return [
    `conform ${kind}: ${answers(checked)} in ${plural(files, 'file')}, ${count}\n`,
    ...(report.kind === 'replay' ? [`  ${number(report.rowsMatching)} of them match in every revision\n`] : []),
    ...revisions.map((one) => `  ${one.variant.padEnd(20)} ${answers(one.checked)}, ${one.mismatches} wrong\n`),
    ...(report.kind === 'pmap'
      ? [`  ${plural(report.d33276.ops, 'op')} of ${plural(report.d33276.files, 'file')} can tell d33276 from landed\n`]
      : []),
    ...mismatches.slice(0, SHOWN).map(mismatchText),
    mismatches.length > SHOWN ? `  … and ${number(mismatches.length - SHOWN)} more\n` : '',
  ].join('');
}

const mismatchText = ({ file, at, what, expected, got, variant }: Mismatch & { readonly variant?: string }): string =>
  `  ${file}, ${at}${variant === undefined ? '' : `, ${variant}`}: ${what}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(got)}\n`;

export const conformJson = (report: ConformReport): string => jsonText(report);
