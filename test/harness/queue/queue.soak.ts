import { Queue } from 'bullmq';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { queueName } from '../../../harness/queue/connection.ts';
import { buildHash } from '../../../harness/shard/build.ts';
import { cliFile, plainEnv, pmapdiff } from '../../support/command.ts';
import { RedisServer, hasRedis } from '../../support/redis.ts';
import { VariantFiles } from '../../support/variant-files.ts';

vi.setConfig({ testTimeout: 600_000 });

describe.skipIf(!hasRedis)('--queue', () => {
  const files = new VariantFiles();
  const workers: ChildProcess[] = [];
  let redis: RedisServer;

  const work = (): ChildProcess => {
    const args = [cliFile(), 'worker', '--queue', redis.url, '--jobs', '1'];
    const worker = spawn(process.execPath, args, { stdio: 'ignore', env: plainEnv });
    workers.push(worker);
    return worker;
  };
  const begin = (...args: string[]) => {
    const child = spawn(process.execPath, [cliFile(), ...args, '--queue', redis.url], { env: plainEnv });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (text) => (stdout += String(text)));
    child.stderr.on('data', (text) => (stderr += String(text)));
    return new Promise<{ status: number | null; stdout: string; stderr: string }>((resolve) => {
      child.once('close', (status) => resolve({ status, stdout, stderr }));
    });
  };

  beforeAll(async () => {
    redis = await RedisServer.begin();
  });
  afterEach(() => {
    for (const worker of workers.splice(0)) worker.kill('SIGKILL');
  });
  afterAll(async () => {
    await redis.dispose();
    files.dispose();
  });

  /** Resolves to the job that the worker is at, as soon as there is one. */
  const jobOf = async (worker: ChildProcess): Promise<string> => {
    const queue = new Queue(queueName(buildHash()), { connection: { port: redis.port } });
    try {
      for (;;) {
        const active = await queue.getActive();
        const mine = active.find((job) => job.processedBy?.endsWith(`-${worker.pid}`) === true);
        if (mine !== undefined) return mine.id!;
        await setTimeout(20);
      }
    } finally {
      await queue.close();
    }
  };
  /** Kills the worker in the middle of a job, which nobody has finished then. */
  const killAtWork = async (worker: ChildProcess): Promise<void> => {
    const id = await jobOf(worker);
    worker.kill('SIGKILL');
    await once(worker, 'exit');
    const queue = new Queue(queueName(buildHash()), { connection: { port: redis.port } });
    expect(await queue.getJobState(id)).toBe('active');
    await queue.close();
  };

  const hunt = ['hunt', 'double-count-fix', 'landed', '--runs', '4000', '--want', 'behavioural,latent', '--json'];

  it('gives the bytes of one thread, though one of three workers is killed twice', async () => {
    const [one, two] = ['1', '2'].map((jobs) => pmapdiff(...hunt, '--jobs', jobs));
    expect([one!.status, two!.stdout]).toEqual([1, one!.stdout]);
    work();
    work();
    const run = begin(...hunt);
    for (let times = 0; times < 2; times++) await killAtWork(work());
    work();
    const { status, stdout } = await run;
    expect([status, stdout]).toEqual([one!.status, one!.stdout]);
  });

  it('goes on when Redis is away for 10 s and comes back empty', async () => {
    const args = ['compare', '--json', '-w', 'forkloop_touch', 'make12', 'superpage', 'exit-touched', 'kernel-memory'];
    const here = pmapdiff(...args, '--jobs', '1');
    const run = begin(...args);
    await jobOf(work());
    await redis.stop();
    await setTimeout(10_000);
    await redis.start();
    const { status, stdout } = await run;
    expect([status, stdout]).toEqual([here.status, here.stdout]);
  });

  it('exits 3 with what is done when Redis is away for a minute, and --resume finishes with the same bytes', async () => {
    const args = ['compare', '--json', '-w', 'exit-touched', 'superpage', 'make12', '--variants', 'baseline,landed'];
    const here = pmapdiff(...args, '--jobs', '1');
    const path = files.write('resume', '');
    const worker = work();
    const run = begin(...args, '--resume', path);
    await vi.waitUntil(() => readFileSync(path, 'utf8').includes('\n'), { timeout: 600_000 });
    await jobOf(worker);
    await redis.stop();
    worker.kill('SIGKILL');
    const lost = await run;
    expect([lost.status, JSON.parse(lost.stdout)]).toEqual([
      3,
      expect.objectContaining({ complete: false, exitCode: 3 }),
    ]);
    expect(lost.stderr).toMatch(/expected an answer, got none for 6\d s; run it again with --resume .* to continue/);
    await redis.start();
    work();
    const again = await begin(...args, '--resume', path);
    expect([again.status, again.stdout]).toEqual([here.status, here.stdout]);
    // Nobody has to be there for what the file has.
    for (const one of workers.splice(0)) one.kill('SIGKILL');
    const third = await begin(...args, '--resume', path);
    expect([third.status, third.stdout]).toEqual([here.status, here.stdout]);
  });

  it('says that no worker of this build is connected, and waits for one', async () => {
    const args = ['compare', '-w', 'exit-untouched', '--variants', 'baseline,landed'];
    const run = begin(...args);
    await setTimeout(9000);
    work();
    const { status, stderr } = await run;
    expect([status, stderr]).toEqual([
      0,
      expect.stringMatching(/no worker of this build \([0-9a-f]{12}\) is connected; waiting for one/),
    ]);
  });
});
