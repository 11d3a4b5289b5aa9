/**
 * `pmapdiff explain`: what the difference of a counter between two variants consists of.
 */
import { EXIT_FINDING, EXIT_HARNESS, EXIT_OK } from '../compare/gate.ts';
import { DIMENSIONS, type Dimension, EXPLAINABLE, defaultDimensions, explain } from '../explain/explain.ts';
import { explainText } from '../explain/text.ts';
import type { Workload } from '../workload/ops.ts';
import { nearest } from '../workload/suggest.ts';
import { UsageError } from './errors.ts';
import { failureOf, failureText, withTwo } from './two.ts';

export interface ExplainCommandOptions {
  readonly workload: string;
  readonly counter?: string;
  readonly by?: string;
  readonly until?: string;
  readonly touch?: string;
  readonly json?: boolean;
}

export async function explainCommand(a: string, b: string, options: ExplainCommandOptions): Promise<number> {
  const { counter } = options;
  if (counter !== undefined && !EXPLAINABLE.includes(counter)) {
    const near = nearest(counter, EXPLAINABLE);
    const hint = near === '' ? `expected one of ${EXPLAINABLE.join(', ')}` : `did you mean ${near}?`;
    throw new UsageError(`--counter: unknown counter ${JSON.stringify(counter)}: ${hint}`);
  }
  return withTwo(a, b, options.workload, options.touch, async ({ workload, names, both }) => {
    const by = dimensionsOf(options.by, workload);
    const until = untilOf(options.until, workload);
    const records = await both({ profile: true, ...(until === null ? {} : { until }) });
    const failure = failureOf(records);
    if (failure !== null) {
      process.stderr.write(failureText(failure));
      return EXIT_HARNESS;
    }
    const explanations = explain(workload, ...records, { by, ...(counter === undefined ? {} : { counter }) });
    const [reference, candidate] = names;
    const view = { workload: workload.name, reference, candidate, by, explanations, ...(counter && { counter }) };
    const body = { schema: 'pmapdiff.explain/1', ...view, ended: records.map(({ ended }) => ended) };
    process.stdout.write(options.json ? `${JSON.stringify(body, null, 1)}\n` : explainText(view));
    return explanations.some(({ unexplained }) => unexplained !== 0) ? EXIT_FINDING : EXIT_OK;
  });
}

/** Number of the last op to run, null for all. */
function untilOf(text: string | undefined, { ops }: Workload): number | null {
  if (text === undefined) return null;
  const op = Number(text);
  if (Number.isInteger(op) && op >= 0 && op < ops.length) return op;
  throw new UsageError(`--until: expected an op from 0 to ${ops.length - 1}, got ${JSON.stringify(text)}`);
}

function dimensionsOf(text: string | undefined, workload: Workload): readonly Dimension[] {
  if (text === undefined) return defaultDimensions(workload);
  return text.split(',').map((word) => {
    const name = DIMENSIONS.find((one) => one === word.trim());
    if (name !== undefined) return name;
    throw new UsageError(`--by: expected some of ${DIMENSIONS.join(', ')}, got ${JSON.stringify(word)}`);
  });
}
