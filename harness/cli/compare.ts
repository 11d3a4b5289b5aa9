/**
 * `pmapdiff compare`: every selected workload through every selected revision, and what differs.
 */
import type { Column } from '../columns/column.ts';
import { factsAround } from '../columns/facts.ts';
import type { Ran } from '../columns/lockstep.ts';
import { type Chosen, withColumns } from '../columns/open.ts';
import { EXIT_INTERRUPTED } from '../compare/gate.ts';
import { type JudgeOptions, judge } from '../compare/judge.ts';
import { planComparison } from '../compare/plan.ts';
import { runComparison } from '../compare/run-comparison.ts';
import { suggest } from '../compare/suggest.ts';
import { knownDifferences, knownViolations, ledger } from '../findings/index.ts';
import { buildReport } from '../report/compare/model.ts';
import { FORMATS } from '../report/formats.ts';
import { repairText } from '../report/notes.ts';
import { number } from '../report/words.ts';
import type { PiecedWorkload } from '../workload/pieces.ts';
import { Answer } from './answer.ts';
import { UsageError } from './errors.ts';
import { dayOf, readExpected } from './expect.ts';
import { withHints } from './hints.ts';
import { Progress, paceNote } from './progress.ts';
import { chooseAgainst, chooseFailOn, chooseTouch, chooseVariants, chooseWorkloads } from './select.ts';

export interface CompareOptions {
  readonly workload?: readonly string[];
  readonly variants?: string;
  readonly variant?: readonly string[];
  readonly against?: string;
  readonly touch?: string;
  readonly failOn?: string;
  readonly expect?: string;
  readonly today?: string;
  readonly requireExercised?: boolean;
  readonly timeLimit?: string;
  readonly check?: boolean;
}

const DEFAULT_TIME_LIMIT = 10;

export async function compareCommand(options: CompareOptions): Promise<number> {
  const answer = new Answer('compare', FORMATS.compare, options);
  const { chosen, touch, leastMs, check, judging } = await requestOf(options);
  const progress = new Progress();
  const names = options.workload ?? [];
  const workloads = await chooseWorkloads(names, touch, (name, lines) =>
    progress.say(`${name}: ${number(lines)} lines read`),
  );
  const interrupt = new Interrupt();
  try {
    return await withColumns(chosen, progress.onOutput, async (columns) => {
      interrupt.columns = columns;
      const ids = columns.map(({ facts }) => facts.id);
      const against = chooseAgainst(options.against, ids);
      const files = filesOf(chosen, ids);
      const fitted = Object.keys(files);
      const known = check ? [...knownDifferences, ...knownViolations] : knownDifferences;
      const plan = planComparison(ids, factsAround(columns.map(({ facts }) => facts)), {
        against,
        ledger: known,
        predecessors: true,
        ...(answer.format === 'suggest' ? { fitted } : {}),
      });
      const compared = await runComparison(
        plan,
        columns,
        workloads,
        { check, leastMs },
        {
          ...progress.host(
            (head) => `${1 + workloads.findIndex((one) => one.head === head)}/${workloads.length} ${head.name}`,
          ),
          isInterrupted: () => interrupt.came,
          ran: (workload, ran) => notesOn(workload, columns, ran, names.length > 0).forEach(progress.onOutput),
        },
      );
      progress.clear();
      const judged = judge(plan, compared, judging);
      const hinted = compared.complete
        ? await withHints(judged.workloads, { plan, chosen, workloads, check })
        : judged.workloads;
      const report = buildReport({
        plan,
        against,
        compared,
        judged: { ...judged, workloads: hinted },
        findingTitles: Object.fromEntries(ledger.map(({ id, title }) => [id, title])),
        files,
        ...(answer.format === 'suggest' ? { suggestions: suggest(judged.workloads, fitted) } : {}),
        checked: check ? workloads.map(({ head }) => head) : [],
      });
      process.exitCode = report.tally.exitCode;
      await answer.write(report);
      for (const { name, ops } of compared.workloads) if (ops === 0) progress.note(`${name}: no ops, nothing was run`);
      return report.tally.exitCode;
    });
  } finally {
    interrupt.off();
  }
}

/** What the options ask for; `judging` is what the outcome is held against. Throws UsageError. */
async function requestOf(options: CompareOptions) {
  const touch = chooseTouch(options.touch);
  const chosen = chooseVariants(options.variants, options.variant ?? []);
  if (chosen.length < 2) throw new UsageError('compare: expected at least two variants');
  const leastMs = 1000 * secondsOf(options.timeLimit);
  const judging: JudgeOptions = {
    failOn: chooseFailOn(options.failOn),
    requireExercised: options.requireExercised === true,
    wholeCatalog: options.workload === undefined && options.variants === undefined,
    today: await dayOf(options.today),
    entries: options.expect === undefined ? [] : await readExpected(options.expect),
  };
  return { touch, chosen, leastMs, check: options.check === true, judging };
}

/** Ctrl-C ends what runs, so that what is complete is shown; a second one ends the program. */
class Interrupt {
  came = false;
  columns: readonly Column[] = [];
  readonly #listener = (): void => {
    if (this.came) process.exit(EXIT_INTERRUPTED);
    this.came = true;
    for (const column of this.columns) column.abort();
  };

  constructor() {
    process.on('SIGINT', this.#listener);
  }

  off(): void {
    process.off('SIGINT', this.#listener);
  }
}

/** How a recording was read, and how fast it and its runs went if it was asked for by name. */
function notesOn(
  workload: PiecedWorkload,
  columns: readonly Column[],
  { runs, pace }: Ran,
  isNamed: boolean,
): string[] {
  const { head, whole } = workload;
  const repair = repairText(head);
  // One that is held whole was decoded before the first run.
  const reading = whole === null ? pace.reading : null;
  const isPaced = head.trace !== null && isNamed;
  return [
    ...(repair === null ? [] : [repair]),
    ...(isPaced ? [paceNote(workload, columns, runs, { ...pace, reading })] : []),
  ];
}

/** Files as they were given, by the id of the variant in them. */
const filesOf = (chosen: readonly Chosen[], ids: readonly string[]): Record<string, string> =>
  Object.fromEntries(chosen.flatMap((one, i) => (one.kind === 'file' ? [[ids[i], one.name]] : [])));

function secondsOf(text: string | undefined): number {
  const seconds = text === undefined ? DEFAULT_TIME_LIMIT : Number(text);
  if (seconds > 0 && Number.isFinite(seconds)) return seconds;
  throw new UsageError(`--time-limit: expected seconds above 0, got ${JSON.stringify(text)}`);
}
