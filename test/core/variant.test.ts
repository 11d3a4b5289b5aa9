import { describe, expect, it } from 'vitest';
import { HUNK_NAMES, type Hunks } from '../../core/hunks.ts';
import { type Variant, defineVariant } from '../../core/variant.ts';

const hunks = Object.fromEntries(HUNK_NAMES.map((name) => [name, () => {}])) as unknown as Hunks;
const plain: Variant = {
  id: 'mine',
  after: 'landed',
  title: 'Mine',
  accounting: { topPagesInResidentCount: true },
  intends: [],
  hunks,
};

describe('defineVariant', () => {
  it('freezes the variant and everything in it', () => {
    const variant = defineVariant({ ...plain, intends: [{ what: 'removeCalls', by: 'more', why: 'because' }] });
    for (const part of [variant, variant.hunks, variant.intends, variant.intends[0], variant.accounting])
      expect(Object.isFrozen(part)).toBe(true);
  });

  it('keeps the members in seam order, whatever order they are written in', () => {
    const reversed = Object.fromEntries(Object.entries(hunks).toReversed()) as unknown as Hunks;
    expect(Object.keys(defineVariant({ ...plain, hunks: reversed }).hunks)).toEqual([...HUNK_NAMES]);
  });

  it('names a missing, a misspelt and a non-function member in one message', () => {
    const { removeIsNoop: _gone, ...rest } = hunks;
    const broken = { ...rest, removeLoopDone: 1, removeIsNop: () => false } as unknown as Hunks;
    expect(() => defineVariant({ ...plain, hunks: broken })).toThrow(
      'defineVariant(mine): hunks.removeIsNoop: missing; hunks.removeLoopDone: expected a function, got number; ' +
        'hunks.removeIsNop: no such member; did you mean removeIsNoop?',
    );
  });

  it.each([
    ['an id that is no word', { id: 'Not An Id' }, 'id: expected'],
    ['no predecessor given', { after: undefined }, 'after: expected'],
    ['no title', { title: '' }, 'title: expected'],
    ['no accounting', { accounting: undefined }, 'accounting.topPagesInResidentCount: expected'],
    ['no intents', { intends: undefined }, 'intends: expected an array'],
    ['no hunks', { hunks: undefined }, 'hunks.invalidateOthers: missing'],
  ])('refuses %s', (_what, change, message) => {
    expect(() => defineVariant({ ...plain, ...change } as unknown as Variant)).toThrow(message);
  });
});
