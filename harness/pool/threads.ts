/** Jobs in threads: at most so many at once, and all results in the order of the jobs. */
import { setMaxListeners } from 'node:events';
import { packagePath } from '../input/paths.ts';
import type * as jobs from './jobs.ts';

type Jobs = typeof jobs;

type Job<Name extends keyof Jobs> = Parameters<Jobs[Name]>[0];
type Result<Name extends keyof Jobs> = Awaited<ReturnType<Jobs[Name]>>;

export interface ThreadOptions<One> {
  readonly threads: number;
  readonly signal?: AbortSignal;
  /** Called when a job is done, with how many are. */
  readonly done: (count: number) => void;
  /** The heaviest jobs begin first. @default all weigh the same */
  readonly weight?: (job: One) => number;
}

/**
 * Does every job in one of `threads` threads. Resolves to their results in the order of the jobs; to those before the
 * first that is missing, if `signal` aborts. Rejects with the error of a job that fails.
 */
export async function inThreads<Name extends keyof Jobs>(
  name: Name,
  jobs: readonly Job<Name>[],
  { threads, signal, done, weight = () => 0 }: ThreadOptions<Job<Name>>,
): Promise<Result<Name>[]> {
  const { Piscina } = await import('piscina');
  const pool = new Piscina({
    filename: packagePath('dist', 'harness', 'worker.js'),
    minThreads: Math.min(threads, jobs.length),
    maxThreads: threads,
  });
  // Every job that waits listens.
  if (signal !== undefined) setMaxListeners(jobs.length + 1, signal);
  const results: (Result<Name> | undefined)[] = [];
  let count = 0;
  const run = async (at: number): Promise<void> => {
    try {
      results[at] = await pool.run(jobs[at], signal === undefined ? { name } : { name, signal });
      done(++count);
    } catch (error) {
      if (signal?.aborted !== true) throw error;
    }
  };
  const order = jobs.map((_job, at) => at).toSorted((a, b) => weight(jobs[b]) - weight(jobs[a]) || a - b);
  try {
    await Promise.all(order.map(run));
    const missing = jobs.findIndex((_job, at) => results[at] === undefined);
    return (missing < 0 ? results : results.slice(0, missing)) as Result<Name>[];
  } finally {
    await pool.destroy();
  }
}
