/**
 * `pmapdiff replay`: one workload through one revision, and what it did.
 */
import pc from 'picocolors';
import { COMPARED, COUNTER_NAMES } from '../../core/counters.ts';
import { knownIn, lineage } from '../compare/declarations.ts';
import { type MissedExpectation, missedExpectations } from '../compare/expectations.ts';
import { EXIT_FINDING, EXIT_HARNESS, EXIT_OK, exitCodeOf } from '../compare/gate.ts';
import { knownViolations } from '../findings/violations.ts';
import { kindName, kindRows } from '../report/kinds.ts';
import { eventText } from '../run/events.ts';
import {
  type Ended,
  PLACES,
  type ReplayStats,
  type RunEnd,
  type RunOptions,
  type RunPart,
  type Violation,
} from '../run/record.ts';
import { openWorkload } from '../workload/load.ts';
import { outcomeName } from '../workload/names.ts';
import type { Workload } from '../workload/ops.ts';
import type { PiecedWorkload } from '../workload/pieces.ts';
import { opLines } from '../workload/text/print.ts';
import { checkedText } from './checked.ts';
import { closeColumns, factsAround, openColumns } from './columns.ts';
import { UsageError } from './errors.ts';
import { inLockstep, paceText, repairText, shareText } from './lockstep.ts';
import { Progress, wantsColor } from './output.ts';
import { runLimitMs } from './run-limit.ts';
import { type Chosen, chooseTouch, chooseVariant } from './select.ts';

export interface ReplayOptions {
  readonly variant: string;
  readonly touch?: string;
  readonly trace?: boolean;
  readonly check?: boolean;
  readonly json?: boolean;
}

export async function replayCommand(name: string, options: ReplayOptions): Promise<number> {
  if (options.trace && options.json) throw new UsageError('replay: expected --trace or --json, got both');
  const chosen = chooseVariant(options.variant);
  const needsAll = options.trace === true || options.check === true;
  const progress = new Progress();
  const start = performance.now();
  const workload = await openWorkload(name, {
    touch: chooseTouch(options.touch),
    ...(needsAll ? { held: Infinity } : {}),
    onLines: (lines) => progress.say(`${name}: ${number(lines)} lines read`),
  });
  const opening = performance.now() - start;
  const { head, whole } = workload;
  const runOptions = { events: options.trace === true, check: options.check === true, digests: false };
  const print = options.trace && !options.json ? tracePrinter(whole!) : () => {};
  const replayed = await replay(chosen, workload, runOptions, progress, print, opening);
  const { run, missed, broken } = replayed;
  const isFinding = missed.length > 0 || run.balance.left.length > 0 || broken.some(({ finding }) => finding === null);
  process.exitCode = exitCodeOf([
    run.ended.kind === 'failed' || head.length === 0 ? EXIT_HARNESS : EXIT_OK,
    isFinding || run.ended.kind === 'panic' ? EXIT_FINDING : EXIT_OK,
  ]);
  process.stdout.write(options.json ? json(run, missed, broken, options.check === true) : text(workload, replayed));
  if (options.check && !options.json) process.stdout.write(checkedText([head]));
  if (head.length === 0) progress.note(`${head.name}: no ops, nothing was run`);
  return process.exitCode;
}

/** A violation, and the finding that names it for this variant or one before it; null: none does. */
type Broken = Violation & { readonly finding: string | null };

interface Replayed {
  readonly run: RunEnd;
  readonly missed: readonly MissedExpectation[];
  readonly broken: readonly Broken[];
  /** ops by outcome code */
  readonly outcomes: ReadonlyMap<number, number>;
}

