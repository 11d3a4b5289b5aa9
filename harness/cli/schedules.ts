/** `pmapdiff schedules`: what the interleavings of a workload come to in two columns. */
import type { Column } from '../columns/column.ts';
import { withColumns } from '../columns/open.ts';
import { EXIT_FINDING, EXIT_HARNESS, EXIT_INTERRUPTED, EXIT_OK } from '../compare/gate.ts';
import { openWorkload } from '../input/load.ts';
import { FORMATS } from '../report/formats.ts';
import { type SchedulesReport, scheduleFile, scheduleText } from '../report/schedules.ts';
import { number } from '../report/words.ts';
import type { Want } from '../search/pair.ts';
import { MOST_OPS, programOf } from '../search/schedules/program.ts';
import { type Searched, searchSchedules } from '../search/schedules/search.ts';
import { schedulerHere } from '../search/schedules/work.ts';
import { STOP_POINTS, type Workload } from '../workload/ops.ts';
import { Answer } from './answer.ts';
import { UsageError, wordsOf } from './errors.ts';
import { Interrupt } from './interrupt.ts';
import { type PatchOptions, choosePair } from './patches.ts';
import { Progress } from './progress.ts';
import { isPooled, openPool } from './queue.ts';
import { countOf, isFolder, pairOf, writtenTo } from './search.ts';

export interface SchedulesCommandOptions extends PatchOptions {
  readonly variants?: string;
  readonly yield?: string;
  readonly preemptions?: string;
  readonly budget?: string;
  readonly seed?: string;
  readonly out?: string;
  readonly jobs?: string;
}

const WANT: Want = { kind: 'unexpected' };
const DEFAULT_YIELD = 'refcnt-tested';
const DEFAULT_BUDGET = 10_000;
/** Each run that is drawn has a number of its own, below 2^53: of the seed, the depth and its place. */
const MOST_SEED = 2 ** 31 - 1;
const MOST_BUDGET = 2 ** 22;
const MOST_PREEMPTIONS = 1000;

/** 0: nothing unexpected in any schedule that was run. 1: something. 3: there was none to run. 130: interrupted. */
export async function schedulesCommand(name: string, options: SchedulesCommandOptions): Promise<number> {
  const answer = new Answer('schedules', FORMATS.schedules, options);
  const { variants, out } = options;
  const chosen = choosePair('schedules', variants?.split(',') ?? [], options);
  const points = pointsIn(options.yield ?? DEFAULT_YIELD);
  const preemptions = countOf('--preemptions', options.preemptions, Infinity, [0, MOST_PREEMPTIONS]);
  const budget = countOf('--budget', options.budget, DEFAULT_BUDGET, [1, MOST_BUDGET]);
  const seed = countOf('--seed', options.seed, 1, [0, MOST_SEED]);
  if (out !== undefined) isFolder(out);
  const isShared = isPooled(options, {
    isSharable: chosen.every(({ kind }) => kind === 'built-in'),
    expected: 'built-in revisions',
  });
  const { whole, text } = await openWorkload(name, { held: Infinity });
  const workload = whole!;
  refuseLong(workload);
  const progress = new Progress();
  return withColumns(
    chosen,
    progress.onOutput,
    async (columns) => {
      const [reference, candidate] = columns;
      const interrupt = new Interrupt([]);
      const isStopped = (): boolean => interrupt.signal.aborted;
      const pair = pairOf('schedules', reference, candidate, WANT);
      const program = programOf(workload, points);
      const shared = await openPool(options, isShared, { interrupt, progress });
      let found: Searched;
      try {
        const recipes = [reference.recipe, candidate.recipe] as const;
        const spec = { columns: recipes, want: WANT, name: workload.name, text: text!, points };
        const scheduler =
          shared.pool === null
            ? schedulerHere(pair, program, isStopped)
            : (await import('../pool/scheduler.ts')).schedulerIn(shared.pool, {
                pair,
                program,
                spec,
                signal: interrupt.signal,
              });
        const say = (runs: number): void => progress.say(`${number(runs)} runs`);
        found = await searchSchedules(scheduler, { points, preemptions, budget, seed, isStopped, progress: say });
      } finally {
        await shared.close();
        interrupt.off();
        progress.clear();
      }
      const report = reportOf(found, columns);
      const texts = found.classes.map((one) => [scheduleFile(one, report), scheduleText(one, report)] as const);
      await answer.write({ ...report, files: out === undefined ? report.files : await writtenTo(out, texts) });
      if (interrupt.signal.aborted) return EXIT_INTERRUPTED;
      if (found.program.processes.length === 0) {
        progress.note(`pmapdiff: ${workload.name}: expected ops of two processes or more to interleave, found none`);
        return EXIT_HARNESS;
      }
      return found.classes.some(({ outcome }) => outcome.standing === 'unexpected') ? EXIT_FINDING : EXIT_OK;
    },
    { strict: options.strict === true },
  );
}

function pointsIn(text: string): number[] {
  const words = wordsOf('--yield', text, [...STOP_POINTS, 'all']);
  return STOP_POINTS.flatMap((point, i) => (words.includes('all') || words.includes(point) ? [i] : []));
}

/** Throws UsageError. */
function refuseLong({ name, ops, trace }: Workload): void {
  if (trace !== null) throw new UsageError(`schedules: expected a workload, got the recording ${name}`);
  if (ops.length > MOST_OPS)
    throw new UsageError(`schedules: expected at most ${number(MOST_OPS)} ops, got ${number(ops.length)} in ${name}`);
}

const reportOf = (found: Searched, [a, b]: readonly Column[]): SchedulesReport => ({
  ...found,
  a: a.facts.id,
  b: b.facts.id,
  files: found.classes.map(() => null),
});
