/**
 * `pmapdiff replay`: one workload through one revision, and what it did.
 */
import { fileURLToPath } from 'node:url';
import pc from 'picocolors';
import { COUNTER_NAMES, FIRST_REACHED } from '../../core/counters.ts';
import { missedExpectations } from '../compare/expectations.ts';
import { EXIT_FINDING, EXIT_HARNESS, EXIT_OK, exitCodeOf } from '../compare/gate.ts';
import { eventText } from '../run/events.ts';
import { DEFAULT_LIMITS, VariantProcess } from '../run/process.ts';
import { type Ended, PLACES, type RunRecord } from '../run/record.ts';
import { run } from '../run/run.ts';
import { outcomeName } from '../workload/names.ts';
import type { Workload } from '../workload/ops.ts';
import { opLines } from '../workload/text/print.ts';
import { loadWorkload } from '../workload/load.ts';
import { Progress, wantsColor } from './output.ts';
import { type Chosen, chooseTouch, chooseVariant } from './select.ts';

export interface ReplayOptions {
  readonly variant: string;
  readonly touch?: string;
  readonly trace?: boolean;
  readonly json?: boolean;
}

export async function replayCommand(name: string, options: ReplayOptions): Promise<number> {
  const chosen = chooseVariant(options.variant);
  const workload = await loadWorkload(name, { touch: chooseTouch(options.touch) });
  const record = await runChosen(chosen, workload, options.trace === true);
  const missed = missedExpectations(workload, record);
  process.exitCode = exitCodeOf([
    record.ended.kind === 'failed' || workload.ops.length === 0 ? EXIT_HARNESS : EXIT_OK,
    missed.length > 0 || record.balance.left.length > 0 || record.ended.kind === 'panic' ? EXIT_FINDING : EXIT_OK,
  ]);
  if (options.trace && !options.json) printTrace(workload, record);
  process.stdout.write(options.json ? json(record, missed) : text(workload, record, missed));
  return process.exitCode;
}

async function runChosen(chosen: Chosen, workload: Workload, events: boolean): Promise<RunRecord> {
  if (chosen.kind === 'built-in') return run(null, workload, chosen.variant, { events }).record;
  const progress = new Progress();
  const entry = fileURLToPath(new URL('../child.js', import.meta.url));
  const child = new VariantProcess(chosen.path, entry, DEFAULT_LIMITS, (printed) => progress.note(printed));
  try {
    return await child.run(workload, chosen.name, { events }, 600_000);
  } finally {
    child.close();
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

function text(workload: Workload, record: RunRecord, missed: Missed): string {
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
    ...(replay === null ? [] : Object.entries(replay).map(([name, n]) => row(`replay ${name}`, number(n)))),
    row('processes left', number(balance.alive)),
    ...balance.left.map(({ what, start, end }) =>
      row(`left behind: ${what}`, `${number(start)} before, ${number(end)} after`),
    ),
    ...missed.map(({ line, expected, got }) => row(`line ${line}`, `expected ${expected}, got ${got}`)),
    ...counts(record).map(([name, n]) => row(name, number(n))),
  ].join('');
}

function json(
  { workload, variant, ended, ops, removeByPlace, replay, balance, ...record }: RunRecord,
  missed: Missed,
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
    counters,
  };
  return `${JSON.stringify(body, null, 1)}\n`;
}
