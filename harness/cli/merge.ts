/** `pmapdiff merge`: the answer of a command whose work was done in shards. */
import type { WorkloadDone } from '../compare/run-comparison.ts';
import { type Joined, joinParts } from '../shard/part.ts';
import { type CompareOptions, compareCommand } from './compare.ts';

/** What the whole command would answer. Throws InputError for parts that do not belong together; Error for a missing one. */
export async function mergeCommand(files: readonly string[], options: object): Promise<number> {
  const joined = joinParts(files);
  return compareCommand({ ...(joined.asked.options as CompareOptions), ...options }, joined as Joined<WorkloadDone>);
}
