/** How conform finds and opens recordings. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { ZodType } from 'zod';
import { InputError } from '../input-error.ts';

/** A recording that cannot be opened or understood. */
export class VectorError extends InputError {
  constructor(file: string, problem: string) {
    super(`${file}: ${problem}`);
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

/** A file's contents, checked against a schema. Throws VectorError that names the first thing wrong. */
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
