/**
 * What may be said of times that were taken in interleaved rounds.
 *
 * Only ratios within one round are compared: what slows the machine down for a while slows both sides down. The range of
 * the reference's ratio to itself, taken in another process, is the noise floor; what does not leave it is inconclusive.
 */
import { max, median, min } from 'simple-statistics';

/** A number measured once a round. */
export interface Range {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

export function rangeOf(values: readonly number[]): Range {
  if (values.length === 0) throw new RangeError('rangeOf: expected a value of at least one round');
  const all = [...values];
  return { median: median(all), low: min(all), high: max(all) };
}

/** Ratios of two columns round by round. */
export function ratios(times: readonly number[], reference: readonly number[]): Range {
  return rangeOf(times.map((time, round) => time / reference[round]));
}

/** Two processes that run the same differ by as much without any round showing it: where their memory lies is chance. */
const LEAST_NOISE = 1.03;

export type Speed = 'faster' | 'slower' | 'inconclusive';

/** Faster or slower only if every round says so by more than the noise. Ratios of times: below 1 is faster. */
export function speedOf(ratio: Range, noise: Range): Speed {
  const floor = Math.max(noise.high, 1 / noise.low, LEAST_NOISE);
  if (ratio.low > floor) return 'slower';
  if (ratio.high < 1 / floor) return 'faster';
  return 'inconclusive';
}

export type AimReached = 'reached' | 'missed' | 'inconclusive';

/** Reached or missed only if every round says so. */
export function aimReached(ratio: Range, aim: number): AimReached {
  if (ratio.high <= aim) return 'reached';
  return ratio.low > aim ? 'missed' : 'inconclusive';
}
