/**
 * Commands that hold two variants against each other on one workload.
 */
import { loadWorkload } from '../input/load.ts';
import type { Failure, RunOptions, RunRecord } from '../run/record.ts';
import type { Workload } from '../workload/ops.ts';
import { type Column, closeColumns, openColumns, runColumn } from './columns.ts';
import { UsageError } from './errors.ts';
import { Progress } from './output.ts';
import { runLimitMs } from './run-limit.ts';
import { chooseTouch, chooseVariant } from './select.ts';

export interface Two {
  readonly workload: Workload;
  /** names of the two, told apart if they are one variant */
  readonly names: readonly [string, string];
  /** run each, the reference first */
  readonly both: (options: RunOptions) => Promise<[RunRecord, RunRecord]>;
}

/** Opens the two variants, and closes them when `body` is done. */
export async function withTwo<T>(
  a: string,
  b: string,
  workload: string,
  touch: string | undefined,
  body: (two: Two) => Promise<T>,
): Promise<T> {
  const chosen = [chooseVariant(a), chooseVariant(b)];
  const loaded = await loadWorkload(workload, { touch: chooseTouch(touch) });
  if (loaded.ops.length === 0) throw new UsageError(`${loaded.name}: no ops`);
  const progress = new Progress();
  const isOne = keyOf(chosen[0]) === keyOf(chosen[1]);
  const columns = await openColumns(isOne ? chosen.slice(0, 1) : chosen, progress);
  const [reference, candidate] = [columns[0], columns.at(-1)!];
  const runOne = (column: Column, options: RunOptions): Promise<RunRecord> => {
    progress.say(`${loaded.name}: ${column.facts.id}`);
    return runColumn(column, loaded, options, runLimitMs(loaded.ops.length));
  };
  try {
    return await body({
      workload: loaded,
      names: [reference.facts.id, candidate.facts.id],
      both: async (options) => {
        const records: [RunRecord, RunRecord] = [await runOne(reference, options), await runOne(candidate, options)];
        progress.clear();
        return records;
      },
    });
  } finally {
    closeColumns(columns);
  }
}

const keyOf = (chosen: ReturnType<typeof chooseVariant>): string =>
  chosen.kind === 'file' ? chosen.path : chosen.variant.id;

/** The first run that failed for a reason outside the simulated kernel. */
export function failureOf(
  records: readonly Pick<RunRecord, 'variant' | 'ended'>[],
): { readonly variant: string; readonly ended: Failure } | null {
  for (const { variant, ended } of records) if (ended.kind === 'failed') return { variant, ended };
  return null;
}

/** One line for stderr about a run that failed. */
export const failureText = ({ variant, ended }: NonNullable<ReturnType<typeof failureOf>>): string =>
  `pmapdiff: ${variant} failed (${ended.how})${ended.op === null ? '' : ` at op ${ended.op}`}: ${ended.message}\n`;
