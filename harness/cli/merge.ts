/** `pmapdiff merge`: the answer of a command whose work was done in shards. */
import type { WorkloadDone } from '../compare/run-comparison.ts';
import type { Stretch } from '../search/hunt.ts';
import { type Joined, joinParts } from '../shard/part.ts';
import { type CompareOptions, compareCommand } from './compare.ts';
import { UsageError, flagOf } from './errors.ts';
import { type HuntCommandOptions, huntCommand } from './hunt.ts';

/**
 * What the whole command would answer. Throws InputError for parts that do not belong together; Error for a missing one.
 */
export async function mergeCommand(files: readonly string[], options: object): Promise<number> {
  const joined = joinParts(files);
  const asked = joined.asked.options as CompareOptions &
    HuntCommandOptions & { readonly a?: string; readonly b?: string };
  if (joined.asked.command === 'compare') {
    if ('out' in options) throw new UsageError('merge: expected --out with parts of a hunt, got parts of a comparison');
    return compareCommand({ ...asked, ...options }, joined as Joined<WorkloadDone>);
  }
  const { json, ...late } = options as Readonly<Record<string, unknown>>;
  const [flag] = Object.keys(late).filter((option) => option !== 'out');
  if (flag !== undefined)
    throw new UsageError(`merge: expected --json or --out with parts of a hunt, got ${flagOf(flag)}`);
  const { a, b, ...hunted } = asked;
  return huntCommand(a, b, { ...hunted, ...late, json } as HuntCommandOptions, joined as Joined<Stretch>);
}
