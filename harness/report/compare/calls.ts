/** What pmap_remove did, by workload and place; of recordings also by kind of process. */
import type { createColors } from 'picocolors';
import { PLACES, type RemoveCalls } from '../../run/record.ts';
import { kindName } from '../kinds.ts';
import { fittedTable, number, plural } from '../words.ts';
import type { CompareReport, ProcessRow, RemoveRow } from './model.ts';
import { columnName } from './words.ts';

/** Of more workloads than this, only the sums are shown. */
const MOST_WORKLOADS = 12;
const TITLE = 'pmap_remove: early exits/calls';

type Bold = ReturnType<typeof createColors>['bold'];

const share = ({ early, calls }: RemoveCalls): string => (calls === 0 ? '-' : `${number(early)}/${number(calls)}`);

/** Two tables; each is empty where there is nothing to show. */
export function callsText(report: CompareReport, bold: Bold, width: number): readonly [string, string] {
  const isMany = report.rows.length > MOST_WORKLOADS;
  const names = report.columns.map(columnName);
  return [
    placesText(isMany ? sums(report.removes, removesOf) : report.removes, names, bold, width),
    kindsText(isMany ? sums(report.processes, processesOf) : report.processes, names, bold, width),
  ];
}

function placesText(rows: readonly RemoveRow[], names: readonly string[], bold: Bold, width: number): string {
  if (rows.length === 0) return '';
  const body = rows.map(({ workload, place, cells }, i) => [
    rows[i - 1]?.workload === workload ? '' : workload,
    place,
    ...cells.map(share),
  ]);
  const right = names.map((_name, i) => i + 2);
  return fittedTable([TITLE, 'in', ...names].map(bold), body, { width, keep: 2, right });
}

function kindsText(rows: readonly ProcessRow[], names: readonly string[], bold: Bold, width: number): string {
  if (rows.length === 0) return '';
  const head = [TITLE, 'in', 'of', 'processes', 'touched', ...names];
  const body = rows.map((row, i) => {
    const { workload, place, processes, touched, cells } = row;
    const before = rows[i - 1]?.workload === workload ? rows[i - 1] : null;
    const [name, where] = [before === null ? workload : '', before?.place === place ? '' : place];
    return [name, where, kindName(row), number(processes), number(touched), ...cells.map(share)];
  });
  return fittedTable(head.map(bold), body, { width, keep: 3, right: head.slice(3).map((_title, i) => i + 3) });
}

const removesOf = (all: readonly RemoveRow[]): RemoveRow => all[0];
const processesOf = (all: readonly ProcessRow[]): ProcessRow => ({
  ...all[0],
  processes: all.reduce((sum, { processes }) => sum + processes, 0),
  touched: all.reduce((sum, { touched }) => sum + touched, 0),
});

/** One row for all of a place, or of a kind in a place: exits first. */
function sums<Row extends RemoveRow | ProcessRow>(rows: readonly Row[], joined: (all: readonly Row[]) => Row): Row[] {
  const groups = new Map<string, Row[]>();
  for (const row of rows.toSorted((a, b) => PLACES.indexOf(a.place) - PLACES.indexOf(b.place))) {
    const group = `${row.place} ${'kind' in row ? row.kind : ''}`;
    groups.set(group, [...(groups.get(group) ?? []), row]);
  }
  const workload = plural(new Set(rows.map((row) => row.workload)).size, 'workload');
  const sum = (all: readonly Row[], column: number, what: keyof RemoveCalls): number =>
    all.reduce((total, { cells }) => total + cells[column][what], 0);
  return [...groups.values()].map((all) => ({
    ...joined(all),
    workload,
    cells: all[0].cells.map((_cell, i) => ({ calls: sum(all, i, 'calls'), early: sum(all, i, 'early') })),
  }));
}
