import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { conformCommand } from '../../../harness/cli/conform.ts';
import { conformReplay } from '../../../harness/conform/recordings.ts';
import type { ReplayRevision } from '../../../harness/conform/replay.ts';
import type { ReplayConformReport } from '../../../harness/conform/report.ts';
import { packagePath } from '../../../harness/input/paths.ts';
import { series } from '../../../variants/index.ts';

/** Answers of the kernel's own VM code: fixtures contain the small summaries of ../shared/vectors/replay. */
const fixtures = packagePath('test', 'fixtures', 'vectors', 'replay');
const corpus = packagePath('harness', 'workload', 'corpus');

/** Outside the pmap, shared-page-unmap and landed are identical. */
const revisions: ReplayRevision[] = series.map((variant) => ({
  variant,
  answers: variant.id === 'shared-page-unmap' ? 'landed' : variant.id,
}));

interface Summary {
  ops: number;
  opsByKind: object;
  accessesByKind: object;
  files: number;
  leftOut: object;
  failedOps: number;
  accesses: object;
  revisionOrder: string[];
  revisions: Record<string, object>;
  processes: unknown[][];
}

const folder = mkdtempSync(join(tmpdir(), 'pmapdiff-replay-'));
afterAll(() => rmSync(folder, { recursive: true }));

const summary = (name: string): Summary => JSON.parse(readFileSync(join(fixtures, name), 'utf8')) as Summary;

/** Writes a modified summary and returns its path. */
function written(value: unknown): string {
  const path = join(folder, 'changed.json');
  writeFileSync(path, JSON.stringify(value));
  return path;
}

/** The same value with every number incremented by one. */
const raised = (value: unknown): unknown => {
  if (typeof value === 'number') return value + 1;
  if (Array.isArray(value)) return value.map(raised);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, raised(inner)]));
};

const numbersIn = (value: unknown): number =>
  typeof value === 'number'
    ? 1
    : typeof value === 'object' && value !== null
      ? Object.values(value).reduce((sum: number, inner) => sum + numbersIn(inner), 0)
      : 0;

/** How many numbers of a summary are compared over five revisions. */
function comparisonsOf(file: Summary): number {
  const { ops, opsByKind, accessesByKind, files, leftOut, failedOps, accesses, processes } = file;
  const once = numbersIn({ ops, opsByKind, accessesByKind, files, leftOut, failedOps, accesses });
  const totals = revisions.reduce((sum, { answers }) => sum + numbersIn(file.revisions[answers]), 0);
  const [pid, calls, before] = [1, 2, 2]; // per row; the values before the op are only baseline's
  return once + totals + processes.length * (revisions.length * (pid + calls) + before);
}

