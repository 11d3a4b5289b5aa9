import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Answer } from '../../../harness/cli/answer.ts';
import { dayOf, readExpected } from '../../../harness/cli/expect.ts';
import { chooseFailOn } from '../../../harness/cli/select.ts';
import { FORMATS } from '../../../harness/report/formats.ts';
import { schemas } from '../../../harness/report/schema/index.ts';
import { cliFile, plainEnv, pmapdiff } from '../../support/command.ts';
import { root } from '../../support/layers.ts';
import { VariantFiles } from '../../support/variant-files.ts';
import { fixtureFile } from '../../support/variant-fixtures.ts';

const files = new VariantFiles();
afterAll(() => files.dispose());

beforeAll(() => void cliFile());

const mutants = (...ids: string[]): string[] => ['--variants', 'landed', '--variant', ...ids.map(fixtureFile)];
const list = (...differences: object[]): string =>
  files.write('expected.json', JSON.stringify({ schema: 'pmapdiff.expect/1', differences }));
const early = {
  variant: 'early-exit-strict',
  workload: '*',
  what: 'removeEarlyExits',
  reason: 'a control',
  expires: '2026-06-15',
};

describe('compare', { timeout: 600_000 }, () => {
  it('writes JSON that matches its schema, and JUnit, whatever the variants do', () => {
    const junit = join(files.folder, 'junit.xml');
    const { status, stdout } = pmapdiff(
      'compare',
      ...mutants('double-subtract', 'unfinished-pti', 'leak-root-page', 'map-remove-always'),
      '--workload',
      'vfork-execfail',
      'exit-touched-pti',
      'rfork-peers',
      '--json',
      '--junit',
      junit,
    );
    expect(status).toBe(3);
    const { workloads, states } = schemas.compare.parse(JSON.parse(stdout));
    const verdicts = new Set(workloads.flatMap(({ pairs }) => pairs.map(({ verdict }) => verdict)));
    expect([...verdicts].toSorted()).toEqual([
      'behavioural',
      'cost-only',
      'failed',
      'identical',
      'invariant-broken',
      'panic',
    ]);
    expect(states.length).toBeGreaterThan(0);
    const xml = readFileSync(junit, 'utf8');
    expect(xml).toMatch(/<testsuites name="pmapdiff" tests="\d+" failures="\d+" errors="1" skipped="0">/);
  });

  it('accepts what a list expects until it expires, and fails on selected verdicts only', () => {
    const whats = ['removeEarlyExits', 'delayedInvalidations', 'pmapLocks'];
    const path = list(...whats.map((what) => ({ ...early, what })));
    const args = ['compare', ...mutants('early-exit-strict'), '--workload', 'exit-touched', '--expect', path];
    const inTime = pmapdiff(...args, '--today', '2026-06-15', '--fail-on', 'behavioural,latent');
    expect(inTime.stdout).toContain('a control');
    expect(inTime.stdout).toContain('unexpected removeLoops');
    expect(inTime.stdout).toContain('1 unexpected, 1 of them excluded by --fail-on');
    expect(inTime.status).toBe(0);
    const late = pmapdiff(...args, '--today', '2026-06-16', '--github');
    expect(late.status).toBe(1);
    expect(late.stdout).toContain(
      '::error title=expected until 2026-06-15 only::early-exit-strict, *, removeEarlyExits',
    );
    expect(late.stdout.split('\n').filter((line) => line !== '' && !line.startsWith('::'))).toEqual([]);
  });

  it('reviews from the built files', () => {
    const { status, stdout } = pmapdiff('review', fixtureFile('early-exit-strict'));
    expect([status, stdout]).toEqual([0, expect.stringContaining('\n@@ removeIsNoop @@\n')]);
  });
});

describe('two forms of output at once', () => {
  it.each([
    ['findings', '--json', '--markdown'],
    ['review', '--json', '--markdown'],
    ['replay', 'exit-touched', '--variant', 'landed', '--trace', '--json'],
    ['compare', '--json', '--markdown'],
  ])('are refused by %s', (...args) => {
    const { status, stdout, stderr } = pmapdiff(...args);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^pmapdiff: .*expected .*--/);
  });
});

