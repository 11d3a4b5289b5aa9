/** A Redis of a test's own: on loopback, in a temporary folder, stopped by its process. */
import { Redis } from 'ioredis';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll } from 'vitest';
import { type Served, serve } from '../../harness/queue/serve.ts';
import { cliFile } from './command.ts';

const PROGRAM = ['redis-server', 'valkey-server'].find((name) => spawnSync(name, ['--version']).status === 0);

export const hasRedis = PROGRAM !== undefined;
if (!hasRedis) process.stderr.write('redis-server is not installed: tests of --queue with a real one are skipped\n');

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => void server.close(resolve));
  return port;
}

export class RedisServer {
  readonly port: number;
  readonly #folder = mkdtempSync(join(tmpdir(), 'pmapdiff-redis-'));
  #child: ChildProcess | null = null;

  private constructor(port: number) {
    this.port = port;
  }

  static async begin(): Promise<RedisServer> {
    const server = new RedisServer(await freePort());
    await server.start();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Begins with nothing in it. */
  async start(): Promise<void> {
    const args = [
      '--port',
      `${this.port}`,
      '--bind',
      '127.0.0.1',
      '--dir',
      this.#folder,
      '--save',
      '',
      '--loglevel',
      'warning',
    ];
    this.#child = spawn(PROGRAM!, args, { stdio: 'ignore' });
    const client = new Redis({ port: this.port, maxRetriesPerRequest: null, retryStrategy: () => 100 });
    client.on('error', () => {});
    await client.ping();
    client.disconnect();
  }

  /** All that is in it is gone. */
  async stop(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child === null) return;
    const gone = new Promise((resolve) => void child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  }

  async dispose(): Promise<void> {
    await this.stop();
    await setTimeout(0);
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** A Redis and a worker for the tests of a block; failures: what the worker says. */
export function servedQueue(): { readonly redis: () => RedisServer; readonly failures: string[] } {
  let server: RedisServer;
  let worker: Served;
  const failures: string[] = [];
  beforeAll(async () => {
    cliFile();
    server = await RedisServer.begin();
    worker = await serve(server.url, 2, (text) => failures.push(text));
  });
  afterAll(async () => {
    await worker.stop();
    await server.dispose();
  });
  return { redis: () => server, failures };
}
