/** Modelled time for a reader at a terminal: always a range, with the hash of the prices and what is left out. */
import type { CostReport, CountedRow, Effect, RatioRow, SpeedupRow, StationRow } from '../cost/cost.ts';
import { DEFAULT_WIDTH, type Look, fittedTable, jsonText, number, percent, plural, wrapped } from './words.ts';

interface Ends {
  readonly low: number;
  readonly typical: number;
  readonly high: number;
}

/** Part of the answer. Rows begin with what they are about. */
export interface CostTable {
  /** what the rows say, empty: the first head does */
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const THOUSAND = 1000;
const DIGITS = 3;
export const HASH_SHOWN = 12;

const thousands = ({ low, typical, high }: Ends): string =>
  [low, typical, high].map((cycles) => (cycles / THOUSAND).toFixed(1)).join(' / ');

const ratioText = ({ low, typical, high }: Ends): string =>
  `${typical.toFixed(DIGITS)} (${low.toFixed(DIGITS)}-${high.toFixed(DIGITS)})`;

const signedPercent = (share: number): string => `${share > 0 ? '+' : ''}${(100 * share).toFixed(2)}%`;

const distinct = <T>(values: readonly T[]): T[] => [...new Set(values)];

const EFFECTS: Readonly<Record<Effect, string>> = { none: '0', smaller: '<', same: '=', larger: '>' };
const PV_LIST = 'pv list';

/** What the thread says of many CPUs: the pv list locks come first, the effect is smaller but can be measured. */
const isAsInThread = ({ effect, busiest }: RatioRow): boolean =>
  effect === 'smaller' && busiest.every((name) => name === PV_LIST);

const marksOf = (row: RatioRow): string =>
  ` ${EFFECTS[row.effect]}${row.flips ? '?' : ''}${isAsInThread(row) ? '*' : ''}`;

/** Where it differs in what is shown. */
const collapsingText = ({ typical, collapsing }: RatioRow): string =>
  collapsing === null || collapsing.toFixed(DIGITS) === typical.toFixed(DIGITS)
    ? ''
    : ` ~${collapsing.toFixed(DIGITS)}`;

export function phasesTable({ phases }: CostReport, { workload, lives }: CountedRow): CostTable {
  const here = phases.filter((row) => row.workload === workload);
  const variants = distinct(here.map(({ variant }) => variant));
  const sum = (variant: string, phase: string | null): Ends =>
    here
      .filter((row) => row.variant === variant && (phase === null || row.phase === phase))
      .reduce(
        (all, { low, typical, high }) => ({
          low: all.low + low / lives,
          typical: all.typical + typical / lives,
          high: all.high + high / lives,
        }),
        { low: 0, typical: 0, high: 0 },
      );
  const rows = [...distinct(here.map(({ phase }) => phase)), null].map((phase) => [
    phase ?? 'all',
    ...variants.map((variant) => thousands(sum(variant, phase))),
  ]);
  return { title: '', head: ['1,000 cycles', ...variants], rows };
}

export function kindsTable({ kinds }: CostReport, workload: string): CostTable {
  const here = kinds.filter((row) => row.workload === workload);
  const variants = distinct(here.map(({ b }) => b));
  const rows = distinct(here.map(({ processes }) => processes)).map((processes) => [
    processes,
    ...variants.map((variant) => {
      const { low, typical, high } = here.find((row) => row.processes === processes && row.b === variant)!;
      return `${signedPercent(typical)} (${signedPercent(low)} to ${signedPercent(high)})`;
    }),
  ]);
  return { title: '', head: [`time against ${here[0].a}`, ...variants], rows };
}

export function ratioTables({ ratios }: CostReport, workload: string): CostTable[] {
  const here = ratios.filter((row) => row.workload === workload);
  return distinct(here.map(({ b }) => b)).map((variant) => {
    const mine = here.filter(({ b }) => b === variant);
    const frames = distinct(mine.map((row) => row.frames));
    const rows = distinct(mine.map(({ cpus }) => cpus)).map((cpus) => [
      String(cpus),
      ...frames.map((held) => {
        const row = mine.find((one) => one.cpus === cpus && one.frames === held)!;
        return `${ratioText(row)}${collapsingText(row)}${marksOf(row)}`;
      }),
    ]);
    const head = ['CPUs', ...frames.map((held) => `F = ${held}`)];
    return { title: `process lives per second, ${variant} : ${mine[0].a}`, head, rows };
  });
}

const MOST_STATIONS = 3;

/** The busiest stations with the most CPUs. */
export function stationsTable({ stations, speedups }: CostReport, workload: string): CostTable {
  const here = stations.filter((row) => row.workload === workload);
  const cpus = Math.max(...here.map((row) => row.cpus));
  const most = here.filter((row) => row.cpus === cpus);
  const load = ({ name, utilisation, waits, alike }: StationRow): string =>
    `${name}${alike > 1 ? ` (each of ${alike})` : ''} ${percent(utilisation, 1)}, waits ${number(Math.round(waits))}`;
  const rows = distinct(most.map(({ variant }) => variant)).flatMap((variant) =>
    distinct(most.map(({ frames }) => frames)).map((held) => [
      variant,
      String(held),
      speedupText(speedups, { workload, variant, cpus, frames: held }),
      most
        .filter((row) => row.variant === variant && row.frames === held)
        .slice(0, MOST_STATIONS)
        .map(load)
        .join('; '),
    ]),
  );
  const title = `busy with ${plural(cpus, 'CPU')}, and cycles that a process life waits`;
  return { title: '', head: ['variant', 'F', 'x one CPU', title], rows };
}

type Case = Pick<SpeedupRow, 'workload' | 'variant' | 'cpus' | 'frames'>;

function speedupText(speedups: readonly SpeedupRow[], { workload, variant, cpus, frames }: Case): string {
  const { typical, most } = speedups.find(
    (row) => row.workload === workload && row.variant === variant && row.cpus === cpus && row.frames === frames,
  )!;
  return `${typical.toFixed(1)} (<= ${most.toFixed(1)})`;
}

/** A line a variant. */
export const countedLines = ({ counted }: CostReport, workload: string): string[] =>
  counted
    .filter((row) => row.workload === workload)
    .map((row) => {
      const { variant, lives, locked, pvPages, pvListLocks, pagesCopied, pagesRemoved, sharers } = row;
      const pages = pvPages.reduce((sum, [, count]) => sum + count, 0);
      const hottest = Math.max(0, ...pvPages.map(([, count]) => count));
      const each = (count: number): string => number(Math.round(count / lives));
      const perPage = (neighbours: number, of: number): string => (of === 0 ? '-' : (neighbours / of).toFixed(2));
      return [
        `${variant}: a life takes ${each(locked.bytes8)} LOCK operations of 8 bytes, ${each(locked.bytes16)} of 16;`,
        `copies ${each(pagesCopied)} pages and removes ${each(pagesRemoved)} in ${each(pvListLocks)} holds of a pv list lock,`,
        `${plural(pvPages.length, '2M frame')}, the hottest ${pages === 0 ? '-' : percent(hottest, pages)};`,
        `${perPage(row.neighboursCopied, pagesCopied)} and ${perPage(row.neighboursRemoved, pagesRemoved)} neighbours a page;`,
        sharers === 1 ? 'nobody shares a pmap lock' : `a pmap lock is shared by ${sharers} CPUs`,
      ].join(' ');
    });

export const COST_LEGEND = [
  'F: 2M frames that hold the shared pages; `counted`: as they lay in the run. Beside one CPU the effect is < smaller,',
  '= the same, > larger or 0 too small to measure; ? other constants of their ranges turn < into > or the reverse;',
  '~ where each that waits for the hottest pv list lock delays its hand-over (throughput collapses);',
  '* as the thread says: pv list locks first, the effect smaller but measurable. x one CPU: the speed of all instances,',
  'and what no schedule of the locks can exceed. Ratios are good to 0.03, near the',
  'knee to 0.06, speeds to 0.21; modelled time is no gate.',
].join(' ');

/** Numbers to the right. */
const aligned = ({ head, rows }: CostTable, width: number): string =>
  fittedTable(head, rows, { width, keep: 1, right: head.slice(1).map((_head, i) => i + 1) });

export function costText(report: CostReport, { width = DEFAULT_WIDTH }: Look): string {
  const { constants, machine, counted, notModelled } = report;
  const workloads = distinct(counted.map(({ workload }) => workload));
  const parts = workloads.flatMap((workload) => {
    const row = counted.find((one) => one.workload === workload)!;
    const stations = stationsTable(report, workload);
    return [
      `${workload}: ${plural(row.lives, 'process life', 'process lives')}; low / typical / high per life`,
      aligned(phasesTable(report, row), width),
      aligned(kindsTable(report, workload), width),
      ...ratioTables(report, workload).map(
        ({ title, head, rows }) => `${title}\n${fittedTable(head, rows, { width, keep: 1 })}`,
      ),
      fittedTable(stations.head, stations.rows, { width, keep: 3, wrapLast: true }),
      countedLines(report, workload).join('\n'),
    ];
  });
  return `${[
    `prices ${constants.slice(0, HASH_SHOWN)}, machine ${machine}`,
    ...parts,
    COST_LEGEND,
    `not modelled: ${notModelled.join('; ')}`,
  ]
    .map((part) =>
      part
        .split('\n')
        .map((line) => wrapped(line, width, 2))
        .join('\n'),
    )
    .join('\n\n')}\n`;
}

export const costJson = (report: CostReport): string => jsonText({ schema: 'pmapdiff.cost/1', ...report });
