/**
 * What many jobs share: the code of a column that is not built in, and the corpus of a hunt. The queue keeps it once,
 * gzipped, under its hash; jobs refer to it by that hash, and a worker reads it once.
 */
import type { Redis } from 'ioredis';
import { gunzipSync, gzipSync } from 'node:zlib';
import { z, type ZodType } from 'zod';
import { InputError } from '../input-error.ts';
import { sha256 } from '../input/sha256.ts';

/** Characters as JSON, and bytes in the queue. */
const MOST_TEXT = 2 ** 24;
const MOST_PACKED = 2 ** 23;

/** The queue holds something invalid: trying again cannot help. */
export class Refused extends Error {}

/** What is kept under its SHA-256, hex. */
export interface Named {
  readonly hash: string;
}

export const isHash = z.string().regex(/^[0-9a-f]{64}$/);

/** A kind of what is kept. */
export interface Kind<Value extends object> {
  /** in messages; its keys in the queue have it too */
  readonly name: string;
  /** whose it is */
  readonly of: string;
  readonly schema: ZodType<Value>;
  /** a worker holds so many of them */
  readonly held: number;
}

export interface Packed extends Named {
  readonly kind: Kind<object>;
  readonly bytes: Buffer;
}

/** The first of them in a line. */
export const problemOf = ({ issues: [{ path, message }] }: z.ZodError): string =>
  `at ${path.join('.').slice(0, 80) || 'the top'}: ${message.slice(0, 120)}`;

/** What is kept is data that does not change. */
const known = new WeakMap<object, Packed>();

/** Throws InputError: it is larger than a queue takes. */
export function pack<Value extends object>(kind: Kind<Value>, value: Value): Packed {
  const before = known.get(value);
  if (before !== undefined) return before;
  const { success, data, error } = kind.schema.safeParse(value);
  if (!success) throw new InputError(`--queue: expected ${kind.of} as a queue takes it, got ${problemOf(error)}`);
  const body = JSON.stringify(data);
  const bytes = gzipSync(body);
  if (body.length > MOST_TEXT || bytes.length > MOST_PACKED)
    throw new InputError(`--queue: expected ${kind.name} of at most ${MOST_TEXT} characters, got ${body.length}`);
  const packed = { kind, hash: sha256(body), bytes };
  known.set(value, packed);
  return packed;
}

/** Throws Refused: the bytes do not match the hash, or are nothing of this kind. */
export function unpack<Value extends object>(kind: Kind<Value>, { hash, bytes }: Named & { bytes: Buffer }): Value {
  let body = '';
  try {
    body = gunzipSync(bytes, { maxOutputLength: MOST_TEXT }).toString('utf8');
  } catch {
    // Not gzipped, or too large: it has another hash.
  }
  if (sha256(body) !== hash)
    throw new Refused(`expected the ${kind.name} ${hash.slice(0, 12)} of a job, got something else`);
  let data: unknown;
  try {
    data = JSON.parse(body);
  } catch {
    throw new Refused(`expected the ${kind.name} of ${kind.of}, got no JSON`);
  }
  const read = kind.schema.safeParse(data);
  if (read.success) return read.data as Value;
  throw new Refused(`expected the ${kind.name} of ${kind.of}, got ${problemOf(read.error)}`);
}

/** What a Redis keeps for the jobs of one build. */
export class Store {
  readonly #redis: Redis;
  readonly #queue: string;
  /** by kind, for the next jobs; the first has been unused longest */
  readonly #held = new Map<Kind<object>, Map<string, object>>();

  constructor(redis: Redis, queue: string) {
    this.#redis = redis;
    this.#queue = queue;
  }

  /** Keeps it for so many seconds from now on. */
  async keep({ kind, hash, bytes }: Packed, seconds: number): Promise<void> {
    const key = this.#keyOf(kind, hash);
    if ((await this.#redis.expire(key, seconds)) === 0) await this.#redis.set(key, bytes, 'EX', seconds);
  }

  /** Throws Refused: what is kept under the hash is something else; Error: nothing is, or not yet. */
  async get<Value extends object>(kind: Kind<Value>, hash: string): Promise<Value> {
    let held = this.#held.get(kind);
    if (held === undefined) this.#held.set(kind, (held = new Map()));
    const value = (held.get(hash) as Value | undefined) ?? unpack(kind, { hash, bytes: await this.#read(kind, hash) });
    held.delete(hash);
    held.set(hash, value);
    for (const oldest of held.keys()) if (held.size > kind.held) held.delete(oldest);
    return value;
  }

  async #read(kind: Kind<object>, hash: string): Promise<Buffer> {
    const key = this.#keyOf(kind, hash);
    const size = await this.#redis.strlen(key);
    if (size > MOST_PACKED) throw new Refused(`expected ${kind.name} of at most ${MOST_PACKED} bytes, got ${size}`);
    const bytes = await this.#redis.getBuffer(key);
    if (bytes === null) throw new Error(`expected the ${kind.name} ${hash.slice(0, 12)} in the queue, got none`);
    return bytes;
  }

  #keyOf({ name }: Kind<object>, hash: string): string {
    return `${this.#queue}:${name}:${hash}`;
  }
}
