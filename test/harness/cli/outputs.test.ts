/** What a command writes never takes the place of what it reads, nor of another output. */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { type CompareOptions, compareCommand, pageCommand } from '../../../harness/cli/compare.ts';
import { costCommand } from '../../../harness/cli/cost.ts';
import { huntCommand } from '../../../harness/cli/hunt.ts';
import { mergeCommand } from '../../../harness/cli/merge.ts';
import { packagePath } from '../../../harness/input/paths.ts';
import { said } from '../../support/said.ts';
import { VariantFiles } from '../../support/variant-files.ts';

const files = new VariantFiles();
afterAll(() => files.dispose());
afterEach(() => vi.restoreAllMocks());

const WORKLOAD = 'make: exec sh60\nmake: exit 0\n';
const chosen: CompareOptions = { variants: 'double-count-fix,landed', jobs: '1' };
const patch = readFileSync(packagePath('test/fixtures/patches/d33276.diff'), 'utf8');

/** Every file that the options name, written anew. */
function inputs() {
  const workload = files.write('mine.workload', WORKLOAD);
  const diff = files.write('one.diff', patch);
  files.write('series', 'one.diff\n');
  const expect1 = files.write('expected.json', '{"schema":"pmapdiff.expect/1","differences":[]}');
  return { workload, diff, series: join(files.folder, 'series'), expect: expect1 };
}

describe('an output', () => {
  const { workload, diff, series, expect: list } = inputs();
  const reading = { ...chosen, workload: [workload] };

  it.each<[string, string, CompareOptions]>([
    ['a workload', workload, reading],
    ['a patch', diff, { ...reading, patch: [diff] }],
    ['a patch on a base', diff, { ...reading, patch: [`${diff}@landed`] }],
    ['the list of a series', series, { ...reading, series: [series] }],
    ['a patch of a series', diff, { ...reading, series: [series] }],
    ['a list of what is expected', list, { ...reading, expect: list }],
  ])('does not take the place of %s', async (_what, path, options) => {
    const before = readFileSync(path);
    const answer = { ...options, cache: false };
    for (const run of [
      () => compareCommand({ ...answer, junit: path }),
      () => compareCommand({ ...answer, html: path }),
      () => compareCommand({ ...answer, save: path }),
      () => pageCommand({ ...answer, output: path }),
    ]) {
      await expect(run()).rejects.toThrow(/expected .+, (?:got|found) .+/);
      expect(readFileSync(path)).toEqual(before);
    }
  });

  it('does not take the place of the results that it is compared with, unless these are saved anew', async () => {
    const saved = join(files.folder, 'saved.json.gz');
    const { code } = await said(() => compareCommand({ ...reading, save: saved }));
    expect(code).toBe(0);
    const before = readFileSync(saved);
    for (const more of [{ junit: saved }, { html: saved }])
      await expect(compareCommand({ ...reading, baseline: saved, ...more })).rejects.toThrow(/expected/);
    await expect(pageCommand({ ...reading, baseline: saved, output: saved })).rejects.toThrow(/expected/);
    expect(readFileSync(saved)).toEqual(before);
    const again = await said(() => compareCommand({ ...reading, baseline: saved, save: saved }));
    expect(again.code).toBe(0);
  });

  it('does not take the place of a part that is merged', async () => {
    const parts: string[] = [];
    for (const shard of ['1/2', '2/2']) {
      const { out } = await said(() => compareCommand({ ...reading, shard }));
      parts.push(files.write(`part-${shard[0]}.json`, out));
    }
    const before = parts.map((path) => readFileSync(path, 'utf8'));
    for (const more of [{ junit: parts[0] }, { html: parts[1] }])
      await expect(mergeCommand(parts, more)).rejects.toThrow(/expected/);
    expect(parts.map((path) => readFileSync(path, 'utf8'))).toEqual(before);
  });

  it.each<[string, Partial<CompareOptions>, RegExp]>([
    [
      'a page and JUnit',
      { html: 'out', junit: 'out' },
      /--junit \S+out: expected a file of its own, found that of --html/,
    ],
    [
      'results and JUnit',
      { save: 'out', junit: 'out' },
      /--save \S+out: expected a file of its own, found that of --junit/,
    ],
    [
      'a page and results',
      { html: 'out', save: 'out' },
      /--save \S+out: expected a file of its own, found that of --html/,
    ],
  ])('of two, %s, has a file of its own', async (_what, outputs, message) => {
    const placed = Object.fromEntries(
      Object.entries(outputs).map(([key, name]) => [key, join(files.folder, String(name))]),
    );
    await expect(compareCommand({ ...reading, ...placed })).rejects.toThrow(message);
    expect(existsSync(join(files.folder, 'out'))).toBe(false);
  });

  it.each<[string, () => Promise<number>]>([
    ['compare --junit', () => compareCommand({ ...reading, junit: '' })],
    ['compare --html', () => compareCommand({ ...reading, html: '' })],
    ['compare --save', () => compareCommand({ ...reading, save: '' })],
    ['page -o', () => pageCommand({ ...reading, output: '' })],
    ['hunt --out', () => huntCommand('double-count-fix', 'landed', { from: [workload], out: '' })],
  ])('of %s has a name', async (_what, run) => {
    await expect(run()).rejects.toThrow(/an empty name/);
  });

  it('of --html is not stdout, where the answer is', async () => {
    await expect(compareCommand({ ...reading, html: '-' })).rejects.toThrow(/--html -: expected a file/);
  });
});

