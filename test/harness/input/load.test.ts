import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import files from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { loadCorpus, loadWorkload, openWorkload } from '../../../harness/input/load.ts';
import { corpusPath } from '../../../harness/input/paths.ts';
import { WorkloadError } from '../../../harness/workload/errors.ts';

const dir = mkdtempSync(join(tmpdir(), 'workload-'));
afterAll(() => rmSync(dir, { recursive: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(dir, name);
  writeFileSync(path, content);
  return path;
}

/** The message of the error that loading throws, without the directory. */
async function errorOf(path: string): Promise<string> {
  try {
    await loadWorkload(path);
  } catch (error) {
    if (error instanceof WorkloadError) return error.message.replace(`${dir}/`, '');
    throw error;
  }
  return 'no error';
}

const packed = readFileSync(corpusPath('forkloop_small'));
const trace = gunzipSync(packed).toString();

describe('a workload is found', () => {
  it('by its name in the catalog', async () => {
    expect(await loadWorkload('exit-touched')).toMatchObject({ name: 'exit-touched', ops: { length: 3 } });
  });

  it('by its name in the corpus, with its title', async () => {
    const { name, title, trace: facts } = await loadCorpus('forkloop_small');
    expect({ name, title, lines: facts!.lines }).toEqual({
      name: 'forkloop_small',
      title: 'A parent with 60 mappings forks 20 children that exit at once',
      lines: 825,
    });
  });

  it('by its path, whatever the file is called: text or trace, gzipped or not', async () => {
    const text = '# hello\np: exec cat\np: exit\n';
    const found = [
      await loadWorkload(file('a.workload', text)),
      await loadWorkload(file('b', gzipSync(text))),
      await loadWorkload(file('c.workload', trace)),
      await loadWorkload(file('d.jsonl.gz', packed)),
    ];
    expect(found.map(({ name, ops }) => [name, ops.length])).toEqual([
      ['a', 2],
      ['b', 2],
      ['c', 815],
      ['d', 815],
    ]);
    expect(found[2].ops).toEqual(found[3].ops);
  });

  it('without ops in an empty file', async () => {
    expect((await loadWorkload(file('empty', ''))).ops.length).toBe(0);
  });

  it('on the requested machine, if it is a trace', async () => {
    const { machine } = await loadWorkload('forkloop_small', { machine: { superpages: true, pti: true } });
    expect(machine).toMatchObject({ superpages: true, pti: true, cpus: 1 });
  });
});

describe('a file that cannot be read gives one error, never a partial workload', () => {
  it('an unknown name', async () => {
    const known = 'a workload of the catalog or the corpus, or a file';
    expect(await errorOf('exit-tuched')).toBe(
      `exit-tuched: expected ${known}, found no such file; did you mean 'exit-touched'?`,
    );
    expect(await errorOf(join(dir, 'nothing'))).toBe('nothing: expected a readable file, found no such file');
    expect(await errorOf(dir)).toMatch(/: expected a file, found a directory$/);
  });

  it('a gzip file that was cut off', async () => {
    const message = await errorOf(file('cut.gz', packed.subarray(0, packed.length / 2)));
    expect(message).toMatch(/^cut\.gz:\d+: expected a complete gzip file, found unexpected end of file$/);
  });

  it('a gzip file with a wrong byte', async () => {
    const wrong = Uint8Array.from(packed);
    wrong[3000] ^= 0xff;
    expect(await errorOf(file('wrong.gz', wrong))).toMatch(/^wrong\.gz:\d+: expected /);
  });

  it('a gzip file whose fault shows while its first read is still being closed', async () => {
    const wrong = Uint8Array.from(packed);
    wrong[12] ^= 0xff;
    const path = file('slow.gz', wrong);
    const { open } = files;
    const slow = vi.spyOn(files, 'open').mockImplementation(async (...args) => {
      const handle = await open(...args);
      const { close } = handle;
      handle.close = async () => {
        await close.call(handle);
        await setTimeout(50);
      };
      return handle;
    });
    syncBuiltinESMExports();
    try {
      expect(await errorOf(path)).toMatch(/^slow\.gz:1: expected a complete gzip file, found /);
    } finally {
      slow.mockRestore();
      syncBuiltinESMExports();
    }
  });

  it('a trace that was cut off within a line', async () => {
    expect(await errorOf(file('cut.jsonl', trace.slice(0, -20)))).toMatch(
      /^cut\.jsonl:825: expected a line of JSON, found '\{"t"/,
    );
  });

  it('garbage', async () => {
    expect(await errorOf(file('nul', Buffer.from('p: exec cat\n\0\n')))).toBe('nul:2: expected text, found a NUL byte');
    expect(await errorOf(file('bytes', Buffer.from([112, 58, 10, 10, 0xff, 0xfe])))).toBe(
      'bytes:3: expected text in UTF-8, found other bytes',
    );
  });

  it('a line of more than 1M, in text and in a trace', async () => {
    const long = 'x'.repeat(2 ** 21);
    expect(await errorOf(file('long', `p: exec cat\n# ${long}\n`))).toBe(
      'long:2: expected a line of at most 1M, found more than 1M',
    );
    expect(await errorOf(file('long.jsonl', `{"ev":"${long}"}\n`))).toBe(
      'long.jsonl:1: expected a line of at most 1M, found more than 1M',
    );
    expect(await errorOf(file('zeros.gz', gzipSync(Buffer.alloc(2 ** 24))))).toBe(
      'zeros.gz:1: expected a line of at most 1M, found more than 1M',
    );
  });

  it('more than 64M of text', async () => {
    const lines = Buffer.alloc(2 ** 26 + 1, '#\n');
    expect(await errorOf(file('large', lines))).toMatch(
      /^large:\d+: expected at most 64M of workload text, found more$/,
    );
  });

  it('a gzip file that expands more than 100-fold, and beyond 64M', async () => {
    const head = trace.slice(0, trace.indexOf('\n') + 1);
    const root = /"root":(\d+)/.exec(head)![1];
    const lines = [1, 2].map((x) => `{"t":1,"pid":${root},"ev":"wait","note":"${`${x}`.repeat(2 ** 14)}"}\n`);
    const bomb = gzipSync(head + lines.join('').repeat(2 ** 11 + 8));
    expect(await errorOf(file('bomb.gz', bomb))).toMatch(
      /^bomb\.gz:\d+: expected a gzip file that expands at most 100 times, found \d+ times so far$/,
    );
  });
});

describe('a recording that is too long to hold in memory', () => {
  const opsOf = async (path: string, held: number): Promise<[string, number, number[]]> => {
    const { head, pieces, whole } = await openWorkload(path, { held });
    expect(whole === null).toBe(held < 815);
    const lines: number[] = [];
    for await (const { chunks } of pieces()) for (const { line } of chunks) lines.push(...line);
    return [head.name, head.length, lines];
  };

  it('is reread for each run, with the same ops', async () => {
    const path = file('long.jsonl.gz', packed);
    const held = await opsOf(path, 1000);
    expect(held.slice(0, 2)).toEqual(['long', 815]);
    expect(await opsOf(path, 10)).toEqual(held);
  });

  it('must not change between runs', async () => {
    const path = file('changing.jsonl', trace);
    const { pieces } = await openWorkload(path, { held: 10 });
    const change = async (text: string): Promise<string> => {
      writeFileSync(path, text);
      try {
        for await (const piece of pieces()) expect(piece.length).toBeGreaterThan(0);
      } catch (error) {
        if (error instanceof WorkloadError) return error.message.replace(`${dir}/`, '');
      }
      return 'no error';
    };
    expect(await change(trace)).toBe('no error');
    const lines = trace.trimEnd().split('\n');
    expect(await change(lines.slice(0, 400).join('\n'))).toMatch(/^changing\.jsonl:400: .*815 ops.* found 4\d\d/);
    expect(await change(`${lines.slice(0, 400).join('\n')}\n{`)).toMatch(/^changing\.jsonl:401: .*JSON/);
  });
});
