/** The workloads of a comparison: opened, and run here, in a pool, or by shards. */
import { builtInColumns } from '../columns/built-in.ts';
import type { Column, FailedRecipe, Recipe } from '../columns/column.ts';
import type { Ran } from '../columns/lockstep.ts';
import { MAX_LOSSES, NOT_TRIED } from '../columns/process.ts';
import type { Against, Plan } from '../compare/plan.ts';
import { type WorkloadDone, runComparison } from '../compare/run-comparison.ts';
import { type OpenedWorkload, type WorkloadText, openText, openWorkload, refuseChanged } from '../input/load.ts';
import { isReadOnce } from '../input/source.ts';
import type { CompareJob } from '../pool/jobs.ts';
import type { Pool } from '../pool/pool.ts';
import { Garbage } from '../process/garbage.ts';
import { repairText } from '../report/notes.ts';
import { number } from '../report/words.ts';
import { CORPUS } from '../workload/corpus/index.ts';
import type { TouchPolicy, Workload } from '../workload/ops.ts';
import type { PiecedWorkload, WorkloadHead } from '../workload/pieces.ts';
import type { TraceOptions } from '../workload/trace/read.ts';
import { UsageError } from './errors.ts';
import type { Interrupt } from './interrupt.ts';
import { type Progress, paceNote } from './progress.ts';
import type { SavedRuns } from './saved.ts';
import { allWorkloadNames, nameWorkloads } from './select.ts';

/** A workload of a comparison. */
export interface Input {
  /** as it was given */
  readonly name: string;
  /** as a job has it */
  readonly given: string | WorkloadText;
  /** null: it is built in, and the job opens it */
  readonly head: WorkloadHead | null;
  /** of workload text, which is parsed again when it is needed; null: a recording, or it is built in, and the job opens it */
  readonly text: string | null;
  /** a recording; null: it is opened when it is needed */
  readonly opened: OpenedWorkload | null;
}

/** What opens a workload again. */
type Again = Pick<Input, 'name' | 'head' | 'text' | 'opened'>;

export interface Reading extends TraceOptions {
  readonly touch: TouchPolicy;
}

/** Ops of recordings that are held while they wait for their turn: each further one is read again when it comes. */
const WAITING_OPS = 4_194_304;

/**
 * isShared: others run them. isWhole: what is built in is opened here too. Throws WorkloadError; UsageError for what no job
 * can hold.
 */
export async function openInputs(
  given: readonly string[],
  reading: Reading,
  {
    isShared,
    isWhole,
    progress,
  }: { readonly isShared: boolean; readonly isWhole: boolean; readonly progress: Progress },
): Promise<Input[]> {
  const builtIn = allWorkloadNames();
  const inputs: Input[] = [];
  let waiting = 0;
  for (const { given: name, name: called } of nameWorkloads(given)) {
    const isElsewhere = isShared && builtIn.includes(name);
    const onLines = (lines: number): void => progress.say(`${name}: ${number(lines)} lines read`);
    const opened = isElsewhere && !isWhole ? null : await openWorkload(name, { ...reading, name: called, onLines });
    const head = opened?.head ?? null;
    const job = isShared && !isElsewhere ? textOf(name, opened!) : name;
    const text = opened?.text ?? null;
    const isWaiting = opened !== null && text === null && opened.whole !== null;
    if (isWaiting) waiting += opened.head.length;
    const isHeld = text === null && (!isWaiting || waiting <= WAITING_OPS || isReadOnce(name));
    inputs.push({ name, given: job, head, text, opened: isHeld ? opened : null });
  }
  return inputs;
}

/** Throws UsageError: it is a recording. */
function textOf(name: string, { head, text }: OpenedWorkload): WorkloadText {
  if (text === null) throw new UsageError(`--queue: expected workloads by name or as text, got the recording ${name}`);
  return { name: head.name, text };
}

/** The workload, whole; null: it is not held. */
export const wholeOf = async ({ name, head, text, opened }: Again, reading: Reading): Promise<Workload | null> =>
  (text === null ? (opened ?? (await openWorkload(name, reading))) : openText({ name: head!.name, text })).whole;

