/**
 * `pmapdiff compare`: every selected workload through every selected revision, and what differs.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Machine, Variant } from '../../core/index.ts';
import * as face from '../../variants/index.ts';
import { type Plan, type WorkloadComparison, compareWorkload, neverSeen, planComparison } from '../compare/compare.ts';
import { EXIT_INTERRUPTED, tally } from '../compare/gate.ts';
import { ledger, knownDifferences } from '../findings/index.ts';
import { renderJson } from '../report/json.ts';
import { buildReport } from '../report/model.ts';
import { renderText } from '../report/text.ts';
import { type Facts, factsOf } from '../run/facts.ts';
import { DEFAULT_LIMITS, VariantProcess } from '../run/process.ts';
import { type Failure, type RunRecord, failedRecord } from '../run/record.ts';
import { run } from '../run/run.ts';
import type { Workload } from '../workload/ops.ts';
import { UsageError } from './errors.ts';
import { Progress, wantsColor } from './output.ts';
import { type Chosen, chooseAgainst, chooseTouch, chooseVariants, chooseWorkloads } from './select.ts';

export interface CompareOptions {
  readonly workload?: readonly string[];
  readonly variants?: string;
  readonly variant?: readonly string[];
  readonly against?: string;
  readonly touch?: string;
  readonly json?: boolean;
  readonly requireExercised?: boolean;
  readonly timeLimit?: string;
}

/** A user's variant may take this many times as long as the slowest built-in one. */
const SLOWER = 20;
const DEFAULT_TIME_LIMIT = 10;

/** One column: a built-in variant, run here, or a user's, run in its own process. */
interface ColumnRun {
  readonly facts: Facts;
  readonly variant: Variant | null;
  readonly process: VariantProcess | null;
  /** why the variant could not be loaded */
  readonly failure: Failure | null;
}

export async function compareCommand(options: CompareOptions): Promise<number> {
  const progress = new Progress();
  const touch = chooseTouch(options.touch);
  const chosen = chooseVariants(options.variants, options.variant ?? []);
  if (chosen.length < 2) throw new UsageError('compare: expected at least two variants');
  const timeLimit = secondsOf(options.timeLimit);
  const names = options.workload ?? [];
  const workloads = await chooseWorkloads(names, touch);

  let interrupted = false;
  const stop = (): void => {
    if (interrupted) process.exit(EXIT_INTERRUPTED);
    interrupted = true;
  };
  process.on('SIGINT', stop);
  const columns = await openColumns(chosen, progress);
  try {
    const ids = columns.map(({ facts }) => facts.id);
    const against = chooseAgainst(options.against, ids);
    const plan = planComparison(ids, allFacts(columns), {
      against,
      ledger: knownDifferences,
      steps: options.against === undefined,
    });
    const compared: WorkloadComparison[] = [];
    for (const [i, workload] of workloads.entries()) {
      if (interrupted) break;
      const say = (id: string): void => progress.say(`${i + 1}/${workloads.length} ${workload.name}: ${id}`);
      compared.push(await compareOne(plan, columns, workload, timeLimit, say));
    }
    progress.clear();
    const complete = compared.length === workloads.length;
    const isWhole = complete && names.length === 0 && options.variants === undefined;
    const unseen = neverSeen(plan, compared);
    const report = buildReport({
      plan,
      workloads: compared,
      against,
      complete,
      neverSeen: unseen,
      findingTitles: Object.fromEntries(ledger.map(({ id, title }) => [id, title])),
      tally: tally(compared, unseen, {
        interrupted: !complete,
        wholeCatalog: isWhole,
        requireExercised: options.requireExercised === true,
      }),
    });
    const text = options.json
      ? renderJson(report)
      : renderText(report, { color: wantsColor(process.stdout, process.env) });
    process.exitCode = report.tally.exitCode;
    process.stdout.write(text);
    for (const { name, ops } of compared) if (ops === 0) progress.note(`${name}: no ops, nothing was run`);
    return report.tally.exitCode;
  } finally {
    process.off('SIGINT', stop);
    for (const column of columns) column.process?.close();
  }
}

function secondsOf(text: string | undefined): number {
  const seconds = text === undefined ? DEFAULT_TIME_LIMIT : Number(text);
  if (seconds > 0 && Number.isFinite(seconds)) return seconds;
  throw new UsageError(`--time-limit: expected seconds above 0, got ${JSON.stringify(text)}`);
}

async function openColumns(chosen: readonly Chosen[], progress: Progress): Promise<ColumnRun[]> {
  const builtIn = factsOf([...face.series, ...face.experiments], new Set(Object.keys(face)));
  const entry = fileURLToPath(new URL('../child.js', import.meta.url));
  const columns = await Promise.all(
    chosen.map(async (one): Promise<ColumnRun> => {
      if (one.kind === 'built-in') {
        const facts = builtIn.find(({ id }) => id === one.variant.id)!;
        return { facts, variant: one.variant, process: null, failure: null };
      }
      const name = one.name.replace(/^.*[/\\]/, '');
      const child = new VariantProcess(one.path, entry, DEFAULT_LIMITS, (text) => progress.note(prefixed(name, text)));
      const loaded = await child.load();
      if (!('kind' in loaded)) return { facts: loaded, variant: null, process: child, failure: null };
      return {
        facts: { id: name, after: null, title: name, intends: [], members: [] },
        variant: null,
        process: null,
        failure: loaded,
      };
    }),
  );
  const ids = columns.map(({ facts }) => facts.id);
  return columns.map((column, i) => {
    if (
      column.variant !== null ||
      (ids.indexOf(column.facts.id) === i && !builtIn.some(({ id }) => id === column.facts.id))
    )
      return column;
    column.process?.close();
    const message = `id ${JSON.stringify(column.facts.id)} is taken by another variant`;
    const { facts } = column;
    return {
      facts: { ...facts, id: `${facts.id}#${i}` },
      variant: null,
      process: null,
      failure: { kind: 'failed', how: 'load', op: null, message },
    };
  });
}

const prefixed = (name: string, text: string): string => text.replaceAll(/^(?=.)/gm, `[${name}] `);

/** Columns, and every built-in variant that may lie between two of them. */
function allFacts(columns: readonly ColumnRun[]): Facts[] {
  const own = columns.map(({ facts }) => facts);
  const others = factsOf([...face.series, ...face.experiments], new Set(Object.keys(face)));
  return [...own, ...others.filter(({ id }) => !own.some((facts) => facts.id === id))];
}

let machine: Machine | null = null;

async function compareOne(
  plan: Plan,
  columns: readonly ColumnRun[],
  workload: Workload,
  timeLimit: number,
  say: (id: string) => void,
): Promise<WorkloadComparison> {
  const records: RunRecord[] = [];
  let slowest = 0;
  for (const { facts, variant } of columns) {
    if (variant === null) continue;
    say(facts.id);
    await turn();
    const start = performance.now();
    const result = run(machine, workload, variant, {});
    slowest = Math.max(slowest, performance.now() - start);
    ({ machine } = result);
    records.push(result.record);
  }
  const wallMs = Math.max(timeLimit * 1000, Math.ceil(SLOWER * slowest));
  const others = columns.map(async ({ facts, process: child, failure }): Promise<RunRecord[]> => {
    if (failure !== null) return [failedRecord(workload.name, facts.id, failure)];
    if (child === null) return [];
    say(facts.id);
    return [await child.run(workload, facts.id, {}, wallMs)];
  });
  records.push(...(await Promise.all(others)).flat());
  const ordered = columns.map(({ facts }) => records.find(({ variant }) => variant === facts.id)!);
  return compareWorkload(plan, workload, ordered);
}
