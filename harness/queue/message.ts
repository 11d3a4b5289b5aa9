/** A job as it is in the queue: data that anybody who reaches the queue may have written. */
import { createHash } from 'node:crypto';
import { z, type ZodType } from 'zod';
import { builtInVariants } from '../columns/built-in.ts';
import type { Job, JobName, Result } from '../pool/pool.ts';
import { STRETCH_RUNS } from '../search/hunt.ts';
import { HUNTED } from '../search/pair.ts';
import { fromJson } from '../shard/json.ts';
import { CATALOG } from '../workload/catalog/index.ts';
import { CORPUS } from '../workload/corpus/index.ts';
import { TOUCH_POLICIES } from '../workload/ops.ts';

/** Jobs that a queue takes: they name what is built in, and hold no code and no path. */
export type QueuedName = 'compare' | 'slice' | 'minimise';

export interface Message {
  readonly build: string;
  readonly name: QueuedName;
  readonly job: Job<QueuedName>;
}

/** Characters of a message's job as JSON, and of a result. */
export const MOST_JOB = 2 ** 24;
export const MOST_RESULT = 2 ** 26;

const variant = z.enum(builtInVariants.map(({ id }) => id) as [string, ...string[]]);
const workload = z.enum([...Object.keys(CATALOG), ...Object.keys(CORPUS)] as [string, ...string[]]);
const word = z
  .int()
  .min(0)
  .max(2 ** 32);
const run = z
  .int()
  .min(0)
  .max(2 ** 31);
const signature = z.string().max(400);
const want = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('unexpected') }),
  z.strictObject({ kind: z.literal('verdicts'), verdicts: z.array(z.enum(HUNTED as [string, ...string[]])).max(10) }),
]);
const pair = { a: variant, b: variant, want };
const choice = z.strictObject({ verb: word, who: word, where: word, from: word, size: word, how: word });
const entry = z.strictObject({
  input: z.strictObject({ machine: z.array(word).max(16), choices: z.array(choice).max(100) }),
  signals: z
    .array(
      z
        .int()
        .min(0)
        .max(2 ** 53 - 1),
    )
    .max(20_000),
  weight: z.int().min(0).max(100),
  run,
});

const JOB = {
  compare: z.strictObject({
    workload,
    reading: z.strictObject({ touch: z.enum(TOUCH_POLICIES) }),
    columns: z.array(variant).min(1).max(100),
    against: z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('variant'), id: variant }),
      z.strictObject({ kind: z.literal('previous') }),
    ]),
    check: z.boolean(),
  }),
  slice: z.strictObject({
    ...pair,
    spec: z.strictObject({
      seed: word,
      first: run,
      runs: z.int().min(1).max(STRETCH_RUNS),
      corpus: z.array(entry).max(STRETCH_RUNS),
      found: z.array(signature).max(10_000),
    }),
  }),
  minimise: z.strictObject({
    ...pair,
    raw: z.strictObject({ signature, text: z.string().max(2 ** 17), run }),
  }),
} as const satisfies Record<QueuedName, ZodType>;

const message = z.strictObject({
  build: z.string().max(64),
  name: z.enum(Object.keys(JOB) as [QueuedName, ...QueuedName[]]),
  job: z.unknown(),
});

/** Throws Error: this is no job of this build. */
export function readMessage(data: unknown, build: string): Message {
  const text = JSON.stringify(data) ?? '';
  if (text.length > MOST_JOB) throw new Error(`expected a job of at most ${MOST_JOB} characters, got ${text.length}`);
  const head = message.safeParse(data);
  if (!head.success) throw new Error(`expected a job, got ${problemOf(head.error)}`);
  const { build: made, name, job } = head.data;
  if (made !== build)
    throw new Error(`expected a job of this build (${build.slice(0, 12)}), got one of ${made.slice(0, 12)}`);
  const body = JOB[name].safeParse(job);
  if (!body.success) throw new Error(`expected a job of ${name}, got ${problemOf(body.error)}`);
  return { build, name, job: body.data as Job<QueuedName> };
}

const problemOf = ({ issues: [{ path, message: problem }] }: z.ZodError): string =>
  `at ${path.join('.').slice(0, 80) || 'the top'}: ${problem.slice(0, 120)}`;

/** Equal jobs of one build have one name: SHA-256, hex. */
export const idOf = ({ build, name, job }: Message): string =>
  createHash('sha256')
    .update(JSON.stringify([build, name, job]))
    .digest('hex');

/** What tells a result of this job from another's, and from none. */
const IS_RESULT = {
  compare: ({ workload: name, columns }: Job<'compare'>, { comparison }: Partial<Result<'compare'>>) =>
    comparison?.name === name && columns.every((id, i) => comparison.runs[i]?.variant === id),
  slice: ({ spec }: Job<'slice'>, { runs, finds, corpus }: Partial<Result<'slice'>>) =>
    runs === spec.runs && Array.isArray(finds) && Array.isArray(corpus),
  minimise: ({ raw }: Job<'minimise'>, find: Partial<Result<'minimise'>>) =>
    find === null || find?.signature === raw.signature,
};

/** Throws Error: this is no result of the job. */
export function readResult({ name, job }: Message, text: unknown): Result<QueuedName> {
  if (typeof text === 'string' && text.length <= MOST_RESULT) {
    try {
      const result = fromJson(text);
      if ((IS_RESULT[name] as (job: unknown, result: unknown) => boolean)(job, result))
        return result as Result<QueuedName>;
    } catch {
      // Neither JSON nor an object: no result.
    }
  }
  throw new Error(`--queue: expected a result of ${name}, got ${String(text).slice(0, 80)}`);
}

export const isQueued = (name: JobName): name is QueuedName => Object.hasOwn(JOB, name);
