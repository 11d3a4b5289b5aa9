/** Two variants on one workload. */
import type { RunOptions, RunRecord } from '../run/record.ts';
import type { Workload } from '../workload/ops.ts';
import { type Chosen, isPatch } from './chosen.ts';
import { runColumn } from './column.ts';
import { withColumns } from './open.ts';
import type { OnOutput } from './own.ts';
import { runLimitMs } from './run-limit.ts';

export interface Two {
  readonly workload: Workload;
  /** ids of the two variants; equal if they are the same variant */
  readonly names: readonly [string, string];
  /** Runs each, the reference first. */
  readonly both: (options: RunOptions) => Promise<[RunRecord, RunRecord]>;
}

export interface TwoHost {
  readonly onOutput: OnOutput;
  readonly running: (variant: string) => void;
  readonly done: () => void;
  /** a file with a type error is refused */
  readonly strict?: boolean | undefined;
}

/** Opens the two variants, and closes them when `body` is done. */
export async function withTwo<T>(
  chosen: readonly [Chosen, Chosen],
  workload: Workload,
  host: TwoHost,
  body: (two: Two) => Promise<T>,
): Promise<T> {
  const isOne = keyOf(chosen[0]) === keyOf(chosen[1]);
  return withColumns(
    isOne ? chosen.slice(0, 1) : chosen,
    host.onOutput,
    (columns) => {
      const [reference, candidate] = [columns[0], columns.at(-1)!];
      const runOne = (column: typeof reference, options: RunOptions): Promise<RunRecord> => {
        host.running(column.facts.id);
        return runColumn(column, workload, options, runLimitMs(workload.ops.length));
      };
      return body({
        workload,
        names: [reference.facts.id, candidate.facts.id],
        both: async (options) => {
          const records: [RunRecord, RunRecord] = [await runOne(reference, options), await runOne(candidate, options)];
          host.done();
          return records;
        },
      });
    },
    { strict: host.strict === true },
  );
}

function keyOf(chosen: Chosen): string {
  if (isPatch(chosen)) return chosen.patched.id;
  return chosen.kind === 'file' ? chosen.path : chosen.variant.id;
}
