/** `pmapdiff import`: recordings of strace and kdump as workloads. */
import { EXIT_OK } from '../compare/gate.ts';
import { type ImportOptions, importRecording } from '../input/import/import.ts';
import type { ImportCounts, Tally } from '../input/import/report.ts';
import { UsageError } from './errors.ts';

export interface ImportCommandOptions {
  readonly output?: string;
  readonly faults?: string;
  readonly procstat?: string;
  readonly strict?: boolean;
}

/** Writes the workload; what was not understood, put right or left out goes to stderr, by kind. */
export async function importCommand(format: string, file: string, options: ImportCommandOptions): Promise<number> {
  const { output = null, faults, procstat, strict } = options;
  if (format !== 'strace' && format !== 'kdump')
    throw new UsageError(`import: expected strace or kdump, found '${format}'`);
  if (faults !== undefined && format !== 'strace')
    throw new UsageError('import: --faults goes with strace only; kdump -t f shows its own');
  if (procstat !== undefined && format !== 'kdump') throw new UsageError('import: --procstat goes with kdump only');
  const chosen: ImportOptions = { format, faults, procstat, strict };
  const counts = await importRecording(file, output === '-' ? null : output, chosen);
  process.stderr.write(summary(file, counts));
  return EXIT_OK;
}

const number = (n: number): string => n.toLocaleString('en-US');

function summary(file: string, { lines, events, unknown, repairs, ignored }: ImportCounts): string {
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
