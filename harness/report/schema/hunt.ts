/** The document of hunt. */
import { z } from 'zod';
import { count, name } from './parts.ts';

export const hunt = z.strictObject({
  schema: z.literal('pmapdiff.hunt/1'),
  a: name,
  b: name,
  seed: count,
  /** pairs of runs, those of saved workloads included */
  runs: count,
  /** by changed member or function: in how many of them it was reached */
  reached: z.record(name, count),
  finds: z.array(
    z.strictObject({
      /** what it has in common with all finds that count as the same */
      signature: name,
      verdict: name,
      standing: z.enum(['unexpected', 'known', 'intended']),
      /** the statistic or counter, or the plane */
      what: name,
      /** of the workload's text, where the two part; null: at its end */
      line: count.nullable(),
      ops: count,
      /** smaller workloads that were tried and do not show it; null: interrupted before all were */
      minimal: count.nullable(),
      /** text of a .workload file */
      workload: z.string(),
    }),
  ),
  /** a variant whose own code failed, and ended the hunt, on the text of a workload; null: the hunt is complete */
  failed: z.strictObject({ variant: name, message: z.string(), workload: z.string() }).nullable(),
});
