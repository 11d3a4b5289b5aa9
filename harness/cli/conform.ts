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
import { UsageError } from './errors.ts';

/**
 * Which recorded answers measure a revision. In the pmap the later revisions are one; outside it, shared-page-unmap and
 * landed are.
 */
const revisions = (answers: Readonly<Record<string, string>>): { variant: Variant; answers: string }[] =>
  [...series, d33276].map((variant) => ({ variant, answers: answers[variant.id] ?? variant.id }));

const PMAP_ANSWERS = { 'double-count-fix': 'landed', 'shared-page-unmap': 'landed' };
const VM_ANSWERS = { 'shared-page-unmap': 'landed' };

interface ConformOptions {
  readonly json?: boolean;
  /** folder of the recorded programs; the corpus if not given */
  readonly traces?: string;
}

/** Report by kind of recording. */
const KINDS: Readonly<Record<string, (paths: readonly string[], options: ConformOptions) => Promise<ConformReport>>> = {
  pmap: async (paths) => (await import('../conform/pmap.ts')).conformPmap(paths, revisions(PMAP_ANSWERS)),
  vm: async (paths) => (await import('../conform/vm.ts')).conformVm(paths, revisions(VM_ANSWERS)),
  mmu: async (paths) => (await import('../conform/mmu.ts')).conformMmu(paths),
  replay: async (paths, { traces = packagePath('harness', 'workload', 'corpus') }) =>
    (await import('../conform/replay.ts')).conformReplay(paths, traces, revisions(VM_ANSWERS)),
};

export async function conformCommand(kind: string, paths: readonly string[], options: ConformOptions): Promise<number> {
  if (!Object.hasOwn(KINDS, kind))
    throw new UsageError(`conform: expected ${Object.keys(KINDS).join(', ')}, got ${JSON.stringify(kind)}`);
  if (options.traces !== undefined && kind !== 'replay')
    throw new UsageError(`conform: expected --traces with replay only, got it with ${kind}`);
  const answer = new Answer('conform', FORMATS.conform, options);
  const report = await KINDS[kind](paths, options);
  await answer.write(report);
  if (report.checked === 0) return EXIT_HARNESS;
  return report.mismatches.length > 0 ? EXIT_FINDING : EXIT_OK;
}
