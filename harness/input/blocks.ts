/**
 * Reads the bytes of a workload file, gzipped or not, as blocks of whole lines. If it is too long, too large, broken or
 * not text, throws a WorkloadError with the line where that shows.
 */
import { isUtf8 } from 'node:buffer';
import { Readable, pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { WorkloadError } from '../workload/errors.ts';
import { MAX_LINE } from '../workload/lines.ts';
import { formatSize } from '../workload/size.ts';
import { openSource, unreadable } from './source.ts';

/** A gzip file may expand to the first size; above the second, only 100-fold. */
const MAX_EXPANDED = 2 ** 32;
const SUSPECT_EXPANDED = 2 ** 26;
const MAX_RATIO = 100;
const CHUNK = 2 ** 18;
/** The first bytes of a gzip file. */
const MAGIC = Buffer.from([0x1f, 0x8b]);
const BYTE_ORDER_MARK = Buffer.from('\uFEFF');

/** Bytes after decompression, and how an error words the limit. */
export interface Limit {
  readonly total: number;
  readonly expected: string;
}

/** The bytes of a file after decompression, and how many were read of it so far. */
class Bytes {
  readonly #path: string;
  isPacked = false;
  read = 0;

  constructor(path: string) {
    this.#path = path;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    const raw = this.#raw();
    let { value: start = Buffer.alloc(0), done } = await raw.next();
    while (start.length < MAGIC.length && done !== true) {
      const next = await raw.next();
      done = next.done;
      if (next.done !== true) start = Buffer.concat([start, next.value]);
    }
    this.isPacked = start.subarray(0, MAGIC.length).equals(MAGIC);
    const all = joined(start, raw);
    // pipeline closes each stream along with the other; the error reaches the iterating caller
    yield* this.isPacked ? pipeline(Readable.from(all), createGunzip({ chunkSize: CHUNK }), () => {}) : all;
  }

  async *#raw(): AsyncGenerator<Buffer, undefined> {
    for await (const chunk of openSource(this.#path) as AsyncIterable<Buffer>) {
      this.read += chunk.length;
      yield chunk;
    }
  }
}

async function* joined(start: Buffer, rest: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  if (start.length > 0) yield start;
  yield* rest;
}

/** Position of the reader: number of lines returned so far. */
class LineCounter {
  readonly #path: string;
  lines = 0;

  constructor(path: string) {
    this.#path = path;
  }

  fail(expected: string, found: string, line = this.lines + 1): never {
    throw new WorkloadError({ file: this.#path, line }, expected, found);
  }

  /** Decodes a block of whole lines. */
  decode(block: Buffer): string {
    if (!isUtf8(block) || block.includes(0)) this.#failBinary(block);
    if (this.lines === 0 && block.subarray(0, 3).equals(BYTE_ORDER_MARK))
      this.fail('text in UTF-8 without a byte order mark', 'one');
    const text = block.toString('utf8');
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) this.lines++;
    return text;
  }

  tooLong(bytes: number): never {
    this.fail(`a line of at most ${formatSize(MAX_LINE)}`, `more than ${formatSize(Math.min(bytes, MAX_LINE))}`);
  }

  #failBinary(block: Buffer): never {
    let line = this.lines + 1;
    for (let at = 0; at < block.length; line++) {
      let end = block.indexOf(10, at);
      if (end < 0) end = block.length;
      const part = block.subarray(at, end);
      if (part.includes(0)) this.fail('text', 'a NUL byte', line);
      if (!isUtf8(part)) this.fail('text in UTF-8', 'other bytes', line);
      at = end + 1;
    }
    throw new Error(`${this.#path}: a block that is not text has no line that is not`);
  }
}

/**
 * Yields the text of a file in blocks of whole lines; only the last may lack its newline. Lines are at most MAX_LINE
 * bytes long, and the whole is limited according to its first block. `from` is read instead of the path, which messages
 * name.
 */
export async function* readBlocks(
  path: string,
  limitFor: (start: string) => Limit,
  from = path,
): AsyncGenerator<string> {
  const counter = new LineCounter(path);
  const bytes = new Bytes(from);
  let rest = Buffer.alloc(0);
  let total = 0;
  let limit: Limit | null = null;
  try {
    for await (const chunk of bytes) {
      total += chunk.length;
      limit ??= limitFor(chunk.toString('latin1', 0, 64));
      if (total > limit.total) counter.fail(limit.expected, 'more');
      if (bytes.isPacked) checkExpansion(counter, total, bytes.read);
      const cut = chunk.lastIndexOf(10) + 1;
      if (cut === 0) {
        rest = Buffer.concat([rest, chunk]);
        if (rest.length > MAX_LINE) counter.tooLong(rest.length);
        continue;
      }
      yield counter.decode(Buffer.concat([rest, chunk.subarray(0, cut)]));
      rest = Buffer.from(chunk.subarray(cut));
      if (rest.length > MAX_LINE) counter.tooLong(rest.length);
    }
  } catch (error) {
    if (error instanceof WorkloadError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== undefined && code.startsWith('Z_')) counter.fail('a complete gzip file', message);
    throw unreadable(path, error, bytes.read === 0 ? 0 : counter.lines + 1);
  }
  if (rest.length > 0) yield counter.decode(rest);
}

function checkExpansion(counter: LineCounter, total: number, packed: number): void {
  if (total > MAX_EXPANDED) counter.fail(`at most ${formatSize(MAX_EXPANDED)} in a gzip file`, 'more');
  if (total > SUSPECT_EXPANDED && total > packed * MAX_RATIO) {
    counter.fail(`a gzip file that expands at most ${MAX_RATIO} times`, `${Math.floor(total / packed)} times so far`);
  }
}
