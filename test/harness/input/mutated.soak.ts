/**
 * What import writes, replay accepts: a thousand inputs with mistakes of each recorder. SOAK=0.01 in the environment
 * runs a hundredth of them; SEED=N starts from a seed other than 1.
 */
import { describe, expect, it } from 'vitest';
import { RECORDERS, tryMutated } from './mutated.ts';

const COUNT = Math.ceil(1000 * Number(process.env.SOAK ?? 1));
const SEED = Number(process.env.SEED ?? 1);

describe(`${COUNT} inputs with mistakes of`, () => {
  it.each(Object.keys(RECORDERS))('%s', async (name) => {
    const start = performance.now();
    const { replayed, refused } = await tryMutated(name, COUNT, SEED);
    const rate = (COUNT / ((performance.now() - start) / 1000)).toFixed(1);
    console.log(`${name}: ${replayed} replayed, ${refused} refused, ${rate} inputs/s`);
    expect(replayed + refused).toBe(COUNT);
    expect(replayed).toBeGreaterThan(COUNT / 4);
  });
});
