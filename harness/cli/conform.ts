/**
 * `pmapdiff conform`: recorded answers of the real kernel, or of emulators, against the simulated machine.
 */
import type { Variant } from '../../core/index.ts';
import { d33276, series } from '../../variants/index.ts';
import { EXIT_FINDING, EXIT_HARNESS, EXIT_OK } from '../compare/gate.ts';
import type { ConformReport } from '../conform/report.ts';
import { packagePath } from '../input/paths.ts';
import { FORMATS } from '../report/formats.ts';
import { Answer } from './answer.ts';
import { UsageError, wordOf } from './errors.ts';
import { chooseVariants } from './select.ts';

interface Revision {
  readonly variant: Variant;
  readonly answers: string;
}

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
      `--variants: nothing is recorded of ${name}: expected some of ${RECORDED.map(({ id }) => id).join(', ')}`,
    );
  });
}

/**
 * Which recorded answers measure a revision. In the pmap the later revisions are one; outside it, shared-page-unmap and
 * landed are.
 */
const revisions = ({ variants }: ConformOptions, answers: Readonly<Record<string, string>>): Revision[] =>
  chosen(variants).map((variant) => ({ variant, answers: answers[variant.id] ?? variant.id }));

const PMAP_ANSWERS = { 'double-count-fix': 'landed', 'shared-page-unmap': 'landed' };
const VM_ANSWERS = { 'shared-page-unmap': 'landed' };

interface ConformOptions {
  readonly json?: boolean;
  /** revisions to try, comma-separated; all if not given */
  readonly variants?: string;
  /** folder of the recorded programs; the corpus if not given */
  readonly traces?: string;
}

/** Report by kind of recording. */
const KINDS: Readonly<Record<string, (paths: readonly string[], options: ConformOptions) => Promise<ConformReport>>> = {
  pmap: async (paths, options) =>
    (await import('../conform/pmap.ts')).conformPmap(paths, revisions(options, PMAP_ANSWERS)),
  vm: async (paths, options) => (await import('../conform/vm.ts')).conformVm(paths, revisions(options, VM_ANSWERS)),
  mmu: async (paths) => (await import('../conform/mmu.ts')).conformMmu(paths),
  replay: async (paths, options) => {
    const { traces = packagePath('harness', 'workload', 'corpus') } = options;
    return (await import('../conform/replay.ts')).conformReplay(paths, traces, revisions(options, VM_ANSWERS));
  },
};

export async function conformCommand(kind: string, paths: readonly string[], options: ConformOptions): Promise<number> {
  wordOf('conform', kind, Object.keys(KINDS));
  if (options.traces !== undefined && kind !== 'replay')
    throw new UsageError(`conform: expected --traces with replay only, got it with ${kind}`);
  if (options.variants !== undefined && kind === 'mmu')
    throw new UsageError(
      'conform: expected --variants with pmap, vm or replay, got it with mmu: no revision changes it',
    );
  const answer = new Answer('conform', FORMATS.conform, options);
  const report = await KINDS[kind](paths, options);
  await answer.write(report);
  if (report.checked === 0) return EXIT_HARNESS;
  return report.mismatches.length > 0 ? EXIT_FINDING : EXIT_OK;
}
