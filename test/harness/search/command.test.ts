import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { compareCommand } from '../../../harness/cli/compare.ts';
import { huntCommand } from '../../../harness/cli/hunt.ts';
import { schemas } from '../../../harness/report/schema/index.ts';
import { said } from '../../support/said.ts';

const folder = mkdtempSync(join(tmpdir(), 'pmapdiff-'));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => vi.restoreAllMocks());

const quick = { catalog: false, runs: '40', jobs: '1' };

describe('hunt on the command line', () => {
  it('writes finds that compare shows again, and reduces them no further', async () => {
    const out = join(folder, 'finds');
    const want = 'behavioural';
    const options = { ...quick, runs: '120', want, out };
    const { code, out: text } = await said(() => huntCommand('double-count-fix', 'landed', options));
    expect(code).toBe(1);
    const files = readdirSync(out);
    expect(files.length).toBeGreaterThan(0);
    expect(text).toContain(join(out, files[0]!));
    for (const file of files) {
      const path = join(out, file);
      const written = readFileSync(path, 'utf8');
      const [, line] = /^# double-count-fix -> landed: .* \(line (\d+)\): /.exec(written)!;
      expect(written.split('\n')[Number(line) - 1]).toMatch(/^\w+: /);
      expect(written).toMatch(/^# 1-minimal: none of \d+ smaller workloads? shows it$/m);
      const { out: compared } = await said(() =>
        compareCommand({ variants: 'double-count-fix,landed', workload: [path] }),
      );
      expect(compared).toContain(`(line ${line}): `);
    }
    const from = files.map((file) => join(out, file));
    const again = await said(() =>
      huntCommand('double-count-fix', 'landed', { from, want, json: true, jobs: '1' } as object),
    );
    const opsOf = (texts: readonly string[]): string[] => texts.map((one) => one.replaceAll(/^#.*\n/gm, '')).toSorted();
    const written = from.map((path) => readFileSync(path, 'utf8'));
    expect(opsOf(schemas.hunt.parse(JSON.parse(again.out)).finds.map(({ workload }) => workload))).toEqual(
      opsOf(written),
    );
    await said(() => huntCommand('double-count-fix', 'landed', { ...options, runs: '1' }));
    expect(from.map((path) => readFileSync(path, 'utf8'))).toEqual(written);
  });

  it('never says that two revisions are equal', async () => {
    const { code, out } = await said(() => huntCommand('shared-page-unmap', 'landed', quick));
    expect(code).toBe(0);
    expect(out).toMatch(
      /^nothing in 40 runs \(seed 1\); changed functions reached: removeIsNoop \d+ times; last new signal at run \d+\n$/,
    );
  });

  it.each([
    [['landed', 'landed'], {}, /hunt: expected two variants, got landed twice/],
    [['landed', undefined], {}, /hunt: expected two variants or patches, or one patch, got 1/],
    [['landed', 'd33276'], { runs: '0' }, /--runs: expected a number from 1 to /],
    [['landed', 'd33276'], { seed: '-1' }, /--seed: expected a number from 0 to /],
    [['landed', 'd33276'], { seconds: 'x' }, /--seconds: expected seconds above 0, got "x"/],
    [['landed', 'd33276'], { want: 'odd' }, /--want: expected some of panic, .*any, got "odd"/],
    [['landed', 'd33276'], { out: 'package.json' }, /--out package.json: expected a folder, got a file/],
  ] as const)('refuses %o %o', async ([a, b], options, message) => {
    await expect(huntCommand(a, b, options)).rejects.toThrow(message);
  });
});
