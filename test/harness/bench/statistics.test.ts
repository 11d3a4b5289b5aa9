import { describe, expect, it } from 'vitest';
import { aimReached, rangeOf, ratios, speedOf } from '../../../harness/bench/statistics.ts';

const range = (low: number, high: number) => ({ low, high, median: (low + high) / 2 });
const QUIET = range(0.99, 1.01);

describe('ratios', () => {
  it('are computed per round, so that a slow phase of the machine does not matter', () => {
    expect(ratios([10, 50, 10], [10, 50, 10])).toEqual({ median: 1, low: 1, high: 1 });
    expect(ratios([20, 30, 44], [10, 10, 11])).toEqual({ median: 3, low: 2, high: 4 });
  });
  it('need a round', () => {
    expect(() => rangeOf([])).toThrow('at least one round');
  });
});

describe('a verdict on speed', () => {
  it('is given only if every round exceeds the noise', () => {
    expect(speedOf(range(1.2, 1.3), QUIET)).toBe('slower');
    expect(speedOf(range(0.7, 0.9), QUIET)).toBe('faster');
    expect(speedOf(range(1.0, 1.3), QUIET)).toBe('inconclusive');
    expect(speedOf(range(0.9, 1.1), QUIET)).toBe('inconclusive');
  });
  it('is inconclusive if the reference differs from itself by as much', () => {
    expect(speedOf(range(1.2, 1.3), range(0.9, 1.25))).toBe('inconclusive');
    expect(speedOf(range(1.2, 1.3), range(0.8, 1))).toBe('inconclusive');
    expect(speedOf(range(0.7, 0.75), range(0.9, 1.25))).toBe('faster');
  });
  it('is inconclusive below the resolution between two processes', () => {
    expect(speedOf(range(1.01, 1.02), range(1, 1))).toBe('inconclusive');
  });
});

describe('an aim', () => {
  it('is met or missed if all rounds agree', () => {
    expect(aimReached(range(1.2, 1.4), 1.4)).toBe('reached');
    expect(aimReached(range(1.5, 1.6), 1.4)).toBe('missed');
    expect(aimReached(range(1.3, 1.5), 1.4)).toBe('inconclusive');
  });
});
