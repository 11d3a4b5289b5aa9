/**
 * The files that a command writes besides stdout: complete or not at all.
 *
 * A plain file is made next to its place and then renamed, with the mode of the one that was there. Anything else at
 * the path is kept and written to: what a link leads to, a device, a pipe, a file that has several names or belongs to
 * somebody else.
 */
import {
  accessSync,
  chmodSync,
  constants,
  createReadStream,
  createWriteStream,
  fstatSync,
  lstatSync,
  readlinkSync,
  realpathSync,
  renameSync,
  type Stats,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { makeFolder, removeFolder } from './process/cleanup.ts';
import { WorkloadError } from './workload/errors.ts';

/** Where the text goes. `mode` is that of the file which is replaced, null if there is none. */
type Target =
  | { readonly kind: 'stream'; readonly stream: NodeJS.WritableStream }
  | { readonly kind: 'replace'; readonly path: string; readonly mode: number | null }
  | { readonly kind: 'open'; readonly path: string };

/** No room, or no more allowed; the disk fails. */
const FAILURES = new Set(['ENOSPC', 'EFBIG', 'EDQUOT', 'EIO']);
const PERMISSIONS = 0o7777;

export class OutputFile {
  readonly #name: string;
  readonly #target: Target;

  /**
   * Null and `-` are stdout; `name` is what messages call the path. Throws WorkloadError if the path cannot be written,
   * or if it is one of `inputs`, under whatever name.
   */
  constructor(path: string | null, inputs: readonly string[], name = path ?? 'standard output') {
    this.#name = name;
    this.#target =
      path === null || path === '-' ? { kind: 'stream', stream: process.stdout } : targetAt(path, name, inputs);
  }

  /** `fill` writes the whole text to the file whose path it gets; the output is written only after that. */
  async write<T>(fill: (path: string) => T | Promise<T>): Promise<T> {
    const folder = this.#folder();
    try {
      const made = join(folder, 'made');
      const result = await fill(made);
      await this.#deliver(made);
      return result;
    } catch (error) {
      const { code = '', message } = error as NodeJS.ErrnoException;
      if (!FAILURES.has(code)) throw error;
      throw new Error(`${this.#name}: expected to be written, got ${message}`, { cause: error });
    } finally {
      removeFolder(folder);
    }
  }

  #folder(): string {
    const parent = this.#target.kind === 'replace' ? dirname(this.#target.path) : tmpdir();
    try {
      return makeFolder(join(parent, '.pmapdiff-'));
    } catch (error) {
      throw this.#target.kind === 'replace' ? noFolder(this.#name, codeOf(error)) : error;
    }
  }

  async #deliver(made: string): Promise<void> {
    const target = this.#target;
    if (target.kind === 'stream') {
      await pipeline(createReadStream(made), target.stream, { end: false });
    } else if (target.kind === 'open') {
      await pipeline(createReadStream(made), createWriteStream(target.path));
    } else {
      if (target.mode !== null) chmodSync(made, target.mode);
      renameSync(made, target.path);
    }
  }
}

/** Throws WorkloadError: two of the outputs, by what messages call them, would go to one file, or to stdout. */
export function refuseSame(outputs: readonly (readonly [name: string, path: string])[]): void {
  const isShared = (path: string): boolean => path !== '-' && statAt(path)?.isFile() === false;
  const places = outputs.map(([, path]) => (isShared(path) ? null : path === '-' ? path : followed(path)));
  for (const [i, [name]] of outputs.entries()) {
    const first = places.indexOf(places[i]);
    if (first !== i && places[i] !== null)
      throw new WorkloadError({ file: name }, 'a file of its own', `that of ${outputs[first][0]}`);
  }
}

function targetAt(path: string, name: string, inputs: readonly string[]): Target {
  if (path === '') throw new WorkloadError({ file: name.trim() || "''" }, 'a file to write', 'an empty name');
  const stat = statAt(path);
  if (stat?.isDirectory() === true) throw new WorkloadError({ file: name }, 'a file to write', 'a directory');
  if (stat?.isFile() === true) {
    const same = inputs.find((input) => isSame(stat, statAt(input)));
    if (same !== undefined) throw new WorkloadError({ file: name }, 'a file that is not an input', `the input ${same}`);
  }
  if (stat !== null) {
    const stream = [process.stdout, process.stderr].find(({ fd }) => isSame(stat, statOf(fd)));
    if (stream !== undefined) return { kind: 'stream', stream };
    check(path, constants.W_OK, (code) => new WorkloadError({ file: name }, 'a file that can be written to', code));
  }
  const place = followed(path);
  if (place === null || (stat !== null && !isOwn(stat))) return { kind: 'open', path };
  check(dirname(place), constants.W_OK | constants.X_OK, (code) => noFolder(name, code));
  return { kind: 'replace', path: place, mode: stat === null ? null : stat.mode & PERMISSIONS };
}

/** Can this file be replaced by another one without a loss? */
const isOwn = (stat: Stats): boolean => stat.isFile() && stat.nlink === 1 && stat.uid === process.geteuid?.();

const isSame = (a: Stats, b: Stats | null): boolean => b !== null && a.dev === b.dev && a.ino === b.ino;

/** What is at the end of all links; null if nothing is. */
function statAt(path: string): Stats | null {
  if (path === '-') return statOf(0);
  try {
    return statSync(path, { throwIfNoEntry: false }) ?? null;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOTDIR') return null;
    throw new WorkloadError({ file: path }, 'a path that can be followed', code ?? String(error));
  }
}

function statOf(fd: number): Stats | null {
  try {
    return fstatSync(fd);
  } catch {
    return null; // the descriptor is closed
  }
}

/** The place to which the links at a path lead; null if it is an open file of a process, which has no place. */
function followed(path: string): string | null {
  let at = resolve(path);
  while (lstatSync(at, { throwIfNoEntry: false })?.isSymbolicLink() === true) {
    const folder = realpathSync(dirname(at));
    if (folder.startsWith('/proc/')) return null;
    at = resolve(folder, readlinkSync(at));
  }
  return at;
}

/** Throws `refusal` of the system's error code if that access is not allowed. */
function check(path: string, access: number, refusal: (code: string) => Error): void {
  try {
    accessSync(path, access);
  } catch (error) {
    throw refusal(codeOf(error));
  }
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? String(error);

const noFolder = (name: string, code: string): WorkloadError =>
  new WorkloadError({ file: name }, 'a folder that can be written to', code === 'ENOENT' ? 'none' : code);
