import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { cliFile, plainEnv, pmapdiff } from '../../support/command.ts';
import { root } from '../../support/layers.ts';
import { VariantFiles } from '../../support/variant-files.ts';
import { fixtureFile } from '../../support/variant-fixtures.ts';

vi.setConfig({ testTimeout: 600_000 });

const files = new VariantFiles();
beforeAll(() => void cliFile());
afterAll(() => files.dispose());

const vectors = (kind: string): string => join(root, 'test/fixtures/vectors', kind);

describe('the command line', () => {
  it('prints its help on stdout', () => {
    const { status, stdout, stderr } = pmapdiff('--help');
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toContain('compare');
    expect(stdout).toContain('130 interrupted');
  });

  it('lists revisions, workloads and machine settings', () => {
    const { status, stdout } = pmapdiff('list', '--json');
    const list = JSON.parse(stdout);
    expect(status).toBe(0);
    expect(Object.keys(list.revisions)).toEqual([
      'baseline',
      'toplevel-accounting',
      'double-count-fix',
      'shared-page-unmap',
      'landed',
    ]);
    expect(Object.keys(list.catalog).length).toBeGreaterThanOrEqual(12);
    expect(list.machine).toMatchObject({ cpus: '1', pti: 'off' });
  });
});

describe('bad input is one line on stderr, nothing on stdout, and exit 2:', () => {
  const file =
    (name: string, text: string | Buffer): (() => string[]) =>
    () => ['--workload', files.write(name, text)];
  const op = (line: string): (() => string[]) => file('bad.workload', `a: exec sh60\n${line}\n`);

  it.each<[string, () => string[], RegExp]>([
    ['an unknown option', () => ['--wrkload', 'churn'], /unknown option '--wrkload' \(Did you mean --workload\?\)/],
    ['an unknown variant', () => ['--variants', 'baseline,lnded'], /unknown variant "lnded": did you mean landed\?/],
    [
      'a single variant that comes after no other',
      () => ['--variants', 'baseline'],
      /baseline is alone and has no predecessor: expected two variants, or --against/,
    ],
    ['--quiet with another format', () => ['--quiet', '--json'], /expected --quiet with text, got it with --json/],
    ['a missing variant file', () => ['--variant', './nowhere.ts'], /\.\/nowhere\.ts: no such variant file/],
    [
      'a reference that is no column',
      () => ['--variants', 'baseline,landed', '--against', 'd33276'],
      /--against d33276: not among the compared variants \(baseline, landed\); add it to --variants/,
    ],
    [
      'an unknown touch policy',
      () => ['--touch', 'sometimes'],
      /--touch: expected recorded, exec, never, all, got "sometimes"/,
    ],
    ['a time limit that is no number', () => ['--time-limit', 'soon'], /--time-limit: expected seconds above 0/],
    ['an unknown workload', () => ['--workload', 'chrun'], /did you mean 'churn'\?/],
    ['a missing file', () => ['--workload', './nowhere.workload'], /nowhere\.workload: expected/],
    ['an unknown op', op('a: exce sh60'), /bad\.workload:2:\d+: expected .* found 'exce'; did you mean 'exec'\?/],
    ['an address that is no number', op('a: read NaN'), /bad\.workload:2/],
    ['a negative length', op('a: munmap 0x1000 -1p'), /bad\.workload:2/],
    ['an address beyond the machine', op('a: read 0x1000000000000000'), /bad\.workload:2/],
    ['an op for a process that has exited', op('a: exit\na: clock'), /bad\.workload:3/],
    [
      'a truncated gzip file',
      file('bad.jsonl.gz', gzipSync(`{"ev":"meta"}${' '.repeat(9999)}`).subarray(0, 40)),
      /bad\.jsonl\.gz:1: expected a complete gzip file/,
    ],
  ])('%s', (_what, args, message) => {
    const { status, stdout, stderr } = pmapdiff('compare', ...args());
    expect(stderr).toMatch(message);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect([status, stdout]).toEqual([2, '']);
  });

  it.each<[string, string[], RegExp]>([
    ['an unknown command', ['compair'], /unknown command 'compair' \(Did you mean compare\?\)/],
    [
      'a kind of recording that there is not',
      ['conform', 'cpu', '.'],
      /conform: expected pmap, vm, mmu, replay, got "cpu"/,
    ],
    ['recordings that are not there', ['conform', 'mmu', './nowhere'], /nowhere: expected a file or a folder/],
    ['a replay without a variant', ['replay', 'churn'], /expected one --variant, --patch, --rev or --series/],
  ])('%s', (_what, args, message) => {
    const { status, stdout, stderr } = pmapdiff(...args);
    expect(stderr).toMatch(message);
    expect([status, stdout]).toEqual([2, '']);
  });
});

describe('one variant on one workload', () => {
  const endless = () => files.variant('endless', 'removeIsNoop: () => { for (;;); },');

  it.each<[string, () => string[], number]>([
    ['replay', () => ['replay', 'exit-touched', '--variant', endless()], 3],
    ['explain', () => ['explain', 'landed', endless(), '-w', 'exit-touched'], 3],
    ['trace', () => ['trace', 'landed', endless(), '-w', 'exit-touched'], 3],
  ])('that never ends is reported by %s after some ten seconds', (_name, args, code) => {
    const { status, stdout, stderr } = pmapdiff(...args());
    expect(stdout + stderr).toMatch(/took longer than 10\.\d+ s, while running .*sh: exec/);
    expect(status).toBe(code);
  });
});

