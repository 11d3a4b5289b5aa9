/** A pool whose jobs are done by workers that share a queue. */
import type { Queue, QueueEvents } from 'bullmq';
import type { Redis } from 'ioredis';
import { setTimeout } from 'node:timers/promises';
import { InputError } from '../input-error.ts';
import { type Job, type JobName, type Pool, type Result, poolOf } from '../pool/pool.ts';
import { buildHash } from '../shard/build.ts';
import { type Address, RETRY_MS, loadLibraries, queueName, readAddress, refuseSilence } from './connection.ts';
import type { Journal } from './journal.ts';
import { type Packed, Store } from './kept.ts';
import { type Message, type QueuedName, idOf, isQueued, queued, readMessage, readResult } from './message.ts';

/** A job that fails is tried so often. */
const ATTEMPTS = 3;
const BACKOFF_MS = 1000;
/** Results are kept in the queue: a job with the same name is not done again. */
const KEPT_SECONDS = 86_400;
const KEPT_FAILURES = 1000;
/** How often the queue is polled, in case an event was missed. */
const LOOK_MS = 1000;
/** How long to wait for a worker before telling the user. */
const LONELY_MS = 5000;
const CLOSE_MS = 1000;

export interface QueueOptions {
  /** null: results are kept nowhere else */
  readonly journal: Journal | null;
  /** What a user should know. */
  readonly note: (text: string) => void;
  /** Redis has not answered for `lostMs`: no job will end. */
  readonly lost: (message: string) => void;
  /** @default 60 s */
  readonly lostMs?: number;
}

const LOST_MS = 60_000;

/** A job as it is in the queue. */
interface Asked {
  readonly message: Message;
  /** what it names */
  readonly kept: readonly Packed[];
}

interface Pending extends Asked {
  /** shared by all who asked for this job */
  readonly result: Promise<Result<QueuedName>>;
  readonly resolve: (result: Result<QueuedName>) => void;
  readonly reject: (error: Error) => void;
}

/** Throws InputError for an address that is refused; Error if nothing answers there. */
export async function openQueue(url: string, options: QueueOptions): Promise<Pool> {
  const address = readAddress(url);
  const libraries = await loadLibraries();
  await refuseSilence(libraries, address);
  const { Queue, QueueEvents } = libraries.bullmq;
  const build = buildHash();
  const name = queueName(build);
  let isClosed = false;
  const connection = { ...address.options, retryStrategy: () => (isClosed ? null : RETRY_MS) };
  const queue = new Queue(name, { connection, skipMetasUpdate: true });
  const events = new QueueEvents(name, { connection });
  const redis = new libraries.Redis(connection);
  // The libraries connect again by themselves; Client.#watch gives up after lostMs.
  queue.on('error', () => {});
  events.on('error', () => {});
  redis.on('error', () => {});
  const client = new Client({ queue, events, address, build, redis, options });
  return poolOf(
    (job, data, signal) => client.run(job, data, signal),
    async () => {
      client.stop();
      isClosed = true;
      redis.disconnect();
      await quietly([queue.close(), events.close()]);
      await quietly([queue.disconnect(), events.disconnect()]);
    },
  );
}

/** A queue that is gone does not say that it is closed. */
async function quietly(closing: readonly Promise<unknown>[]): Promise<void> {
  const patience = new AbortController();
  const late = setTimeout(CLOSE_MS, undefined, { signal: patience.signal }).catch(() => {});
  await Promise.race([Promise.allSettled(closing), late]);
  patience.abort();
}

class Client {
  readonly #queue: Queue;
  readonly #build: string;
  readonly #address: Address;
  readonly #options: QueueOptions;
  readonly #redis: Redis;
  readonly #store: Store;
  readonly #pending = new Map<string, Pending>();
  readonly #timer: NodeJS.Timeout;
  #answered = performance.now();
  #isAsking = false;
  #lonelySince: number | null = null;
  #isTold = false;

