/** `pmapdiff bisect`: at which step of a series a finding, a verdict or a count changes. `bisect-step`: for git bisect run. */
import { didYouMean } from '../../core/suggest.ts';
import { series as revisions } from '../../variants/index.ts';
import { type Question, ask } from '../bisect/question.ts';
import { type Line, type Tested, searchSteps } from '../bisect/search.ts';
import { type Chosen, isPatch } from '../columns/chosen.ts';
import type { Column } from '../columns/column.ts';
import type { Host } from '../columns/lockstep.ts';
import { withColumns } from '../columns/open.ts';
import { EXIT_FINDING, EXIT_HARNESS, EXIT_OK } from '../compare/gate.ts';
import { VERDICTS } from '../compare/pair.ts';
import { STATISTICS } from '../declare/planes.ts';
import { ledger, openFindings } from '../findings/index.ts';
import { InputError } from '../input-error.ts';
import { type Commit, commitsIn, shortHash } from '../patch/git.ts';
import { type Asked, stepText } from '../report/bisect.ts';
import { FORMATS } from '../report/formats.ts';
import { Answer } from './answer.ts';
import { EXIT_SKIP, UsageError, wordOf } from './errors.ts';
import { type PatchOptions, choosePatches, splitBase } from './patches.ts';
import { Progress } from './progress.ts';
import { chooseWorkloads } from './select.ts';

export interface QuestionOptions {
  readonly finding?: string;
  readonly verdict?: string;
  readonly what?: string;
  readonly workload?: readonly string[];
}

export interface BisectOptions extends QuestionOptions {
  readonly series?: string;
  readonly rev?: string;
  readonly all?: boolean;
  readonly cache?: boolean;
}

export type StepOptions = QuestionOptions & PatchOptions;

/** What can be asked of a verdict: a run that failed is no answer. */
const ASKABLE = VERDICTS.filter((verdict) => verdict !== 'failed');

/** Throws UsageError. */
async function questionOf(command: string, { finding, verdict, what, workload }: QuestionOptions): Promise<Question> {
  const given = [finding, verdict, what].filter((one) => one !== undefined);
  if (given.length !== 1)
    throw new UsageError(`${command}: expected one of --finding, --verdict and --what, got ${given.length}`);
  if (finding !== undefined) {
    if (workload !== undefined) throw new UsageError(`${command}: --finding has workloads of its own, got --workload`);
    return { kind: 'finding', finding: findingNamed(finding) };
  }
  const workloads = await chooseWorkloads(workload ?? [], {});
  if (verdict !== undefined) return { kind: 'verdict', verdict: wordOf('--verdict', verdict, ASKABLE), workloads };
  if (workload?.length !== 1)
    throw new UsageError(`${command}: expected --what with one --workload, got ${workload?.length ?? 0}`);
  return { kind: 'counter', ...counterOf(what!), workload: workloads[0] };
}

function findingNamed(id: string): (typeof ledger)[number] {
  const found = ledger.find((finding) => finding.id === id);
  if (found !== undefined) return found;
  const open = openFindings.find((finding) => finding.id === id);
  if (open !== undefined) throw new UsageError(`--finding ${id}: cannot be asked: ${open.reason}`);
  const near = didYouMean(
    id,
    ledger.map((finding) => finding.id),
  );
  throw new UsageError(`--finding: unknown finding ${JSON.stringify(id)}: ${near}`);
}

/** `pmapLocks`, or `pmapLocks>100` */
function counterOf(text: string): { readonly what: string; readonly above: number | null } {
  const [, what, above = null] = /^(.*?)\s*(?:>\s*(-?\d+))?$/s.exec(text)!;
  if (STATISTICS.includes(what)) return { what, above: above === null ? null : Number(above) };
  const near = didYouMean(what, STATISTICS, '`pmapdiff list --counters` lists them');
  throw new UsageError(`--what: unknown counter ${JSON.stringify(what)}: ${near}`);
}

/** What was asked, as data. */
const askedOf = (question: Question, against: string): Asked => {
  if (question.kind === 'finding') return { kind: 'finding', id: question.finding.id, title: question.finding.title };
  if (question.kind === 'verdict')
    return { ...question, against, workloads: question.workloads.map(({ head }) => head.name) };
  return { ...question, workload: question.workload.head.name };
};

/** A step of the line. The others are compared with the first. */
interface Step {
  readonly id: string;
  readonly title: string;
  /** Throws InputError: it cannot be taken. */
  readonly choose: () => Chosen;
}

