/**
 * `pmapdiff explain`: what the difference of a counter between two variants consists of.
 */
import { didYouMean } from '../../core/suggest.ts';
import { failureOf } from '../columns/column.ts';
import { withTwo } from '../columns/two.ts';
import { endsEarly } from '../compare/expectations.ts';
import { EXIT_FINDING, EXIT_HARNESS, EXIT_OK } from '../compare/gate.ts';
import { DIMENSIONS, type Dimension, EXPLAINABLE, defaultDimensions, explain } from '../explain/explain.ts';
import { FORMATS } from '../report/formats.ts';
import { earlyEndText, failureText } from '../report/notes.ts';
import { partings } from '../run/outcome.ts';
import type { Workload } from '../workload/ops.ts';
import { callPlace } from '../workload/places.ts';
import { Answer } from './answer.ts';
import { UsageError, wordsOf } from './errors.ts';
import { type PatchOptions, choosePair } from './patches.ts';
import { Progress } from './progress.ts';
import { chooseWorkload } from './select.ts';

export interface ExplainCommandOptions extends PatchOptions {
  readonly workload: string;
  readonly counter?: string;
  readonly by?: string;
  readonly until?: string;
  readonly touch?: string;
  readonly machine?: readonly string[];
  readonly json?: boolean;
}

export async function explainCommand(
  a: string | undefined,
  b: string | undefined,
  options: ExplainCommandOptions,
): Promise<number> {
  const { counter } = options;
  if (counter !== undefined && !EXPLAINABLE.includes(counter)) {
    const near = didYouMean(counter, EXPLAINABLE, '`pmapdiff list --counters` lists them');
    throw new UsageError(`--counter: unknown counter ${JSON.stringify(counter)}: ${near}`);
  }
  const answer = new Answer('explain', FORMATS.explain, options);
  const chosen = choosePair('explain', [a, b], options);
  const workload = await chooseWorkload(options);
  const by = dimensionsOf(options.by, workload);
  const until = untilOf(options.until, workload);
  return withTwo(
    chosen,
    workload,
    { ...new Progress().hostOfTwo(workload), strict: options.strict },
    async ({ names, both }) => {
      const records = await both({ profile: true, ...(until === null ? {} : { until }) });
      const failure = failureOf(records);
      if (failure !== null) {
        process.stderr.write(failureText(failure, workload));
        return EXIT_HARNESS;
      }
      const explanations = explain(workload, ...records, { by, ...(counter === undefined ? {} : { counter }) });
      const [reference, candidate] = names;
      const happened = partings(...records);
      await answer.write({
        workload: workload.name,
        reference,
        candidate,
        by,
        explanations,
        ...(counter === undefined ? {} : { counter }),
        happened,
        places: happened.map(({ op }) => callPlace(workload, op)),
        ended: [records[0].ended, records[1].ended],
      });
      const isEarly = records.every((record) => endsEarly(workload, record));
      if (isEarly) for (const run of records) process.stderr.write(`${earlyEndText(run, workload.ops.length)}\n`);
      if (isEarly) return EXIT_HARNESS;
      return explanations.some(({ unexplained }) => unexplained !== 0) ? EXIT_FINDING : EXIT_OK;
    },
  );
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
  return wordsOf('--by', text, DIMENSIONS);
}
