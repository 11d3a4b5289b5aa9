import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type CompareOptions, compareCommand } from '../../../harness/cli/compare.ts';
import { mergeCommand } from '../../../harness/cli/merge.ts';
import { InputError } from '../../../harness/input-error.ts';
import { JOBS } from '../../../harness/pool/jobs.ts';
import { placesOf, readShard } from '../../../harness/shard/shard.ts';
import { cliFile } from '../../support/command.ts';
import { said } from '../../support/said.ts';
import { VariantFiles } from '../../support/variant-files.ts';

const files = new VariantFiles();
beforeAll(() => void cliFile());
afterAll(() => files.dispose());
afterEach(() => vi.restoreAllMocks());

const workload = ['exit-touched', 'vfork-execfail-pti', 'superpage', 'exit-untouched', 'kernel-memory'];
const asked: CompareOptions = { workload, variants: 'baseline,double-count-fix,landed', jobs: '1' };

/** Files with what the shards of a comparison write. */
async function shardsOf(options: CompareOptions, of: number): Promise<string[]> {
  const paths: string[] = [];
  for (let index = 1; index <= of; index++) {
    const { code, out } = await said(() => compareCommand({ ...options, shard: `${index}/${of}` }));
    expect(code).toBe(0);
    paths.push(files.write(`part-${index}-${of}.json`, out));
  }
  return paths;
}

let edits = 0;
const edit = (path: string, change: (part: any) => void): string => {
  const part = JSON.parse(readFileSync(path, 'utf8'));
  change(part);
  return files.write(`edited-${++edits}.json`, JSON.stringify(part));
};

describe('shards', () => {
  it('do each job once, and the heaviest alone', () => {
    const weights = [3, 181_548, 40, 40, 17, 0, 5];
    for (const of of [1, 2, 3, 4, 9]) {
      const shards = Array.from({ length: of }, (_one, i) => placesOf({ index: i + 1, of }, weights));
      expect(shards.flat().toSorted((a, b) => a - b)).toEqual(weights.map((_weight, at) => at));
      if (of > 1) expect(shards[0]).toEqual([1]);
    }
  });

  it('are about as heavy as each other', () => {
    const weights = Array.from({ length: 40 }, (_one, i) => 1 + ((i * 7) % 13));
    const loads = [1, 2, 3].map((index) =>
      placesOf({ index, of: 3 }, weights).reduce((sum, at) => sum + weights[at]!, 0),
    );
    expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(13);
  });

  it.each(['', '1', '0/2', '3/2', '1/0', '-1/2', '1/2/3', '1.5/2', '1/1001', 'a/b'])('%j are refused', (text) => {
    expect(() => readShard(text)).toThrow(`--shard: expected I/N with I from 1 to N`);
  });
});

describe('a result as JSON', () => {
  it('is read as it was', async () => {
    const columns = ['baseline', 'double-count-fix', 'landed'];
    const against = { kind: 'variant', id: 'baseline' } as const;
    for (const name of workload) {
      const done = await JOBS.compare({
        workload: name,
        reading: { touch: 'recorded' },
        columns,
        against,
        check: true,
        leastMs: 10_000,
      });
      expect(JSON.parse(JSON.stringify(done))).toEqual(done);
    }
  });
});

