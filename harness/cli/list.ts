/** `pmapdiff list`: what there is to run, and the settings of a machine with their defaults. */
import { experiments, series } from '../../variants/index.ts';
import { EXIT_OK } from '../compare/gate.ts';
import { FORMATS } from '../report/formats.ts';
import type { ListSection } from '../report/list.ts';
import { CATALOG } from '../workload/catalog/index.ts';
import { CORPUS } from '../workload/corpus/index.ts';
import { DEFAULT_MACHINE, MACHINE_KEYS } from '../workload/machine.ts';
import { Answer } from './answer.ts';

const variants = (list: typeof series): ListSection['rows'] => list.map(({ id, title }) => [id, title]);

export async function listCommand(options: object): Promise<number> {
  await new Answer('list', FORMATS.list, options).write([
    { key: 'revisions', title: 'Revisions, in review order', rows: variants(series) },
    { key: 'experiments', title: 'Experiments (by name only)', rows: variants(experiments) },
    { key: 'catalog', title: 'Workloads of the catalog', rows: Object.entries(CATALOG) },
    { key: 'corpus', title: 'Recorded programs', rows: Object.entries(CORPUS) },
    {
      key: 'machine',
      title: 'Settings of a machine (key=value on its machine line), with defaults',
      rows: MACHINE_KEYS.map(({ key, field, format }) => [key, format(DEFAULT_MACHINE[field])]),
    },
  ]);
  return EXIT_OK;
}
