/** Runs one finding with the compiled tree it is part of, and prints what each cell shows, case by case. */
import { ledger } from '../../harness/findings/index.ts';
import { runFindings } from '../../harness/findings/runner.ts';

const [, id] = process.argv.slice(2);
const [report] = await runFindings(ledger.filter((finding) => finding.id === id));
process.stdout.write(JSON.stringify(report!.cases.map(({ cells }) => cells.map(({ got }) => got))));
