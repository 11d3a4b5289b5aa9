/** Columns of patches, and their records, for tests. */
import { choosePatches } from '../../harness/cli/patches.ts';
import { builtInColumn, builtInVariants } from '../../harness/columns/built-in.ts';
import { type Column, runColumn } from '../../harness/columns/column.ts';
import { factsOfBuiltIn } from '../../harness/columns/facts.ts';
import { withColumns } from '../../harness/columns/open.ts';
import type { RunOptions, RunRecord } from '../../harness/run/record.ts';
import type { Workload } from '../../harness/workload/ops.ts';

const LIMIT_MS = 120_000;
const OPTIONS: RunOptions = { events: true };

export async function recordsOf(
  column: Column,
  workloads: readonly Workload[],
  options = OPTIONS,
): Promise<RunRecord[]> {
  const records: RunRecord[] = [];
  for (const workload of workloads) records.push(structuredClone(await runColumn(column, workload, options, LIMIT_MS)));
  return records;
}

/** The column of a built-in variant. */
export const builtIn = (id: string): Column => {
  const variant = builtInVariants.find((one) => one.id === id)!;
  return builtInColumn(variant, factsOfBuiltIn(variant));
};

/** path: of a patch. */
export function patched<T>(path: string, body: (column: Column) => Promise<T>, cache = true): Promise<T> {
  return withColumns(
    choosePatches({ patch: [path], cache }),
    () => {},
    ([column]) => body(column!),
    { warns: false },
  );
}

/** What is in a record of a patch and not in one of a built-in variant is left out. */
export const plain = ({ variant: _variant, entered: _entered, ...record }: RunRecord): object => record;
