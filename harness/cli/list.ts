/** `pmapdiff list`: what there is to run, and the settings of a machine with their defaults. */
import { experiments, series } from '../../variants/index.ts';
import { CATALOG } from '../workload/catalog/index.ts';
import { CORPUS } from '../workload/corpus/index.ts';
import { DEFAULT_MACHINE, MACHINE_KEYS } from '../workload/machine.ts';

type Row = readonly [name: string, text: string];

const variants = (list: typeof series): Row[] => list.map(({ id, title }) => [id, title]);

export async function listCommand(options: { json?: boolean }): Promise<number> {
  const machine = MACHINE_KEYS.map(({ key, field, format }): Row => [key, format(DEFAULT_MACHINE[field])]);
  const sections: readonly (readonly [string, string, readonly Row[]])[] = [
    ['revisions', 'Revisions, in review order', variants(series)],
    ['experiments', 'Experiments (by name only)', variants(experiments)],
    ['catalog', 'Workloads of the catalog', Object.entries(CATALOG)],
    ['corpus', 'Recorded programs', Object.entries(CORPUS)],
    ['machine', 'Settings of a machine (key=value on its machine line), with defaults', machine],
  ];
  const asObject = Object.fromEntries(sections.map(([key, , rows]) => [key, Object.fromEntries(rows)]));
  process.stdout.write(
    options.json
      ? `${JSON.stringify({ schema: 'pmapdiff.list/1', ...asObject }, null, 1)}\n`
      : `${sections.map(([, title, rows]) => section(title, rows)).join('\n')}`,
  );
  return 0;
}

function section(title: string, rows: readonly Row[]): string {
  const width = Math.max(0, ...rows.map(([name]) => name.length));
  return `${title}\n${rows.map(([name, text]) => `  ${name.padEnd(width)}  ${text}\n`).join('')}`;
}
