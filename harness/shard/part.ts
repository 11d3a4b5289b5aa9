/** What a shard has done, as a document that `merge` joins with those of the other shards. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { InputError } from '../input-error.ts';
import { wholeBytes } from '../input/source.ts';
import { buildHash } from './build.ts';
import { MOST_SHARDS, type Shard, shardText } from './shard.ts';

const SCHEMA = 'pmapdiff.part/1';
/** Bytes of a part that is read. */
const MOST_BYTES = 2 ** 28;

/** What a shard was asked, the same for all shards of a command. */
export interface Asked {
  readonly command: 'compare' | 'hunt';
  /** options of the command line that say what is run */
  readonly options: Readonly<Record<string, unknown>>;
  /** by column: what identifies its code */
  readonly columns: readonly { readonly id: string; readonly hash: string }[];
  /** of all shards together */
  readonly jobs: readonly string[];
}

/** Results of all shards, in the order of the jobs. */
export interface Joined<Result> {
  readonly asked: Asked;
  readonly results: readonly Result[];
  /** the files that they were read from */
  readonly files: readonly string[];
}

const partSchema = z.strictObject({
  schema: z.literal(SCHEMA),
  build: z.string(),
  shard: z
    .strictObject({ index: z.int().min(1), of: z.int().max(MOST_SHARDS) })
    .refine(({ index, of }) => index <= of, 'expected a shard up to the number of shards'),
  asked: z.strictObject({
    command: z.enum(['compare', 'hunt']),
    options: z.record(z.string(), z.unknown()),
    columns: z.array(z.strictObject({ id: z.string(), hash: z.string() })),
    jobs: z.array(z.string()),
  }),
  /** SHA-256 of the results' JSON */
  digest: z.string(),
  /** the number of a job, and its result */
  results: z.array(z.tuple([z.int().min(0), z.unknown()])),
});
type Part = z.infer<typeof partSchema>;

const digestOf = (results: unknown): string => createHash('sha256').update(JSON.stringify(results)).digest('hex');

/** results: by the number of the job. */
export function partText(shard: Shard, asked: Asked, results: readonly (readonly [number, unknown])[]): string {
  return `${JSON.stringify({ schema: SCHEMA, build: buildHash(), shard, asked, digest: digestOf(results), results })}\n`;
}

function readPart(path: string): Part {
  const refuse: (found: string) => never = (found) => {
    throw new InputError(`${path}: expected what --shard writes, ${found.replaceAll(/\s+/g, ' ').slice(0, 200)}`);
  };
  const text = new TextDecoder().decode(wholeBytes(path, path, MOST_BYTES));
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (error) {
    refuse(`got other text: ${(error as Error).message}`);
  }
  const { success, data, error } = partSchema.safeParse(body);
  if (!success) return refuse(`got at ${error.issues[0].path.join('.') || 'the top'}: ${error.issues[0].message}`);
  if (digestOf(data.results) !== data.digest) refuse('got results that are not those it was written with');
  return data;
}

/** Where two parts do not belong together, in words; null: they do. */
function strangerIn(part: Part, first: Part): string | null {
  if (part.shard.of !== first.shard.of) return `a shard of ${first.shard.of}, got one of ${part.shard.of}`;
  const keys = ['command', 'options', 'columns', 'jobs'] as const;
  const other = keys.find((key) => JSON.stringify(part.asked[key]) !== JSON.stringify(first.asked[key]));
  return other === undefined ? null : `a part of the same run, got one with another ${WORDS[other]}`;
}

const WORDS = { command: 'command', options: 'list of options', columns: 'code of its columns', jobs: 'list of jobs' };

const NAMED = 10;

/**
 * Joins the parts in these files. Throws InputError for what is no part, was made by another build, or belongs to
 * another run; Error if a shard is missing.
 */
export function joinParts(paths: readonly string[]): Joined<unknown> {
  const build = buildHash();
  const parts = paths.map((path) => ({ path, part: readPart(path) }));
  const [{ path: firstPath, part: first }] = parts;
  for (const [i, { path, part }] of parts.entries()) {
    if (part.build !== build)
      throw new InputError(
        `${path}: expected a part made by this build (${build.slice(0, 12)}), got one of ${part.build.slice(0, 12)}`,
      );
    const stranger = strangerIn(part, first);
    if (stranger !== null) throw new InputError(`${path}: expected, as in ${firstPath}, ${stranger}`);
    const twin = parts.findIndex((other) => other.part.shard.index === part.shard.index);
    if (twin !== i)
      throw new InputError(
        `${path}: expected each shard once, got shard ${shardText(part.shard)} in ${parts[twin].path} too`,
      );
  }
  const { of } = first.shard;
  const missing = Array.from({ length: of }, (_one, i) => i + 1).filter(
    (index) => !parts.some(({ part }) => part.shard.index === index),
  );
  if (missing.length > 0) {
    const named = missing.slice(0, NAMED).map((index) => shardText({ index, of }));
    const more = missing.length > NAMED ? ` and ${missing.length - NAMED} more` : '';
    throw new Error(`merge: expected every shard, ${named.join(', ')}${more} missing`);
  }
  const byJob = new Map(parts.flatMap(({ part }) => part.results));
  const results = first.asked.jobs.map((name, job) => {
    if (!byJob.has(job)) throw new InputError(`${firstPath}: expected a result of ${name} in some part, got none`);
    return byJob.get(job);
  });
  return { asked: first.asked, results, files: paths };
}