it('two files of one name are two rows, as JSON and as JUnit XML, and alone in other commands', async () => {
  mkdirSync(join(files.folder, 'other'));
  const workload = [files.write('same.workload', WORKLOAD), files.write('other/same.workload', `${WORKLOAD}# 2\n`)];
  const junit = join(files.folder, 'same.xml');
  const save = join(files.folder, 'same.json.gz');
  const { code, out } = await said(() => compareCommand({ ...chosen, workload, junit, save, json: true } as object));
  const { workloads } = JSON.parse(out) as { workloads: { name: string }[] };
  expect([code, ...workloads.map(({ name }) => name)]).toEqual([0, 'same', 'same#2']);
  const classes = [...readFileSync(junit, 'utf8').matchAll(/ classname="([^"]*)"/g)].map(([, one]) => one);
  expect(new Set(classes)).toEqual(new Set(['same', 'same#2']));
  expect((await said(() => compareCommand({ ...chosen, workload, baseline: save }))).code).toBe(0);
  const cost = await said(() => costCommand(workload, { cpus: '1', frames: '1', json: true }));
  expect([cost.code, cost.out.includes('"same#2"')]).toEqual([0, true]);
});

describe('a page', () => {
  it('is of each workload once', async () => {
    const twin = files.write('twin.workload', WORKLOAD);
    const output = join(files.folder, 'page.html');
    await expect(pageCommand({ ...chosen, workload: [twin, twin], output })).rejects.toThrow(
      /expected each workload once, got .*twin.workload twice/,
    );
    expect(existsSync(output)).toBe(false);
  });

  it('says on stderr why it ends as it does', async () => {
    const output = join(files.folder, 'page.html');
    const { code, out, err } = await said(() =>
      pageCommand({ ...chosen, variants: 'landed', variant: [], workload: ['exit-touched'], output }),
    );
    expect([code, out]).toEqual([0, '']);
    expect(err).toMatch(/0 unexpected/);
  });
});

describe('a workload without ops', () => {
  const empty = files.write('empty.workload', '# nothing\n');
  it.each<[string, () => Promise<number>]>([
    ['cost', () => costCommand([empty], { variants: 'baseline,landed', cpus: '1', frames: '1' } as never)],
    ['hunt --from', () => huntCommand('double-count-fix', 'landed', { from: [empty] })],
  ])('was not run, says %s', async (_what, run) => {
    await expect(run()).rejects.toThrow(/no ops, nothing was run/);
  });
});
