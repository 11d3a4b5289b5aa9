/** `pmapdiff findings`: the reviewers' remarks, each run through the variants that show it and those that do not. */
import { series } from '../../variants/index.ts';
import { EXIT_FINDING, EXIT_OK } from '../compare/gate.ts';
import type { Finding } from '../findings/finding.ts';
import { ledger, openFindings } from '../findings/index.ts';
import { type FindingReport, holds, runFindings } from '../findings/runner.ts';
import { ledgerRows, matrixMarkdown, reportedRows } from '../report/findings-matrix.ts';
import { renderFindings } from '../report/findings.ts';
import { UsageError } from './errors.ts';
import { wantsColor } from './output.ts';

const revisions = series.map(({ id }) => id);

/** The table of the README, from the ledger as it is written: nothing is run. */
export const findingsTable = (of: readonly Finding[] = ledger): string =>
  matrixMarkdown(ledgerRows(of, revisions), openFindings, revisions);

/** 0: every cell is as its source says. 1: one is not. */
export async function findingsCommand(
  options: { json?: boolean; markdown?: boolean },
  of: readonly Finding[] = ledger,
): Promise<number> {
  if (options.json && options.markdown) throw new UsageError('findings: expected --json or --markdown, got both');
  const findings = await runFindings(of);
  if (options.markdown) {
    process.stdout.write(matrixMarkdown(reportedRows(findings, revisions), openFindings, revisions));
    process.stderr.write(wrongCells(findings));
  } else {
    process.stdout.write(
      options.json
        ? `${JSON.stringify({ schema: 'pmapdiff.findings/1', findings, open: openFindings }, null, 1)}\n`
        : renderFindings(findings, openFindings, revisions, { color: wantsColor(process.stdout, process.env) }),
    );
  }
  return findings.every(holds) ? EXIT_OK : EXIT_FINDING;
}

/** A line for every cell that is not as its source says. */
function wrongCells(findings: readonly FindingReport[]): string {
  const lines = findings.flatMap(({ id, cases }) =>
    cases.flatMap(({ name, cells }) =>
      cells
        .filter(({ status }) => status === 'differs' || status === 'not exercised')
        .map(({ variant, status, expected, got }) => {
          const what = got === null ? status : `${status}: ${got}`;
          return `pmapdiff: ${id}, ${name}: ${variant}: ${what}, not ${expected}\n`;
        }),
    ),
  );
  return lines.join('');
}