/** Throws InputError. */
function stepsOf({ series, rev, cache }: BisectOptions): Step[] {
  if (series !== undefined && rev !== undefined)
    throw new UsageError('bisect: expected one of --series and --rev, got both');
  if (series !== undefined) {
    const patches = choosePatches({ series: [series], cache: cache !== false });
    return [stepOf(patches[0].base), ...patches.map(stepOf)];
  }
  if (rev === undefined) return revisions.map((variant) => stepOf({ kind: 'built-in', variant }));
  const { what, base } = splitBase(rev);
  const revision = ({ hash, title }: Commit): Step => ({
    id: shortHash(hash),
    title,
    choose: () => alone(choosePatches({ rev: [base === null ? hash : `${hash}@${base}`], cache: cache !== false })[0]),
  });
  return commitsIn(what).map(revision);
}

function stepOf(chosen: Chosen): Step {
  if (isPatch(chosen)) return { ...chosen.patched, choose: () => alone(chosen) };
  if (chosen.kind === 'file') return { id: chosen.name, title: chosen.name, choose: () => chosen };
  return { ...chosen.variant, choose: () => chosen };
}

/** A patch that is run without the one before it. */
const alone = (chosen: Chosen): Chosen =>
  isPatch(chosen) ? { ...chosen, patched: { ...chosen.patched, after: null } } : chosen;

/** 0: every change is known to the step, or there is none. 1: one is known to some steps only. 3: no step can be tested. */
export async function bisectCommand(options: BisectOptions): Promise<number> {
  const answer = new Answer('bisect', FORMATS.bisect, options);
  const question = await questionOf('bisect', options);
  const steps = stepsOf(options);
  const progress = new Progress();
  let done = 0;
  const test =
    (reference: Column | null) =>
    (i: number): Promise<Tested> => {
      progress.say(`${steps[i].id} (${++done} of ${steps.length})`);
      if (i === 0 && reference !== null) return ask(question, reference, null, quietHost(progress));
      return testStep(question, steps[i], reference, progress);
    };
  const search = (reference: Column | null): Promise<Line> =>
    searchSteps(steps.length, test(reference), { all: options.all === true });
  const line =
    question.kind === 'verdict'
      ? await withColumns([steps[0].choose()], quiet, ([reference]) => search(reference), { warns: false })
      : await search(null);
  progress.clear();
  await answer.write({ asked: askedOf(question, steps[0].id), steps, line });
  if (line.steps.every((step) => step?.kind === 'skipped')) return EXIT_HARNESS;
  return line.edges.every(({ before, after }) => after === before + 1) ? EXIT_OK : EXIT_FINDING;
}

/** Output that a step prints while it runs is dropped. */
const quiet = (): void => {};

/** Progress is reported by step, not by workload. */
const quietHost = (progress: Progress): Host => ({
  ...progress.host(),
  running: async () => {},
  isInterrupted: () => false,
});

async function testStep(
  question: Question,
  { choose }: Pick<Step, 'choose'>,
  reference: Column | null,
  progress: Progress,
  strict = false,
): Promise<Tested> {
  try {
    return await withColumns([choose()], quiet, ([step]) => ask(question, step, reference, quietHost(progress)), {
      warns: false,
      strict,
    });
  } catch (error) {
    if (error instanceof InputError) return { kind: 'skipped', why: error.message };
    throw error;
  }
}

/**
 * One step, by default the commit that is checked out, against the variant whose hunks it runs. 0: what is asked is
 * not so. 1: it is. 125: it cannot be told.
 */
export async function bisectStepCommand(options: StepOptions): Promise<number> {
  const question = await questionOf('bisect-step', options);
  const isNamed = (options.patch ?? options.rev ?? options.series) !== undefined;
  const patches = choosePatches(isNamed ? options : { ...options, rev: ['HEAD'] });
  if (patches.length !== 1) throw new UsageError(`bisect-step: expected one --patch or --rev, got ${patches.length}`);
  const [{ base, patched }] = patches;
  const progress = new Progress();
  return withColumns(
    [base],
    quiet,
    async ([reference]) => {
      const step = await testStep(question, { choose: () => alone(patches[0]) }, reference, progress, options.strict);
      const isBad = await isBadStep(question, step, reference, progress);
      progress.clear();
      process.stdout.write(stepText(askedOf(question, reference.facts.id), patched.id, step, isBad));
      return step.kind === 'skipped' ? EXIT_SKIP : isBad ? EXIT_FINDING : EXIT_OK;
    },
    { warns: false },
  );
}

/** A number is bad where it is not that of the reference. */
async function isBadStep(question: Question, step: Tested, reference: Column, progress: Progress): Promise<boolean> {
  if (step.kind === 'skipped') return false;
  if (typeof step.value === 'boolean') return step.value;
  const good = await ask(question, reference, null, quietHost(progress));
  if (good.kind === 'skipped') throw new Error(`${reference.facts.id}: ${good.why}`);
  return step.value !== good.value;
}
