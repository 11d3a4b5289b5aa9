import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { schemas } from '../../../harness/report/schema/index.ts';
import { builtFile } from '../../support/built.ts';
import { VariantFiles } from '../../support/variant-files.ts';

vi.setConfig({ testTimeout: 600_000 });

const files = new VariantFiles();
let cli: string;
beforeAll(() => {
  cli = builtFile('harness/cli.js');
});
afterAll(() => files.dispose());

const bench = (...args: string[]) =>
  spawnSync(process.execPath, [cli, 'bench', '--rounds', '1', '--time', '1', '--no-native', ...args], {
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1' },
  });

describe('pmapdiff bench', () => {
  it('measures revisions and reports them in JSON', () => {
    const { status, stdout, stderr } = bench('--task', 'remove-calls', '--variants', 'baseline,landed', '--json');
    expect([status, stderr]).toEqual([0, '']);
    const report = schemas.bench.parse(JSON.parse(stdout));
    expect(report).toMatchObject({ schema: 'pmapdiff.bench/1', against: 'landed', native: { kind: 'skipped' } });
    expect(report.tasks[0]!.rows.map(({ kind, variant }) => [kind, variant])).toEqual([
      ['measured', 'landed'],
      ['measured', 'baseline'],
    ]);
  });

  it('measures threads with real locks beside what the model foretells', () => {
    const report = schemas.bench.parse(JSON.parse(bench('--contention', '--time', '50', '--json').stdout));
    expect(report).toMatchObject({ tasks: [], memory: null });
    expect(report.contention).toMatchObject({ counts: { pages: 284, holds: 52, calls: [1, 53] } });
  });

  it('measures a variant file like the built-in ones', () => {
    const mine = files.write(
      'mine.ts',
      `import { defineVariant, landed } from 'pmapdiff';
       export default defineVariant({ ...landed, id: 'mine', after: 'landed', intends: [] });`,
    );
    const { status, stdout } = bench('--task', 'remove-calls', '--variants', 'landed', '--variant', mine);
    expect(status).toBe(0);
    expect(stdout).toMatch(/mine\.ts +\d/);
  });

  it('completes the other columns when a variant throws, and exits 3', () => {
    const broken = files.write(
      'broken.ts',
      `import { defineVariant, landed } from 'pmapdiff';
       export default defineVariant({
         ...landed,
         id: 'broken',
         hunks: { ...landed.hunks, removeIsNoop: () => { throw new Error('no such luck'); } },
       });`,
    );
    const { status, stdout } = bench('--task', 'remove-calls', '--variants', 'landed', '--variant', broken);
    expect(status).toBe(3);
    expect(stdout).toMatch(/broken\.ts +failed: broken\.ts:5: no such luck/);
    expect(stdout).toMatch(/landed +\d/);
  });

  it.each([
    [['--task', 'remove-cals'], 'unknown task "remove-cals": did you mean remove-calls?'],
    [
      ['--against', 'baseline', '--variants', 'landed'],
      '--against baseline: not among the compared variants (landed); add it to --variants',
    ],
    [['--rounds', 'many'], '--rounds: expected a whole number of 1..100000, got "many"'],
  ])('refuses %j with one line and exit 2', (args, message) => {
    const { status, stdout, stderr } = bench(...args);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
  });
});
