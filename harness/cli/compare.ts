/**
 * `pmapdiff compare`: every selected workload through every selected revision, and what differs.
 */
import { acceptExpected } from '../compare/accepted.ts';
import { EXIT_INTERRUPTED, tally } from '../compare/gate.ts';
import { type WorkloadComparison, neverSeen, planComparison } from '../compare/plan.ts';
import { type StateRow, diffStates } from '../compare/state-diff.ts';
import { WorkloadComparer } from '../compare/workload.ts';
import { knownDifferences, ledger } from '../findings/index.ts';
import { knownViolations } from '../findings/violations.ts';
import { type StateDifference, buildReport } from '../report/model.ts';
import type { Workload } from '../workload/ops.ts';
import { checkedText } from './checked.ts';
import { type Column, abortColumns, closeColumns, factsAround, openColumns, runColumn } from './columns.ts';
import { type FormatOptions, chooseFailOn, chooseFormat, renderReport, writeJunit } from './compare-output.ts';
import { UsageError } from './errors.ts';
import { dayOf, readExpected } from './expect.ts';
import { inLockstep, paceText, repairText, shareText } from './lockstep.ts';
import { Progress } from './output.ts';
import { type Chosen, chooseAgainst, chooseTouch, chooseVariants, chooseWorkloads } from './select.ts';

export interface CompareOptions extends FormatOptions {
  readonly workload?: readonly string[];
  readonly variants?: string;
  readonly variant?: readonly string[];
  readonly against?: string;
  readonly touch?: string;
  readonly junit?: string;
  readonly failOn?: string;
  readonly expect?: string;
  readonly today?: string;
  readonly requireExercised?: boolean;
  readonly timeLimit?: string;
  readonly check?: boolean;
}

/** A user's variant may take this many times as long as the slowest built-in one. */
const SLOWER = 20;
const DEFAULT_TIME_LIMIT = 10;

export async function compareCommand(options: CompareOptions): Promise<number> {
  const progress = new Progress();
  const touch = chooseTouch(options.touch);
  const chosen = chooseVariants(options.variants, options.variant ?? []);
  if (chosen.length < 2) throw new UsageError('compare: expected at least two variants');
  const timeLimit = secondsOf(options.timeLimit);
  const format = chooseFormat(options);
  const failOn = chooseFailOn(options.failOn);
  const today = await dayOf(options.today);
  const entries = options.expect === undefined ? [] : await readExpected(options.expect);
  const names = options.workload ?? [];
  const isChecked = options.check === true;
  const workloads = await chooseWorkloads(names, touch, (name, lines) =>
    progress.say(`${name}: ${lines.toLocaleString('en-US')} lines read`),
  );

  let interrupted = false;
  const stop = (): void => {
    if (interrupted) process.exit(EXIT_INTERRUPTED);
    interrupted = true;
    abortColumns(columns);
  };
  let columns: readonly Column[] = [];
  process.on('SIGINT', stop);
  try {
    columns = await openColumns(chosen, progress);
    const ids = columns.map(({ facts }) => facts.id);
    const against = chooseAgainst(options.against, ids);
    const plan = planComparison(ids, factsAround(columns), {
      against,
      ledger: isChecked ? [...knownDifferences, ...knownViolations] : knownDifferences,
      steps: true,
    });
    const compared: WorkloadComparison[] = [];
    const states = new Map<string, StateDifference>();
    for (const [i, workload] of workloads.entries()) {
      if (interrupted) break;
      const { head, whole } = workload;
      const comparer = new WorkloadComparer(plan, head);
      const done = await inLockstep({
        columns,
        workload,
        options: { check: isChecked },
        wallMs: (slowest) => Math.max(timeLimit * 1000, Math.ceil(SLOWER * slowest)),
        take: (piece, parts) => comparer.take(piece, parts),
        say: (running, ops) =>
          progress.say(`${i + 1}/${workloads.length} ${head.name}${shareText(ops, head)}: ${running}`),
        isInterrupted: () => interrupted,
      });
      if (done === null || interrupted) break;
      const repair = repairText(head);
      if (repair !== null) progress.note(repair);
      if (head.trace !== null && names.length > 0) {
        // One that is held whole was decoded before the first run.
        const reading = whole === null ? done.pace.reading : null;
        progress.note(paceText(workload, columns, done.runs, { ...done.pace, reading }));
      }
      const comparison = comparer.finish(done.runs);
      compared.push(comparison);
      if (whole !== null) await lookCloser(comparison, columns, whole, states);
    }
    progress.clear();
    const complete = compared.length === workloads.length;
    const isWhole = complete && names.length === 0 && options.variants === undefined;
    const unseen = neverSeen(plan, compared);
    const { workloads: judged, ...expected } = acceptExpected(compared, entries, today);
    const report = buildReport({
      plan,
      workloads: judged,
      expected,
      against,
      complete,
      states: [...states.values()],
      neverSeen: unseen,
      findingTitles: Object.fromEntries(ledger.map(({ id, title }) => [id, title])),
      tally: tally(judged, unseen, {
        interrupted: !complete,
        wholeCatalog: isWhole,
        requireExercised: options.requireExercised === true,
        failOn,
        expired: expected.expired.length,
      }),
    });
    const text = renderReport(report, format, filesOf(chosen, ids));
    process.exitCode = report.tally.exitCode;
    if (options.junit !== undefined) writeJunit(report, options.junit);
    process.stdout.write(text);
    if (isChecked && format === 'text') process.stdout.write(checkedText(workloads.map(({ head }) => head)));
    for (const { name, ops } of compared) if (ops === 0) progress.note(`${name}: no ops, nothing was run`);
    return report.tally.exitCode;
  } finally {
    process.off('SIGINT', stop);
    closeColumns(columns);
  }
}

