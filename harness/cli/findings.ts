/** `pmapdiff findings`: the reviewers' remarks, each run through the variants that show it and those that do not. */
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

const revisions = series.map(({ id }) => id);

/** The table of the README, from the ledger as it is written: nothing is run. */
export const findingsTable = (of: readonly Finding[] = ledger): string =>
  matrixMarkdown(ledgerRows(of, revisions), openFindings, revisions);

/** 0: every cell is as its source says. 1: one is not. */
export async function findingsCommand(options: object, of: readonly Finding[] = ledger): Promise<number> {
  const answer = new Answer('findings', FORMATS.findings, options);
  const findings = await runFindings(of);
  await answer.write({ findings, open: openFindings, revisions });
  if (answer.format === 'markdown') process.stderr.write(wrongCells(findings));
  return findings.every(holds) ? EXIT_OK : EXIT_FINDING;
}
