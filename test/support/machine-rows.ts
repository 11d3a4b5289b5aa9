/** What a page must show of the two machines after an op: made from runs, and not by the code of the page. */
import { COMPARED, COUNTER_NAMES, type Machine } from '../../core/index.ts';
import { PMAP_FIELDS, type RunOptions, type RunRecord } from '../../harness/run/record.ts';
import { run } from '../../harness/run/run.ts';
import type { Workload } from '../../harness/workload/ops.ts';
import { variantById } from '../../variants/index.ts';
import type { MachineRows } from './opened-page.ts';

/** Of a machine that did not get there. */
export const NOTHING: MachineRows = { entries: [], tables: [], resident: [], counters: {} };

/** Runs of one side, on machines that are used again: what a run returns holds until the next one. */
export class Runs {
  readonly #machines = new Map<number, Machine | null>();

  of(workload: Workload, id: string, options: RunOptions): RunRecord {
    const { ram } = workload.machine;
    const { record, machine } = run(this.#machines.get(ram) ?? null, workload, variantById(id)!, options);
    this.#machines.set(ram, machine);
    return record;
  }
}

/** Empty: it did not get there. */
export function digestOf({ ended, checkpoints }: RunRecord): string {
  const last = checkpoints.at(-1);
  return ended.kind === 'done' && last !== undefined ? `${last.map} ${last.tables}` : '';
}

/** What the page must show of a machine. */
export function rowsOf({ state, checkpoints, totals: counted, start }: RunRecord): MachineRows {
  const { map, tables } = state!.machine;
  const last = checkpoints.at(-1)!;
  const hex = (n: unknown): string => `0x${Number(n).toString(16)}`;
  const is = (row: { readonly kind: string }, kind: string): boolean => row.kind === kind;
  const leaves = tables.filter((row) => is(row, 'leaf'));
  const mapped = (vmspace: unknown, from: unknown, to: unknown): number =>
    leaves
      .filter((leaf) => leaf.vmspace === vmspace && leaf.va! >= from! && leaf.va! < to!)
      .reduce((sum, leaf) => sum + ((Number(leaf.lo) & 0x80) !== 0 && Number(leaf.va) % 2 ** 21 === 0 ? 512 : 1), 0);
  const levels = ['', 'PT', 'PD', 'PDP', 'PML4', 'PML5'];
  // Pages above the PDP pages have no count in a state: each of their entries leads to a page of the level below.
  const below = (row: (typeof tables)[number]): number => {
    const end = Number(row.va) + 4096 * 512 ** Number(row.level);
    const isBelow = ({ vmspace, level, va }: (typeof tables)[number]): boolean =>
      vmspace === row.vmspace && level === Number(row.level) - 1 && Number(va) >= Number(row.va) && Number(va) < end;
    return tables.filter(isBelow).length;
  };
  const used = (row: (typeof tables)[number]): unknown => (Number(row.level) >= 4 ? below(row) : row.entries);
  const spaces = map.filter((row) => is(row, 'vmspace')).length;
  return {
    entries: map
      .filter((row) => is(row, 'entry'))
      .map(({ vmspace, start: from, end }) => `${hex(from)} ${mapped(vmspace, from, end)}`)
      .toSorted(),
    tables: tables
      .filter((row) => is(row, 'table'))
      .map((row) => `${levels[Number(row.level)]} ${hex(row.va)} ${used(row)}`)
      .toSorted(),
    resident: Array.from({ length: spaces }, (_none, i) => last.pmaps[(2 + i) * PMAP_FIELDS]!).toSorted(
      (a, b) => a - b,
    ),
    counters: Object.fromEntries(COMPARED.map((i) => [COUNTER_NAMES[i]!, counted[i]! - start[i]!])),
  };
}
