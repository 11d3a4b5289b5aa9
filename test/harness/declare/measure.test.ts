import { describe, expect, it } from 'vitest';
import { fits, newOccasions } from '../../../harness/compare/occasions.ts';
import { BASES, measureText, parseMeasure, sum } from '../../../harness/declare/measure.ts';

const nothing = { more: false, fewer: false, per: BASES.map(() => 0), room: null };
const measure = (text: string) => parseMeasure(text, 'test');
const occasions = (counts: Partial<Record<(typeof BASES)[number], number>>) => {
  const vector = newOccasions();
  for (const [basis, n] of Object.entries(counts)) vector[(BASES as readonly string[]).indexOf(basis)] = n;
  return vector;
};
const fitting = (text: string, difference: number, counts = {}) =>
  fits({ forward: measure(text), backward: nothing }, difference, occasions(counts), occasions({}));

describe('a declaration', () => {
  it('is more, fewer, or terms per basis', () => {
    expect(measure('more')).toEqual({ ...nothing, more: true });
    const terms = occasions({ exit: 1, 'exec that reuses': -2 });
    expect(measure('+1 per exit, -2 per exec that reuses').per).toEqual([...terms]);
    expect(measure('fewer, +1 per exit').fewer).toBe(true);
    expect(measure('any')).toEqual({ ...nothing, more: true, fewer: true });
  });

  it.each(['', 'less', '1 per exit', '+1 per fork', '+x per exit', 'more or fewer', '+1.5 per exit'])(
    'is refused when it reads %j',
    (text) => {
      expect(() => measure(text)).toThrow(/test: expected 'more', 'fewer', 'any' or '\[up to\] ±N per BASIS'/);
    },
  );

  it.each([
    ['+1 per exits', 'exit'],
    ['mroe', 'more'],
    ['+1 per pmap_remove cal', 'pmap_remove call'],
  ])('that reads %j is told what it may have meant', (text, near) => {
    expect(() => measure(text)).toThrow(new RegExp(`; did you mean ${near}\\?$`));
  });

  it('with an exact formula fits that number and no other', () => {
    expect(fitting('+1 per exit', 1, { exit: 1 })).toBe(true);
    expect(fitting('+1 per exit', 0, { exit: 1 })).toBe(false);
    expect(fitting('+1 per exit', 2, { exit: 1 })).toBe(false);
    expect(fitting('+1 per exit', 0)).toBe(true);
    expect(fitting('+1 per exit', 1)).toBe(false);
  });

  it('with a sign matches zero and every difference of that sign', () => {
    expect([-1, 0, 7].map((difference) => fitting('more', difference))).toEqual([false, true, true]);
    expect([-1, 0, 7].map((difference) => fitting('fewer', difference))).toEqual([true, true, false]);
  });

  it('with sign and formula is bounded on one side', () => {
    const at = (difference: number) => fitting('fewer, +1 per exit', difference, { exit: 1 });
    expect([-50, 0, 1, 2].map(at)).toEqual([true, true, true, false]);
  });

  it('with room fits from nothing to that number', () => {
    const at = (difference: number) => fitting('up to +2 per exit', difference, { exit: 2 });
    expect([-1, 0, 3, 4, 5].map(at)).toEqual([false, true, true, true, false]);
    expect([0, 1].map((difference) => fitting('up to +2 per exit', difference))).toEqual([true, false]);
  });

  it('with room on both sides of a formula fits between the two', () => {
    const at = (difference: number) =>
      fitting('-3 per exit, up to +1 per exit, up to -1 per exit', difference, { exit: 1 });
    expect([-5, -4, -3, -2, -1].map(at)).toEqual([false, true, true, true, false]);
  });

  it('with room for pages that go has it on the other side', () => {
    const at = (difference: number) =>
      fitting('up to +1 per live top-level page', difference, { 'live top-level page': -2 });
    expect([-3, -2, 0, 1].map(at)).toEqual([false, true, true, false]);
  });

  it.each(['more', '-1 per exit, fewer', 'up to +1 per exit, up to -2 per exec that reuses'])(
    'is written as it is read: %s',
    (text) => {
      expect(measureText(measure(text))).toBe(text);
    },
  );

  it('can be added to another', () => {
    expect(sum(measure('+1 per exit'), measure('-1 per exit'))).toEqual(nothing);
    expect(sum(measure('more'), measure('fewer'))).toEqual({ ...nothing, more: true, fewer: true });
    expect(sum(measure('up to +1 per exit'), measure('up to +2 per exit'))).toEqual(measure('up to +3 per exit'));
  });

  it('is negated on the way to the reference', () => {
    const at = (text: string) => (difference: number) =>
      fits({ forward: nothing, backward: measure(text) }, difference, occasions({}), occasions({ exit: 1 }));
    expect([-3, -2, -1].map(at('more, +2 per exit'))).toEqual([true, true, false]);
    expect([-3, -2, 0, 1].map(at('up to +2 per exit'))).toEqual([false, true, true, false]);
  });
});
