/** `--expect FILE`: the differences that a user expects, read from outside and checked. */
import { basename } from 'node:path';
import { COUNTER_NAMES, GAUGES } from '../../core/counters.ts';
import { hint, nearest } from '../../core/suggest.ts';
import { INVARIANTS } from '../check/invariants.ts';
import type { ExpectedDifference } from '../compare/accepted.ts';
import { STATISTICS } from '../declare/planes.ts';
import { wholeText } from '../input/source.ts';
import { UsageError } from './errors.ts';

/** What a difference can be about. */
const WHATS: readonly string[] = [
  ...STATISTICS,
  'outcome',
  'map',
  'tables',
  'panic',
  ...Object.keys(INVARIANTS),
  ...[...GAUGES.map((counter) => COUNTER_NAMES[counter]), 'pagesInUse'].map((what) => `balance ${what}`),
];

const KEYS = ['schema', 'differences'];
const ENTRY_KEYS = ['variant', 'workload', 'what', 'reason', 'expires'];

const unknownWhat = (what: string): string =>
  `expected a statistic or counter, outcome, map, tables, panic, an invariant or 'balance NAME', ` +
  `got ${JSON.stringify(what)}${hint(what, WHATS)}`;

/**
 * Variants and workloads of the list that look like misspelt ones of this comparison, in words. They are no fault: a list
 * may serve several comparisons.
 */
export function misspelt(
  entries: readonly ExpectedDifference[],
  variants: readonly string[],
  workloads: readonly string[],
): string[] {
  const doubts = (what: 'variant' | 'workload', known: readonly string[]): string[] =>
    entries.flatMap((entry, i) => {
      const near = known.includes(entry[what]) ? '' : nearest(entry[what], known);
      return near === ''
        ? []
        : [`--expect: differences.${i}.${what}: no ${what} ${JSON.stringify(entry[what])} here; did you mean ${near}?`];
    });
  return [...doubts('variant', variants), ...doubts('workload', ['*', ...workloads])];
}

/** Throws UsageError: file, place in it, what was expected. */
export async function readExpected(path: string): Promise<readonly ExpectedDifference[]> {
  const { z } = await import('zod');
  const schema = z.strictObject({
    schema: z.literal('pmapdiff.expect/1'),
    differences: z.array(
      z.strictObject({
        variant: z.string().min(1),
        workload: z.string().min(1),
        what: z.string().refine((what) => WHATS.includes(what), { error: ({ input }) => unknownWhat(String(input)) }),
        reason: z.string().trim().min(1),
        expires: z.iso.date('expected a day, YYYY-MM-DD'),
      }),
    ),
  });
  const name = basename(path);
  const text = await wholeText(path);
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${name}: expected JSON: ${(error as Error).message}`);
  }
  const { success, data, error } = schema.safeParse(body);
  if (success) return data.differences;
  const faults = error.issues.map((issue) => {
    const strangers = issue.code === 'unrecognized_keys' ? issue.keys : [];
    const near = strangers.map((key) => hint(key, issue.path.length === 0 ? KEYS : ENTRY_KEYS));
    return `${issue.path.length === 0 ? 'file' : issue.path.join('.')}: ${issue.message}${near.join('')}`;
  });
  throw new UsageError(`${name}: ${faults.join('; ')}`);
}

/** `--today`, or the system's day (UTC). */
export async function dayOf(text: string | undefined): Promise<string> {
  if (text === undefined) return new Date().toISOString().slice(0, 10);
  const { z } = await import('zod');
  if (z.iso.date().safeParse(text).success) return text;
  throw new UsageError(`--today: expected a day, YYYY-MM-DD, got ${JSON.stringify(text)}`);
}
