/**
 * A probe's aggregation as dtrace prints it: the stack, innermost first, then the other keys and the count.
 */
import type { ProbeKey, ProbeResult, ProbeRow } from '../probe/probe.ts';
import { jsonText, percent } from './words.ts';

export interface ProbeReport {
  readonly point: string;
  readonly results: readonly ProbeResult[];
}

const INDENT = ' '.repeat(14);
const COLUMN = 12;

function rowText(row: ProbeRow, by: readonly ProbeKey[]): string {
  const stack = (row.stack ?? []).map((name) => `${INDENT}${name}\n`).join('');
  const keys = by.filter((key) => key !== 'stack').map((key) => `${key} ${row[key] ? 1 : 0}`.padStart(COLUMN));
  return `${stack}${keys.join('')}${String(row.count).padStart(COLUMN)}\n`;
}

function resultText({ workload, variant, by, rows, calls, empty, early }: ProbeResult): string {
  const share = (n: number): string => (calls === 0 ? '' : ` (${percent(n, calls)})`);
  return [
    `${workload} under ${variant}: pmap_remove:entry by ${by.join(', ')}\n\n`,
    ...rows.map((row) => `${rowText(row, by)}${by.includes('stack') ? '\n' : ''}`),
    `${by.includes('stack') ? '' : '\n'}${calls} calls, ${empty} with resident_count == 0${share(empty)}, `,
    `${early} left at the first test${share(early)}\n`,
  ].join('');
}

export const probeText = ({ results }: ProbeReport): string => results.map(resultText).join('\n');

export const probeJson = (report: ProbeReport): string => jsonText({ schema: 'pmapdiff.probe/1', ...report });
