import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import type { CodeRecipe } from '../../../harness/columns/column.ts';
import { readAddress } from '../../../harness/queue/connection.ts';
import { GENERATION } from '../../../harness/queue/generations.ts';
import { Journal } from '../../../harness/queue/journal.ts';
import { pack, unpack } from '../../../harness/queue/kept.ts';
import { MOST_JOB, idOf, queued, readMessage, readResult, unqueued } from '../../../harness/queue/message.ts';
import { RECIPE } from '../../../harness/queue/recipes.ts';
import { newInput } from '../../../harness/search/input.ts';
import { Random } from '../../../harness/workload/random.ts';
import { pmapdiff } from '../../support/command.ts';
import { VariantFiles } from '../../support/variant-files.ts';

const files = new VariantFiles();
afterAll(() => files.dispose());

describe('the address of a queue', () => {
  it.each([
    ['redis://localhost', 'localhost', 6379, undefined],
    ['redis://127.0.0.1:7000/3', '127.0.0.1', 7000, undefined],
    ['redis://[::1]:7000', '::1', 7000, undefined],
    ['rediss://:secret@queue.example.org', 'queue.example.org', 6379, { servername: 'queue.example.org' }],
    ['rediss://:secret@10.0.0.5', '10.0.0.5', 6379, {}],
    ['rediss://:secret@[fd00::5]:7000', 'fd00::5', 7000, {}],
  ])('%s is taken', (url, host, port, tls) => {
    const { options, shown } = readAddress(url);
    expect([options.host, options.port, options.tls]).toEqual([host, port, tls]);
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
    ['rediss://:100%secret@queue.example.org', 'a stray % in its user or password'],
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
  leastMs: 10_000,
};
const recipe: CodeRecipe = {
  kind: 'code',
  name: 'own.ts',
  code: 'serve();',
  facts: { id: 'own', after: 'landed', title: 'own', intends: [], members: ['one', 'two'] },
};
const sliced = {
  columns: ['baseline', 'landed'],
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
    ['that names code in a file', { build, name: 'compare', job: { ...job, columns: ['./own.ts'] } }, /at columns.0/],
    ['that holds code', { build, name: 'compare', job: { ...job, columns: [recipe] } }, /at columns.0/],
    [
      'with a path for a hash',
      { build, name: 'compare', job: { ...job, columns: [{ hash: '../x' }] } },
      /at columns.0/,
    ],
    [
      'with a path for the name of a text',
      { build, name: 'compare', job: { ...job, workload: { name: '../../etc/passwd', text: 'a: exec sh60\n' } } },
      /at workload/,
    ],
    [
      'with a workload that is too long',
      { build, name: 'compare', job: { ...job, workload: { name: 'long', text: '#'.repeat(2 ** 21 + 1) } } },
      /at workload/,
    ],
    ['that wants hours', { build, name: 'compare', job: { ...job, leastMs: 1e7 } }, /at leastMs/],
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
          columns: ['baseline', 'landed'],
          want: { kind: 'unexpected' },
          raw: { signature: 's', verdict: 'latent', text: 'a'.repeat(2 ** 18) },
        },
      },
      /at raw.text/,
    ],
    ['that is not an object', null, /expected a job, got at the top/],
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

describe('code in the queue', () => {
  const { hash, bytes } = pack(RECIPE, recipe);

  it('is part of what a job is named by', () => {
    const named = (code: string): string => {
      const { job: one } = queued({ ...job, columns: ['landed', { ...recipe, code }] });
      return idOf(readMessage({ build, name: 'compare', job: one }, build));
    };
    expect(named('1;')).toBe(named('1;'));
    expect(named('1;')).not.toBe(named('2;'));
  });

  it('is what its hash says, and comes back as it was', () => {
    expect(unpack(RECIPE, { hash, bytes })).toEqual(recipe);
    expect(
      pack(RECIPE, { ...recipe, facts: { ...recipe.facts, compiled: ['more than a job needs'] } as never }).hash,
    ).toBe(hash);
  });

  const zipped = (value: unknown) => {
    const body = typeof value === 'string' ? value : JSON.stringify(value);
    return { hash: createHash('sha256').update(body).digest('hex'), bytes: gzipSync(body) };
  };
  it.each([
    ['another hash', { hash: 'f'.repeat(64), bytes }, /^expected the code f{12} of a job, got something else$/],
    ['no gzip', { hash, bytes: Buffer.from('code') }, /got something else$/],
    ['what is small only while it is gzipped', zipped(' '.repeat(2 ** 26)), /got something else$/],
    ['no recipe', zipped({ kind: 'code' }), /expected the code of a column, got at /],
    ['a recipe without facts', zipped({ ...recipe, facts: null }), /got at facts/],
    ['no JSON', zipped('import'), /got no JSON/],
  ])('is refused if it is %s', (_what, packed, message) => {
    expect(() => unpack(RECIPE, packed)).toThrow(message);
  });

  it('is refused by the command that has too much of it', () => {
    const huge = { ...recipe, code: 'x'.repeat(2 ** 24 + 1) };
    expect(() => pack(RECIPE, huge)).toThrow(/^--queue: expected a column as a queue takes it, got at code/);
    const random = { ...recipe, code: randomBytes(2 ** 23).toString('base64') };
    expect(() => pack(RECIPE, random)).toThrow(/^--queue: expected code of at most \d+ /);
  });
});

describe('the corpus of a hunt in the queue', () => {
  const entry = (run: number) => ({ input: newInput(new Random(run)), signals: [run], weight: 1, run });
  const first = [entry(1), entry(2)];
  const corpus = [first, [entry(1001)]];
  const asked = (generations: typeof corpus) =>
    queued({ ...sliced, columns: ['baseline', 'landed'], spec: { ...sliced.spec, corpus: generations } });

  it('is named round by round, so that the slices of later rounds name what the queue has', async () => {
    const [before, after] = [asked([first]), asked(structuredClone(corpus))];
    expect(after.kept.map(({ hash }) => hash)[0]).toBe(before.kept[0]!.hash);
    expect(JSON.stringify(after.job)).not.toContain('choices');
    const message = readMessage({ build, name: 'slice', job: after.job }, build);
    const bytesOf = new Map(after.kept.map(({ hash, bytes }) => [hash, bytes]));
    const whole = await unqueued(message, {
      get: async (kind, hash) => unpack(kind, { hash, bytes: bytesOf.get(hash)! }),
    });
    expect(whole).toEqual({ ...sliced, spec: { ...sliced.spec, corpus } });
  });

  it('is refused where it is carried, or is something else', () => {
    const carried = { ...sliced, spec: { ...sliced.spec, corpus } };
    expect(() => readMessage({ build, name: 'slice', job: carried }, build)).toThrow(/at spec.corpus.0/);
    const body = JSON.stringify([{ ...first[0], weight: 1e9 }]);
    const packed = { hash: createHash('sha256').update(body).digest('hex'), bytes: gzipSync(body) };
    expect(() => unpack(GENERATION, packed)).toThrow(/^expected the corpus of a hunt, got at 0.weight/);
  });
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
