import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Answer } from '../../harness/cli/answer.ts';
import { OutputFile } from '../../harness/output-file.ts';
import { FORMATS } from '../../harness/report/formats.ts';
import { builtFile } from '../support/built.ts';

let folder = '';
const at = (name: string): string => join(folder, name);
const file = (name: string, text = 'old'): string => {
  writeFileSync(at(name), text);
  return at(name);
};
const write = (path: string, inputs: readonly string[] = []): Promise<void> =>
  new OutputFile(path, inputs).write((made) => writeFileSync(made, 'new'));

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'output-test-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('a file that a command writes', () => {
  it('is made where nothing was, and nothing else is left beside it', async () => {
    await write(at('out'));
    expect([readFileSync(at('out'), 'utf8'), readdirSync(folder)]).toEqual(['new', ['out']]);
  });

  it('goes where a link leads, also a link to a link and one to a file that does not exist yet', async () => {
    file('target');
    mkdirSync(at('below'));
    symlinkSync('../target', at('below/middle'));
    symlinkSync('below/middle', at('link'));
    symlinkSync('later', at('dangling'));
    await write(at('link'));
    await write(at('dangling'));
    expect(['link', 'below/middle', 'dangling'].map((name) => lstatSync(at(name)).isSymbolicLink())).toEqual([
      true,
      true,
      true,
    ]);
    expect([readFileSync(at('target'), 'utf8'), readFileSync(at('later'), 'utf8')]).toEqual(['new', 'new']);
    expect(readdirSync(folder).toSorted()).toEqual(['below', 'dangling', 'later', 'link', 'target']);
  });

  it('keeps its mode, and its other names', async () => {
    chmodSync(file('private'), 0o600);
    linkSync(file('one'), at('two'));
    await write(at('private'));
    await write(at('one'));
    expect(statSync(at('private')).mode & 0o777).toBe(0o600);
    expect([readFileSync(at('two'), 'utf8'), statSync(at('one')).nlink]).toEqual(['new', 2]);
  });

  it('can be a pipe', async () => {
    execFileSync('mkfifo', [at('pipe')]);
    const reader = new Promise<string>((resolve) => {
      void import('node:fs/promises').then(({ readFile }) => readFile(at('pipe'), 'utf8').then(resolve));
    });
    await write(at('pipe'));
    expect([await reader, statSync(at('pipe')).isFIFO()]).toEqual(['new', true]);
  });

  it('is an open file of the process where the path leads to one', async () => {
    const fd = openSync(file('open'), 'r+');
    await write(`/proc/self/fd/${fd}`);
    expect([readFileSync(fd, 'utf8'), readdirSync(folder)]).toEqual(['new', ['open']]);
  });

  it('stays as it was when the text cannot be made', async () => {
    file('out');
    const failing = new OutputFile(at('out'), []).write((made) => {
      writeFileSync(made, 'half');
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect([readFileSync(at('out'), 'utf8'), readdirSync(folder)]).toEqual(['old', ['out']]);
  });

  it.each<[string, (input: string) => string]>([
    ['by its own name', (input) => input],
    ['by another spelling', (input) => join(folder, '.', '..', folder.replace(/.*\//, ''), input.replace(/.*\//, ''))],
    ['by a link', (input) => (symlinkSync(input, at('link')), at('link'))],
    ['by a hard link', (input) => (linkSync(input, at('hard')), at('hard'))],
  ])('is never a file that is read: %s', (_, name) => {
    const input = file('input');
    const path = name(input);
    expect(() => new OutputFile(path, ['nothing', input])).toThrow(
      `${path}: expected a file that is not an input, found the input ${input}`,
    );
    expect(() => new Answer('compare', FORMATS.compare, { junit: path }, [input])).toThrow(`--junit ${path}: `);
  });

  it('is refused before any work if it cannot be written', () => {
    expect(() => new OutputFile(folder, [])).toThrow('expected a file to write, found a directory');
    expect(() => new OutputFile(at('no/out'), [])).toThrow('expected a folder that can be written to, found none');
    symlinkSync('itself', at('itself'));
    expect(() => new OutputFile(at('itself'), [])).toThrow('expected a path that can be followed, found ELOOP');
    expect(() => new Answer('compare', FORMATS.compare, { junit: at('no/junit.xml') })).toThrow('--junit ');
  });
});

describe('the path of standard output', () => {
  it('is standard output: a pipe and a file that the shell opened', () => {
    const recording = file(
      'any.kdump',
      '   517 ls       CALL  execve(1,2,3)\n   517 ls       NAMI  "/bin/ls"\n   517 ls       RET   execve JUSTRETURN\n',
    );
    symlinkSync('/proc/self/fd/1', at('stdout'));
    const args = [builtFile('harness/cli.js'), 'import', 'kdump', recording, '--output', at('stdout')];
    const piped = spawnSync(process.execPath, args, { encoding: 'utf8' });
    expect([piped.status, piped.stdout.split('\n').length]).toEqual([0, 3]);
    const opened = openSync(file('shell.jsonl', ''), 'a');
    expect(spawnSync(process.execPath, args, { stdio: ['ignore', opened, 'ignore'] }).status).toBe(0);
    expect(readFileSync(at('shell.jsonl'), 'utf8')).toBe(piped.stdout);
    expect(lstatSync(at('stdout')).isSymbolicLink()).toBe(true);
  });
});
