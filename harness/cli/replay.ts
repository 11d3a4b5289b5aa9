/**
 * `pmapdiff replay`: one workload through one revision, and what it did.
 */
import pc from 'picocolors';
import { COUNTER_NAMES, FIRST_REACHED } from '../../core/counters.ts';
import { knownIn, lineage } from '../compare/declarations.ts';
import { missedExpectations } from '../compare/expectations.ts';
import { EXIT_FINDING, EXIT_HARNESS, EXIT_OK, exitCodeOf } from '../compare/gate.ts';
import { knownViolations } from '../findings/violations.ts';
import { eventText } from '../run/events.ts';
import { kindName, kindRows } from '../report/kinds.ts';
import {
  type Ended,
  PLACES,
  type ReplayStats,
  type RunOptions,
  type RunRecord,
  type Violation,
} from '../run/record.ts';
import { outcomeName } from '../workload/names.ts';
import type { Workload } from '../workload/ops.ts';
import { opLines } from '../workload/text/print.ts';
import { loadWorkload } from '../workload/load.ts';
import { checkedText } from './checked.ts';
import { closeColumns, factsAround, openColumns, runColumn } from './columns.ts';
import { Progress, wantsColor } from './output.ts';
import { type Chosen, chooseTouch, chooseVariant } from './select.ts';

export interface ReplayOptions {
  readonly variant: string;
  readonly touch?: string;
  readonly trace?: boolean;
  readonly check?: boolean;
  readonly json?: boolean;
}

export async function replayCommand(name: string, options: ReplayOptions): Promise<number> {
  const chosen = chooseVariant(options.variant);
  const workload = await loadWorkload(name, { touch: chooseTouch(options.touch) });
  const runOptions = { events: options.trace === true, check: options.check === true };
  const { record, broken } = await runChosen(chosen, workload, runOptions);
  const missed = missedExpectations(workload, record);
  const isFinding =
    missed.length > 0 || record.balance.left.length > 0 || broken.some(({ finding }) => finding === null);
  process.exitCode = exitCodeOf([
    record.ended.kind === 'failed' || workload.ops.length === 0 ? EXIT_HARNESS : EXIT_OK,
    isFinding || record.ended.kind === 'panic' ? EXIT_FINDING : EXIT_OK,
  ]);
  if (options.trace && !options.json) printTrace(workload, record);
  process.stdout.write(options.json ? json(record, missed, broken) : text(workload, record, missed, broken));
  if (options.check && !options.json) process.stdout.write(checkedText([workload]));
  return process.exitCode;
}

/** A violation, and the finding that names it for this variant or one before it; null: none does. */
type Broken = Violation & { readonly finding: string | null };

async function runChosen(
  chosen: Chosen,
  workload: Workload,
  options: RunOptions,
): Promise<{ record: RunRecord; broken: Broken[] }> {
  const columns = await openColumns([chosen], new Progress());
  try {
    const record = await runColumn(columns[0], workload, options, 600_000);
    const line = lineage(columns[0].facts.id, factsAround(columns));
    const broken = record.violations.map((violation): Broken => {
      const known = knownIn(line, knownViolations).find(({ what }) => what === violation.name);
      return { ...violation, finding: known?.finding ?? null };
    });
    return { record, broken };
  } finally {
    closeColumns(columns);
  }
}

/** One line per op, then the calls that it made. */
function printTrace(workload: Workload, { ops, perOp, events }: RunRecord): void {
  const line = opLines(workload);
  for (let op = 0; op < ops; op++) {
    const outcome = outcomeName(perOp.code[op]);
    const result = perOp.value[op] === 0 ? outcome : `${outcome}, 0x${perOp.value[op].toString(16)}`;
    const calls: string[] = [];
    for (let at = events?.from[op] ?? 0; at < (events?.from[op + 1] ?? 0); at++)
      calls.push(`    ${eventText(events!.words, at)}\n`);
    process.stdout.write(`${line(op)}  # ${result}, resident ${perOp.residentCount[op]}\n${calls.join('')}`);
  }
}