describe('recorded programs compared with what the kernel answered', () => {
  it('match in every number and every process row, under every revision and both touch policies', async () => {
    const report = await conformReplay([fixtures], corpus, revisions);
    expect(report.mismatches).toEqual([]);
    const names = readdirSync(fixtures).filter((name) => name.endsWith('.json'));
    const rows = names.reduce((sum, name) => sum + summary(name).processes.length, 0);
    expect(report).toMatchObject({ kind: 'replay', files: names.length, checked: rows, rowsMatching: rows });
    expect(report.revisions).toEqual(
      revisions.map(({ variant }) => ({ variant: variant.id, checked: rows, mismatches: 0 })),
    );
    expect(report.numbers).toBe(names.reduce((sum, name) => sum + comparisonsOf(summary(name)), 0));
  });

  it('are compared number by number: if all are changed, all are reported', async () => {
    const file = summary('pipe_one.touch-recorded.json');
    const report = await conformReplay([written(raised(file))], corpus, revisions);
    expect(report.mismatches).toHaveLength(comparisonsOf(file));
    expect(report).toMatchObject({ numbers: comparisonsOf(file), checked: file.processes.length, rowsMatching: 0 });
    for (const { expected, got } of report.mismatches) expect(expected).toBe((got as number) + 1);
  });

  it('give file, position, number, revision, expected and got for a single change', async () => {
    const file = summary('spawn_vforkfail.touch-recorded.json');
    const column = file.revisionOrder.indexOf('double-count-fix');
    const calls = file.processes[1]![5] as number[];
    calls[column]!++;
    const { mismatches, rowsMatching } = await conformReplay([written(file)], corpus, revisions);
    expect(mismatches).toEqual([
      {
        file: 'changed.json',
        at: 'process row 1',
        what: 'calls',
        variant: 'double-count-fix',
        expected: calls[column],
        got: calls[column]! - 1,
      },
    ]);
    expect(rowsMatching).toBe(file.processes.length - 1);
  });

  it('report rows that are missing on either side', async () => {
    const file = summary('forkloop_small.touch-recorded.json');
    const last = file.processes.pop()!;
    const fewer = await conformReplay([written(file)], corpus, revisions);
    expect(fewer.mismatches).toHaveLength(revisions.length);
    expect(fewer.mismatches[0]).toMatchObject({ at: `process row ${file.processes.length}`, expected: null });
    file.processes.push(last, last);
    const more = await conformReplay([written(file)], corpus, revisions);
    expect(more.mismatches).toHaveLength(revisions.length);
    expect(more.mismatches[0]).toMatchObject({ at: `process row ${file.processes.length - 1}`, got: null });
  });

  it('distinguish the revisions: each has its own answers', async () => {
    const [baseline] = series;
    const swapped = await conformReplay([fixtures], corpus, [{ variant: baseline!, answers: 'landed' }]);
    expect(swapped.rowsMatching).toBeLessThan(swapped.checked);
  });
});

describe('a summary that cannot be used', () => {
  const refused = (file: unknown, from = corpus): Promise<ReplayConformReport> =>
    conformReplay([written(file)], from, revisions);
  const good = (): Summary => summary('pipe_one.touch-recorded.json');

  it('is rejected when its recording is missing', async () => {
    await expect(refused({ ...good(), trace: 'pipe_two' })).rejects.toThrow(
      /changed\.json: expected its recording pipe_two\.jsonl/,
    );
    await expect(refused(good(), join(folder, 'nowhere'))).rejects.toThrow(/pipe_one\.jsonl/);
  });

  it('is rejected when its format differs, or it has a number that is not compared', async () => {
    await expect(refused({ ...good(), schema: 'vmreplay-2' })).rejects.toThrow(/schema/);
    await expect(refused({ ...good(), sleeps: 3 })).rejects.toThrow(/sleeps/);
    await expect(refused({ ...good(), revisionOrder: ['baseline'] })).rejects.toThrow(/revisionOrder/);
  });
});

describe('pmapdiff conform replay', () => {
  async function command(paths: string[], options: { json?: boolean; traces?: string } = {}, kind = 'replay') {
    const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    try {
      const code = await conformCommand(kind, paths, options);
      return { code, text: write.mock.calls.map(([text]) => String(text)).join('') };
    } finally {
      write.mockRestore();
    }
  }

  it('takes the recordings from the corpus or from --traces, and says how many rows match', async () => {
    const path = join(fixtures, 'pipe_one.touch-exec.json');
    const plain = await command([path]);
    expect(plain).toEqual(await command([path], { traces: corpus }));
    expect(plain.code).toBe(0);
    expect(plain.text).toMatch(/^conform replay: 14 process rows in 1 file, 0 mismatches\n {2}14 of them match/);
  });

  it('exits with 1 when a number differs, and with 3 when there was nothing to check', async () => {
    const file = summary('pipe_one.touch-recorded.json');
    const { code, text } = await command([written({ ...file, files: file.files + 1 })], { json: true });
    expect(code).toBe(1);
    expect(JSON.parse(text)).toMatchObject({
      schema: 'pmapdiff.conform/1',
      kind: 'replay',
      files: 1,
      checked: 14,
      mismatches: [{ at: 'conversion', what: 'files', expected: file.files + 1, got: file.files }],
    });
    rmSync(join(folder, 'changed.json'));
    expect((await command([folder])).code).toBe(3);
  });

  it('takes --traces with replay only', async () => {
    await expect(command([fixtures], { traces: corpus }, 'pmap')).rejects.toThrow(/--traces/);
  });
});
