/** `pmapdiff findings`: the reviewers' remarks, each run through the variants that show it and those that do not. */
import { EXIT_FINDING, EXIT_OK } from '../compare/gate.ts';
import { holds, runFindings } from '../findings/runner.ts';
import { renderFindings } from '../report/findings.ts';
import { wantsColor } from './output.ts';

export async function findingsCommand(options: { json?: boolean }): Promise<number> {
  const findings = runFindings();
  process.stdout.write(
    options.json
      ? `${JSON.stringify({ schema: 'pmapdiff.findings/1', findings }, null, 1)}\n`
      : renderFindings(findings, { color: wantsColor(process.stdout, process.env) }),
  );
  return findings.every(holds) ? EXIT_OK : EXIT_FINDING;
}
