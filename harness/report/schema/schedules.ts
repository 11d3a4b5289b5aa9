/** The document of schedules. */
import { z } from 'zod';
import { count, name } from './parts.ts';

const side = z.strictObject({
  /** null: all schedules of the class run to their end */
  panic: z.strictObject({ where: name, reason: name }).nullable(),
  removeCalls: count,
  removeEarlyExits: count,
  /** ops that ended otherwise than ok; line: of the workload */
  ops: z.array(z.strictObject({ process: name, call: name, line: count.nullable(), outcome: name })),
  /** gauges that were not back where they began when no process was left */
  left: z.array(name),
});

export const schedules = z.strictObject({
  schema: z.literal('pmapdiff.schedules/1'),
  a: name,
  b: name,
  workload: name,
  /** yield points */
  yield: z.array(name),
  /** most switches away from a process that could run on; null: no limit */
  preemptions: count.nullable(),
  seed: count,
  processes: count,
  /** ops that come first, as written */
  setUp: count,
  complete: z.boolean(),
  /** complete: exact. Otherwise about as many as there are. */
  interleavings: z.number(),
  states: count,
  /** of both columns */
  runs: count,
  sampled: z.array(
    z.strictObject({
      strategy: z.enum(['pct', 'uniform']),
      /** ordered moves that a fault takes; null: drawn uniformly */
      depth: count.nullable(),
      schedules: count,
      /** most probability of missing such a fault */
      miss: z.number().nullable(),
    }),
  ),
  /** yield points that no schedule reached */
  notReached: z.array(name),
  /** lines of calls that the workload stops, and that stopped in no schedule; 0: none */
  notStopped: z.array(count),
  classes: z.array(
    z.strictObject({
      /** schedules: of all if complete, otherwise of those drawn uniformly */
      count: z.number(),
      share: z.number(),
      verdict: name,
      standing: z.enum(['unexpected', 'known', 'intended']).nullable(),
      unexpected: z.array(name),
      /** of the schedule */
      preemptions: count,
      stops: count,
      a: side,
      b: side,
      /** an easiest schedule: text of a .workload file */
      workload: z.string(),
    }),
  ),
});
