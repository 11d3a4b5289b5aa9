import { afterAll, describe, expect, it, vi } from 'vitest';
import { compareCommand } from '../../../harness/cli/compare.ts';
import { huntCommand } from '../../../harness/cli/hunt.ts';
import { hasRedis, servedQueue } from '../../support/redis.ts';
import { said } from '../../support/said.ts';
import { VariantFiles } from '../../support/variant-files.ts';

vi.setConfig({ testTimeout: 600_000 });

describe.skipIf(!hasRedis)('--queue, with your own code,', () => {
  const { redis } = servedQueue();
  const files = new VariantFiles();
  afterAll(() => files.dispose());

  const workload = ['exit-touched', 'vfork-execfail', 'superpage'];
  const own = (): string =>
    files.write('mine.workload', 'machine pti=on\na: exec sh60\na: vfork -> b\nb: execfail ENOENT\nb: exit 1\n');

  it('gives the bytes of a comparison of your own revision, patch and workload in one process', async () => {
    const variant = files.variant('always-full', 'removeIsNoop: () => false');
    const patch = 'test/fixtures/patches/d33276.diff';
    for (const given of [
      { variant: [variant], variants: 'landed' },
      { patch: [patch] },
      { variant: [variant], patch: [patch] },
    ]) {
      const options = { ...given, workload: [own(), 'superpage'] };
      const [here, there] = [
        await said(() => compareCommand({ ...options, jobs: '1' })),
        await said(() => compareCommand({ ...options, queue: redis().url })),
      ];
      expect(here.out).toContain('mine');
      expect(there).toEqual(here);
    }
  });

  it('gives the bytes of a hunt with your own revision and with a patch in one process', async () => {
    const variant = files.variant('always-full', 'removeIsNoop: () => false');
    const options = { runs: '260', catalog: false, want: 'any' };
    for (const [b, patch] of [[variant], [undefined, ['test/fixtures/patches/d33276.diff']]] as const) {
      const given = patch === undefined ? options : { ...options, patch };
      const [here, there] = [
        await said(() => huntCommand('landed', b, { ...given, jobs: '1' })),
        await said(() => huntCommand('landed', b, { ...given, queue: redis().url })),
      ];
      expect(here.out).toMatch(/in 260 runs/);
      expect(there).toEqual(here);
    }
  });

  it.each([
    ['loops', '2', 'releaseEnd() { for (;;); }', /took longer than \d/],
    ['hogs', '60', 'releaseEnd() { const kept = []; for (;;) kept.push(new Uint8Array(2 ** 24).fill(1)); }', /memory/],
    ['throws', '10', "releaseEnd() { throw new Error('mine'); }", /mine/],
    ['looks', '10', 'releaseEnd() { process.exit(); }', /process is not defined/],
  ])('reports code that %s on its column, as in one process, and goes on', async (id, seconds, member, says) => {
    const variant = files.variant(id, member);
    const options = { variants: 'landed', variant: [variant], workload: [own(), 'exit-touched'], timeLimit: seconds };
    const { code, out } = await said(() => compareCommand({ ...options, queue: redis().url }));
    expect([code, out]).toEqual([3, expect.stringMatching(says)]);
    const next = await said(() => compareCommand({ workload, variants: 'baseline,landed', queue: redis().url }));
    expect(next.out).toContain('exit-touched');
  });

  it('does not try a variant again that has lost three processes, as in one process', async () => {
    const variant = files.variant('loops', 'releaseEnd() { for (;;); }');
    const five = ['exit-touched', 'superpage', 'vfork-execfail', 'exit-untouched', own()];
    const options = { variants: 'landed', variant: [variant], workload: five, timeLimit: '2' };
    const [here, there] = [
      await said(() => compareCommand({ ...options, jobs: '1' })),
      await said(() => compareCommand({ ...options, queue: redis().url })),
    ];
    const untimed = ({ out }: { out: string }): string => out.replaceAll(/longer than [\d.]+ s/g, 'longer');
    expect(untimed(here)).toContain('not tried: its process was lost 3 times before (2 workloads)');
    expect(untimed(there)).toBe(untimed(here));
  });
});
