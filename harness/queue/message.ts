/** A job as it is in the queue: data that anybody who reaches the queue may have written. */
import { createHash } from 'node:crypto';
import { z, type ZodType } from 'zod';
import { builtInVariants } from '../columns/built-in.ts';
import type { SliceJob } from '../pool/hunting.ts';
import type { Job, JobName, Result } from '../pool/pool.ts';
import { STRETCH_RUNS } from '../search/hunt.ts';
import { HUNTED } from '../search/pair.ts';
import { CATALOG } from '../workload/catalog/index.ts';
import { CORPUS } from '../workload/corpus/index.ts';
import { TOUCH_POLICIES } from '../workload/ops.ts';
import { GENERATION } from './generations.ts';
import { isHash, type Kind, type Named, pack, type Packed, problemOf, Refused, type Store } from './kept.ts';
import { RECIPE } from './recipes.ts';

/** Jobs that a queue takes. They hold no path: a workload is built in or text, a column is built in or a recipe. */
export type QueuedName = 'compare' | 'slice' | 'minimise';

export interface Message {
  readonly build: string;
  readonly name: QueuedName;
  readonly job: Queued<Job<QueuedName>>;
}

/** A job whose recipes and corpus are named by their hashes. */
type Queued<One> = One extends object
  ? Omit<One, 'columns' | 'spec'> & { readonly columns: readonly (string | Named)[] } & (One extends SliceJob
        ? { readonly spec: Omit<SliceJob['spec'], 'corpus'> & { readonly corpus: readonly Named[] } }
        : unknown)
  : never;

/** The job as it is in the queue, and what it names. */
export function queued(job: Job<QueuedName>): { readonly job: Message['job']; readonly kept: readonly Packed[] } {
  const kept: Packed[] = [];
  const named = <Value extends object>(kind: Kind<Value>, value: Value): Named => {
    const packed = pack(kind, value);
    kept.push(packed);
    return { hash: packed.hash };
  };
  const columns = job.columns.map((recipe) => (typeof recipe === 'string' ? recipe : named(RECIPE, recipe)));
  if (!('spec' in job)) return { job: { ...job, columns }, kept };
  const corpus = job.spec.corpus.map((generation) => named(GENERATION, generation));
  return { job: { ...job, columns, spec: { ...job.spec, corpus } }, kept };
}

/** The job with what it names. Rejects as Store.get. */
export async function unqueued({ job }: Message, store: Pick<Store, 'get'>): Promise<Job<QueuedName>> {
  const columns = await Promise.all(
    job.columns.map((one) => (typeof one === 'string' ? one : store.get(RECIPE, one.hash))),
  );
  if (!('spec' in job)) return { ...job, columns } as unknown as Job<QueuedName>;
  const corpus = await Promise.all(job.spec.corpus.map(({ hash }) => store.get(GENERATION, hash)));
  return { ...job, columns, spec: { ...job.spec, corpus } } as unknown as Job<QueuedName>;
}

/** Characters of a message's job as JSON, and of a result. */
export const MOST_JOB = 2 ** 24;
export const MOST_RESULT = 2 ** 26;
/** Time for a job, ms. */
export const MOST_MS = 600_000;
const MOST_WORKLOAD = 2 ** 21;

const variant = z.enum(builtInVariants.map(({ id }) => id) as [string, ...string[]]);
const named = z.strictObject({ hash: isHash });
const column = z.union([variant, named]);
const workload = z.union([
  z.enum([...Object.keys(CATALOG), ...Object.keys(CORPUS)] as [string, ...string[]]),
  z.strictObject({
    name: z
      .string()
      .max(255)
      .regex(/^[^/\p{Cc}]*$/u),
    text: z.string().max(MOST_WORKLOAD),
  }),
]);
const word = z
  .int()
  .min(0)
  .max(2 ** 32);
const run = z
  .int()
  .min(0)
  .max(2 ** 31);
