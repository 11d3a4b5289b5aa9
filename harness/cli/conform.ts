/**
 * `pmapdiff conform`: recorded answers of the real kernel, or of emulators, against the simulated machine.
 */
import { statSync } from 'node:fs';
import type { Variant } from '../../core/index.ts';
import { d33276, series } from '../../variants/index.ts';
import { bundledColumn, typeErrorsOf } from '../bundle/spawn.ts';
import { type ChosenPatch, sourceOf } from '../columns/chosen.ts';
import { refuseTypeErrors } from '../columns/types.ts';
import { EXIT_FINDING, EXIT_HARNESS, EXIT_OK } from '../compare/gate.ts';
import { joinReports } from '../conform/join.ts';
import { CONFORM_KINDS, type ConformKind, type Measured } from '../conform/kinds.ts';
import { conformIn } from '../conform/process.ts';
import { conformWith, recordings } from '../conform/recordings.ts';
import type { ConformReport } from '../conform/report.ts';
import { VECTOR_NAMES, vectorFiles } from '../conform/vector-files.ts';
import { packagePath } from '../input/paths.ts';
import { FORMATS } from '../report/formats.ts';
import { Answer } from './answer.ts';
import { UsageError, wordOf } from './errors.ts';
import { threadsOf } from './jobs.ts';
import { type PatchOptions, choosePatches } from './patches.ts';
import { Progress } from './progress.ts';
import { chooseVariants } from './select.ts';

/** The revisions that recordings know. */
const RECORDED: readonly Variant[] = [...series, d33276];

/** Those of --variants, all when it is absent. */
function chosen(names: string | undefined): readonly Variant[] {
  if (names === undefined) return RECORDED;
  return chooseVariants(names, []).map((one) => {
    const variant = one.kind === 'built-in' ? RECORDED.find(({ id }) => id === one.variant.id) : undefined;
    if (variant !== undefined) return variant;
    const name = one.kind === 'built-in' ? one.variant.id : one.name;
    throw new UsageError(
      `--variants: nothing is recorded for ${name}: expected some of ${RECORDED.map(({ id }) => id).join(', ')}`,
    );
  });
}

/**
 * Which recorded answers measure a revision. In the pmap the later revisions are one; outside it, shared-page-unmap and
 * landed are.
 */
const revisions = ({ variants }: ConformOptions, answers: Readonly<Record<string, string>>): Measured[] =>
  chosen(variants).map((variant) => ({ variant, answers: answers[variant.id] ?? variant.id }));

interface ConformOptions extends PatchOptions {
  readonly json?: boolean;
  /** revisions to try, comma-separated; all if not given */
  readonly variants?: string;
  /** folder of the recorded programs; the corpus if not given */
  readonly traces?: string;
  readonly jobs?: string;
}

/** Of a kind: revisions whose answers are another's. */
const ANSWERS: Readonly<Record<ConformKind, Readonly<Record<string, string>>>> = {
  pmap: { 'double-count-fix': 'landed', 'shared-page-unmap': 'landed' },
  vm: { 'shared-page-unmap': 'landed' },
  mmu: {},
  replay: { 'shared-page-unmap': 'landed' },
};

/** One patch instead of the revisions: it must give the same answers as its base. */
async function conformPatch(
  patch: ChosenPatch,
  kind: ConformKind,
  paths: readonly string[],
  traces: string,
  strict: boolean,
): Promise<ConformReport> {
  const { patched, base, how } = patch;
  const variant = base.kind === 'built-in' ? RECORDED.find(({ id }) => id === base.variant.id) : undefined;
  if (variant === undefined) throw new UsageError(`${patched.name}: nothing is recorded for its base variant`);
  const progress = new Progress();
  for (const note of patched.notes) progress.note(`pmapdiff: warning: ${patched.id}: ${note}`);
  const source = sourceOf(patch);
  if (strict) refuseTypeErrors(patched.name, await typeErrorsOf(source, how.cache));
  const bundle = await bundledColumn(source, 'conform', { cache: how.cache });
  if (bundle.kind === 'refused') throw new Error(`${patched.name}: ${bundle.message}`);
  const { id } = variant;
  const request = { kind, answers: ANSWERS[kind][id] ?? id, recordings: recordings(kind, paths, traces) };
  const report = await conformIn({ file: patched.name, code: bundle.code }, request, progress.onOutput);
  const named = <T extends object>(row: T): T => ('variant' in row ? { ...row, variant: patched.id } : row);
  const whole = { ...report, mismatches: report.mismatches.map(named) };
  return ('revisions' in report ? { ...whole, revisions: report.revisions.map(named) } : whole) as ConformReport;
}

/** Every recording that the paths name, several at a time if there is more than one. Throws InputError. */
async function conformAll(
  kind: ConformKind,
  paths: readonly string[],
  {
    traces,
    revisions: measured,
    threads,
  }: { readonly traces: string; readonly revisions: readonly Measured[]; readonly threads: number },
): Promise<ConformReport> {
  const files = vectorFiles(paths, VECTOR_NAMES[kind]);
  if (threads === 1 || files.length < 2 || files.includes('-')) return conformWith(kind, paths, traces, measured);
  const { inThreads } = await import('../pool/threads.ts');
  const progress = new Progress();
  const asked = measured.map(({ variant, answers }) => ({ id: variant.id, answers }));
  const reports = await inThreads(
    'conform',
    files.map((path) => ({ kind, path, traces, revisions: asked })),
    {
      threads,
      done: (count) => progress.say(`${count}/${files.length} recordings`),
      weight: ({ path }) => statSync(path).size,
    },
  ).finally(() => progress.clear());
  return joinReports(
    reports.map((report) => {
      if ('refused' in report) throw new UsageError(report.refused);
      return report;
    }),
    asked.map(({ id }) => id),
  );
}

export async function conformCommand(kind: string, paths: readonly string[], options: ConformOptions): Promise<number> {
  const asked = wordOf('conform', kind, CONFORM_KINDS);
  if (options.traces !== undefined && kind !== 'replay')
    throw new UsageError(`conform: expected --traces with replay only, got it with ${kind}`);
  if (options.variants !== undefined && kind === 'mmu')
    throw new UsageError(
      'conform: expected --variants with pmap, vm or replay, got it with mmu: no revision changes it',
    );
  const answer = new Answer('conform', FORMATS.conform, options);
  const threads = threadsOf(options.jobs);
  const patches = choosePatches(options);
  if (patches.length > 1 || (patches.length > 0 && options.variants !== undefined))
    throw new UsageError('conform: expected --variants or one patch, got more');
  const { traces = packagePath('harness', 'workload', 'corpus') } = options;
  const [patch] = patches;
  const report =
    patch === undefined
      ? await conformAll(asked, paths, { traces, revisions: revisions(options, ANSWERS[asked]), threads })
      : await conformPatch(patch, asked, paths, traces, options.strict === true);
  await answer.write(report);
  if (report.checked === 0) return EXIT_HARNESS;
  return report.mismatches.length > 0 ? EXIT_FINDING : EXIT_OK;
}
