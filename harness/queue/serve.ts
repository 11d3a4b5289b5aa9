/** A worker: does the jobs of a queue, one in each thread. */
import { type Pool } from '../pool/pool.ts';
import { openThreads } from '../pool/threads.ts';
import { buildHash } from '../shard/build.ts';
import { toJson } from '../shard/json.ts';
import { loadLibraries, queueName, readAddress, refuseSilence } from './connection.ts';
import { MOST_RESULT, type Message, readMessage } from './message.ts';

/** A worker that does not renew its lock for so long has died: another one takes its job. */
const LOCK_MS = 10_000;
const LOOK_MS = 5000;
/** A job may lose so many workers. */
const MOST_LOSSES = 3;
/** Of one job, ms. */
const LIMIT_MS = 600_000;
const HEAP_MIB = 2048;

export interface Served {
  readonly build: string;
  /** where, without the password */
  readonly shown: string;
  /** Finishes the jobs that have begun, and resolves to how many were done and how many refused or failed. */
  readonly stop: () => Promise<{ readonly done: number; readonly failed: number }>;
}

/** Throws InputError for an address that is refused; Error if nothing answers there. */
export async function serve(url: string, threads: number, onFailure: (text: string) => void): Promise<Served> {
  const address = readAddress(url);
  const libraries = await loadLibraries();
  await refuseSilence(libraries, address);
  const build = buildHash();
  const pool = await openThreads(threads, HEAP_MIB);
  const { Worker, UnrecoverableError } = libraries.bullmq;
  let [done, failed] = [0, 0];
  const worker = new Worker(
    queueName(build),
    async ({ data }) => {
      let message: Message;
      try {
        message = readMessage(data, build);
      } catch (error) {
        throw new UnrecoverableError((error as Error).message);
      }
      const text = toJson(await within(pool, message));
      if (text.length > MOST_RESULT) throw new UnrecoverableError(`a result of ${text.length} characters`);
      return text;
    },
    {
      connection: address.options,
      concurrency: threads,
      lockDuration: LOCK_MS,
      stalledInterval: LOOK_MS,
      maxStalledCount: MOST_LOSSES,
    },
  );
  // The connection is made again.
  worker.on('error', () => {});
  worker.on('completed', () => void done++);
  worker.on('failed', (_job, error) => {
    failed++;
    onFailure(error.message.replaceAll(/\s+/g, ' ').slice(0, 300));
  });
  await worker.waitUntilReady();
  return {
    build,
    shown: address.shown,
    stop: async () => {
      await worker.close();
      await pool.close();
      return { done, failed };
    },
  };
}

async function within(pool: Pool, { name, job }: Message): Promise<unknown> {
  const results = await pool.run(name, [job as never], { signal: AbortSignal.timeout(LIMIT_MS) });
  if (results.length === 0) throw new Error(`the job took longer than ${LIMIT_MS / 1000} s`);
  return results[0];
}