describe.skipIf(process.platform === 'win32')('a pipe whose writer is late', () => {
  it.each<[string, string[], string[]]>([
    ['page', ['compare', '--workload', 'exit-touched', '--json'], ['page', '--from', '-', '-o', '/dev/null']],
    ['merge', ['compare', '--workload', 'exit-touched', '--shard', '1/1'], ['merge', '-', '--quiet']],
  ])('is read by %s as a file is', (_name, made, read) => {
    const file = files.write('made', pmapdiff(...made).stdout);
    const late = `(sleep 1; cat "$0") | "$@"`;
    const args = [file, process.execPath, cliFile(), ...read];
    const { status, stderr } = spawnSync('sh', ['-c', late, ...args], { encoding: 'utf8', env: plainEnv });
    expect([status, stderr]).toEqual([0, '']);
  });
});

describe('import', () => {
  it.skipIf(process.platform === 'win32')('leaves no new file and keeps the old one when the disk is full', () => {
    const recording = join(root, 'test/fixtures/import/pipes.strace.txt.gz');
    const old = files.write('old.jsonl', 'as it was\n');
    const before = readdirSync(files.folder);
    const limited = 'ulimit -f 8; trap "" XFSZ; exec "$@"';
    const args = [process.execPath, cliFile(), 'import', 'strace', recording, '-o', old];
    const { status, stderr } = spawnSync('sh', ['-c', limited, 'sh', ...args], { encoding: 'utf8', env: plainEnv });
    expect(stderr).toMatch(/^pmapdiff: .*old\.jsonl: expected to be written, got EFBIG.*\n$/);
    expect(status).toBe(3);
    expect(readFileSync(old, 'utf8')).toBe('as it was\n');
    expect(readdirSync(files.folder)).toEqual(before);
  });
});

describe('replay', () => {
  it('shows what one workload did under one variant', () => {
    const { status, stdout } = pmapdiff('replay', 'exit-touched', '--variant', 'landed');
    expect(status).toBe(0);
    expect(stdout).toContain('exit-touched under landed: done');
    expect(stdout).toMatch(/pmap_remove, exit +52 early of 53/);
  });

  it('traces the calls of each op', () => {
    const { stdout } = pmapdiff('replay', 'exit-touched', '--variant', 'landed', '--trace');
    expect(stdout).toMatch(
      /^sh: exit {2}# ok, resident 0\n {4}remove pmap 1 0x7ffffffff000\.\.0x800000000000\n {4}remove_pages pmap 1$/m,
    );
  });

  it('exits 1 on a panic', () => {
    const path = files.variant(
      'panics',
      "releaseEnd() { throw new KernelPanic('pmap_release', 'planted'); },",
      "import { KernelPanic } from 'pmapdiff';",
    );
    const { status, stdout } = pmapdiff('replay', 'exit-touched', '--variant', path, '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      schema: 'pmapdiff.replay/1',
      ended: { kind: 'panic', where: 'pmap_release' },
    });
    expect(status).toBe(1);
  });
});

describe('conform', () => {
  it.each(['vm', 'mmu'])('answers the %s recordings of the fixtures', (kind) => {
    const { status, stdout } = pmapdiff('conform', kind, vectors(kind), '--json');
    expect(JSON.parse(stdout)).toMatchObject({ schema: 'pmapdiff.conform/1', kind, mismatches: [] });
    expect(status).toBe(0);
  });

  it('exits 3 when nothing was checked', () => {
    expect(pmapdiff('conform', 'mmu', files.folder).status).toBe(3);
  });
});

describe('merge', () => {
  it('answers for your own revision and workload as compare does, and notices that the revision has changed', () => {
    const hunks = 'removeIsNoop: (...args) => landed.hunks.removeIsNoop(...args)';
    const variant = files.variant('own', hunks);
    const workloads = [files.write('mine.workload', 'a: exec sh60\na: exit\n'), 'exit-touched', 'vfork-execfail'];
    const own = ['compare', '--variants', 'landed', '--variant', variant, '--workload', ...workloads];
    const whole = pmapdiff(...own);
    expect(whole.stdout).toContain('own');
    const parts = [1, 2].map((i) => files.write(`own-${i}.json`, pmapdiff(...own, '--shard', `${i}/2`).stdout));
    const merged = pmapdiff('merge', ...parts);
    expect([merged.status, merged.stdout]).toEqual([whole.status, whole.stdout]);
    files.variant('own', `${hunks}, pinitTopPage: (...args) => landed.hunks.pinitTopPage(...args)`);
    const changed = pmapdiff('merge', ...parts);
    expect([changed.status, changed.stdout]).toEqual([2, '']);
    expect(changed.stderr).toContain('merge: expected own as the shards ran it, got other code');
  });
});

describe('trace', () => {
  it('diverges at the op in which only one of them panics', () => {
    const file = fixtureFile('assert-too-early');
    const [text, json] = [[], ['--json']].map((more) => {
      const { status, stdout, stderr } = pmapdiff('trace', 'landed', file, '--workload', 'exit-touched', ...more);
      expect([status, stderr]).toEqual([1, '']);
      return stdout;
    });
    expect(text).toMatch(/first difference: op 2, sh: exit \(end\)/);
    expect(text).toContain('  landed after it; assert-too-early did not get there\n');
    const { diff, around } = JSON.parse(json!);
    expect(diff).toMatchObject({
      first: { op: 2, parts: ['end'] },
      ended: [{ kind: 'done' }, { kind: 'panic', op: 2 }],
    });
    expect(around.states).toMatchObject([
      { when: 'before', rows: 0 },
      { when: 'after', candidate: null, rows: null },
    ]);
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
