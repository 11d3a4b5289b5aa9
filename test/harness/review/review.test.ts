import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { builtInOf, interdiffsOf, reviewContext, reviewedFile } from '../../../harness/cli/review.ts';
import { ledger } from '../../../harness/findings/index.ts';
import { loadWorkload } from '../../../harness/input/load.ts';
import { reviewJson, reviewMarkdown, reviewText } from '../../../harness/report/review.ts';
import { type Interdiff, interdiff } from '../../../harness/review/interdiff.ts';
import { saidOf } from '../../../harness/review/remarks.ts';
import { CATALOG } from '../../../harness/workload/catalog/index.ts';
import { series, variantById } from '../../../variants/index.ts';
import { root } from '../../support/layers.ts';
import { VariantFiles } from '../../support/variant-files.ts';
import { againstLanded, factsBeside, fixtureFile, loadFixture } from '../../support/variant-fixtures.ts';

const files = new VariantFiles();
afterAll(() => files.dispose());

/** A variant file compared with a built-in variant, loaded in this process. */
async function reviewOf(path: string, against = 'landed'): Promise<Interdiff> {
  const facts = factsBeside(await loadFixture(path), path).at(-1)!;
  const mine = reviewedFile(facts, path);
  return interdiff(builtInOf(variantById(against)!), mine, reviewContext([mine]));
}

const text = (one: Interdiff): string => reviewText([one], { color: false });
const rows = ({ blocks }: Interdiff): string[] =>
  blocks.flatMap(({ lines }) => lines.map(({ sign, text: line }) => `${sign}${line}`));

describe('the review of the series', () => {
  let interdiffs: Interdiff[];
  beforeAll(async () => {
    interdiffs = await interdiffsOf([]);
  });

  it('equals the golden file', async () => {
    await expect(reviewText(interdiffs, { color: false })).toMatchFileSnapshot('review.golden.txt');
  });

  it('restates nothing unchanged, and is shown as written throughout', () => {
    expect(interdiffs.map(({ restated, notes }) => [restated, notes])).toEqual(interdiffs.map(() => [[], []]));
  });

  it('shows what landed changed as one member, in both spellings', () => {
    expect(interdiffs.at(-1)!.blocks.map(({ members }) => members)).toEqual([['removeIsNoop']]);
    expect(rows(interdiffs.at(-1)!).at(-1)).toBe(
      '+removeIsNoop: (_m, pmap) => pmap.stats.residentCount <= 1 + (pmap.topUser !== 0 ? 1 : 0),',
    );
  });

  it('shows every remark of the thread at the step that follows it', () => {
    const ids = series.map(({ id }) => id);
    for (const finding of ledger) {
      const place = saidOf(finding, ids);
      const step = interdiffs.find(({ reference }) => reference === place);
      if (step !== undefined) expect(step.remarks.map(({ id }) => id)).toContain(finding.id);
    }
  });

  it('is available as JSON and Markdown', () => {
    expect(JSON.parse(reviewJson(interdiffs))).toMatchObject({
      schema: 'pmapdiff.review/1',
      interdiffs: { length: 4 },
    });
    expect(reviewMarkdown(interdiffs.slice(-1))).toContain(
      '```diff\n@@ removeIsNoop @@\n-removeIsNoop: (_m, pmap) => pmap.stats.residentCount <= topPages(pmap),\n',
    );
  });
});

describe('the review of two variants', () => {
  it('is empty for a variant and itself', async () => {
    const [one] = await interdiffsOf(['landed', 'landed']);
    expect(one!.blocks).toEqual([]);
    expect(text(one!)).toContain('No member of the seam differs.');
  });

  it('reverses declarations on the way back', async () => {
    const [one] = await interdiffsOf(['landed', 'shared-page-unmap']);
    expect(one!.declares).toEqual([]);
    const [back] = await interdiffsOf(['d33276', 'landed']);
    expect(back!.declares).toMatchObject([{ variant: 'd33276', what: 'userPtPageCount', undone: true }]);
  });

  it('compares with the predecessor if only one is named', async () => {
    const [one] = await interdiffsOf(['no-early-exit']);
    expect(one).toMatchObject({ reference: 'landed', candidate: 'no-early-exit' });
    await expect(interdiffsOf(['baseline'])).rejects.toThrow('expected a second variant');
  });
});

