import { afterEach, describe, expect, it, vi } from 'vitest';
import { ask } from '../../../harness/bisect/question.ts';
import type { Tested } from '../../../harness/bisect/search.ts';
import { type BisectOptions, bisectCommand } from '../../../harness/cli/bisect.ts';
import { failedColumn } from '../../../harness/columns/column.ts';
import { ledger } from '../../../harness/findings/index.ts';
import { bisectJson, bisectText } from '../../../harness/report/bisect.ts';
import { schemas } from '../../../harness/report/schema/index.ts';
import { said } from '../../support/said.ts';

afterEach(() => vi.restoreAllMocks());

interface Document {
  readonly steps: readonly { readonly id: string; readonly value?: boolean | number }[];
  readonly edges: readonly { readonly kind: string; readonly among: readonly string[] }[];
}

/** The answer as data, which must match its schema. */
async function bisected(options: BisectOptions): Promise<Document> {
  const { code, out } = await said(() => bisectCommand({ ...options, json: true } as BisectOptions));
  expect(code).toBe(0);
  const document = JSON.parse(out) as Document;
  expect(schemas.bisect.parse(document)).toEqual(document);
  return document;
}

/** `introduced double-count-fix` */
const edgesOf = ({ edges }: Document): string[] => edges.map(({ kind, among }) => `${kind} ${among.join(' ')}`);

describe('the five revisions', () => {
  it.each([
    ['F1', ['introduced toplevel-accounting', 'gone double-count-fix']],
    ['F2', ['introduced toplevel-accounting', 'gone double-count-fix']],
    ['F6', ['introduced double-count-fix', 'gone shared-page-unmap']],
    ['F4', ['introduced double-count-fix']],
    ['N1', []],
  ])('%s: %j', async (finding, edges) => {
    const document = await bisected({ finding });
    expect(edgesOf(document)).toEqual(edges);
    // What the ledger expects of the revisions, case by case.
    const { cases } = ledger.find(({ id }) => id === finding)!;
    for (const { id, value } of document.steps)
      expect([id, value]).toEqual([id, cases.some(({ expected }) => expected[id]!.shows)]);
  });

  it('show it in the whole line, and say what was seen on either side', async () => {
    const { out } = await said(() => bisectCommand({ finding: 'F6' }));
    expect(out).toMatch(/^\. \. # \. \.$/m);
    expect(out.replaceAll(/\s+/g, ' ')).toMatch(/introduced by double-count-fix, [^:]*: ok -> SIGSEGV/);
    const { out: all } = await said(() => bisectCommand({ finding: 'N1' }));
    expect(all).toMatch(/^# # # # #$[^]*^in every step: 2$/m);
  });

  it('have a verdict against the first', async () => {
    const document = await bisected({ verdict: 'behavioural', workload: ['vfork-execfail', 'exit-touched'] });
    expect(edgesOf(document)).toEqual(['introduced double-count-fix', 'gone shared-page-unmap']);
    const identical = await bisected({ verdict: 'identical', workload: ['exit-touched'] });
    expect(identical.steps[0]).toMatchObject({ id: 'baseline', value: true });
  });

  it('count, and reach a level', async () => {
    const workload = ['exit-touched'];
    const locks = await bisected({ what: 'pmapLocks', workload });
    expect(locks.steps.map(({ value }) => value)).toEqual([130, 130, 79, 79, 79]);
    expect(edgesOf(locks)).toEqual(['changed double-count-fix']);
    expect(edgesOf(await bisected({ what: 'pmapLocks > 100', workload }))).toEqual(['gone double-count-fix']);
    // The top-level page is counted twice (F1) while the process lives, and nothing is left at the end.
    const levels = (await bisected({ what: 'userPtPageCount', workload })).steps.map(({ value }) => value as number);
    expect(levels.map((level) => level - levels[0]!)).toEqual([0, 1, 0, 0, 0]);
    const resident = (await bisected({ what: 'residentCount', workload })).steps.map(({ value }) => value as number);
    expect(resident.map((level) => level - resident[0]!)).toEqual([0, 1, 1, 1, 1]);
  });
});

describe('a step', () => {
  const failed = failedColumn('r1', { kind: 'failed', how: 'load', op: null, message: 'syntax error' });
  const host = { now: () => 0, running: async () => {}, isInterrupted: () => false };
  it('that cannot be loaded is skipped, and its reason kept', async () => {
    const finding = ledger.find(({ id }) => id === 'F6')!;
    expect(await ask({ kind: 'finding', finding }, failed, null, host)).toEqual({
      kind: 'skipped',
      why: 'syntax error',
    });
  });
});

describe('a change among steps that cannot be tested', () => {
  const on: Tested = { kind: 'tested', value: true, seen: ['SIGSEGV'] };
  const off: Tested = { kind: 'tested', value: false, seen: ['ok'] };
  const no = (why: string): Tested => ({ kind: 'skipped', why });
  const report = {
    asked: { kind: 'finding', id: 'F6', title: 'It is lost' },
    steps: ['base', 'r1', 'r2', 'r3', 'r4', 'r5', 'r6'].map((id) => ({ id, title: id })),
    line: {
      steps: [off, no('a.ts:1:1: syntax error'), off, no('r'), no('r'), on, null],
      edges: [{ before: 2, after: 5 }],
    },
  } as const;

  it('is charged to all of them and to the step behind them', () => {
    const text = bisectText(report, { color: false });
    expect(text).toContain('. ? . ? ? # _\n');
    expect(text).toContain('introduced by one of r3..r5, as r3..r4 cannot be tested: ok -> SIGSEGV\n');
    expect(text).toContain('? r1: a.ts:1:1: syntax error\n? r3..r4: r\n');
    expect(text).toContain('_ 1 step of 7 not run');
    const document = JSON.parse(bisectJson(report));
    expect(schemas.bisect.parse(document)).toEqual(document);
    expect(document.edges).toEqual([{ kind: 'introduced', before: 'r2', after: 'r5', among: ['r3', 'r4', 'r5'] }]);
  });
});

describe('bisect refuses', () => {
  it.each<[BisectOptions, string]>([
    [{}, 'bisect: expected one of --finding, --verdict and --what, got 0'],
    [{ finding: 'F6', verdict: 'latent' }, 'got 2'],
    [{ finding: 'f6' }, 'unknown finding "f6": did you mean F6?'],
    [{ finding: 'F6', workload: ['exit-touched'] }, '--finding has workloads of its own, got --workload'],
    [{ verdict: 'behavioral' }, 'did you mean behavioural?'],
    [{ verdict: 'failed' }, '--verdict: expected '],
    [{ what: 'pmapLocks' }, 'expected --what with one --workload, got 0'],
    [{ what: 'pmapLoks', workload: ['exit-touched'] }, 'unknown counter "pmapLoks": did you mean pmapLocks?'],
    [{ what: 'pmapLocks>many', workload: ['exit-touched'] }, 'unknown counter "pmapLocks>many"'],
    [{ finding: 'F6', series: 'x', rev: 'a..b' }, 'expected one of --series and --rev, got both'],
    [{ finding: 'F6', series: 'nowhere' }, '--series nowhere: no such file or folder'],
    [{ finding: 'F6', rev: 'HEAD' }, '--rev HEAD: expected a range of commits, A..B'],
    [{ finding: 'F6', rev: 'no-such..HEAD' }, '--rev no-such..HEAD: '],
  ])('%j', async (options, message) => {
    await expect(bisectCommand(options)).rejects.toThrow(message);
  });
});
