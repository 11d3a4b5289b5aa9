/** `--expect FILE`: the differences that a user expects, read from outside and checked. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { ExpectedDifference } from '../compare/accepted.ts';
import { UsageError } from './errors.ts';

/** Throws UsageError: file, place in it, what was expected. */
export async function readExpected(path: string): Promise<readonly ExpectedDifference[]> {
  const { z } = await import('zod');
  const schema = z.strictObject({
    schema: z.literal('pmapdiff.expect/1'),
    differences: z.array(
      z.strictObject({
        variant: z.string().min(1),
        workload: z.string().min(1),
        what: z.string().min(1),
        reason: z.string().trim().min(1),
        expires: z.iso.date('expected a day, YYYY-MM-DD'),
      }),
    ),
  });
  const name = basename(path);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    throw new UsageError(`--expect ${path}: no such file`);
  }
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${name}: expected JSON: ${(error as Error).message}`);
  }
  const { success, data, error } = schema.safeParse(body);
  if (success) return data.differences;
  const faults = error.issues.map(({ path: at, message }) => `${at.length === 0 ? 'file' : at.join('.')}: ${message}`);
  throw new UsageError(`${name}: ${faults.join('; ')}`);
}

/** `--today`, or the system's day (UTC). */
export async function dayOf(text: string | undefined): Promise<string> {
  if (text === undefined) return new Date().toISOString().slice(0, 10);
  const { z } = await import('zod');
  if (z.iso.date().safeParse(text).success) return text;
  throw new UsageError(`--today: expected a day, YYYY-MM-DD, got ${JSON.stringify(text)}`);
}