  constructor(parts: {
    readonly queue: Queue;
    readonly events: QueueEvents;
    readonly address: Address;
    readonly build: string;
    readonly redis: Redis;
    readonly options: QueueOptions;
  }) {
    this.#queue = parts.queue;
    this.#build = parts.build;
    this.#address = parts.address;
    this.#options = parts.options;
    this.#redis = parts.redis;
    this.#store = new Store(parts.redis, queueName(parts.build));
    for (const kind of ['completed', 'failed'] as const)
      parts.events.on(kind, ({ jobId }: { readonly jobId: string }) => void this.#look(jobId).catch(() => {}));
    this.#timer = setInterval(() => void this.#watch(), LOOK_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async run<Name extends JobName>(name: Name, job: Job<Name>, signal: AbortSignal | undefined): Promise<Result<Name>> {
    if (!isQueued(name)) throw new Error(`--queue: expected a job that a queue takes, got ${name}`);
    const asked = this.#askedOf(name, job as Job<QueuedName>);
    const { message } = asked;
    const id = idOf(message);
    const kept = this.#options.journal?.get(id);
    if (kept !== undefined) return readResult(message, kept) as Result<Name>;
    return (await (this.#pending.get(id)?.result ?? this.#ask(id, asked, signal))) as Result<Name>;
  }

  #ask(id: string, asked: Asked, signal: AbortSignal | undefined): Promise<Result<QueuedName>> {
    let resolve!: Pending['resolve'];
    let reject!: Pending['reject'];
    const result = new Promise<Result<QueuedName>>((...settle) => ([resolve, reject] = settle));
    const leave = (): void => {
      this.#pending.delete(id);
      reject(new Error('interrupted'));
      void this.#queue.remove(id).catch(() => {});
    };
    if (signal?.aborted === true) leave();
    else {
      signal?.addEventListener('abort', leave, { once: true });
      this.#pending.set(id, { ...asked, result, resolve, reject });
      this.#add(id, asked).catch(reject);
    }
    return result.finally(() => signal?.removeEventListener('abort', leave));
  }

  /** Throws InputError: the job is larger than a queue takes. */
  #askedOf(name: QueuedName, whole: Job<QueuedName>): Asked {
    const { job, kept } = queued(whole);
    const message = { build: this.#build, name, job };
    try {
      return { message: readMessage(message, this.#build), kept };
    } catch (error) {
      throw new InputError(`--queue: ${(error as Error).message}`);
    }
  }

  /** Jobs that wait find what they name, though Redis may have lost it. */
  async #keep(jobs: Iterable<Asked>): Promise<void> {
    const named = new Set([...jobs].flatMap(({ kept }) => kept));
    await Promise.all([...named].map((one) => this.#store.keep(one, KEPT_SECONDS)));
  }

  /** A job of this name that failed in an earlier run is tried again. */
  async #add(id: string, asked: Asked): Promise<void> {
    const { message } = asked;
    await this.#keep([asked]);
    const before = await this.#queue.getJob(id);
    if (before !== undefined && (await before.isFailed())) await before.remove();
    await this.#queue.add(message.name, message, {
      jobId: id,
      attempts: ATTEMPTS,
      backoff: { type: 'exponential', delay: BACKOFF_MS },
      removeOnComplete: { age: KEPT_SECONDS },
      removeOnFail: { count: KEPT_FAILURES },
    });
    if (before !== undefined) await this.#look(id);
  }

  /** Takes the result of a job that has ended. A job that the queue has lost is added again. */
  async #look(id: string): Promise<void> {
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    // The state alone: a job may be large.
    const state = await this.#queue.getJobState(id);
    if (state === 'unknown') return this.#add(id, pending);
    if (state !== 'completed' && state !== 'failed') return;
    const job = await this.#queue.getJob(id);
    if (job === undefined) return;
    if (!this.#pending.delete(id)) return;
    try {
      if (state === 'failed') throw new Error(`--queue: a job of ${pending.message.name} failed: ${job.failedReason}`);
      const result = readResult(pending.message, job.returnvalue);
      this.#options.journal?.keep(id, job.returnvalue as string);
      pending.resolve(result);
    } catch (error) {
      pending.reject(error as Error);
    }
  }

  async #watch(): Promise<void> {
    const { lost, lostMs = LOST_MS } = this.#options;
    const silence = performance.now() - this.#answered;
    if (silence > lostMs) {
      this.stop();
      lost(`--queue ${this.#address.shown}: expected an answer, got none for ${Math.round(silence / 1000)} s`);
      return;
    }
    if (this.#isAsking) return;
    this.#isAsking = true;
    try {
      await this.#redis.ping();
      this.#answered = performance.now();
      if (this.#pending.size === 0) return;
      await this.#keep(this.#pending.values());
      await Promise.all([...this.#pending.keys()].map((id) => this.#look(id)));
      await this.#lookForWorkers();
    } catch {
      // Silence is measured, not counted.
    } finally {
      this.#isAsking = false;
    }
  }

  async #lookForWorkers(): Promise<void> {
    const workers = await this.#queue.getWorkersCount();
    if (workers > 0) this.#lonelySince = null;
    else this.#lonelySince ??= performance.now();
    if (this.#isTold || this.#lonelySince === null || performance.now() - this.#lonelySince < LONELY_MS) return;
    this.#isTold = true;
    this.#options.note(
      `pmapdiff: ${this.#address.shown}: no worker of this build (${this.#build.slice(0, 12)}) is connected; ` +
        'waiting for one',
    );
  }
}
