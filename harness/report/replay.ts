/** What one workload did under one variant. */
import pc from 'picocolors';
import { COMPARED, COUNTER_NAMES } from '../../core/counters.ts';
import type { MissedExpectation } from '../compare/expectations.ts';
import { eventText } from '../run/events.ts';
import { type Ended, PLACES, type ReplayStats, type RunEnd, type RunPart, type Violation } from '../run/record.ts';
import { OUTCOME_NOT_RUN, outcomeName } from '../workload/names.ts';
import type { Workload } from '../workload/ops.ts';
import type { PiecedWorkload } from '../workload/pieces.ts';
import { opLines } from '../workload/text/print.ts';
import { kindName, kindRows } from './kinds.ts';
import { checkedText } from './notes.ts';
import { opOutcomeText, outcomeText } from './outcomes.ts';
import { type Look, hex, jsonText, number } from './words.ts';

/** A violation, and the finding that names it for this variant or one before it; null: none does. */
export type NamedViolation = Violation & { readonly finding: string | null };

export interface ReplayReport {
  readonly workload: PiecedWorkload;
  readonly run: RunEnd;
  readonly missed: readonly MissedExpectation[];
  readonly violations: readonly NamedViolation[];
  /** ops by outcome code */
  readonly outcomes: ReadonlyMap<number, number>;
  /** every invariant was checked */
  readonly checked: boolean;
}

/** Words the parts of a traced run one after the other: a line per op, then the calls that it made. */
export function traceWriter(workload: Workload, write: (text: string) => void): (part: RunPart) => void {
  const line = opLines(workload);
  let first = 0;
  return ({ ops, perOp, killed, events }) => {
    for (let at = 0; at < ops; at++) {
      const [name, value] = [outcomeName(perOp.code[at]), perOp.value[at]];
      const isRun = perOp.code[at] !== OUTCOME_NOT_RUN;
      const outcome = isRun && value !== 0 ? `${name}, ${hex(value)}` : outcomeText(name, value);
      const result = opOutcomeText(first + at, outcome, killed);
      const calls: string[] = [];
      for (let event = events!.from[at]; event < events!.from[at + 1]; event++)
        calls.push(`    ${eventText(events!, event)}\n`);
      write(`${line(first + at)}  # ${result}, resident ${perOp.residentCount[at]}\n${calls.join('')}`);
    }
    first += ops;
  };
}

/** Gauges at the end, counters over the run; those that are 0 left out. */
function counts({ start, totals }: RunEnd): [string, number][] {
  return COMPARED.flatMap((counter): [string, number][] => {
    const n = totals[counter] - start[counter];
    return n === 0 || Number.isNaN(n) ? [] : [[COUNTER_NAMES[counter], n]];
  });
}

function endedText(ended: Ended, line: (op: number) => string): string {
  if (ended.kind === 'done') return 'done';
  if (ended.kind === 'failed')
    return `failed: ${ended.message}${ended.op === null ? '' : `, while running ${line(ended.op)}`}`;
  const values = Object.entries(ended.values).map(([name, value]) => `${name}=${value}`);
  return `panic at ${line(ended.op)}: ${[`${ended.where}: ${ended.reason}`, ...values].join(' ')}`;
}

type Row = readonly [name: string, value: string];

/** Rows with their values in one column. */
function aligned(rows: readonly Row[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}\n`).join('');
}

const REPLAY_WORDS: Readonly<Record<keyof Omit<ReplayStats, 'byKind'>, string>> = {
  accesses: 'accesses',
  hits: 'hits',
  faulted: 'faulted',
  signals: 'signals',
  recordedFaults: 'recorded faults, page absent',
  recordedFaultsPresent: 'recorded faults, page present',
  mappedAlready: 'found mapped',
  extraFaults: 'extra faults',
  failedOps: 'failed ops',
};

/** How faithful the replay is, then what each kind of process did. */
function replayRows({ byKind, ...counted }: ReplayStats): Row[] {
  return [
    ...kindRows([byKind]).map(({ cells: [{ calls, early }], ...one }): Row => [
      `  in ${one.place}`,
      `${number(early)} early of ${number(calls)}: ${kindName(one)}, ${number(one.processes)} of them, ${number(one.touched)} touched the shared page`,
    ]),
    ...Object.entries(counted).map(([name, n]): Row => [REPLAY_WORDS[name as keyof typeof counted], number(n)]),
  ];
}

/** Violations that a replay prints; the others are counted. */
const MOST_VIOLATIONS = 20;

function violationRows(violations: readonly NamedViolation[], line: (op: number) => string): Row[] {
  const rows = violations.slice(0, MOST_VIOLATIONS).map(({ name, op, process, expected, got, finding }): Row => {
    const who = process === null ? '' : ` of ${process}`;
    return [finding ?? 'violation', `${name}${who}, after ${line(op)}: expected ${expected}, got ${got}`];
  });
  return violations.length <= MOST_VIOLATIONS
    ? rows
    : [...rows, ['', `and ${number(violations.length - rows.length)} more`]];
}

export function replayText(report: ReplayReport, { color }: Look): string {
  const { workload, run, missed, violations, outcomes, checked } = report;
  const { head, whole } = workload;
  const colors = pc.createColors(color);
  const { variant, ended, ops, removeByPlace, replay: counted, balance } = run;
  const line = whole === null ? (op: number): string => `op ${op}` : opLines(whole);
  const rows: Row[] = [
    ['ops', `${number(ops)} of ${number(head.length)}`],
    ['outcomes', [...outcomes].map(([code, n]) => `${number(n)} ${outcomeName(code)}`).join(', ')],
    ...PLACES.map((place): Row => {
      const { calls, early } = removeByPlace[place];
      return [`pmap_remove, ${place}`, `${number(early)} early of ${number(calls)}`];
    }),
    ...(counted === null ? [] : replayRows(counted)),
    ['processes left', number(balance.alive)],
    ...balance.left.map(({ what, start, end }): Row => [
      `left behind: ${what}`,
      `${number(start)} before, ${number(end)} after`,
    ]),
    ...missed.map(({ line: at, expected, got }): Row => [`line ${at}`, `expected ${expected}, got ${got}`]),
    ...violationRows(violations, line),
    ...counts(run).map(([name, n]): Row => [name, number(n)]),
  ];
  const title = colors.bold(`${head.name} under ${variant}: ${endedText(ended, line)}\n`);
  return title + aligned(rows) + (checked ? checkedText([head]) : '');
}

export function replayJson({ run, missed, violations, checked }: ReplayReport): string {
  const { workload, variant, ended, ops, removeByPlace, replay: counted, balance } = run;
  return jsonText({
    schema: 'pmapdiff.replay/1',
    workload,
    variant,
    ended,
    ops,
    removeByPlace,
    replay: counted,
    balance,
    missed,
    checked,
    violations,
    counters: Object.fromEntries(counts(run)),
  });
}
