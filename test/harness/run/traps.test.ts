import { describe, expect, it } from 'vitest';
import { withoutClock } from '../../../harness/run/traps.ts';

describe('during a run', () => {
  it.each<[string, () => unknown]>([
    ['Math.random', () => Math.random()],
    ['Date', () => new Date()],
    ['Date', () => Date()],
    ['Date.now', () => Date.now()],
    ['performance.now', () => performance.now()],
  ])('%s throws by name', (name, use) => {
    expect(() => withoutClock(use)).toThrow(`${name} was called during a run`);
    expect(use).not.toThrow();
  });

  it('the body’s result or exception is passed on', () => {
    expect(withoutClock(() => 7)).toBe(7);
    expect(() =>
      withoutClock(() => {
        throw new RangeError('seven');
      }),
    ).toThrow('seven');
    expect(Math.random()).toBeLessThan(1);
  });
});
