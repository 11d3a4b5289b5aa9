import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { compareCommand } from '../../../../harness/cli/compare.ts';
import { schedulesCommand } from '../../../../harness/cli/schedules.ts';
import { schemas } from '../../../../harness/report/schema/index.ts';
import { said } from '../../../support/said.ts';
import { sharers } from './programs.ts';

const folder = mkdtempSync(join(tmpdir(), 'pmapdiff-'));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => vi.restoreAllMocks());

const two = join(folder, 'two.workload');
writeFileSync(two, sharers(2));
const variants = 'landed,vmspace-clear';

describe('schedules on the command line', () => {
  it('says what all schedules come to, and writes one of each class that compare runs', async () => {
    const out = join(folder, 'out');
    const { code, out: text } = await said(() => schedulesCommand(two, { variants, out }));
    expect(code).toBe(0);
    expect(text).toContain('complete: 6 interleavings of 2 processes, behind 3 ops; ');
    expect(text).toMatch(/^1\. 4 of 6 \(66\.7%\), 1 preemption, 1 stop: cost-only, intended\n {2}landed: 1 of 53 /m);
    const files = readdirSync(out).map((name) => join(out, name));
    expect(files).toHaveLength(2);
    expect(readFileSync(files[0]!, 'utf8')).toContain('\na: stop refcnt-tested\na: exit\nb: exit\na: go\n');
    const compared = await said(() => compareCommand({ variants, against: 'landed', workload: files }));
    expect([compared.code, compared.out]).toEqual([0, expect.stringContaining('2 intended')]);
  });

  it('exits with 3 where there is nothing to interleave, and says so', async () => {
    const alone = join(folder, 'alone.workload');
    writeFileSync(alone, 'a: exec bare\na: exit\n');
    const { code, err } = await said(() => schedulesCommand(alone, { variants }));
    expect([code, err]).toEqual([
      3,
      'pmapdiff: alone: expected ops of two processes or more to interleave, found none\n',
    ]);
  });

  it('writes JSON as its schema says', async () => {
    const { out } = await said(() => schedulesCommand(two, { variants, yield: 'all', json: true } as object));
    const found = schemas.schedules.parse(JSON.parse(out));
    expect(found).toMatchObject({ complete: true, interleavings: 20, notReached: ['ppwait-cleared', 'fork-unlocked'] });
    // Early only where all of one exit comes before all of the other.
    expect(found.classes.map(({ count }) => count)).toEqual([18, 2]);
  });

  it('exits with 1 where a schedule shows what is not declared', async () => {
    const own = join(folder, 'own.ts');
    const hunks = `{ ...landed.hunks, exitBeforeVmspaceExit: (m, p) => {
      if (p.vmspace.refcnt === 1) landed.hunks.exitBeforeVmspaceExit(m, p);
      else p.vmspace.pmap.stats.residentCount++;
    } }`;
    const text = `defineVariant({ ...landed, id: 'own', after: 'landed', intends: [], hunks: ${hunks} })`;
    writeFileSync(own, `import { defineVariant, landed } from 'pmapdiff';\nexport default ${text};\n`);
    const { code, out } = await said(() => schedulesCommand(two, { variants: `landed,${own}` }));
    expect([code, out]).toEqual([1, expect.stringMatching(/unexpected/)]);
  });

  it.each([
    [{ variants: 'landed' }, /schedules: expected two variants or patches, or one patch, got 1/],
    [{ variants: 'landed,landed' }, /schedules: expected two variants, got landed twice/],
    [{ variants, yield: 'odd' }, /--yield: expected some of refcnt-tested, .*all, got "odd"/],
    [{ variants, budget: '0' }, /--budget: expected a number from 1 to /],
    [{ variants, preemptions: '-1' }, /--preemptions: expected a number from 0 to /],
    [{ variants, out: 'package.json' }, /--out package.json: expected a folder, got a file/],
  ])('refuses %o', async (options, message) => {
    await expect(schedulesCommand(two, options)).rejects.toThrow(message);
  });

  it('refuses a recording', async () => {
    await expect(schedulesCommand('make12', { variants })).rejects.toThrow(/got the recording make12/);
  });
});