describe('a request to compare', () => {
  it.each<[string, string]>([
    ['{', 'expected JSON'],
    ['{}', 'schema: '],
    [
      JSON.stringify({ schema: 'pmapdiff.expect/1', differences: [{ ...early, expires: '2026-02-30' }] }),
      'differences.0.expires: expected a day, YYYY-MM-DD',
    ],
    [
      JSON.stringify({ schema: 'pmapdiff.expect/1', differences: [{ ...early, reason: ' ' }] }),
      'differences.0.reason: ',
    ],
    [JSON.stringify({ schema: 'pmapdiff.expect/1', differences: [{ ...early, until: 1 }] }), 'until'],
  ])('is refused in a list of expected differences: %s', async (text, message) => {
    await expect(readExpected(files.write('bad.json', text))).rejects.toThrow(message);
  });

  it('is rejected if the list is missing, a date or a verdict is invalid, or two formats are requested', async () => {
    await expect(readExpected(join(files.folder, 'none.json'))).rejects.toThrow('no such file');
    await expect(dayOf('tomorrow')).rejects.toThrow('--today: expected a day, YYYY-MM-DD, got "tomorrow"');
    expect(await dayOf(undefined)).toMatch(/^\d{4}-\d\d-\d\d$/);
    expect(() => chooseFailOn('panic,behavioral')).toThrow('did you mean behavioural?');
    expect(() => new Answer('compare', FORMATS.compare, { json: true, github: true })).toThrow(
      'compare: expected one of --markdown, --github, --json, --suggest, got --github and --json',
    );
  });
});

describe.skipIf(process.platform === 'win32')('results that the disk has no room for', () => {
  const limited = (args: readonly string[], blocks: number) =>
    spawnSync('sh', ['-c', `ulimit -f ${blocks}; exec "$@" > "$OUT"`, 'sh', process.execPath, cliFile(), ...args], {
      encoding: 'utf8',
      env: { ...plainEnv, OUT: join(files.folder, 'results') },
    });

  it.each([
    ['compare', '--json', '-w', 'exit-touched', '-w', 'churn', '-w', 'superpage'],
    ['compare', '--markdown', '-w', 'exit-touched', '-w', 'churn', '-w', 'superpage'],
    ['findings', '--json', 'F1', 'F2', 'F6', 'F12'],
    ['replay', 'churn', '--variant', 'landed', '--trace'],
    ['review', '--json'],
  ])('are an error: %s %s', (...args) => {
    const { status, stderr } = limited(args, 4);
    expect(stderr).toMatch(/^pmapdiff: standard output: expected to be written, got EFBIG[^\n]*\n$/);
    expect(status).toBe(3);
  });

  const compare = ['compare', '-w', 'exit-touched', 'churn', 'superpage', '--quiet'];
  const importing = ['import', 'strace', join(root, 'test/fixtures/import/pipes.strace.txt.gz')];
  it.each([
    ['--junit', 'full.xml', compare, '--junit ', 8],
    ['--save', 'full.json', compare, '--save ', 1],
    ['-o', 'full.jsonl', importing, '', 8],
    ['-o', 'full.jsonl.gz', importing, '', 1],
  ])('are an error in a file too, and none is made: %s %s', (option, name, args, named, blocks) => {
    const file = join(files.folder, name);
    const { status, stderr } = limited([...args, option, file], blocks);
    expect(stderr).toMatch(
      new RegExp(`pmapdiff: ${named}[^\\n]*${name}: expected to be written, got EFBIG[^\\n]*\\n$`),
    );
    expect([status, existsSync(file)]).toEqual([3, false]);
  });

  it('leave what was in the file', () => {
    const file = files.write('kept.xml', 'old');
    expect(limited([...compare, '--junit', file], 8).status).toBe(3);
    expect(readFileSync(file, 'utf8')).toBe('old');
  });
});
