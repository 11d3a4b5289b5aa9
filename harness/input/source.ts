/** Where input comes from: a file, or something that can be read only once: a pipe, a device, standard input (`-`). */
import { createReadStream, createWriteStream, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { makeFolder, removeFolder } from '../process/cleanup.ts';
import { WorkloadError } from '../workload/errors.ts';

const CHUNK = 2 ** 18;
const STDIN: readonly string[] = ['-', '/dev/stdin', '/dev/fd/0', '/proc/self/fd/0'];

/** Iterate the result at once: a stream that fails while nobody listens kills the process. */
export function openSource(path: string): Readable {
  if (!STDIN.includes(path)) return createReadStream(path, { highWaterMark: CHUNK });
  if (process.stdin.readableDidRead)
    throw new WorkloadError({ file: path }, 'standard input to be named once', 'it has been read already');
  return process.stdin;
}

/** The error for a file whose reading failed. */
export function unreadable(path: string, error: unknown, line = 0): WorkloadError {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'EISDIR') return new WorkloadError({ file: path, line }, 'a file', 'a directory');
  return new WorkloadError(
    { file: path, line },
    'a readable file',
    code === 'ENOENT' ? 'no such file' : (code ?? message),
  );
}

/** Can only be read once. False for a missing file and a folder: their reader reports them. */
export function isReadOnce(path: string): boolean {
  if (STDIN.includes(path)) return true;
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat !== undefined && !stat.isFile() && !stat.isDirectory();
}

/** A whole file that holds at most so many bytes. label: what an error calls it. Throws WorkloadError. */
export function wholeBytes(path: string, label = path, most = Infinity): Uint8Array {
  try {
    const { size } = path === '-' ? { size: 0 } : statSync(path);
    if (size > most) throw new WorkloadError({ file: label }, `at most ${most} bytes`, `${size}`);
    // Not process.stdin.fd: to look at it makes a pipe answer EAGAIN where it would wait.
    return readFileSync(path === '-' ? 0 : path);
  } catch (error) {
    throw error instanceof WorkloadError ? error : unreadable(label, error);
  }
}

/** Everything in a file, as text. Throws WorkloadError. */
export async function wholeText(path: string): Promise<string> {
  const parts: Buffer[] = [];
  try {
    for await (const part of openSource(path) as AsyncIterable<Buffer>) parts.push(part);
  } catch (error) {
    throw error instanceof WorkloadError ? error : unreadable(path, error);
  }
  return Buffer.concat(parts).toString('utf8');
}

/** Copies of what can be read only once, for whoever reads it more than once. */
export class HeldCopies {
  #folder = '';
  readonly #copies = new Map<string, string>();

  /** The path of a copy; undefined if what is at this path can be read again. */
  async of(path: string): Promise<string | undefined> {
    if (!isReadOnce(path)) return undefined;
    const known = this.#copies.get(path);
    if (known !== undefined) return known;
    if (this.#folder === '') this.#folder = makeFolder(join(tmpdir(), 'pmapdiff-held-'));
    const copy = join(this.#folder, `${this.#copies.size}`);
    this.#copies.set(path, copy);
    try {
      await pipeline(openSource(path), createWriteStream(copy));
    } catch (error) {
      if (error instanceof WorkloadError) throw error;
      throw new Error(`${path}: expected to be copied to ${copy}, got ${(error as Error).message}`, { cause: error });
    }
    return copy;
  }

  dispose(): void {
    if (this.#folder !== '') removeFolder(this.#folder);
  }
}
