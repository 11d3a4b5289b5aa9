/** `pmapdiff findings`: the reviewers' remarks, each run through the variants that show it and those that do not. */
import { didYouMean } from '../../core/suggest.ts';
import { series } from '../../variants/index.ts';
import { EXIT_FINDING, EXIT_OK } from '../compare/gate.ts';
import type { Finding } from '../findings/finding.ts';
import { ledger, openFindings } from '../findings/index.ts';
import { holds } from '../findings/result.ts';
import { runFindings } from '../findings/runner.ts';
import { ledgerRows, matrixMarkdown } from '../report/findings/matrix.ts';
import { wrongCells } from '../report/findings/text.ts';
import { FORMATS } from '../report/formats.ts';
import { Answer } from './answer.ts';
import { UsageError } from './errors.ts';

const revisions = series.map(({ id }) => id);

/** The table of the README, from the ledger as it is written: nothing is run. */
export const findingsTable = (of: readonly Finding[] = ledger): string =>
  matrixMarkdown(ledgerRows(of, revisions), openFindings, revisions);

/** Those of these ids, in the order of the ledger; all when there is none. Throws UsageError. */
function chooseFindings(ids: readonly string[], of: readonly Finding[]): readonly Finding[] {
  if (ids.length === 0) return of;
  const known = of.map(({ id }) => id);
  for (const id of ids) {
    if (known.includes(id)) continue;
    const open = openFindings.find((finding) => finding.id === id);
    if (open !== undefined) throw new UsageError(`findings: ${id} cannot be run: ${open.reason}`);
    throw new UsageError(`unknown finding ${JSON.stringify(id)}: ${didYouMean(id, known)}`);
  }
  return of.filter(({ id }) => ids.includes(id));
}

/** 0: every cell is as its source says. 1: one is not. */
export async function findingsCommand(
  ids: readonly string[],
  options: object,
  of: readonly Finding[] = ledger,
): Promise<number> {
  const answer = new Answer('findings', FORMATS.findings, options);
  const chosen = chooseFindings(ids, of);
  const findings = await runFindings(chosen);
  await answer.write({ findings, open: ids.length === 0 ? openFindings : [], revisions });
  if (answer.format === 'markdown') process.stderr.write(wrongCells(findings));
  return findings.every(holds) ? EXIT_OK : EXIT_FINDING;
}
