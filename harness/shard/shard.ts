/** `--shard I/N`: the part of a command's work that one of N machines does. */
import { InputError } from '../input-error.ts';

export interface Shard {
  /** from 1 */
  readonly index: number;
  readonly of: number;
}

export const MOST_SHARDS = 1000;

export const shardText = ({ index, of }: Shard): string => `${index}/${of}`;

/** Throws InputError. */
export function readShard(text: string): Shard {
  const [, index, of] = (/^(\d{1,4})\/(\d{1,4})$/.exec(text) ?? []).map(Number);
  if (index >= 1 && index <= of && of <= MOST_SHARDS) return { index, of };
  throw new InputError(
    `--shard: expected I/N with I from 1 to N, N at most ${MOST_SHARDS}, got ${JSON.stringify(text)}`,
  );
}

/**
 * Places of the jobs that the shard does, ascending. Deals the heaviest job first, each to the lightest shard. Every
 * machine computes the same deal.
 */
export function placesOf({ index, of }: Shard, weights: readonly number[]): number[] {
  const loads = Array.from({ length: of }, () => 0);
  const heaviest = weights.map((_weight, at) => at).toSorted((a, b) => weights[b] - weights[a] || a - b);
  const mine = heaviest.filter((at) => {
    const least = loads.indexOf(Math.min(...loads));
    loads[least] += weights[at];
    return least === index - 1;
  });
  return mine.toSorted((a, b) => a - b);
}
