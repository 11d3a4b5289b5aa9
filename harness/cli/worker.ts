/** `pmapdiff worker`: does jobs of `--queue` until it is stopped. */
import { serve } from '../queue/serve.ts';
import { plural } from '../report/words.ts';
import { UsageError } from './errors.ts';
import { threadsOf } from './jobs.ts';

export interface WorkerOptions {
  readonly queue?: string;
  readonly jobs?: string;
}

/** 0: stopped by SIGINT or SIGTERM, when the jobs that had begun were done. Throws InputError. */
export async function workerCommand({ queue, jobs }: WorkerOptions): Promise<number> {
  if (queue === undefined) throw new UsageError('worker: expected --queue URL');
  const threads = threadsOf(jobs);
  const say = (text: string): void => void process.stderr.write(`pmapdiff worker: ${text}\n`);
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  const served = await serve(queue, threads, (text) => say(`a job failed: ${text}`));
  say(`build ${served.build.slice(0, 12)}, ${threads} at a time, waits for jobs at ${served.shown}`);
  await stopped;
  const { done, failed } = await served.stop();
  say(`stopped: ${plural(done, 'job')} done, ${plural(failed, 'attempt')} failed`);
  return 0;
}
