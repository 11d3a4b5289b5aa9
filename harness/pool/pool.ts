/** Where jobs are done: an implementation takes them by name, in any order, and gives their results in theirs. */
import { setMaxListeners } from 'node:events';
import type * as jobs from './jobs.ts';

type Jobs = typeof jobs.JOBS;

export type JobName = keyof Jobs;
export type Job<Name extends JobName> = Parameters<Jobs[Name]>[0];
export type Result<Name extends JobName> = Awaited<ReturnType<Jobs[Name]>>;

export interface RunOptions<One> {
  readonly signal?: AbortSignal;
  /** Called when a job is done, with how many are. */
  readonly done?: (count: number) => void;
  /** The heaviest jobs begin first. @default all weigh the same */
  readonly weight?: (job: One) => number;
}

export interface Pool {
  /**
   * Does every job. Resolves to their results in the order of the jobs; to those before the first that is missing, if
   * `signal` aborts. Rejects with the error of a job that fails.
   */
  readonly run: <Name extends JobName>(
    name: Name,
    jobs: readonly Job<Name>[],
    options?: RunOptions<Job<Name>>,
  ) => Promise<Result<Name>[]>;
  readonly close: () => Promise<void>;
}

/** A pool that does one job by `one`, which rejects if the signal aborts. */
export function poolOf(
  one: <Name extends JobName>(name: Name, job: Job<Name>, signal: AbortSignal | undefined) => Promise<Result<Name>>,
  close: () => Promise<void>,
): Pool {
  return {
    run: async (name, jobs, { signal, done = () => {}, weight = () => 0 } = {}) => {
      // Every job that waits listens.
      if (signal !== undefined) setMaxListeners(0, signal);
      const results: Result<typeof name>[] = [];
      let count = 0;
      const run = async (at: number): Promise<void> => {
        try {
          results[at] = await one(name, jobs[at], signal);
          done(++count);
        } catch (error) {
          if (signal?.aborted !== true) throw error;
        }
      };
      const order = jobs.map((_job, at) => at).toSorted((a, b) => weight(jobs[b]) - weight(jobs[a]) || a - b);
      await Promise.all(order.map(run));
      const missing = jobs.findIndex((_job, at) => !(at in results));
      return missing < 0 ? results : results.slice(0, missing);
    },
    close,
  };
}
