import { basename } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { userFile } from '../../../harness/bundle/source.ts';
import { bundledColumn } from '../../../harness/bundle/spawn.ts';
import { DEFAULT_LIMITS, VariantProcess } from '../../../harness/columns/process.ts';
import type { RunRecord } from '../../../harness/run/record.ts';
import { parseWorkload } from '../../../harness/workload/text/parse.ts';
import { builtFile } from '../../support/built.ts';
import { VariantFiles } from '../../support/variant-files.ts';

const workload = parseWorkload('a: exec sh60\na: clock\na: exit\n', 'small');
const files = new VariantFiles();
vi.setConfig({ testTimeout: 600_000 });
beforeAll(() => void builtFile('harness/bundler.js'));
afterAll(() => files.dispose());

interface Run {
  readonly records: readonly RunRecord[];
  readonly printed: string;
}

/** Runs the workload under a variant file, several times if requested, in one process for as long as it lives. */
async function runFile(path: string, { limitMs = 5000, limits = {}, times = 1 } = {}): Promise<Run> {
  let printed = '';
  const bundle = await bundledColumn(userFile(path), 'run');
  if (bundle.kind === 'refused') throw new Error(bundle.message);
  const child = new VariantProcess(
    basename(path),
    bundle.code,
    { ...DEFAULT_LIMITS, ...limits },
    (text) => (printed += text),
  );
  try {
    const records: RunRecord[] = [];
    for (let i = 0; i < times; i++) records.push(await child.run(workload, 'mine', {}, limitMs));
    return { records, printed };
  } finally {
    child.close();
  }
}

const ended = async (path: string, options = {}) => (await runFile(path, options)).records[0]!.ended;

describe('a variant in its own process', () => {
  it('runs like a built-in one', async () => {
    const { records } = await runFile(files.variant('good', ''));
    const [record] = records;
    expect(record!.ended).toEqual({ kind: 'done' });
    expect(record!.ops).toBe(3);
    expect(record!.perOp.code).toEqual(new Int32Array(3));
    expect(record!.removeByPlace.exit).toEqual({ calls: 53, early: 52 });
  });

  it('may panic: that is an outcome', async () => {
    const text = "releaseEnd() { throw new KernelPanic('pmap_release', 'planted', { n: 1 }); }";
    expect(await ended(files.variant('panics', text, "import { KernelPanic } from 'pmapdiff';"))).toEqual({
      kind: 'panic',
      op: 2,
      where: 'pmap_release',
      reason: 'planted',
      values: { n: 1 },
    });
  });
});

describe('a hostile variant is reported as what it did:', () => {
  it('throws at load', async () => {
    const path = files.write('at-load.ts', "throw new Error('no luck');");
    expect(await ended(path)).toEqual({ kind: 'failed', how: 'load', op: null, message: 'at-load.ts:1: no luck' });
  });

  it('throws in a member', async () => {
    const path = files.variant('throws', "exitBeforeVmspaceExit() { throw new Error('not today'); }");
    expect(await ended(path)).toEqual({
      kind: 'failed',
      how: 'throw',
      op: 2,
      message: 'throws.ts:9: not today',
    });
  });

  it('never ends', async () => {
    const path = files.variant('endless', 'exitBeforeVmspaceExit() { for (;;); }');
    expect(await ended(path, { limitMs: 1000 })).toEqual({
      kind: 'failed',
      how: 'limit',
      op: 2,
      message: 'took longer than 1 s',
    });
  });

  it('never ends while loading', async () => {
    const path = files.write('endless-load.ts', 'for (;;);');
    expect(await ended(path, { limits: { loadMs: 1000 } })).toEqual({
      kind: 'failed',
      how: 'limit',
      op: null,
      message: 'while loading: took longer than 1 s',
    });
  });

  it('ends the process', async () => {
    const path = files.variant('exits', 'exitBeforeVmspaceExit() { process.exit(7); }');
    expect(await ended(path)).toEqual({
      kind: 'failed',
      how: 'throw',
      op: 2,
      message: 'exits.ts:9: ReferenceError: process is not defined',
    });
  });

  it('kills itself', async () => {
    const path = files.variant('kills', "exitBeforeVmspaceExit() { process.kill(process.pid, 'SIGKILL'); }");
    expect(await ended(path)).toEqual({
      kind: 'failed',
      how: 'throw',
      op: 2,
      message: 'kills.ts:9: ReferenceError: process is not defined',
    });
  });

  it('takes 4 GB of buffers', async () => {
    const member =
      'exitBeforeVmspaceExit() { for (let i = 0; i < 64; i++) keep.push(new Uint8Array(2 ** 26).fill(1)); }';
    const path = files.variant('grows', member, 'const keep: Uint8Array[] = [];');
    expect(await ended(path, { limitMs: 20_000, limits: { residentBytes: 400 * 2 ** 20 } })).toEqual({
      kind: 'failed',
      how: 'memory',
      op: 2,
      message: 'used more than 400 MiB of memory',
    });
  });

  it('fills the heap', async () => {
    const member = 'exitBeforeVmspaceExit() { for (;;) keep.push({ n: keep.length }); }';
    const path = files.variant('fills', member, 'const keep: object[] = [];');
    const failure = await ended(path, { limitMs: 20_000, limits: { heapMiB: 64 } });
    expect(failure).toMatchObject({ kind: 'failed', how: 'memory', op: 2 });
  });

  it('prints: the text is shown once though a small workload runs twice, and does no harm', async () => {
    const path = files.variant(
      'prints',
      "removeIsNoop(m, pmap) { console.log('here'); return landed.hunks.removeIsNoop(m, pmap); }",
    );
    const { records, printed } = await runFile(path);
    expect(records[0]!.ended).toEqual({ kind: 'done' });
    expect(printed.split('\n').filter((line) => line === 'here')).toHaveLength(54);
  });

  it('asks for the time or a random number', async () => {
    const path = files.variant('clock', 'exitBeforeVmspaceExit() { if (Math.random() > 2) throw new Error(); }');
    expect(await ended(path)).toMatchObject({
      how: 'throw',
      message: expect.stringContaining('Math.random was called'),
    });
  });

  it.each([
    ['reads a file', "process.getBuiltinModule('fs').readFileSync('/etc/hostname')"],
    ['writes a file', "process.getBuiltinModule('fs').writeFileSync('x', 'x')"],
    ['starts a process', "process.getBuiltinModule('child_process').execSync('true')"],
  ])('%s', async (what, call) => {
    const path = files.variant(what.replace(/ .*/, ''), `exitBeforeVmspaceExit() { ${call}; }`);
    expect(await ended(path)).toMatchObject({
      how: 'throw',
      op: 2,
      message: expect.stringContaining('process is not defined'),
    });
  });

  it('is skipped after it has lost its process three times', async () => {
    const path = files.variant('endless-again', 'exitBeforeVmspaceExit() { for (;;); }');
    const messages = (await runFile(path, { times: 4, limitMs: 200 })).records.map(
      ({ ended: how }) => how.kind === 'failed' && how.message,
    );
    expect(messages.slice(0, 3)).toEqual(Array(3).fill('took longer than 0.2 s'));
    expect(messages[3]).toBe('not tried: its process was lost 3 times before');
  });
});
