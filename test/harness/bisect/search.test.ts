import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Edge, type Line, type Tested, searchSteps } from '../../../harness/bisect/search.ts';

/** null: the step cannot be tested. */
type Step = boolean | number | null;

async function searched(series: readonly Step[], all = false): Promise<Line & { tests: number[] }> {
  const tests: number[] = [];
  const test = async (step: number): Promise<Tested> => {
    tests.push(step);
    const value = series[step]!;
    return value === null ? { kind: 'skipped', why: 'no' } : { kind: 'tested', value, seen: [] };
  };
  return { ...(await searchSteps(series.length, test, { all })), tests };
}

/** What a look at every step shows: the least intervals. */
function edgesOf(series: readonly Step[]): Edge[] {
  const known = series.flatMap((value, at) => (value === null ? [] : [{ value, at }]));
  return known
    .slice(1)
    .flatMap(({ value, at }, i) => (value === known[i]!.value ? [] : [{ before: known[i]!.at, after: at }]));
}

/** The base, then `count` patches: on from `edge` on. */
const onFrom = (edge: number, count: number): boolean[] => Array.from({ length: count + 1 }, (_one, i) => i >= edge);

/** A generator of numbers below 1: the same for the same seed. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** 30 % of the patches cannot be tested, in runs of up to 50. */
function broken(series: readonly Step[], seed: number): Step[] {
  const next = random(seed);
  const steps = [...series];
  let left = Math.round(0.3 * (steps.length - 1));
  while (left > 0) {
    const run = Math.min(left, 1 + Math.floor(next() * 50));
    const from = 1 + Math.floor(next() * (steps.length - run));
    for (let i = from; i < from + run; i++) {
      if (steps[i] !== null) left--;
      steps[i] = null;
    }
  }
  return steps;
}

const PATCHES = 200;
const positions = Array.from({ length: PATCHES / 10 }, (_one, i) => 10 * (i + 1));
const seeds = Array.from({ length: 25 }, (_one, i) => i + 1);

describe('a series of 200 patches', () => {
  it.each(positions)('that changes at patch %i: finds that patch by halving', async (edge) => {
    const { edges, tests } = await searched(onFrom(edge, PATCHES));
    expect(edges).toEqual([{ before: edge - 1, after: edge }]);
    // The base is no patch.
    expect(tests.length - 1).toBeLessThanOrEqual(2 * Math.log2(PATCHES));
    expect(new Set(tests).size).toBe(tests.length);
  });

  it.each(positions)(
    'that changes at patch %i, where 30 %% cannot be tested: the patch, or the least interval',
    async (edge) => {
      for (const seed of seeds) {
        const series = broken(onFrom(edge, PATCHES), seed);
        const { edges, tests } = await searched(series);
        expect({ seed, edges }).toEqual({ seed, edges: edgesOf(series) });
        const skipped = tests.filter((step) => series[step] === null).length;
        if (edges.length === 1) expect(tests.length - 1 - skipped).toBeLessThanOrEqual(2 * Math.log2(PATCHES));
      }
    },
  );

  it('that changes at every tenth patch: finds all of them', async () => {
    const series = Array.from({ length: PATCHES + 1 }, (_one, i) => Math.floor(i / 10) % 2 === 1);
    expect((await searched(series)).edges).toEqual(positions.map((after) => ({ before: after - 1, after })));
    for (const seed of seeds) {
      const some = broken(series, seed);
      expect({ seed, edges: (await searched(some)).edges }).toEqual({ seed, edges: edgesOf(some) });
    }
  });

  it('that shows it for some patches in the middle: finds both ends', async () => {
    const series = onFrom(113, PATCHES).map((on, i) => on && i < 117);
    expect((await searched(series)).edges).toEqual([
      { before: 112, after: 113 },
      { before: 116, after: 117 },
    ]);
  });

  it('that never changes is tested to the end: there is nothing to halve', async () => {
    const { edges, tests } = await searched(onFrom(0, PATCHES));
    expect([edges, tests.length]).toEqual([[], PATCHES + 1]);
  });

  it('in which a number takes a third value between two samples is tested to the end', async () => {
    const series = onFrom(60, PATCHES).map((on, i) => (on ? 7 : i === 59 || i === 58 ? 6 : 5));
    expect((await searched(series)).edges).toEqual(edgesOf(series));
  });

  it('says which patches it has not tested, and tests them on request', async () => {
    const series = onFrom(100, PATCHES).map((on, i) => on || i === 3);
    const { steps, edges } = await searched(series);
    expect(edges).toHaveLength(1);
    expect(steps[3]).toBeNull();
    expect((await searched(series, true)).edges).toHaveLength(3);
  });
});

describe('a series of any length', () => {
  const long = fc.integer({ min: 65, max: 400 });
  it('that changes once takes at most 2 log2(n) tests', async () => {
    await fc.assert(
      fc.asyncProperty(long, fc.double({ min: 0, max: 1, noNaN: true }), async (count, where) => {
        const edge = 1 + Math.floor(where * (count - 1));
        const { edges, tests } = await searched(onFrom(edge, count));
        expect(edges).toEqual([{ before: edge - 1, after: edge }]);
        expect(tests.length - 1).toBeLessThanOrEqual(2 * Math.log2(count));
      }),
    );
  });

  it('of which most cannot be tested, ends included, finds the least interval', async () => {
    await fc.assert(
      fc.asyncProperty(
        long,
        fc.nat(400),
        fc.integer(),
        fc.integer({ min: 1, max: 9 }),
        async (count, at, seed, tenths) => {
          const next = random(seed);
          const series = onFrom(1 + (at % count), count).map((on) => (10 * next() < tenths ? null : on));
          const { edges, tests } = await searched(series);
          expect(edges).toEqual(edgesOf(series));
          expect(new Set(tests).size).toBe(tests.length);
        },
      ),
    );
  });

  it('up to 64 is tested to the end, in order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(true, false, null, 1, 2), { maxLength: 64 }), async (series) => {
        const { edges, tests, steps } = await searched(series);
        expect(tests).toEqual(series.map((_one, i) => i));
        expect(edges).toEqual(edgesOf(series));
        expect(steps.map((step) => (step?.kind === 'tested' ? step.value : null))).toEqual(series);
      }),
    );
  });

  it('none of which can be tested has no edge', async () => {
    const { edges, steps } = await searched(Array.from({ length: 100 }, () => null));
    expect([edges, steps.every((step) => step?.kind === 'skipped')]).toEqual([[], true]);
  });
});

describe('a test that throws', () => {
  it('ends the search', async () => {
    await expect(searchSteps(3, async () => Promise.reject(new Error('interrupted')))).rejects.toThrow('interrupted');
  });
});
