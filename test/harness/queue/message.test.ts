import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { readAddress } from '../../../harness/queue/connection.ts';
import { Journal } from '../../../harness/queue/journal.ts';
import { MOST_JOB, idOf, readMessage, readResult } from '../../../harness/queue/message.ts';
import { cliFile, plainEnv, pmapdiff } from '../../support/command.ts';
import { VariantFiles } from '../../support/variant-files.ts';

const files = new VariantFiles();
afterAll(() => files.dispose());

describe('the address of a queue', () => {
  it.each([
    ['redis://localhost', 'localhost', 6379, false],
    ['redis://127.0.0.1:7000/3', '127.0.0.1', 7000, false],
    ['redis://[::1]:7000', '::1', 7000, false],
    ['rediss://:secret@queue.example.org', 'queue.example.org', 6379, true],
  ])('%s is taken', (url, host, port, isTls) => {
    const { options, shown } = readAddress(url);
    expect([options.host, options.port, options.tls !== undefined]).toEqual([host, port, isTls]);
    expect(shown).not.toContain('secret');
  });

  it.each([
    ['redis://queue.example.org', 'without TLS'],
    ['redis://:secret@10.0.0.1', 'without TLS'],
    ['redis://0.0.0.0', 'without TLS'],
    ['redis://127.0.0.1.example.org', 'without TLS'],
    ['redis://localhost.example.org', 'without TLS'],
    ['rediss://queue.example.org', 'without a password'],
    ['rediss://user@queue.example.org', 'without a password'],
    ['http://127.0.0.1', 'http://127.0.0.1/'],
    ['redis://127.0.0.1/queue', 'the number of a database'],
    ['localhost', 'no URL'],
  ])('%s is refused', (url, found) => {
    const error = (() => {
      try {
        return readAddress(url) as never;
      } catch (thrown) {
        return (thrown as Error).message;
      }
    })();
    expect(error).toMatch(
      /^--queue: expected redis:\/\/ to a loopback address, or rediss:\/\/ \(TLS\) with a password/,
    );
    expect(error).toContain(found);
    expect(error).not.toContain('secret');
  });
});

const build = 'b'.repeat(64);
const job = {
  workload: 'exit-touched',
  reading: { touch: 'recorded' as const },
  columns: ['baseline', 'landed'],
  against: { kind: 'variant' as const, id: 'baseline' },
  check: false,
};
const sliced = {
  a: 'baseline',
  b: 'landed',
  want: { kind: 'unexpected' as const },
  spec: { seed: 1, first: 0, runs: 250, corpus: [], found: [] },
};

describe('a job in the queue', () => {
  it('is named by what it computes', () => {
    const message = readMessage({ build, name: 'compare', job }, build);
    expect(idOf(message)).toMatch(/^[0-9a-f]{64}$/);
    expect(idOf(readMessage(structuredClone(message), build))).toBe(idOf(message));
    for (const other of [
      { ...job, check: true },
      { ...job, columns: ['landed', 'baseline'] },
    ])
      expect(idOf({ ...message, job: other })).not.toBe(idOf(message));
    expect(idOf({ ...message, build: 'c'.repeat(64) })).not.toBe(idOf(message));
  });

  it.each<[string, unknown, RegExp]>([
    ['of another build', { build: 'c'.repeat(64), name: 'compare', job }, /of this build \(b{12}\), got one of c{12}/],
    ['of no name that there is', { build, name: 'finding', job }, /expected a job, got at name/],
    ['with more than it takes', { build, name: 'compare', job, code: '1' }, /expected a job, got at/],
    ['that names a file', { build, name: 'compare', job: { ...job, workload: '/etc/passwd' } }, /at workload/],
    ['that names code', { build, name: 'compare', job: { ...job, columns: ['./own.ts'] } }, /at columns.0/],
    [
      'that says how to read',
      { build, name: 'compare', job: { ...job, reading: { touch: 'recorded', machine: { ram: 1 } } } },
      /at reading/,
    ],
    [
      'that never ends',
      { build, name: 'slice', job: { ...sliced, spec: { ...sliced.spec, runs: 1e9 } } },
      /at spec.runs/,
    ],
    ['that is too large', { build, name: 'minimise', job: 'x'.repeat(MOST_JOB) }, /at most \d+ characters/],
    [
      'with a text that is too long',
      {
        build,
        name: 'minimise',
        job: {
          a: 'baseline',
          b: 'landed',
          want: { kind: 'unexpected' },
          raw: { signature: 's', text: 'a'.repeat(2 ** 18), run: 0 },
        },
      },
      /at raw.text/,
    ],
    ['that is none', null, /expected a job, got at the top/],
    ['that is nothing', undefined, /expected a job, got at the top/],
  ])('%s is refused', (_which, data, message) => {
    expect(() => readMessage(data, build)).toThrow(message);
  });

  it.each([undefined, null, 7, '', 'no JSON', 'null', '{}', '{"comparison":{"name":"superpage","runs":[]}}'])(
    'has no result like %j',
    (text) => {
      expect(() => readResult({ build, name: 'compare', job }, text)).toThrow('expected a result of compare');
    },
  );
});

describe('--resume FILE', () => {
  it('keeps results, and loses at most the one that was being written', () => {
    const path = files.write('run.txt', '');
    const first = new Journal(path);
    first.keep('a1', '{"x": 1}');
    first.keep('b2', 'two words');
    writeFileSync(path, `${readFileSync(path, 'utf8')}c3 0123`);
    const again = new Journal(path);
    expect([again.get('a1'), again.get('b2'), again.get('c3')]).toEqual(['{"x": 1}', 'two words', undefined]);
    again.keep('d4', 'more');
    expect(new Journal(path).get('d4')).toBe('more');
  });

  it('refuses a file that is something else, and leaves it as it is', () => {
    const path = files.write('notes.txt', 'my notes\nof today');
    expect(() => new Journal(path)).toThrow(
      /notes.txt, line 1: expected a result that a run has kept, got other text$/,
    );
    expect(readFileSync(path, 'utf8')).toBe('my notes\nof today');
  });

  it('needs --queue', () => {
    const { status, stderr } = pmapdiff('compare', '-w', 'exit-touched', '--resume', 'x');
    expect([status, stderr]).toEqual([2, 'pmapdiff: --resume: expected --queue beside it\n']);
  });
});

describe('what is optional', () => {
  const WATCH = `data:text/javascript,import { register } from 'node:module'; register(${JSON.stringify(
    `data:text/javascript,export const resolve = (name, context, next) => (/^(bullmq|ioredis|piscina)$/.test(name) && process._rawDebug('imports ' + name), next(name, context));`,
  )});`;
  const imported = (...args: string[]): string[] => {
    const { stderr } = spawnSync(process.execPath, ['--import', WATCH, cliFile(), ...args], {
      encoding: 'utf8',
      env: plainEnv,
    });
    return [...new Set([...stderr.matchAll(/^imports (\w+)$/gm)].map(([, name]) => name!))].toSorted();
  };

  it('is imported by a comparison that needs it, and by no other', () => {
    const compare = ['compare', '-w', 'exit-touched', 'superpage'];
    expect(imported(...compare, '--jobs', '1')).toEqual([]);
    expect(imported(...compare, '--jobs', '2')).toEqual(['piscina']);
    expect(imported(...compare, '--queue', 'redis://127.0.0.1:1')).toEqual(
      expect.arrayContaining(['bullmq', 'ioredis']),
    );
  });
});
