/**
 * Which share of the pmap_remove calls leaves early, by place and kind of process and by who touches the shared page,
 * beside the shares that the review's tracing of a kernel build found (finding F3).
 */
import type { RemoveCalls, RunEnd } from '../run/record.ts';
import type { TouchPolicy } from '../workload/ops.ts';
import { kindName, type KindRow, kindRows } from './kinds.ts';
import { jsonText, number, percent, plural } from './words.ts';

/** What the review published of the calls in exit and in execve. */
const PUBLISHED = { exit: '15-20%', exec: 'a large majority' } as const;

export interface ShareTotal extends RemoveCalls {
  readonly place: 'exit' | 'exec';
  readonly processes: number;
  readonly touched: number;
  readonly published: string;
}

/** One recording under one variant and one touch policy. */
export interface Shares {
  readonly workload: string;
  readonly variant: string;
  readonly touch: TouchPolicy;
  readonly rows: readonly KindRow[];
  readonly totals: readonly ShareTotal[];
}

/** The run is one of a recording. */
export function sharesOf({ workload, variant, replay }: RunEnd, touch: TouchPolicy): Shares {
  const rows = kindRows([replay!.byKind]);
  const totals = (['exit', 'exec'] as const).map((place): ShareTotal => {
    const total = { place, processes: 0, touched: 0, calls: 0, early: 0, published: PUBLISHED[place] };
    for (const row of rows.filter((one) => one.place === place)) {
      total.processes += row.processes;
      total.touched += row.touched;
      total.calls += row.cells[0].calls;
      total.early += row.cells[0].early;
    }
    return total;
  });
  return { workload, variant, touch, rows, totals };
}

const POLICIES: Readonly<Record<TouchPolicy, string>> = {
  recorded: 'as recorded',
  exec: "by every program with a dynamic loader that is exec'd",
  never: 'by nobody',
  all: 'by every process',
};

const share = (part: number, whole: number): string => (whole === 0 ? '-' : percent(part, whole));

const line = (name: string, columns: readonly string[], note = ''): string =>
  `  ${name.padEnd(36)}${columns.map((text) => text.padStart(10)).join('')}${note}\n`;

const amounts = (processes: number, touched: number, { calls, early }: RemoveCalls): string[] => [
  number(processes),
  share(touched, processes),
  number(calls),
  number(early),
  share(early, calls),
];

function textOf({ workload, variant, touch, rows, totals }: Shares): string {
  const { touched: seen, processes } = totals.find(({ place }) => place === 'exit')!;
  return [
    `${workload} under ${variant}, the shared page touched ${POLICIES[touch]} (${number(seen)} of ${plural(processes, 'process', 'processes')})\n`,
    line('pmap_remove in', ['processes', 'touched', 'calls', 'early', 'share']),
    ...totals.flatMap(({ place, published, ...total }) => [
      ...rows
        .filter((row) => row.place === place)
        .map((row) => line(`${place}, ${kindName(row)}`, amounts(row.processes, row.touched, row.cells[0]))),
      line(`${place}`, amounts(total.processes, total.touched, total), `  review: ${published}`),
    ]),
  ].join('');
}

export const sharesText = (shares: readonly Shares[]): string => shares.map(textOf).join('\n');

export const sharesJson = (shares: readonly Shares[]): string => jsonText({ schema: 'pmapdiff.shares/1', shares });
