/** A worker: does the jobs of a queue, one in each thread; a stranger's code in a process of its own. */
import { hostname } from 'node:os';
import type { Job, Pool } from '../pool/pool.ts';
import { openThreads } from '../pool/threads.ts';
import { buildHash } from '../shard/build.ts';
import { loadLibraries, queueName, readAddress, refuseSilence } from './connection.ts';
import { Refused, Store } from './kept.ts';
import { MOST_MS, MOST_RESULT, type Message, readMessage, unqueued } from './message.ts';

/** A worker that does not renew its lock for so long has died: another one takes its job. */
const LOCK_MS = 10_000;
const LOOK_MS = 5000;
/** A job may lose so many workers. */
const MOST_LOSSES = 3;
const HEAP_MIB = 2048;

export interface Served {
  readonly build: string;
  /** where, without the password */
  readonly shown: string;
  /** Finishes the jobs that have begun. failed: attempts, of which a job may have several. */
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
  const redis = new libraries.Redis(address.options);
  redis.on('error', () => {});
  const store = new Store(redis, queueName(build));
  let [done, failed] = [0, 0];
  const worker = new Worker(
    queueName(build),
    async ({ data }) => {
      let message: Message;
      let job: Job<Message['name']>;
      try {
        message = readMessage(data, build);
        job = await unqueued(message, store);
      } catch (error) {
        throw error instanceof Refused ? new UnrecoverableError(error.message) : error;
      }
      const text = JSON.stringify(await within(pool, message.name, job));
      if (text.length > MOST_RESULT) throw new UnrecoverableError(`a result of ${text.length} characters`);
      return text;
    },
    {
      connection: address.options,
      name: `${hostname()}-${process.pid}`,
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
      redis.disconnect();
      return { done, failed };
    },
  };
}

async function within(pool: Pool, name: Message['name'], job: Job<Message['name']>): Promise<unknown> {
  const results = await pool.run(name, [job as never], { signal: AbortSignal.timeout(MOST_MS) });
  if (results.length === 0) throw new Error(`the job took longer than ${MOST_MS / 1000} s`);
  return results[0];
}
