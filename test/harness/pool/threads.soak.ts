import { describe, expect, it } from 'vitest';
import { inThreads } from '../../../harness/pool/threads.ts';
import { pmapdiff } from '../../support/command.ts';
import { VariantFiles } from '../../support/variant-files.ts';

const ids = ['baseline', 'double-count-fix'];
const job = (workload: string) => ({
  workload,
  reading: { touch: 'recorded' as const },
  columns: ids,
  against: { kind: 'variant' as const, id: 'baseline' },
  check: false,
  leastMs: 10_000,
});

describe('--jobs', () => {
  it.each([
    ['compare', '--json', '--variants', 'baseline,double-count-fix,landed'],
    ['compare', '--check', '-w', 'exit-touched', 'vfork-execfail', 'superpage'],
    ['findings', '--json', 'F1', 'F6', 'N1', 'N12'],
    ['hunt', 'double-count-fix', 'landed', '--json', '--runs', '1200', '--want', 'behavioural,latent'],
    ['hunt', 'landed', 'd33276', '--from', 'exit-touched', 'superpage', 'kernel-memory'],
    ['conform', 'vm', 'test/fixtures/vectors/vm', '--json'],
    ['findings', 'F6', 'N3', '--variants', 'landed,vmspace-clear'],
    ['schedules', 'sharers-exit-together', '--variants', 'landed,vmspace-clear', '--yield', 'all', '--json'],
    ['schedules', 'sharer-released-last', '--variants', 'baseline,landed', '--yield', 'all', '--budget', '100'],
  ])('gives the same bytes for any number: %s %s', (...args) => {
    const [one, ...others] = ['1', '2', '3'].map((jobs) => pmapdiff(...args, '--jobs', jobs));
    expect(one!.stdout.length).toBeGreaterThan(100);
    for (const { status, stdout, stderr } of others)
      expect({ status, stdout, stderr }).toEqual({ status: one!.status, stdout: one!.stdout, stderr: one!.stderr });
  });

  it('gives the same hunt with your own revision and with one whose own code fails', () => {
    const files = new VariantFiles();
    try {
      const slow = files.variant('always-full', 'removeIsNoop: () => false');
      const faulty = files.variant(
        'faulty',
        `removeIsNoop: () => false,
        exitBeforeVmspaceExit(m, p) {
          if (p.vmspace.refcnt > 2) throw new Error('more than I can count');
          landed.hunks.exitBeforeVmspaceExit(m, p);
        },`,
      );
      const loops = files.variant(
        'loops',
        `removeIsNoop: () => false,
        exitBeforeVmspaceExit(m, p) { while (p.vmspace.refcnt > 2); landed.hunks.exitBeforeVmspaceExit(m, p); },`,
      );
      for (const [own, status] of [
        [slow, 1],
        [faulty, 3],
        [loops, 3],
      ] as const) {
        const args = ['hunt', 'landed', own, '--runs', '600', '--want', 'any', '--no-catalog', '--json'];
        const [one, ...others] = ['1', '3'].map((jobs) => pmapdiff(...args, '--jobs', jobs));
        const { finds, failed } = JSON.parse(one!.stdout) as { finds: object[]; failed: { variant: string } | null };
        expect([one!.status, failed === null]).toEqual([status, status === 1]);
        expect(finds.length).toBeGreaterThan(0);
        for (const { status: code, stdout } of others) expect([code, stdout]).toEqual([status, one!.stdout]);
      }
      const text = pmapdiff('hunt', 'landed', faulty, '--runs', '1100', '--no-catalog');
      expect([text.status, text.stdout]).toEqual([
        3,
        expect.stringMatching(/^faulty: its own code failed, and the hunt ended: .*more than I can count/m),
      ]);
      const parts = ['1/2', '2/2'].map((shard, i) =>
        files.write(`${i}.json`, pmapdiff('hunt', 'landed', faulty, '--runs', '20100', '--shard', shard).stdout),
      );
      const [whole, merged] = [pmapdiff('hunt', 'landed', faulty, '--runs', '20100'), pmapdiff('merge', ...parts)];
      expect([merged.status, merged.stdout]).toEqual([3, whole.stdout]);
    } finally {
      files.dispose();
    }
  });

  it.each(['0', '-1', 'two', '1.5', ''])('refuses %j', (jobs) => {
    const { status, stdout, stderr } = pmapdiff('compare', '--jobs', jobs);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toBe(`pmapdiff: --jobs: expected a number from 1 to 999, got ${JSON.stringify(jobs)}\n`);
  });
});

