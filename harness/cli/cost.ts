/**
 * `pmapdiff cost`: what runs count, priced; how the speed of variants compares on one CPU and on many.
 */
import { landed } from '../../variants/index.ts';
import { builtInColumn } from '../columns/built-in.ts';
import { type Column, failureOf, runColumn } from '../columns/column.ts';
import { factsOfBuiltIn } from '../columns/facts.ts';
import { withColumns } from '../columns/open.ts';
import { runLimitMs } from '../columns/run-limit.ts';
import { endsEarly } from '../compare/expectations.ts';
import { EXIT_HARNESS, EXIT_OK } from '../compare/gate.ts';
import { PROFILED, costReport, remainder } from '../cost/ask.ts';
import { MACHINES, type MachineName } from '../cost/constants.ts';
import type { Frames } from '../cost/contention.ts';
import { type Rows, costOf } from '../cost/cost.ts';
import { FORMATS } from '../report/formats.ts';
import { earlyEndText, failureText } from '../report/notes.ts';
import type { RunRecord } from '../run/record.ts';
import type { Workload } from '../workload/ops.ts';
import { Answer } from './answer.ts';
import { UsageError, wordOf } from './errors.ts';
import { type PatchOptions, choosePatches, withPatches } from './patches.ts';
import { Progress } from './progress.ts';
import { chooseWorkload, nameWorkloads } from './select.ts';

export interface CostOptions extends PatchOptions {
  readonly variants?: string;
  readonly variant?: readonly string[];
  readonly cpus: string;
  readonly frames: string;
  readonly touch?: string;
  readonly machine?: readonly string[];
  readonly json?: boolean;
}

const DEFAULT_WORKLOAD = 'fork-loop-touch';
const DEFAULT_VARIANTS = 'landed,no-early-exit';
const MOST_CPUS = 64;
const MOST_FRAMES = 4096;

export async function costCommand(names: readonly string[], options: CostOptions): Promise<number> {
  const cpus = numbersOf('--cpus', options.cpus, MOST_CPUS);
  const frames = distinct(
    options.frames
      .split(',')
      .map((text): Frames => (text.trim() === 'counted' ? 'counted' : numberOf('--frames', text, MOST_FRAMES))),
  );
  const { priced, machine } = machineOf(options.machine ?? []);
  const answer = new Answer('cost', FORMATS.cost, options);
  const patches = choosePatches(options);
  const isNamed = options.variants !== undefined || options.variant !== undefined || patches.length > 0;
  const chosen = withPatches(isNamed ? options.variants : DEFAULT_VARIANTS, options.variant, patches);
  const named = nameWorkloads(names.length > 0 ? names : [DEFAULT_WORKLOAD]);
  const progress = new Progress();
  return withColumns(
    chosen,
    progress.onOutput,
    async (columns) => {
      if (columns.length < 2) throw new UsageError(`cost: expected two variants or more, got ${columns.length}`);
      const question = { machine: priced, cpus, frames, remainder: await remainder(underLanded) };
      const parts: Rows[] = [];
      for (const { given, name } of named) {
        const workload = await chooseWorkload({
          workload: given,
          name,
          ...(options.touch !== undefined && { touch: options.touch }),
          ...(machine.length > 0 && { machine }),
        });
        const records: RunRecord[] = [];
        for (const column of columns) {
          progress.hostOfTwo(workload).running(column.facts.id);
          records.push(await profiled(column, workload));
        }
        progress.clear();
        const failure = failureOf(records);
        if (failure !== null) {
          process.stderr.write(failureText(failure, workload));
          return EXIT_HARNESS;
        }
        const early = records.filter((record) => endsEarly(workload, record));
        for (const record of early) process.stderr.write(`${earlyEndText(record, workload.ops.length)}\n`);
        if (early.length > 0) return EXIT_HARNESS;
        parts.push(costOf(workload, records, question));
      }
      await answer.write(await costReport(parts, priced));
      return EXIT_OK;
    },
    { strict: options.strict === true },
  );
}

/** The processor that is priced, and the machine of recordings. */
function machineOf(words: readonly string[]): { readonly priced: MachineName; readonly machine: readonly string[] } {
  const named = words.filter((word) => !word.includes('='));
  if (named.length > 1) throw new UsageError(`--machine: expected one processor, got ${named.join(' and ')}`);
  const priced = named.length === 0 ? 'default' : wordOf('--machine', named[0], MACHINES, 'KEY=VALUE or one of ');
  return { priced, machine: words.filter((word) => word.includes('=')) };
}

const profiled = (column: Column, workload: Workload): Promise<RunRecord> =>
  runColumn(column, workload, PROFILED, runLimitMs(workload.ops.length));

const underLanded = (loop: Workload): Promise<RunRecord> =>
  profiled(builtInColumn(landed, factsOfBuiltIn(landed)), loop);

/** Each once, in the order in which they come first. */
const distinct = <T>(list: readonly T[]): T[] => [...new Set(list)];

const numbersOf = (where: string, text: string, most: number): number[] =>
  distinct(text.split(',').map((one) => numberOf(where, one, most)));

function numberOf(where: string, text: string, most: number): number {
  const value = Number(text);
  if (/^\s*\d+\s*$/.test(text) && value >= 1 && value <= most) return value;
  throw new UsageError(`${where}: expected numbers from 1 to ${most}, got ${JSON.stringify(text)}`);
}
