import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MAX_MESSAGE } from '../../../harness/run/shown.ts';
import { cliFile, plainEnv, pmapdiff } from '../../support/command.ts';
import { VariantFiles } from '../../support/variant-files.ts';
import { HOSTILE, sourceOf } from './hostile.ts';

const files = new VariantFiles();
beforeAll(() => void cliFile());
afterAll(() => files.dispose());

const selected = ['--variants', 'baseline,landed', '-w', 'exit-touched'];

interface Run {
  readonly variant: string;
  readonly ended: { readonly kind: string; readonly message?: string };
}

/** What a comparison says of the columns that are not hostile. */
const ofOthers = (json: string): string => {
  const { workloads } = JSON.parse(json) as { workloads: { runs: Run[]; pairs: { candidate: string }[] }[] };
  const known = ['baseline', 'landed'];
  return JSON.stringify(
    workloads.map(({ runs, pairs }) => ({
      runs: runs.filter(({ variant }) => known.includes(variant)),
      pairs: pairs.filter(({ candidate }) => known.includes(candidate)),
    })),
  );
};

describe(`${HOSTILE.length} hostile variants in one comparison`, () => {
  let status: number | null = null;
  let stdout = '';
  let stderr = '';
  let alone = '';

  beforeAll(() => {
    alone = pmapdiff('compare', ...selected, '--json').stdout;
    const paths = HOSTILE.map((one) => files.write(`${one.name}.ts`, sourceOf(one)));
    const args = ['compare', ...selected, '--json', '--time-limit', '3', '--variant', ...paths];
    ({ status, stdout, stderr } = spawnSync(process.execPath, [cliFile(), ...args], {
      encoding: 'utf8',
      env: plainEnv,
      maxBuffer: 2 ** 26,
    }));
  });

  it('end with exit code 3 and complete results', () => {
    expect([status, stderr]).toEqual([3, '']);
    expect(ofOthers(stdout)).toBe(ofOthers(alone));
  });

  it.each(HOSTILE)('$name fails with one short line that names the cause', ({ name, says }) => {
    const { runs } = (JSON.parse(stdout) as { workloads: { runs: Run[] }[] }).workloads[0]!;
    const run = runs.find(({ variant }) => variant === name || variant === `${name}.ts`);
    expect(run?.ended.kind).toBe('failed');
    const { message = '' } = run!.ended;
    expect(message).toMatch(says);
    expect(message.length).toBeLessThan(MAX_MESSAGE + 100);
    expect(message).not.toMatch(/[\p{Cc}\u202A-\u202E]/u);
  });
});
