/** `pmapdiff findings`: the reviewers' remarks, each run through the variants that show it and those that do not. */
import { EXIT_FINDING, EXIT_OK } from '../compare/gate.ts';
import { ledger, openFindings } from '../findings/index.ts';
import { holds, runFindings } from '../findings/runner.ts';
import { renderFindings } from '../report/findings.ts';
import { ledgerRows, matrixMarkdown } from '../report/findings-matrix.ts';
import { series } from '../../variants/index.ts';
import { wantsColor } from './output.ts';

const revisions = series.map(({ id }) => id);

/** The table of the README, from the ledger as it is written: nothing is run. */
export const findingsTable = (): string => matrixMarkdown(ledgerRows(ledger, revisions), openFindings, revisions);

export async function findingsCommand(options: { json?: boolean; markdown?: boolean }): Promise<number> {
  if (options.markdown) {
    process.stdout.write(findingsTable());
    return EXIT_OK;
  }
  const findings = await runFindings();
  process.stdout.write(
    options.json
      ? `${JSON.stringify({ schema: 'pmapdiff.findings/1', findings, open: openFindings }, null, 1)}\n`
      : renderFindings(findings, openFindings, revisions, { color: wantsColor(process.stdout, process.env) }),
  );
  return findings.every(holds) ? EXIT_OK : EXIT_FINDING;
}