async function replay(
  chosen: Chosen,
  workload: PiecedWorkload,
  options: RunOptions,
  progress: Progress,
  print: (part: RunPart) => void,
  opening: number,
): Promise<Replayed> {
  const missed: MissedExpectation[] = [];
  const outcomes = new Map<number, number>();
  const columns = await openColumns([chosen], progress);
  try {
    const done = await inLockstep({
      columns,
      workload,
      options,
      wallMs: () => runLimitMs(workload.head.length, options.check),
      take: (piece, [part]) => {
        missed.push(...missedExpectations(piece, part));
        for (const code of part.perOp.code) outcomes.set(code, (outcomes.get(code) ?? 0) + 1);
        print(part);
      },
      say: (id, ops) => progress.say(`${workload.head.name}${shareText(ops, workload.head)}: ${id}`),
      isInterrupted: () => false,
    });
    const { runs, pace } = done!;
    progress.clear();
    // What is held was decoded when it was opened.
    const reading = workload.whole === null ? pace.reading : opening;
    if (workload.head.trace !== null) progress.note(paceText(workload, columns, runs, { ...pace, reading }));
    const repair = repairText(workload.head);
    if (repair !== null) progress.note(repair);
    const [run] = runs;
    const line = lineage(run.variant, factsAround(columns));
    const broken = run.violations.map((violation): Broken => {
      const known = knownIn(line, knownViolations).find(({ what }) => what === violation.name);
      return { ...violation, finding: known?.finding ?? null };
    });
    return { run, missed, broken, outcomes };
  } finally {
    closeColumns(columns);
  }
}

/** Prints the next part: one line per op, then the calls that it made. */
function tracePrinter(workload: Workload): (part: RunPart) => void {
  const line = opLines(workload);
  let first = 0;
  return ({ ops, perOp, events }) => {
    for (let at = 0; at < ops; at++) {
      const outcome = outcomeName(perOp.code[at]);
      const result = perOp.value[at] === 0 ? outcome : `${outcome}, 0x${perOp.value[at].toString(16)}`;
      const calls: string[] = [];
      for (let event = events!.from[at]; event < events!.from[at + 1]; event++)
        calls.push(`    ${eventText(events!.words, event)}\n`);
      process.stdout.write(`${line(first + at)}  # ${result}, resident ${perOp.residentCount[at]}\n${calls.join('')}`);
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

function endedText(ended: Ended): string {
  if (ended.kind === 'done') return 'done';
  if (ended.kind === 'failed')
    return `failed (${ended.how})${ended.op === null ? '' : ` at op ${ended.op}`}: ${ended.message}`;
  const values = Object.entries(ended.values).map(([name, value]) => `${name}=${value}`);
  return `panic at op ${ended.op}: ${[`${ended.where}: ${ended.reason}`, ...values].join(' ')}`;
}

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

function text({ head, whole }: PiecedWorkload, { run, missed, broken, outcomes }: Replayed): string {
  const colors = pc.createColors(wantsColor(process.stdout, process.env));
  const { variant, ended, ops, removeByPlace, replay: counted, balance } = run;
  const line = whole === null ? (op: number): string => `op ${op}` : opLines(whole);
  return [
    colors.bold(`${head.name} under ${variant}: ${endedText(ended)}\n`),
    row('ops', `${number(ops)} of ${number(head.length)}`),
    row('outcomes', [...outcomes].map(([code, n]) => `${number(n)} ${outcomeName(code)}`).join(', ')),
    ...PLACES.map((place) => {
      const { calls, early } = removeByPlace[place];
      return row(`pmap_remove, ${place}`, `${number(early)} early of ${number(calls)}`);
    }),
    ...(counted === null ? [] : replayRows(counted)),
    row('processes left', number(balance.alive)),
    ...balance.left.map(({ what, start, end }) =>
      row(`left behind: ${what}`, `${number(start)} before, ${number(end)} after`),
    ),
    ...missed.map(({ line: at, expected, got }) => row(`line ${at}`, `expected ${expected}, got ${got}`)),
    ...brokenRows(broken, line),
    ...counts(run).map(([name, n]) => row(name, number(n))),
  ].join('');
}

function json(
  run: RunEnd,
  missed: readonly MissedExpectation[],
  violations: readonly Broken[],
  checked: boolean,
): string {
  const { workload, variant, ended, ops, removeByPlace, replay: counted, balance } = run;
  const counters = Object.fromEntries(counts(run));
  const body = {
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
    counters,
  };
  return `${JSON.stringify(body, null, 1)}\n`;
}