describe("the review of a user's file", () => {
  it('shows members as written, with comments and the helpers that they use', async () => {
    const helper =
      '/** Why. */\nconst few = (n: number): boolean => n <= limit;\nconst limit = 1;\nconst unused = 2;\n';
    const path = files.variant(
      'mine',
      `\n// before\nremoveIsNoop: (_m, { stats }) => few(stats.residentCount), // after\n`,
      helper,
    );
    const one = await reviewOf(path);
    expect(one.notes).toEqual([]);
    expect(rows(one).filter((row) => row.startsWith('+'))).toEqual([
      '+// before',
      '+removeIsNoop: (_m, { stats }) => few(stats.residentCount), // after',
      '+',
      '+/** Why. */',
      '+const few = (n: number): boolean => n <= limit;',
      '+',
      '+const limit = 1;',
    ]);
  });

  it('reports a member that it restates unchanged', async () => {
    const path = files.variant(
      'same',
      'removeIsNoop: (_m, pmap) =>\n pmap.stats.residentCount <= 1 + (pmap.topUser !== 0 ? 1 : 0), // as before\n',
    );
    const one = await reviewOf(path);
    expect([one.restated, one.blocks]).toEqual([['removeIsNoop'], []]);
    expect(text(one)).toContain('! same restates removeIsNoop as its predecessor has it');
  });

  it.each([
    ['from its predecessor', 'removeIsNoop: landed.hunks.removeIsNoop', ''],
    ['from its predecessor, by a name of its own', 'removeIsNoop: noop', 'const noop = landed.hunks.removeIsNoop;'],
    [
      'under a quoted key',
      "'removeIsNoop': (_m, pmap) => pmap.stats.residentCount <= 1 + (pmap.topUser !== 0 ? 1 : 0)",
      '',
    ],
    [
      'with types',
      'removeIsNoop: (_m: Machine, pmap: Pmap): boolean => pmap.stats.residentCount <= 1 + (pmap.topUser !== 0 ? 1 : 0)',
      "import type { Machine, Pmap } from 'pmapdiff';",
    ],
  ])('says so where it restates a member %s', async (_how, hunks, more) => {
    const one = await reviewOf(files.variant('same', hunks, more));
    expect([one.restated, one.blocks, one.notes]).toEqual([['removeIsNoop'], [], []]);
  });

  it('reports a restated member of another file, with types in its helpers or from that file', async () => {
    const helper = (type: string): string => `const few = (n${type})${type} => n <= 2;`;
    const member = 'removeIsNoop: (_m, { stats }) => few(stats.residentCount) === 1';
    files.variant('first', member, helper(''));
    const after = (id: string, hunks: string, more = ''): string => {
      const path = files.variant(id, hunks, `import first from './first.ts';\n${more}`);
      return files.write(`${id}.ts`, readFileSync(path, 'utf8').replace('...landed.hunks', '...first.hunks'));
    };
    for (const path of [
      after('typed', member, helper(': number')),
      after('taken', 'removeIsNoop: first.hunks.removeIsNoop'),
      after('quoted', "removeIsNoop: first.hunks['removeIsNoop']"),
    ])
      expect((await reviewOf(path)).restated).toEqual(['removeIsNoop']);
    expect((await reviewOf(after('landed-again', 'removeIsNoop: landed.hunks.removeIsNoop'))).restated).toEqual([]);
  });

  it.each([
    ['a second spread', '...baseline.hunks, removeIsNoop: () => false', 'one spread, before every member'],
    ['a computed name', "['removeIsNoop']: () => false", 'a member by its name'],
    ['members made elsewhere', '...(() => ({ removeIsNoop: () => false }))()', 'a spread of the hunks of a variant'],
  ])('is shown as compiled where it has %s, and says so', async (_what, hunks, expected) => {
    const path = files.variant('loose', hunks, "import { baseline } from 'pmapdiff';");
    const one = await reviewOf(path);
    expect(one.notes).toEqual([expect.stringMatching(/^loose is shown as compiled, not as written \(loose\.ts:\d+: /)]);
    expect(one.notes[0]).toContain(expected);
    expect(rows(one)).toContainEqual(expect.stringContaining('+() => false'));
  });
});

describe('a copy of a revision under another name', () => {
  /** The file of a built-in variant as a user would write it. */
  const copyOf = (id: string): string => {
    const source = readFileSync(join(root, 'variants', `${id}.ts`), 'utf8');
    const copy = source.replace(`id: '${id}'`, `id: '${id}-copy'`).replaceAll(/ from '\.[^']+'/g, " from 'pmapdiff'");
    return files.write(`${id}-copy.ts`, copy.replaceAll(/^export (?=const \w+ = (?!define)|function)/gm, ''));
  };

  it.each(series.map(({ id }) => id))('has an empty interdiff: %s', async (id) => {
    const one = await reviewOf(copyOf(id), id);
    expect([one.blocks, one.notes, one.restated]).toEqual([[], [], []]);
  });

  it('is identical on every workload of the catalog', async () => {
    const copy = await loadFixture(copyOf('landed'));
    for (const name of Object.keys(CATALOG)) {
      const workload = await loadWorkload(name, { touch: 'recorded' });
      const { pairs, groups } = againstLanded(workload, copy);
      const { verdict, differences } = pairs[0]!;
      expect([name, verdict, differences, groups.length]).toEqual([name, 'identical', [], 1]);
    }
  });

  it('differs as soon as a helper does', async () => {
    const path = copyOf('double-count-fix');
    const other = files.write('other.ts', readFileSync(path, 'utf8').replace('1 + Number(', '2 + Number('));
    expect((await reviewOf(other, 'double-count-fix')).blocks.map(({ members }) => members)).toEqual([
      ['removeIsNoop'],
    ]);
  });
});

describe('a mutant of the fixtures', () => {
  it('is reviewed like any file', async () => {
    expect(rows(await reviewOf(fixtureFile('early-exit-strict')))).toEqual([
      '-removeIsNoop: (_m, pmap) => pmap.stats.residentCount <= 1 + (pmap.topUser !== 0 ? 1 : 0),',
      '+removeIsNoop: (_m, pmap) => pmap.stats.residentCount < 1 + (pmap.topUser !== 0 ? 1 : 0),',
    ]);
  });
});