describe('--shard', () => {
  it('of a hunt, joined by merge, has the bytes of the whole hunt', () => {
    const files = new VariantFiles();
    try {
      const args = ['hunt', 'double-count-fix', 'landed', '--runs', '20500', '--want', 'behavioural', '--json'];
      const parts = ['1/2', '2/2'].map((shard, i) =>
        files.write(`${i}.json`, pmapdiff(...args, '--shard', shard).stdout),
      );
      const [whole, merged] = [pmapdiff(...args), pmapdiff('merge', ...parts, '--json')];
      expect([whole.status, whole.stdout]).toEqual([1, expect.stringContaining('"runs": 20')]);
      expect([merged.status, merged.stdout]).toEqual([whole.status, whole.stdout]);
      const text = pmapdiff('merge', ...parts, '--quiet');
      expect([text.status, text.stderr]).toEqual([2, expect.stringContaining('got --quiet')]);
    } finally {
      files.dispose();
    }
  });

  it('leaves hints to merge, which gives the bytes of the whole command', () => {
    const files = new VariantFiles();
    try {
      const own = files.variant(
        'careless',
        `exitBeforeVmspaceExit(m, p) {
          const shared = p.sysent.sharedPage;
          if (shared !== null) vmMapRemove(m, p.vmspace.map, shared.base, shared.base + shared.len);
        },`,
        `import { vmMapRemove } from 'pmapdiff';`,
      );
      const mine = files.write(
        'mine.workload',
        'a: exec sh60\na: vfork -> b\nb: execfail ENOENT\nb: exit 1\na: clock\n',
      );
      const args = [
        'compare',
        '--variants',
        'landed',
        '--variant',
        own,
        '--against',
        'landed',
        '-w',
        mine,
        'exit-touched',
      ];
      const parts = ['1/2', '2/2'].map((shard, i) =>
        files.write(`${i}.json`, pmapdiff(...args, '--shard', shard).stdout),
      );
      const [whole, merged] = [pmapdiff(...args), pmapdiff('merge', ...parts)];
      expect([whole.status, whole.stdout]).toEqual([1, expect.stringContaining('looks like F6')]);
      expect([merged.status, merged.stdout]).toEqual([whole.status, whole.stdout]);
    } finally {
      files.dispose();
    }
  });
});

describe('jobs in threads', () => {
  const names = ['exit-touched', 'superpage', 'vfork-execfail', 'exit-untouched'];

  it('come back in their order, whichever begins first', async () => {
    const counts: number[] = [];
    const results = await inThreads('compare', names.map(job), {
      threads: 2,
      done: (count) => counts.push(count),
      weight: ({ workload }) => names.indexOf(workload as string),
    });
    expect(results.map(({ comparison }) => comparison.name)).toEqual(names);
    expect(counts).toEqual([1, 2, 3, 4]);
  });

  it('come back up to the first that was interrupted', async () => {
    const interrupt = new AbortController();
    const results = await inThreads('compare', names.map(job), {
      threads: 1,
      signal: interrupt.signal,
      done: (count) => count === 2 && interrupt.abort(),
    });
    expect(results.length).toBeLessThan(names.length);
    expect(results.map(({ comparison }) => comparison.name)).toEqual(names.slice(0, results.length));
  });

  it('fail with the error of the one that fails', async () => {
    await expect(
      inThreads('compare', [job('exit-touched'), job('no-such-workload')], { threads: 2, done: () => {} }),
    ).rejects.toThrow('no-such-workload');
  });
});
