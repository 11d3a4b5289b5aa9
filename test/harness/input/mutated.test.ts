import { describe, expect, it } from 'vitest';
import { RECORDERS, tryMutated } from './mutated.ts';

describe('what import writes, replay accepts: 20 inputs with mistakes of', () => {
  it.each(Object.keys(RECORDERS))('%s', async (name) => {
    const { replayed, refused } = await tryMutated(name, 20);
    expect(replayed + refused).toBe(20);
    expect(replayed).toBeGreaterThan(5);
  });
});
