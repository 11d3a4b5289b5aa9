/** What hunts must find: unaided, from any seed, in at most 20,000 runs; and in the built-in workloads. */
import { describe, expect, it } from 'vitest';
import { huntCommand } from '../../../harness/cli/hunt.ts';
import { schemas } from '../../../harness/report/schema/index.ts';
import { type Find, type Hunter, hunt, hunterHere } from '../../../harness/search/hunt.ts';
import type { RawFind, SliceResult } from '../../../harness/search/slice.ts';
import { said } from '../../support/said.ts';
import { pairOf } from './pairs.ts';

const SEEDS = Array.from({ length: 10 }, (_one, i) => i + 1);
const MOST_RUNS = 20_000;

interface Unaided {
  /** runs until it was shown first; null: it never was */
  readonly runs: number | null;
  readonly find: Find | null;
}

/** Hunts until a signature that matches is found, and reduces the first find of it. */
async function huntFor(ids: readonly [string, string], wanted: RegExp, seed: number): Promise<Unaided> {
  const pair = pairOf(...ids);
  let first: RawFind | undefined;
  const limits = { isOver: () => first !== undefined, isStopped: () => false };
  const here = hunterHere(pair, { ...limits, isOver: () => false });
  const hunter: Hunter = {
    ...here,
    // What follows the first find is not run, and others are not reduced: slices do not depend on each other.
    slices: async (specs) => {
      const results: SliceResult[] = [];
      for (const spec of specs) {
        const [result] = await here.slices([spec]);
        first ??= result!.finds.find(({ signature }) => wanted.test(signature));
        results.push({ ...result!, finds: first === undefined ? [] : [first] });
        if (first !== undefined) break;
      }
      return results;
    },
  };
  const { finds } = await hunt(hunter, { seed, runs: MOST_RUNS, known: [], ...limits, progress: () => {} });
  return { runs: first === undefined ? null : first.run + 1, find: finds[0] ?? null };
}

const linesOf = (find: Find | null): number => find?.text.trimEnd().split('\n').length ?? Infinity;

/** Hunts from each seed and prints the runs that it took, and the lines of the finds. */
async function eachSeed(name: string, ids: readonly [string, string], wanted: RegExp, mostLines: number) {
  const all: Unaided[] = [];
  for (const seed of SEEDS) all.push(await huntFor(ids, wanted, seed));
  const runs = all.map((one) => one.runs ?? 'never');
  const lines = all.map(({ find }) => linesOf(find));
  console.log(`${name}: runs ${runs.join(' ')}; lines ${lines.join(' ')}`);
  console.log(all.at(-1)!.find?.text ?? '');
  expect(runs.filter((one) => one === 'never')).toEqual([]);
  expect(all.filter(({ find }) => find === null)).toEqual([]);
  expect(Math.max(...lines)).toBeLessThanOrEqual(mostLines);
}

describe('a hunt from an empty corpus', () => {
  it.each([
    ['F1', ['baseline', 'toplevel-accounting'], /^stats userPtPageCount$/, 6],
    ['F2', ['baseline', 'toplevel-accounting'], /^cost removeEarlyExits$/, 6],
    ['F6', ['double-count-fix', 'shared-page-unmap'], /^outcome clock: SIGSEGV -> ok$/, 4],
    ['N1', ['landed', 'd33276'], /^stats userPtPageCount$/, 6],
  ] as const)('finds %s, and makes it short', async (name, ids, wanted, most) => {
    await eachSeed(name, ids, wanted, most);
  });

  it.each([
    ['toplevel-accounting', 'double-count-fix'],
    ['landed', 'baseline-with-unmap'],
    ['landed', 'in-loop-check'],
    ['landed', 'no-abi-unmap'],
    ['landed', 'no-early-exit'],
    ['landed', 'unmap-after-remove-pages'],
    ['landed', 'unmap-without-refcount-check'],
    ['landed', 'vmspace-clear-as-spelled'],
    ['landed', 'vmspace-clear'],
  ] as const)('tells %s and %s apart', async (a, b) => {
    await eachSeed(`${a} ${b}`, [a, b], /./, Infinity);
  });
});

describe('a hunt with the catalog', () => {
  it('runs the built-in workloads first', async () => {
    const options = { runs: '1', want: 'stat-only', json: true, jobs: '1' };
    const { code, out } = await said(() => huntCommand('landed', 'd33276', options));
    expect([code, schemas.hunt.parse(JSON.parse(out)).finds.map(({ what }) => what)]).toEqual([1, ['userPtPageCount']]);
  });
});