/** Gauges at the end, counters over the run; those that are 0 left out. */
function counts({ start, totals }: RunRecord): [string, number][] {
  return COUNTER_NAMES.slice(0, FIRST_REACHED).flatMap((name, i): [string, number][] => {
    const n = totals[i] - start[i];
    return n === 0 || Number.isNaN(n) ? [] : [[name, n]];
  });
}

function endedText(ended: Ended): string {
  if (ended.kind === 'done') return 'done';
  if (ended.kind === 'failed')
    return `failed (${ended.how})${ended.op === null ? '' : ` at op ${ended.op}`}: ${ended.message}`;
  const values = Object.entries(ended.values).map(([name, value]) => `${name}=${value}`);
  return `panic at op ${ended.op}: ${[`${ended.where}: ${ended.reason}`, ...values].join(' ')}`;
}

type Missed = ReturnType<typeof missedExpectations>;

const number = (n: number): string => n.toLocaleString('en-US');
const row = (name: string, value: string): string => `  ${name.padEnd(22)}${value}\n`;

/** How faithful the replay is, then what each kind of process did. */
function replayRows({ byKind, ...counted }: ReplayStats): string[] {
  return [
    ...kindRows([byKind]).map(({ cells: [{ calls, early }], ...one }) =>
      row(
        `  in ${one.place}`,
        `${number(early)} early of ${number(calls)}: ${kindName(one)}, ${number(one.processes)} of them, ${number(one.touched)} touched the shared page`,
      ),
    ),
    ...Object.entries(counted).map(([name, n]) => row(name, number(n))),
  ];
}

/** Violations that a replay prints; the others are counted. */
const MOST_VIOLATIONS = 20;

function brokenRows(broken: readonly Broken[], line: (op: number) => string): string[] {
  const rows = broken.slice(0, MOST_VIOLATIONS).map(({ name, op, process, expected, got, finding }) => {
    const who = process === null ? '' : ` of ${process}`;
    return row(finding ?? 'violation', `${name}${who}, after ${line(op)}: expected ${expected}, got ${got}`);
  });
  return broken.length <= MOST_VIOLATIONS
    ? rows
    : [...rows, row('', `and ${number(broken.length - rows.length)} more`)];
}

function text(workload: Workload, record: RunRecord, missed: Missed, broken: readonly Broken[]): string {
  const colors = pc.createColors(wantsColor(process.stdout, process.env));
  const { variant, ended, ops, removeByPlace, replay, balance } = record;
  const failed = new Map<string, number>();
  for (let op = 0; op < ops; op++) {
    const name = outcomeName(record.perOp.code[op]);
    failed.set(name, (failed.get(name) ?? 0) + 1);
  }
  return [
    colors.bold(`${workload.name} under ${variant}: ${endedText(ended)}\n`),
    row('ops', `${number(ops)} of ${number(workload.ops.length)}`),
    row('outcomes', [...failed].map(([name, n]) => `${number(n)} ${name}`).join(', ')),
    ...PLACES.map((place) => {
      const { calls, early } = removeByPlace[place];
      return row(`pmap_remove, ${place}`, `${number(early)} early of ${number(calls)}`);
    }),
    ...(replay === null ? [] : replayRows(replay)),
    row('processes left', number(balance.alive)),
    ...balance.left.map(({ what, start, end }) =>
      row(`left behind: ${what}`, `${number(start)} before, ${number(end)} after`),
    ),
    ...missed.map(({ line, expected, got }) => row(`line ${line}`, `expected ${expected}, got ${got}`)),
    ...brokenRows(broken, opLines(workload)),
    ...counts(record).map(([name, n]) => row(name, number(n))),
  ].join('');
}

function json(
  { workload, variant, ended, ops, removeByPlace, replay, balance, ...record }: RunRecord,
  missed: Missed,
  violations: readonly Broken[],
): string {
  const counters = Object.fromEntries(
    counts({ workload, variant, ended, ops, removeByPlace, replay, balance, ...record }),
  );
  const body = {
    schema: 'pmapdiff.replay/1',
    workload,
    variant,
    ended,
    ops,
    removeByPlace,
    replay,
    balance,
    missed,
    violations,
    counters,
  };
  return `${JSON.stringify(body, null, 1)}\n`;
}