/** Each when its turn comes. Throws WorkloadError, also for a recording that has changed since it was read first. */
export async function* inTurn(inputs: readonly Again[], reading: Reading): AsyncIterable<PiecedWorkload> {
  for (const { name, head, text, opened } of inputs) {
    if (text !== null) yield { ...openText({ name: head!.name, text }), head: head! };
    else if (opened !== null) yield opened;
    else {
      const again = await openWorkload(name, reading);
      if (again.head.length !== head!.length) refuseChanged(name, head!.length, again.head.length);
      yield { ...again, head: head! };
    }
  }
}

/** What is run, and how. */
export interface Running {
  readonly plan: Plan;
  readonly columns: readonly Column[];
  readonly against: Against;
  readonly reading: Reading;
  readonly check: boolean;
  readonly leastMs: number;
  readonly interrupt: Interrupt;
  readonly progress: Progress;
}

/** Runs the workloads here. names: they were asked for by name. Resolves to the first of them if interrupted. */
export function runHere(
  inputs: readonly Input[],
  { plan, columns, reading, check, leastMs, interrupt, progress }: Running,
  {
    saved,
    isNamed,
    heads,
  }: { readonly saved: SavedRuns | null; readonly isNamed: boolean; readonly heads: readonly WorkloadHead[] },
): Promise<WorkloadDone[]> {
  const garbage = new Garbage();
  return runComparison(
    plan,
    [...(saved?.noting(columns) ?? columns), ...builtInColumns(plan.silent)],
    inTurn(inputs, reading),
    { check, leastMs },
    {
      ...progress.host((head) => `${1 + heads.indexOf(head)}/${heads.length} ${head.name}`),
      isInterrupted: () => interrupt.signal.aborted,
      ran: (workload, ran) => {
        notesOn(workload, columns, ran, isNamed).forEach(progress.onOutput);
        garbage.limit();
      },
    },
  );
}

/** Has the workloads run in a pool. As runHere. */
export async function runInPool(
  pool: Pool,
  inputs: readonly Input[],
  { columns, against, reading, check, leastMs, interrupt, progress }: Running,
): Promise<readonly WorkloadDone[]> {
  const recipes = columns.map(({ recipe }) => recipe);
  const jobs = inputs.map(({ given }): CompareJob => ({
    workload: given,
    reading,
    columns: recipes,
    against,
    check,
    leastMs,
  }));
  const signal = interrupt.signal;
  const done = await pool.run('compare', jobs, {
    signal,
    done: (count) => progress.say(`${count}/${jobs.length} workloads`),
    weight: ({ workload }) => Number(typeof workload === 'string' && Object.hasOwn(CORPUS, workload)),
  });
  const tried = recipesAfterLosses(recipes, columns, done);
  const again = [...done.keys()].filter((at) => tried[at].some((recipe, i) => recipe !== recipes[i]));
  const spared = await pool.run(
    'compare',
    again.map((at) => ({ ...jobs[at], columns: tried[at] })),
    { signal },
  );
  spared.forEach((one, i) => (done[again[i]] = one));
  return spared.length < again.length ? done.slice(0, again[spared.length]) : done;
}

/**
 * By workload, the columns that the same run in one process would have: there a variant that has lost so many processes is
 * not tried any more.
 */
function recipesAfterLosses(
  recipes: readonly Recipe[],
  columns: readonly Column[],
  done: readonly WorkloadDone[],
): Recipe[][] {
  const losses = recipes.map(() => 0);
  const spared = columns.map(({ facts }): FailedRecipe => ({ kind: 'failed', facts, failure: NOT_TRIED }));
  return done.map(({ comparison: { runs } }) => {
    const tried = recipes.map((recipe, i) => (losses[i] < MAX_LOSSES ? recipe : spared[i]));
    runs.forEach(({ ended }, i) => {
      if (ended.kind === 'failed' && ['limit', 'memory', 'killed'].includes(ended.how)) losses[i]++;
    });
    return tried;
  });
}

/** Says how recordings that were run elsewhere were repaired. */
export function noteRepairs(done: readonly WorkloadDone[], progress: Progress): void {
  for (const { head } of done) {
    const repair = repairText(head);
    if (repair !== null) progress.onOutput(repair);
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
    ...(isPaced ? [paceNote(workload, columns, runs.slice(0, columns.length), { ...pace, reading })] : []),
  ];
}
