/**
 * A saved comparison: all that a later one needs to say what has changed. Holds no time, no path and no host, so that the
 * same results are the same bytes.
 */
import { constants, gunzipSync, gzipSync } from 'node:zlib';
import type { ZodType } from 'zod';
import { InputError } from '../input-error.ts';

export const SAVED_SCHEMA = 'pmapdiff.saved/1';

/** What one variant did with one workload. */
export interface SavedRun {
  /** `done`, or where it panicked and why */
  readonly ended: string;
  /** by number of SavedResults.counts; null: it has none of that */
  readonly counts: readonly (number | null)[];
  /** by number of SavedResults.digests */
  readonly digests: readonly string[];
}

export interface SavedPair {
  readonly reference: string;
  readonly candidate: string;
  readonly verdict: string;
  /** null: there is no difference that stands for itself */
  readonly standing: string | null;
}

export interface SavedWorkload {
  readonly name: string;
  /** of its text or recording, of how that is read, and of its machine */
  readonly hash: string;
  /** by column, the number of its run: equal runs are one */
  readonly runs: readonly number[];
  readonly pairs: readonly SavedPair[];
}

export interface SavedResults {
  readonly schema: typeof SAVED_SCHEMA;
  /** of the sources of `core`, without comments and layout */
  readonly core: string;
  /** every invariant was checked */
  readonly checked: boolean;
  readonly counts: readonly string[];
  readonly digests: readonly string[];
  /** hash: of the members of the seam */
  readonly columns: readonly { readonly id: string; readonly hash: string }[];
  readonly runs: readonly SavedRun[];
  readonly workloads: readonly SavedWorkload[];
}

/** Byte of a gzip header that names the system on which it was made; 255: unknown. */
const OS_BYTE = 9;
const NO_OS = 255;

/**
 * Huffman codes alone, without matches: every zlib finds the same codes, but not the same matches, so that the bytes do not
 * depend on the version of Node.
 */
export function packResults(results: SavedResults): Uint8Array {
  const packed = gzipSync(`${JSON.stringify(results)}\n`, { level: 9, strategy: constants.Z_HUFFMAN_ONLY });
  packed[OS_BYTE] = NO_OS;
  return packed;
}

/** Bytes that a file may have, and after decompression. */
const MOST_PACKED = 2 ** 26;
const MOST_BYTES = 2 ** 27;
const MOST_ROWS = 2 ** 20;
const LONGEST = 2 ** 12;

const isGzip = ([first, second]: Uint8Array): boolean => first === 0x1f && second === 0x8b;

/** name: of the file, in messages. Throws InputError: one line. */
export async function unpackResults(name: string, bytes: Uint8Array): Promise<SavedResults> {
  const refuse: (found: string) => never = (found) => {
    throw new InputError(`${name}: expected what --save writes, ${found}`);
  };
  if (bytes.length > MOST_PACKED) refuse(`got ${bytes.length} bytes`);
  let text = '';
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(gunzipSync(bytes, { maxOutputLength: MOST_BYTES }));
  } catch (error) {
    refuse(isGzip(bytes) ? (error as Error).message.replaceAll(/\s+/g, ' ') : 'found no gzip file');
  }
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (error) {
    refuse((error as Error).message.replaceAll(/\s+/g, ' ').slice(0, LONGEST));
  }
  const said = (body as { readonly schema?: unknown } | null)?.schema;
  if (said !== SAVED_SCHEMA)
    refuse(`got schema ${JSON.stringify(said ?? null).slice(0, 80)} instead of ${SAVED_SCHEMA}`);
  const { success, data, error } = (await schemaOf()).safeParse(body);
  if (!success) {
    const [{ path, message }] = error.issues;
    return refuse(`got at ${path.join('.').slice(0, 80) || 'the top'}: ${message.slice(0, 160)}`);
  }
  const dangling = danglingIn(data);
  return dangling === null ? data : refuse(`got ${dangling}`);
}

async function schemaOf(): Promise<ZodType<SavedResults>> {
  const { z } = await import('zod');
  const text = z.string().max(LONGEST);
  const name = text.min(1);
  const list = <T extends ZodType>(of: T) => z.array(of).max(MOST_ROWS);
  return z.strictObject({
    schema: z.literal(SAVED_SCHEMA),
    core: name,
    checked: z.boolean(),
    counts: list(name),
    digests: list(name),
    columns: list(z.strictObject({ id: name, hash: name })),
    runs: list(z.strictObject({ ended: name, counts: list(z.number().nullable()), digests: list(text) })),
    workloads: list(
      z.strictObject({
        name,
        hash: name,
        runs: list(z.int().min(0)),
        pairs: list(z.strictObject({ reference: name, candidate: name, verdict: name, standing: name.nullable() })),
      }),
    ),
  });
}

/** What in a document points at nothing, or has not as many numbers as there are names; null: nothing. */
function danglingIn({ counts, digests, columns, runs, workloads }: SavedResults): string | null {
  const bad = runs.findIndex((run) => run.counts.length !== counts.length || run.digests.length !== digests.length);
  if (bad >= 0) return `run ${bad} without a number for each name`;
  const twice = (list: readonly string[]): boolean => new Set(list).size !== list.length;
  const ids = columns.map(({ id }) => id);
  for (const { name, runs: of, pairs } of workloads) {
    const where = `workload ${JSON.stringify(name).slice(0, 80)}`;
    if (of.length !== columns.length || of.some((run) => run >= runs.length))
      return `${where} without a run for each column`;
    if (pairs.some(({ reference, candidate }) => !ids.includes(reference) || !ids.includes(candidate)))
      return `${where} with a comparison of what is no column`;
    if (twice(pairs.map(({ reference, candidate }) => JSON.stringify([reference, candidate]))))
      return `${where} with a comparison twice`;
  }
  if (twice(counts) || twice(digests)) return 'a name twice';
  if (twice(ids) || twice(workloads.map(({ name }) => name))) return 'a column or workload twice';
  return null;
}
