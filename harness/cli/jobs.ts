/** `--jobs N`: how many threads a command may use. */
import { availableParallelism } from 'node:os';
import { UsageError } from './errors.ts';

/** The cores there are if it is absent. Throws UsageError. */
export function threadsOf(text: string | undefined): number {
  if (text === undefined) return availableParallelism();
  if (/^[1-9]\d{0,2}$/.test(text)) return Number(text);
  throw new UsageError(`--jobs: expected a number from 1 to 999, got ${JSON.stringify(text)}`);
}
