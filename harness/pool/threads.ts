/** A pool of threads. */
import { packagePath } from '../input/paths.ts';
import { type Job, type JobName, type Pool, type Result, type RunOptions, poolOf } from './pool.ts';

/** Opens a pool of at most so many threads; each begins with its first job. heapMiB: of each; null: as Node has it. */
export async function openThreads(threads: number, heapMiB: number | null = null): Promise<Pool> {
  const { Piscina } = await import('piscina');
  const pool = new Piscina({
    filename: packagePath('dist', 'harness', 'worker.js'),
    minThreads: 0,
    maxThreads: threads,
    // A thread has machines, which the next round of a hunt uses again.
    idleTimeout: Infinity,
    ...(heapMiB === null ? {} : { resourceLimits: { maxOldGenerationSizeMb: heapMiB } }),
  });
  return poolOf(
    (name, job, signal) => pool.run(job, signal === undefined ? { name } : { name, signal }),
    () => pool.destroy(),
  );
}

/** Does these jobs in threads, and nothing else. As Pool.run. */
export async function inThreads<Name extends JobName>(
  name: Name,
  jobs: readonly Job<Name>[],
  { threads, ...options }: RunOptions<Job<Name>> & { readonly threads: number },
): Promise<Result<Name>[]> {
  const pool = await openThreads(Math.min(threads, jobs.length));
  try {
    return await pool.run(name, jobs, options);
  } finally {
    await pool.close();
  }
}
