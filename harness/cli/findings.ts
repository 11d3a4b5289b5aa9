/** `pmapdiff findings`: the reviewers' remarks, each run through the variants that show it, those that do not, and yours. */
import { didYouMean } from '../../core/suggest.ts';
import { series } from '../../variants/index.ts';
import { type Chosen, isBuiltIn } from '../columns/chosen.ts';
import { withColumns } from '../columns/open.ts';
import { EXIT_FINDING, EXIT_HARNESS, EXIT_OK, exitCodeOf } from '../compare/gate.ts';
import type { Finding, OpenFinding } from '../findings/finding.ts';
import { ledger, openFindings } from '../findings/index.ts';
import { type FindingResult, answersIn, holds } from '../findings/result.ts';
import { runFindings } from '../findings/runner.ts';
import type { FindingJob } from '../pool/jobs.ts';
import { ledgerRows, matrixMarkdown } from '../report/findings/matrix.ts';
import { wrongCells } from '../report/findings/text.ts';
import { FORMATS } from '../report/formats.ts';
import { Answer } from './answer.ts';
import { UsageError } from './errors.ts';
import { threadsOf } from './jobs.ts';
import { type PatchOptions, choosePatches } from './patches.ts';
import { Progress } from './progress.ts';
import { chooseVariants } from './select.ts';

export interface FindingsOptions extends PatchOptions {
  readonly variants?: string;
  readonly variant?: readonly string[];
  readonly jobs?: string;
}

const revisions = series.map(({ id }) => id);

/** The table of the README, from the ledger as it is written: nothing is run. */
export const findingsTable = (of: readonly Finding[] = ledger): string =>
  matrixMarkdown(ledgerRows(of, revisions), openFindings, revisions);

/**
 * names: findings; none: all. 0: every cell is as its source says, whatever the variants asked show. 1: one is not. 3: a
 * variant's own code failed. Throws UsageError.
 */
export async function findingsCommand(
  names: readonly string[],
  options: FindingsOptions & Readonly<Record<string, unknown>>,
  of: readonly Finding[] = ledger,
): Promise<number> {
  const answer = new Answer('findings', FORMATS.findings, options);
  const threads = threadsOf(options.jobs);
  const { findings, open } = named(names, of);
  const patches = choosePatches(options);
  const chosen: Chosen[] = [...chooseVariants(options.variants, options.variant ?? []), ...patches];
  const asked = options.variants === undefined ? chosen.slice(revisions.length) : chosen;
  const progress = new Progress();
  return withColumns(
    asked,
    progress.onOutput,
    async (columns) => {
      const ids = columns.map(({ facts }) => facts.id);
      const cellsOf = options.variants === undefined ? null : ids;
      const isShared = threads > 1 && findings.length > 1 && of === ledger && asked.every(isBuiltIn);
      const run = isShared
        ? await (
            await import('../pool/threads.ts')
          ).inThreads(
            'finding',
            findings.map(({ id }) => ({ finding: id, asked: ids, cellsOf })),
            { threads, done: (count) => progress.say(`${count}/${findings.length} remarks`), weight: recordings },
          )
        : await runFindings(findings, {
            asked: columns,
            ...(cellsOf === null ? {} : { cellsOf }),
            running: (id) => progress.say(id),
          });
      progress.clear();
      refuseUnloaded(run);
      const shown = options.variants === undefined ? [...revisions, ...ids] : ids;
      await answer.write({ findings: run, open, revisions: shown });
      if (answer.format === 'markdown') process.stderr.write(wrongCells(run));
      return exitCodeOf([
        run.every(holds) ? EXIT_OK : EXIT_FINDING,
        answersIn(run).some(({ status }) => status === 'failed') ? EXIT_HARNESS : EXIT_OK,
      ]);
    },
    { strict: options.strict === true },
  );
}

/** A recorded program takes longer than a text. */
const recordings = ({ finding }: FindingJob): number =>
  ledger.find(({ id }) => id === finding)!.cases.filter(({ workload }) => typeof workload !== 'string').length;

/** Findings by name, in the order of the ledger. */
function named(
  names: readonly string[],
  of: readonly Finding[],
): { readonly findings: readonly Finding[]; readonly open: readonly OpenFinding[] } {
  if (names.length === 0) return { findings: of, open: openFindings };
  const ids = [...of, ...openFindings].map(({ id }) => id);
  for (const name of names)
    if (!ids.includes(name)) throw new UsageError(`unknown finding ${JSON.stringify(name)}: ${didYouMean(name, ids)}`);
  return {
    findings: of.filter(({ id }) => names.includes(id)),
    open: openFindings.filter(({ id }) => names.includes(id)),
  };
}

/** A file that cannot be used is bad input; one whose code fails later is an answer. */
export function refuseUnloaded(run: readonly FindingResult[]): void {
  for (const { variant, failure } of answersIn(run))
    if (failure?.how === 'load') throw new UsageError(`${variant}: ${failure.message}`);
}