describe('merge', () => {
  it.each([
    ['one shard', 1, {}],
    ['two shards', 2, { json: true }],
    ['three shards', 3, { markdown: true }],
    ['more shards than workloads', 7, { failOn: 'panic', quiet: true }],
  ])('answers for %s what the whole command does, byte for byte', async (_which, of, how) => {
    const parts = await shardsOf(asked, of);
    const whole = await said(() => compareCommand({ ...asked, ...how }));
    expect(whole.out.length).toBeGreaterThan(50);
    expect(await said(() => mergeCommand(parts.toReversed(), how))).toEqual(whole);
  });

  it('names the shards that are missing, and that is no bad input', async () => {
    const [first, , third] = await shardsOf(asked, 4);
    const missing = await mergeCommand([third!, first!], {}).catch((error: Error) => error);
    expect(missing).not.toBeInstanceOf(InputError);
    expect((missing as Error).message).toBe('merge: expected every shard, 2/4, 4/4 missing');
  });

  it('refuses what does not belong together', async () => {
    const [first, second] = await shardsOf(asked, 2);
    const [other] = await shardsOf({ ...asked, against: 'landed' }, 3);
    const refusals: [readonly string[], RegExp][] = [
      [[first!, first!], /expected each shard once, got shard 1\/2 in .*part-1-2.json too$/],
      [[first!, other!], /expected, as in .*part-1-2.json, a shard of 2, got one of 3$/],
      [
        [edit(first!, (part) => Object.assign(part, { build: 'f'.repeat(64) })), second!],
        /made by this build \([0-9a-f]{12}\), got one of ffffffffffff$/,
      ],
      [
        [edit(first!, (part) => Object.assign(part.results[0]![1], { head: {} }))],
        /got results that are not those it was written with$/,
      ],
      [[edit(first!, (part) => Object.assign(part, { schema: 'x' }))], /expected what --shard writes, got at schema: /],
      [[files.write('cut.json', readFileSync(first!, 'utf8').slice(0, 500))], /expected what --shard writes, got /],
      [[files.write('text', 'no JSON\n')], /expected what --shard writes, got /],
      [
        [edit(first!, (part) => Object.assign(part.asked, { options: { touch: 'exec' } })), second!],
        /, got one with another list of options$/,
      ],
      [['no-such-file'], /^no-such-file: expected a readable file, found no such file$/],
    ];
    for (const [paths, message] of refusals) {
      const error = await mergeCommand(paths, {}).catch((thrown: Error) => thrown);
      expect(error).toBeInstanceOf(InputError);
      expect((error as Error).message).toMatch(message);
    }
  });
});

describe('merge of a comparison', () => {
  it('refuses --out, which is of a hunt', async () => {
    const parts = await shardsOf(asked, 2);
    await expect(mergeCommand(parts, { out: 'finds' })).rejects.toThrow(
      'merge: expected --out with parts of a hunt, got parts of a comparison',
    );
  });

  it('refuses a shard beyond the number of shards', async () => {
    const [first] = await shardsOf(asked, 2);
    for (const shard of [
      { index: 5, of: 3 },
      { index: 1, of: 2 ** 33 },
    ])
      await expect(mergeCommand([edit(first!, (part) => Object.assign(part, { shard }))], {})).rejects.toThrow(
        /expected what --shard writes, got at shard/,
      );
  });
});

describe('compare --shard', () => {
  it.each([
    [{ failOn: 'panic' }, '--fail-on'],
    [{ requireExercised: true }, '--require-exercised'],
    [{ markdown: true }, '--markdown'],
  ])('leaves %o to merge', async (options, flag) => {
    await expect(compareCommand({ ...asked, shard: '1/2', ...options })).rejects.toThrow(
      `compare --shard: expected ${flag} with merge, got it with --shard`,
    );
  });

  it.each([
    [{ save: 'x.gz' }, '--save'],
    [{ baseline: 'x.gz' }, '--baseline'],
    [{ suggest: true }, '--suggest'],
    [{ html: 'x.html' }, '--html'],
  ])('has no %o', async (options, flag) => {
    await expect(compareCommand({ ...asked, shard: '1/2', ...options })).rejects.toThrow(
      `compare --shard: expected no ${flag}, which needs the whole answer`,
    );
  });

  it('refuses what merge could not read again', async () => {
    await expect(compareCommand({ ...asked, workload: ['-'], shard: '1/2' })).rejects.toThrow(
      'compare --shard: expected files that merge can read too, got -',
    );
  });
});
