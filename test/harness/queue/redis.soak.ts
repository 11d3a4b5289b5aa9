import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { createHash } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, vi } from 'vitest';
import { compareCommand } from '../../../harness/cli/compare.ts';
import { huntCommand } from '../../../harness/cli/hunt.ts';
import { corpusPath } from '../../../harness/input/paths.ts';
import { queueName } from '../../../harness/queue/connection.ts';
import { buildHash } from '../../../harness/shard/build.ts';
import { CATALOG } from '../../../harness/workload/catalog/index.ts';
import { hasRedis, servedQueue } from '../../support/redis.ts';
import { said } from '../../support/said.ts';

vi.setConfig({ testTimeout: 600_000 });

/** More jobs than a signal has listeners by default. */
const MANY = Object.keys(CATALOG).slice(0, 13);

describe.skipIf(!hasRedis)('--queue', () => {
  const { redis, failures } = servedQueue();

  const workload = ['exit-touched', 'vfork-execfail', 'superpage'];

  it('gives the bytes of a comparison in one thread', async () => {
    const [here, there] = [
      await said(() => compareCommand({ workload, jobs: '1' })),
      await said(() => compareCommand({ workload, queue: redis().url })),
    ];
    expect(here.out).toContain('vfork-execfail');
    expect(there).toEqual(here);
  });

  it('answers more jobs than a signal has listeners by default, and warns of nothing', async () => {
    const warnings: string[] = [];
    const onWarning = ({ message }: Error): void => void warnings.push(message);
    process.on('warning', onWarning);
    const [here, there] = [
      await said(() => compareCommand({ workload: MANY, jobs: '1' })),
      await said(() => compareCommand({ workload: MANY, queue: redis().url })),
    ];
    process.off('warning', onWarning);
    expect(there).toEqual(here);
    expect(warnings).toEqual([]);
  });

  it('gives the bytes of a hunt in one thread', async () => {
    const options = { runs: '260', catalog: false, want: 'behavioural', seed: '3' };
    const [here, there] = [
      await said(() => huntCommand('double-count-fix', 'landed', { ...options, jobs: '1' })),
      await said(() => huntCommand('double-count-fix', 'landed', { ...options, queue: redis().url })),
    ];
    expect(here.code).toBe(1);
    expect(there).toEqual(here);
  });

  it.each([
    [{ workload: ['package.json', 'exit-touched'] }, /package.json/],
    [
      { workload: ['exit-touched', corpusPath('make12')] },
      /--queue: expected workloads by name or as text, got the recording/,
    ],
    [{ save: 'x.gz' }, /--queue: expected workloads by name or as text, without .*--save/],
    [{ machine: ['ram=1G'] }, /--queue: expected workloads by name or as text, without --machine/],
    [{ timeLimit: '3600' }, /--queue: expected a job of compare, got at leastMs/],
  ])('says what it does not take: %o', async (options, message) => {
    await expect(compareCommand({ workload, ...options, queue: redis().url })).rejects.toThrow(message);
  });

  const code = (hash: string): object => ({
    columns: ['landed', { hash }],
    against: { kind: 'variant', id: 'landed' },
  });
  const bomb = createHash('sha256')
    .update(' '.repeat(2 ** 26))
    .digest('hex');
  it.each([
    ['a path', { workload: '/etc/passwd' }, /expected a job of compare, got at workload/],
    [
      'a path for the name of a text',
      { workload: { name: '/etc/passwd', text: 'a: exec sh60\n' } },
      /expected a job of compare, got at workload/,
    ],
    ['another build', { build: 'f'.repeat(64) }, /expected a job of this build \([0-9a-f]{12}\), got one of f{12}/],
    ['code that is not what it says', code('e'.repeat(64)), /expected the code e{12} of a job, got something else/],
    ['code that is too large', code('d'.repeat(64)), /expected code of at most \d+ bytes, got \d+/],
    ['code that gunzips to too much', code(bomb), /expected the code [0-9a-f]{12} of a job, got something else/],
  ])('does no job with %s, and goes on', async (_what, given: object, message) => {
    const { build = buildHash(), ...other } = given as { build?: string };
    const { hostname: host, port } = new URL(redis().url);
    const name = queueName(buildHash());
    const client = new Redis({ host, port: Number(port) });
    await client.set(`${name}:code:${'e'.repeat(64)}`, gzipSync('while (true);'));
    await client.set(`${name}:code:${'d'.repeat(64)}`, Buffer.alloc(2 ** 23 + 1));
    await client.set(`${name}:code:${bomb}`, gzipSync(' '.repeat(2 ** 26)));
    client.disconnect();
    const queue = new Queue(name, { connection: { host, port: Number(port) } });
    const job = {
      workload: 'exit-touched',
      reading: { touch: 'recorded' },
      columns: ['baseline', 'landed'],
      against: { kind: 'previous' },
      check: false,
      leastMs: 1000,
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
    const next = await said(() => compareCommand({ workload, variants: 'baseline,landed', queue: redis().url }));
    expect(next.out).toContain('exit-touched');
  });

  it('says what is wrong when nothing answers', async () => {
    await expect(compareCommand({ workload, queue: 'redis://127.0.0.1:1' })).rejects.toThrow(
      /^--queue redis:\/\/127.0.0.1:1: expected Redis or Valkey, got connect ECONNREFUSED/,
    );
  });
});
