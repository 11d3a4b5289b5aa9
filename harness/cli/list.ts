/**
 * `pmapdiff list`: what there is to run, and the settings of a machine with their defaults; or what a variant file can
 * name.
 */
import { COUNTERS, HUNK_DECIDES, HUNK_NAMES, REACHED } from '../../core/index.ts';
import { didYouMean } from '../../core/suggest.ts';
import { experiments, series } from '../../variants/index.ts';
import { EXIT_OK } from '../compare/gate.ts';
import { BASES_TABLE } from '../declare/measure.ts';
import { MAPPING_STATS_TABLE, PMAP_STATS_TABLE } from '../declare/planes.ts';
import { FORMATS } from '../report/formats.ts';
import type { ListReport, ListSection } from '../report/list.ts';
import { CATALOG, catalogText } from '../workload/catalog/index.ts';
import { CORPUS } from '../workload/corpus/index.ts';
import { DEFAULT_MACHINE, MACHINE_KEYS } from '../workload/machine.ts';
import { Answer } from './answer.ts';
import { UsageError } from './errors.ts';

const variants = (list: typeof series): ListSection['rows'] => list.map(({ id, title }) => [id, title]);

const runnable = (): ListReport['sections'] => [
  { key: 'revisions', title: 'Revisions, in review order', rows: variants(series) },
  { key: 'experiments', title: 'Experiments (by name only)', rows: variants(experiments) },
  { key: 'catalog', title: 'Workloads of the catalog', rows: Object.entries(CATALOG) },
  { key: 'corpus', title: 'Recorded programs', rows: Object.entries(CORPUS) },
  {
    key: 'machine',
    title: 'Settings of a machine (key=value on its machine line), with defaults',
    rows: MACHINE_KEYS.map(({ key, field, format }) => [key, format(DEFAULT_MACHINE[field])]),
  },
];

function seam(): ListReport['sections'] {
  const where = new Map(COUNTERS.map(([number, , , place]) => [number, place]));
  return [
    {
      key: 'members',
      title: 'Members of the seam, in the order of the C files: kernel function, what the member decides',
      fields: ['function', 'decides'],
      rows: HUNK_NAMES.map((name, i) => [name, where.get(REACHED[i])!, HUNK_DECIDES[name]]),
    },
  ];
}

function counters(): ListReport['sections'] {
  const fields = ['function', 'counts'];
  const rows = (isReached: boolean): ListSection['rows'] =>
    COUNTERS.filter(([number]) => REACHED.includes(number) === isReached).map(([, name, counts, where]) => [
      name,
      where,
      counts,
    ]);
  return [
    {
      key: 'statistics',
      title: 'Statistics of a pmap: kernel function, what is counted',
      fields,
      rows: PMAP_STATS_TABLE.map(([name, counts, where]) => [name, where, counts]),
    },
    {
      key: 'mapping',
      title: 'What a pmap maps, where an op may take mappings away',
      fields,
      rows: MAPPING_STATS_TABLE.map(([name, counts, where]) => [name, where, counts]),
    },
    { key: 'counters', title: 'Counters', fields, rows: rows(false) },
    {
      key: 'reached',
      title: 'Calls of the members of the seam (for explain --counter; a declaration cannot name them)',
      fields,
      rows: rows(true),
    },
  ];
}

const bases = (): ListReport['sections'] => [
  { key: 'bases', title: "What a term '±N per BASIS' of a declaration can count", rows: BASES_TABLE },
];

/** A workload of the catalog as it is written: a beginning for one's own. */
function textOf(name: string): string {
  if (Object.hasOwn(CATALOG, name)) return catalogText(name);
  if (Object.hasOwn(CORPUS, name))
    throw new UsageError(`--workload ${name}: expected a workload of the catalog, got a recording, which has no text`);
  throw new UsageError(`--workload ${JSON.stringify(name)}: ${didYouMean(name, Object.keys(CATALOG))}`);
}

/** By option; each is a document of its own. */
const KINDS = { seam, counters, bases };

export interface ListOptions {
  readonly workload?: string;
  readonly seam?: boolean;
  readonly counters?: boolean;
  readonly bases?: boolean;
}

export async function listCommand(options: ListOptions): Promise<number> {
  if (options.workload !== undefined) {
    process.stdout.write(textOf(options.workload));
    return EXIT_OK;
  }
  const chosen = Object.entries(KINDS).filter(([kind]) => Object.hasOwn(options, kind));
  if (chosen.length > 1)
    throw new UsageError(`list: expected one of --seam, --counters, --bases, got ${chosen.length} of them`);
  const [kind, sections] = chosen[0] ?? ['list', runnable];
  await new Answer('list', FORMATS.list, options).write({ kind, sections: sections() });
  return EXIT_OK;
}
