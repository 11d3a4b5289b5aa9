/**
 * What conform answers, and how it finds and opens recordings.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { ZodType } from 'zod';
import type { KernelPanic } from '../../core/panic.ts';

/** An answer that differs from the recording. */
export interface Mismatch {
  /** Base name of the file. */
  readonly file: string;
  /** Place in it, e.g. 'access 17' or 'op 3'. */
  readonly at: string;
  /** What was asked, in short. */
  readonly what: string;
  readonly expected: unknown;
  readonly got: unknown;
}

export interface ConformReport {
  readonly schema: 'pmapdiff.conform/1';
  readonly kind: 'pmap' | 'vm' | 'mmu' | 'replay';
  /** The variant that answered, where variants can differ. */
  readonly variant?: string;
  readonly files: number;
  /** Recorded answers compared. 0: nothing was checked. */
  readonly checked: number;
  readonly mismatches: readonly Mismatch[];
}

/** Assertions whose text leaves out the function that makes them: no other function has these words. */
const UNNAMED: Readonly<Record<string, string>> = {
  'freeing mapped page': 'vm_object_collapse_scan',
  'non-current pmap': 'pmap_remove_pages',
  'pmap active': 'pmap_remove_pages',
  'releasing active pmap': 'pmap_release',
};

/**
 * Is a panic the recorded one? A recorded text begins with the function's name, or else it is the reason only. Pointers
 * and lines do not count.
 */
export function samePanic(recorded: string, { where, reason }: KernelPanic): boolean {
  const named = /^panic: ([a-z_][a-z0-9_]*): /.exec(recorded);
  if (named !== null) return named[1] === where;
  const text = recorded.replaceAll(/ 0x[0-9a-f]+/g, '');
  return text === `panic: ${reason}` && (UNNAMED[reason] ?? where) === where;
}

/** A recording that cannot be opened or understood. */
export class VectorError extends Error {
  constructor(file: string, fault: string) {
    super(`${file}: ${fault}`);
    this.name = 'VectorError';
  }
}

/** The files that paths name; of a folder, those whose names match, in order of name. Throws VectorError if a path is missing. */
export function vectorFiles(paths: readonly string[], names: RegExp): string[] {
  return paths.flatMap((path) => {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found === undefined) throw new VectorError(path, 'expected a file or a folder, found nothing');
    if (!found.isDirectory()) return [path];
    return readdirSync(path)
      .filter((name) => names.test(name))
      .toSorted()
      .map((name) => join(path, name));
  });
}

/** A file's contents, checked against a schema. Throws VectorError that names the first fault. */
export function readVectors<T>(path: string, schema: ZodType<T>): T {
  let text: string;
  let json: unknown;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new VectorError(path, `cannot be read: ${(error as Error).message}`);
  }
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new VectorError(path, `expected JSON: ${(error as Error).message}`);
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new VectorError(basename(path), `${issue.path.join('.') || 'top'}: ${issue.message}`);
}
