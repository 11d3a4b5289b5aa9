/** Where a command has its jobs done: in this thread, in others (`--jobs`), or by workers on a queue (`--queue`). */
import { availableParallelism } from 'node:os';
import type { Pool } from '../pool/pool.ts';
import { UsageError } from './errors.ts';
import type { Interrupt } from './interrupt.ts';
import { threadsOf } from './jobs.ts';
import type { Progress } from './progress.ts';

export interface PoolOptions {
  readonly jobs?: string;
  readonly queue?: string;
  readonly resume?: string;
}

/** Whether a queue can take a command's jobs, and the words for what it takes; anything else is refused. */
export interface Sharable {
  readonly isSharable: boolean;
  readonly expected: string;
}

export interface CommandPool {
  /** null: the command's own thread does everything */
  readonly pool: Pool | null;
  /** why the remaining jobs cannot be done; null: nothing is wrong */
  readonly lost: () => string | null;
  readonly close: () => Promise<void>;
}

/** Are there others to do the jobs? Throws UsageError: --queue, for what no queue takes. */
export function isPooled({ jobs, queue, resume }: PoolOptions, { isSharable, expected }: Sharable): boolean {
  const threads = threadsOf(jobs);
  if (queue === undefined && resume !== undefined) throw new UsageError('--resume: expected --queue beside it');
  if (queue !== undefined && !isSharable) throw new UsageError(`--queue: expected ${expected}`);
  return isSharable && (queue !== undefined || threads > 1);
}

/**
 * A queue that is lost stops the command as an interrupt does. hasOwn: jobs have processes of their own, of which at most
 * as many work as there are cores. Throws InputError.
 */
export async function openPool(
  { jobs, queue, resume }: PoolOptions,
  isUsed: boolean,
  {
    interrupt,
    progress,
    hasOwn = false,
  }: { readonly interrupt: Interrupt; readonly progress: Progress; readonly hasOwn?: boolean },
): Promise<CommandPool> {
  let why: string | null = null;
  const lost = (): string | null => why;
  if (!isUsed) return { pool: null, lost, close: async () => {} };
  if (queue === undefined) {
    const most = hasOwn ? availableParallelism() : Infinity;
    const pool = await (await import('../pool/threads.ts')).openThreads(Math.min(threadsOf(jobs), most));
    return { pool, lost, close: pool.close };
  }
  const { openQueue } = await import('../queue/client.ts');
  const { Journal } = await import('../queue/journal.ts');
  const pool = await openQueue(queue, {
    journal: resume === undefined ? null : new Journal(resume),
    note: (text) => progress.note(text),
    lost: (message) => {
      why = message;
      interrupt.stop();
    },
  });
  return { pool, lost, close: pool.close };
}

/** What is said of a queue that is lost. */
export const lostText = (why: string, { resume }: PoolOptions): string =>
  `pmapdiff: ${why}; ` +
  (resume === undefined ? 'use --resume FILE to keep results' : `run it again with --resume ${resume} to continue`);
