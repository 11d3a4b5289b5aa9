/**
 * Where output goes: results to stdout, everything else to stderr.
 */
import { fstatSync, statSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import type { WriteStream } from 'node:tty';
import { DEFAULT_WIDTH } from '../report/words.ts';
import { UsageError } from './errors.ts';

const STDERR = 2;

/** Colour precedence: NO_COLOR (not empty), FORCE_COLOR (0 = off), then whether a terminal that can do it listens. */
export function wantsColor(stream: Pick<WriteStream, 'isTTY'>, env: NodeJS.ProcessEnv): boolean {
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== '') return false;
  if (env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== '') return env.FORCE_COLOR !== '0';
  return stream.isTTY === true && env.TERM !== 'dumb';
}

/** Columns of a line: those of the terminal, else COLUMNS, else a fixed number. */
export function lineWidth(
  { isTTY, columns }: Partial<Pick<WriteStream, 'isTTY' | 'columns'>>,
  env: NodeJS.ProcessEnv,
): number {
  if (isTTY === true && columns !== undefined && columns > 0) return Math.max(LEAST_WIDTH, columns);
  const asked = Number(env.COLUMNS);
  return Number.isInteger(asked) && asked > 0 ? Math.max(LEAST_WIDTH, asked) : DEFAULT_WIDTH;
}

/** No table can be read on less. */
const LEAST_WIDTH = 40;

/**
 * A reader that went away (`| head`) ends the program quietly; output that cannot be written, as on a full disk, ends it
 * with that code and the reason on stderr.
 */
export function endWhenOutputFails(exitCode: number): void {
  writeWhole(process.stdout);
  writeWhole(process.stderr);
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit();
    process.exitCode = exitCode;
    try {
      writeSync(STDERR, `pmapdiff: standard output: expected to be written, got ${error.message}\n`);
    } finally {
      process.exit(exitCode);
    }
  });
  // There is nowhere to say so.
  process.stderr.on('error', () => process.exit(exitCode));
}

/** Node writes once to a stream that is a file, and takes what was written in part for the whole. */
function writeWhole(stream: { readonly fd: number }): void {
  if (!fstatSync(stream.fd).isFile()) return;
  const write = (chunk: Buffer | string, encoding: BufferEncoding, done: (error?: Error) => void): void => {
    try {
      writeAll(stream.fd, typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk);
      done();
    } catch (error) {
      done(error as Error);
    }
  };
  Object.assign(stream, { _write: write });
}

/** Writes all bytes to a file, in as many writes as it takes. Throws the system's error. */
export function writeAll(fd: number, bytes: Uint8Array, write: typeof writeSync = writeSync): void {
  for (let at = 0; at < bytes.length;) at += write(fd, bytes, at, bytes.length - at);
}

/** No room, or no more allowed; the disk fails. */
const FAILURES: readonly unknown[] = ['ENOSPC', 'EFBIG', 'EDQUOT', 'EIO'];

/**
 * Writes a whole file. Throws a UsageError if it cannot be opened, and an Error if it cannot be written to its end: then
 * it is empty. option: as it was given.
 */
export function writeFile(option: string, path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (!FAILURES.includes(code)) throw new UsageError(`${option}: ${code ?? message}`);
    if (statSync(path).isFile()) truncateSync(path);
    throw new Error(`${option}: expected to be written, got ${message}`, { cause: error });
  }
}
