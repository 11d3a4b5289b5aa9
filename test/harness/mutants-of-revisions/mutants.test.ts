import { readFileSync, readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Verdict } from '../../../harness/compare/pair.ts';
import { loadWorkload } from '../../../harness/input/load.ts';
import type { Workload } from '../../../harness/workload/ops.ts';
import { parseWorkload } from '../../../harness/workload/text/parse.ts';
import { againstLanded, fixtureFile, loadFixture } from '../../support/variant-fixtures.ts';

interface ExpectedCase {
  /** of the catalog, or: */
  readonly workload?: string;
  readonly text?: string;
  readonly verdict: Verdict;
  /** a difference that must be among those found; for a panic the function; for a failure the kind */
  readonly shows?: Partial<Record<'plane' | 'what' | 'least' | 'most' | 'where' | 'how', string | number>>;
}

interface Expected {
  readonly id: string;
  readonly fault: string;
  readonly cases: readonly ExpectedCase[];
}

const expected: readonly Expected[] = JSON.parse(readFileSync(fixtureFile('expected').replace(/ts$/, 'json'), 'utf8'));

const workloadOf = async (id: string, { workload, text }: ExpectedCase): Promise<Workload> =>
  text === undefined ? loadWorkload(workload!, { touch: 'recorded' }) : parseWorkload(text, `${id}.workload`);

describe('faults planted in landed', () => {
  it('are twenty, one file each', () => {
    const files = readdirSync(dirname(fixtureFile('expected'))).filter((name) => name.endsWith('.ts'));
    expect(files.toSorted()).toEqual(expected.map(({ id }) => `${id}.ts`).toSorted());
    expect(expected).toHaveLength(20);
  });

  it.each(expected)('get the verdict that was written down before: $fault', async ({ id, cases }) => {
    const variant = await loadFixture(fixtureFile(id));
    expect(variant.id).toBe(id);
    for (const one of cases) {
      const workload = await workloadOf(id, one);
      const { pairs, runs, missed } = againstLanded(workload, variant);
      const { verdict, standing, differences } = pairs[0]!;
      expect([workload.name, missed, verdict]).toEqual([workload.name, [], one.verdict]);
      const isEqual = ['identical', 'not-exercised', 'failed'].includes(verdict);
      expect(standing).toBe(isEqual ? null : 'unexpected');
      const { where, how, ...shows } = one.shows ?? {};
      const { ended } = runs[1]!;
      if (where !== undefined) expect(ended).toMatchObject({ kind: 'panic', where });
      if (how !== undefined) expect(ended).toMatchObject({ kind: 'failed', how });
      if (shows.what !== undefined)
        expect(differences.map(({ plane, what, amount }) => ({ plane, what, ...amount }))).toContainEqual(
          expect.objectContaining(shows),
        );
    }
  });
});
