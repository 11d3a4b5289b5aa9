/** Finds and opens recordings for conform. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { z, ZodType } from 'zod';
import { InputError } from '../input-error.ts';

/** A recording that cannot be opened or parsed. */
export class VectorError extends InputError {
  constructor(file: string, problem: string) {
    super(`${file}: ${problem}`);
    this.name = 'VectorError';
  }
}

/** Names of the recordings of a kind in a folder. */
export const VECTOR_NAMES = {
  pmap: /\.json(\.gz)?$/,
  vm: /\.json$/,
  mmu: /^(part|seq)-.*\.json$/,
  replay: /\.json$/,
} as const;

/**
 * The files that paths name; for a folder, those with matching names, sorted. Throws VectorError if a path is missing.
 */
export function vectorFiles(paths: readonly string[], names: RegExp): string[] {
  return paths.flatMap((path) => {
    if (path === '-') return [path];
    const found = statSync(path, { throwIfNoEntry: false });
    if (found === undefined) throw new VectorError(path, 'expected a file or a folder, found nothing');
    if (!found.isDirectory()) return [path];
    return readdirSync(path)
      .filter((name) => names.test(name))
      .toSorted()
      .map((name) => join(path, name));
  });
}

/** Answers recordings one by one, and says in the end how many answers were as recorded. */
export interface Answers<Recording, Report> {
  /** name: base name of the recording */
  readonly take: (name: string, recording: Recording) => void;
  readonly report: () => Report;
}

/** Has every recording that the paths name answered. Throws VectorError for a file that cannot be read. */
export function answered<Recording, Report>(
  paths: readonly string[],
  names: RegExp,
  schema: ZodType<Recording>,
  answers: Answers<Recording, Report>,
): Report {
  for (const path of vectorFiles(paths, names)) answers.take(basename(path), readVectors(path, schema));
  return answers.report();
}

/** No recording is longer; a file that claims to be is not unpacked. */
const MAX_UNZIPPED = 2 ** 28;

/**
 * Reads a file or stdin (`-`), unpacked if its name or its start says so, and checks it against a schema. Throws
 * VectorError for the first problem.
 */
export function readVectors<T>(path: string, schema: ZodType<T>): T {
  let text: string;
  let json: unknown;
  try {
    const bytes = readFileSync(path === '-' ? 0 : path);
    const isPacked = path.endsWith('.gz') || (bytes[0] === 0x1f && bytes[1] === 0x8b);
    text = (isPacked ? gunzipSync(bytes, { maxOutputLength: MAX_UNZIPPED }) : bytes).toString('utf8');
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
  throw new VectorError(basename(path), problemText(parsed.error.issues[0], json));
}

type Issue = z.core.$ZodIssue;

/** Where a file violates its format, what was expected there, and what was found. */
function problemText(issue: Issue, json: unknown): string {
  const path = [...issue.path];
  const where = path.join('.') || 'top';
  switch (issue.code) {
    case 'unrecognized_keys':
      return `${where}: expected no key but those of the format, got ${issue.keys.map((key) => JSON.stringify(key)).join(', ')}`;
    case 'invalid_key':
      return `${where}: ${expectation(issue.issues[0])}, got the key ${JSON.stringify(path.at(-1))}`;
    case 'invalid_union': {
      // The intended form is the one that matches furthest.
      const forms = issue.errors.map(([first]) => first).toSorted((a, b) => b.path.length - a.path.length);
      if (forms.length > 0 && forms[0].path.length > 0)
        return problemText({ ...forms[0], path: [...path, ...forms[0].path] }, json);
      const all = forms.length > 0 ? forms.map(expectation).join(' or ') : expectation(issue);
      return `${where}: ${all}, got ${shown(json, path)}`;
    }
    default: {
      const expected = expectation(issue);
      return expected.includes(', got ') ? `${where}: ${expected}` : `${where}: ${expected}, got ${shown(json, path)}`;
    }
  }
}

/** 'expected …', without the library's preamble and its description of the value. */
const expectation = ({ message }: Issue): string =>
  message
    .replace(/^[A-Z][^:.]*[:.] /, '')
    .replace(/^E/, 'e')
    .replace(/, received .*$/, '');

const SHOWN_LENGTH = 80;

/** The value at a path, abbreviated. */
function shown(json: unknown, path: readonly PropertyKey[]): string {
  let value = json;
  for (const key of path) value = (value as Record<PropertyKey, unknown> | null | undefined)?.[key];
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > SHOWN_LENGTH ? `${text.slice(0, SHOWN_LENGTH)}…` : text;
}
