/**
 * The code of a column that is not built in. The queue keeps it once, gzipped, under its hash; jobs refer to it by that
 * hash.
 */
import type { Redis } from 'ioredis';
import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { z } from 'zod';
import type { Recipe } from '../columns/column.ts';
import { InputError } from '../input-error.ts';

/** Characters of a recipe as JSON, and bytes of it in the queue. */
const MOST_TEXT = 2 ** 24;
const MOST_PACKED = 2 ** 23;
/** Recipes that a worker holds. */
const MOST_HELD = 8;

/** The queue holds something invalid: trying again cannot help. */
export class Refused extends Error {}

/** A recipe that is kept under its SHA-256, hex. */
export interface Named {
  readonly hash: string;
}

export const isHash = z.string().regex(/^[0-9a-f]{64}$/);

const name = z.string().min(1).max(1000);
const text = z.string().max(2 ** 20);
const facts = z.object({
  id: name,
  after: name.nullable(),
  title: text,
  intends: z.array(z.object({ what: name, by: name, why: text })).max(1000),
  members: z.array(text).max(100),
  functions: z.record(name, text).optional(),
  counters: z.array(name).max(256).optional(),
});
const failure = z.object({
  kind: z.literal('failed'),
  how: z.enum(['load', 'throw', 'limit', 'memory', 'killed']),
  op: z.int().nullable(),
  message: text,
});
const schema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('code'), name, code: z.string().max(MOST_TEXT), facts }),
  z.object({ kind: z.literal('failed'), facts, failure }),
]);

export interface Packed extends Named {
  readonly bytes: Buffer;
}

const hashOf = (body: string): string => createHash('sha256').update(body).digest('hex');

/** The first of them in a line. */
export const problemOf = ({ issues: [{ path, message }] }: z.ZodError): string =>
  `at ${path.join('.').slice(0, 80) || 'the top'}: ${message.slice(0, 120)}`;

/** A recipe is data that does not change. */
const known = new WeakMap<object, Packed>();

/** Throws InputError: it is larger than a queue takes. */
export function packRecipe(recipe: Exclude<Recipe, string>): Packed {
  const before = known.get(recipe);
  if (before !== undefined) return before;
  const { success, data, error } = schema.safeParse(recipe);
  if (!success) throw new InputError(`--queue: expected a column as a queue takes it, got ${problemOf(error)}`);
  const body = JSON.stringify(data);
  const bytes = gzipSync(body);
  if (body.length > MOST_TEXT || bytes.length > MOST_PACKED)
    throw new InputError(`--queue: expected code of at most ${MOST_TEXT} characters, got ${body.length}`);
  const packed = { hash: hashOf(body), bytes };
  known.set(recipe, packed);
  return packed;
}

/** Throws Refused: the bytes do not match the hash, or are not a recipe. */
export function unpackRecipe({ hash, bytes }: Packed): Exclude<Recipe, string> {
  let body = '';
  try {
    body = gunzipSync(bytes, { maxOutputLength: MOST_TEXT }).toString('utf8');
  } catch {
    // Not gzipped, or too large: it has another hash.
  }
  if (hashOf(body) !== hash) throw new Refused(`expected the code ${hash.slice(0, 12)} of a job, got something else`);
  let data: unknown;
  try {
    data = JSON.parse(body);
  } catch {
    throw new Refused('expected the code of a column, got no JSON');
  }
  const read = schema.safeParse(data);
  if (read.success) return read.data as Exclude<Recipe, string>;
  throw new Refused(`expected the code of a column, got ${problemOf(read.error)}`);
}

/** The recipes of one build in a Redis. */
export class RecipeStore {
  readonly #redis: Redis;
  readonly #prefix: string;
  /** for the next jobs; the first has been unused longest */
  readonly #held = new Map<string, Exclude<Recipe, string>>();

  constructor(redis: Redis, queue: string) {
    this.#redis = redis;
    this.#prefix = `${queue}:code:`;
  }

  /** Keeps it for so many seconds from now on. */
  async keep({ hash, bytes }: Packed, seconds: number): Promise<void> {
    const key = this.#prefix + hash;
    if ((await this.#redis.expire(key, seconds)) === 0) await this.#redis.set(key, bytes, 'EX', seconds);
  }

  /** Throws Refused: what is kept under the hash is something else; Error: nothing is, or not yet. */
  async recipeOf(hash: string): Promise<Recipe> {
    const recipe = this.#held.get(hash) ?? unpackRecipe(await this.#get(hash));
    this.#held.delete(hash);
    this.#held.set(hash, recipe);
    for (const oldest of this.#held.keys()) if (this.#held.size > MOST_HELD) this.#held.delete(oldest);
    return recipe;
  }

  async #get(hash: string): Promise<Packed> {
    const key = this.#prefix + hash;
    const size = await this.#redis.strlen(key);
    if (size > MOST_PACKED) throw new Refused(`expected code of at most ${MOST_PACKED} bytes, got ${size}`);
    const bytes = await this.#redis.getBuffer(key);
    if (bytes === null) throw new Error(`expected the code ${hash.slice(0, 12)} in the queue, got none`);
    return { hash, bytes };
  }
}