/** Files as they were given, by the id of the variant in them. */
const filesOf = (chosen: readonly Chosen[], ids: readonly string[]): Record<string, string> =>
  Object.fromEntries(chosen.flatMap((one, i) => (one.kind === 'file' ? [[ids[i], one.name]] : [])));

function secondsOf(text: string | undefined): number {
  const seconds = text === undefined ? DEFAULT_TIME_LIMIT : Number(text);
  if (seconds > 0 && Number.isFinite(seconds)) return seconds;
  throw new UsageError(`--time-limit: expected seconds above 0, got ${JSON.stringify(text)}`);
}

/** Wall limit of a run that only takes a state. */
const STATE_LIMIT_MS = 60_000;
/** A workload longer than this is not run again for a closer look. */
const CLOSER_LOOK_OPS = 20_000;
/** Rows of a state that a report holds. */
const MOST_CHANGES = 50;

/**
 * What the maps or tables of two columns differ in where they first do: both are run again up to that op. Of each pair the
 * workload with the fewest changes is kept, as the one that is easiest to read.
 */
async function lookCloser(
  { name, pairs, opTexts }: WorkloadComparison,
  columns: readonly Column[],
  workload: Workload,
  states: Map<string, StateDifference>,
): Promise<void> {
  if (workload.ops.length > CLOSER_LOOK_OPS) return;
  for (const { reference, candidate, differences } of pairs) {
    const own = differences.find(
      ({ plane, standing }) => (plane === 'map' || plane === 'tables') && standing !== 'follows',
    );
    if (own === undefined) continue;
    const rows = async (id: string): Promise<readonly StateRow[]> => {
      const column = columns.find(({ facts }) => facts.id === id)!;
      const { state } = await runColumn(column, workload, { stateAfter: own.op }, STATE_LIMIT_MS);
      return state === null ? [] : state.machine[own.plane as 'map' | 'tables'];
    };
    const changes = diffStates(await rows(reference), await rows(candidate));
    const key = `${reference} ${candidate}`;
    const best = states.get(key);
    if (best !== undefined && best.rows <= changes.length) continue;
    const shown = changes.slice(0, MOST_CHANGES);
    states.set(key, {
      workload: name,
      reference,
      candidate,
      at: opTexts[own.op],
      rows: changes.length,
      changes: shown,
    });
  }
}
