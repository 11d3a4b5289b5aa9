import { Queue } from 'bullmq';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { compareCommand } from '../../../harness/cli/compare.ts';
import { huntCommand } from '../../../harness/cli/hunt.ts';
import { queueName } from '../../../harness/queue/connection.ts';
import { type Served, serve } from '../../../harness/queue/serve.ts';
import { buildHash } from '../../../harness/shard/build.ts';
import { cliFile } from '../../support/command.ts';
import { RedisServer, hasRedis } from '../../support/redis.ts';
import { said } from '../../support/said.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

describe.skipIf(!hasRedis)('--queue', () => {
  let redis: RedisServer;
  let worker: Served;
  const failures: string[] = [];

  beforeAll(async () => {
    cliFile();
    redis = await RedisServer.begin();
    worker = await serve(redis.url, 2, (text) => failures.push(text));
  });
  afterAll(async () => {
    await worker.stop();
    await redis.dispose();
  });

  const workload = ['exit-touched', 'vfork-execfail', 'superpage'];

  it('gives the bytes of a comparison in one thread', async () => {
    const [here, there] = [
      await said(() => compareCommand({ workload, jobs: '1' })),
      await said(() => compareCommand({ workload, queue: redis.url })),
    ];
    expect(here.out).toContain('vfork-execfail');
    expect(there).toEqual(here);
  });

  it('gives the bytes of a hunt in one thread', async () => {
    const options = { runs: '260', catalog: false, want: 'behavioural', seed: '3' };
    const [here, there] = [
      await said(() => huntCommand('double-count-fix', 'landed', { ...options, jobs: '1' })),
      await said(() => huntCommand('double-count-fix', 'landed', { ...options, queue: redis.url })),
    ];
    expect(here.code).toBe(1);
    expect(there).toEqual(here);
  });

  it.each([
    [{ variants: 'landed,./own.ts' }, /no such variant file|expected built-in revisions and workloads/],
    [{ workload: ['package.json', 'exit-touched'] }, /--queue: expected built-in revisions and workloads/],
    [{ save: 'x.gz' }, /--queue: expected built-in revisions and workloads, without .*--save/],
    [{ machine: ['ram=1G'] }, /--queue: expected built-in revisions and workloads, without --machine/],
  ])('takes what is built in only: %o is refused', async (options, message) => {
    await expect(compareCommand({ workload, ...options, queue: redis.url })).rejects.toThrow(message);
  });

  it.each([
    ['a path', { workload: '/etc/passwd' }, /expected a job of compare, got at workload/],
    ['another build', { build: 'f'.repeat(64) }, /expected a job of this build \([0-9a-f]{12}\), got one of f{12}/],
  ])('does no job with %s, and goes on', async (_what, given: { build?: string; workload?: string }, message) => {
    const { build = buildHash(), ...other } = given;
    const { hostname: host, port } = new URL(redis.url);
    const queue = new Queue(queueName(buildHash()), { connection: { host, port: Number(port) } });
    const job = {
      workload: 'exit-touched',
      reading: { touch: 'recorded' },
      columns: ['baseline', 'landed'],
      against: { kind: 'previous' },
      check: false,
      ...other,
    };
    const { id } = await queue.add('compare', { build, name: 'compare', job }, { attempts: 3 });
    const ended = async (): Promise<string> => {
      for (;;) {
        const one = await queue.getJob(id!);
        if (one?.finishedOn !== undefined) return `${one.attemptsMade}: ${one.failedReason}`;
        await setTimeout(20);
      }
    };
    expect(await ended()).toMatch(message);
    expect(await ended()).toMatch(/^1: /);
    expect(failures.at(-1)).toMatch(message);
    await queue.close();
    const next = await said(() => compareCommand({ workload, variants: 'baseline,landed', queue: redis.url }));
    expect(next.out).toContain('exit-touched');
  });

  it('says what is wrong when nothing answers', async () => {
    await expect(compareCommand({ workload, queue: 'redis://127.0.0.1:1' })).rejects.toThrow(
      /^--queue redis:\/\/127.0.0.1:1: expected Redis or Valkey, got connect ECONNREFUSED/,
    );
  });
});