const signature = z.string().max(400);
const verdict = z.enum(HUNTED as [string, ...string[]]);
const want = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('unexpected') }),
  z.strictObject({ kind: z.literal('verdicts'), verdicts: z.array(verdict).max(10) }),
]);
const pair = { columns: z.tuple([column, column]), want };
const JOB = {
  compare: z.strictObject({
    workload,
    reading: z.strictObject({ touch: z.enum(TOUCH_POLICIES) }),
    columns: z.array(column).min(1).max(100),
    against: z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('variant'), id: z.string().max(1000) }),
      z.strictObject({ kind: z.literal('previous') }),
    ]),
    check: z.boolean(),
    leastMs: z.number().min(0).max(MOST_MS),
  }),
  slice: z.strictObject({
    ...pair,
    spec: z.strictObject({
      seed: word,
      first: run,
      runs: z.int().min(1).max(STRETCH_RUNS),
      corpus: z.array(named).max(STRETCH_RUNS),
      found: z.array(signature).max(10_000),
    }),
  }),
  minimise: z.strictObject({
    ...pair,
    raw: z.strictObject({ signature, verdict, text: z.string().max(2 ** 17) }),
  }),
} as const satisfies Record<QueuedName, ZodType>;

const message = z.strictObject({
  build: z.string().max(64),
  name: z.enum(Object.keys(JOB) as [QueuedName, ...QueuedName[]]),
  job: z.unknown(),
});

/** Throws Refused: this is no job of this build. */
export function readMessage(data: unknown, build: string): Message {
  const text = JSON.stringify(data) ?? '';
  if (text.length > MOST_JOB) throw new Refused(`expected a job of at most ${MOST_JOB} characters, got ${text.length}`);
  const head = message.safeParse(data);
  if (!head.success) throw new Refused(`expected a job, got ${problemOf(head.error)}`);
  const { build: made, name, job } = head.data;
  if (made !== build)
    throw new Refused(`expected a job of this build (${build.slice(0, 12)}), got one of ${made.slice(0, 12)}`);
  const body = JOB[name].safeParse(job);
  if (!body.success) throw new Refused(`expected a job of ${name}, got ${problemOf(body.error)}`);
  return { build, name, job: body.data as Message['job'] };
}

/** Equal jobs of one build have one name: SHA-256, hex. */
export const idOf = ({ build, name, job }: Message): string =>
  createHash('sha256')
    .update(JSON.stringify([build, name, job]))
    .digest('hex');

/** Checks that a value is a result of this job. */
const IS_RESULT = {
  compare: ({ workload: asked, columns }: Queued<Job<'compare'>>, { comparison }: Partial<Result<'compare'>>) =>
    comparison?.name === (typeof asked === 'string' ? asked : asked.name) &&
    comparison.runs.length === columns.length &&
    columns.every((one, i) => typeof one !== 'string' || comparison.runs[i].variant === one),
  slice: ({ spec }: Queued<Job<'slice'>>, { runs, finds, corpus, failure }: Partial<Result<'slice'>>) =>
    (failure === null ? runs === spec.runs : typeof failure?.variant === 'string') &&
    Array.isArray(finds) &&
    Array.isArray(corpus),
  minimise: ({ raw }: Queued<Job<'minimise'>>, { find, failure }: Partial<Result<'minimise'>>) =>
    failure !== undefined && (find === null || find?.signature === raw.signature),
};

/** Throws Error: this is no result of the job. */
export function readResult({ name, job }: Message, text: unknown): Result<QueuedName> {
  if (typeof text === 'string' && text.length <= MOST_RESULT) {
    try {
      const result: unknown = JSON.parse(text);
      if ((IS_RESULT[name] as (job: unknown, result: unknown) => boolean)(job, result))
        return result as Result<QueuedName>;
    } catch {
      // Neither JSON nor an object: no result.
    }
  }
  throw new Error(`--queue: expected a result of ${name}, got ${String(text).slice(0, 80)}`);
}

export const isQueued = (name: JobName): name is QueuedName => Object.hasOwn(JOB, name);
