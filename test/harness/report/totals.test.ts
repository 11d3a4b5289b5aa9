import { afterEach, describe, expect, it, vi } from 'vitest';
import { compareCommand } from '../../../harness/cli/compare.ts';
import { lineWidth } from '../../../harness/cli/output.ts';
import { renderGithub } from '../../../harness/report/compare/github.ts';
import { renderJson } from '../../../harness/report/compare/json.ts';
import { renderJunit } from '../../../harness/report/compare/junit.ts';
import { renderMarkdown } from '../../../harness/report/compare/markdown.ts';
import { renderText } from '../../../harness/report/compare/text.ts';
import { schemas } from '../../../harness/report/schema/index.ts';
import { fittedTable, wrapped } from '../../../harness/report/words.ts';
import { type Column, compareAll } from '../../support/comparison.ts';
import { type PlantedOp, facts, record } from '../../support/records.ts';
import { fixtureFile } from '../../support/variant-fixtures.ts';

afterEach(() => vi.restoreAllMocks());

/** Two ops that take the pmap lock this often, and loop that often. */
const ops = (locks: readonly number[], loops: readonly number[] = [0, 0]): PlantedOp[] =>
  locks.map((n, i) => ({
    adds: { ...(n !== 0 && { pmapLocks: n }), ...(loops[i] !== 0 && { removeLoops: loops[i]! }) },
  }));
const planted = (id: string, records: PlantedOp[][]): Column => ({
  facts: facts(id, id === 'old' ? null : 'old', [], ['removeIsNoop']),
  records: records.map((one) => record(id, one)),
});
/** pmapLocks: 10 -> 20, 8 -> 2, 5 -> 5; removeLoops: 0 -> 4, 6 -> 3, 0 -> 0. */
const old = planted('old', [ops([4, 6], [0, 0]), ops([8, 0], [3, 3]), ops([5, 0])]);
const young = planted('young', [ops([5, 15], [1, 3]), ops([2, 0], [3, 0]), ops([5, 0])]);
const { report } = compareAll([old, young]);

describe('totals', () => {
  const [{ totals }] = report.totals as [(typeof report.totals)[0]];
  const of = (what: string) => totals.find((total) => total.what === what)!;

  it('add up every workload, those that do not differ too, and name the largest op where it is', () => {
    expect(of('pmapLocks')).toMatchObject({
      sum: { reference: 23, candidate: 27 },
      largest: { workload: 'w0', at: 'line 2, a: exit', reference: 6, candidate: 15 },
      workloads: 3,
    });
    expect([...of('pmapLocks').differing]).toMatchObject([
      { workload: 'w0', sum: { reference: 10, candidate: 20 }, largest: { at: 'line 2, a: exit' } },
      { workload: 'w1', sum: { reference: 8, candidate: 2 }, largest: { at: 'line 1, a: exec' } },
    ]);
  });

  it('have the geometric mean of the ratios of all workloads', () => {
    const { ratio, workloads, zeros } = of('pmapLocks').geomean;
    expect(ratio).toBeCloseTo(Math.cbrt(2 * 0.25 * 1), 12);
    expect([workloads, zeros]).toEqual([3, 0]);
  });

  it('leave out of it, and count, where one side is 0', () => {
    const { ratio, workloads, zeros } = of('removeLoops').geomean;
    expect(ratio).toBeCloseTo(Math.sqrt(0.5 * 1), 12);
    expect([workloads, zeros]).toEqual([2, 1]);
    expect(renderText(report, { color: false })).toContain('geomean −n: without n workloads in which one side is 0');
  });

  it('are the same numbers in every format', () => {
    const plain = (text: string): string => text.replaceAll('&gt;', '>').replaceAll('%25', '%').replaceAll('\\_', '_');
    const sum = '23 -> 27 (+4, +17.4%)';
    for (const text of [renderMarkdown(report), renderJunit(report), renderGithub(report)])
      expect(plain(text)).toContain(sum);
    const body = schemas.compare.parse(JSON.parse(renderJson(report)));
    expect(body.totals[0]!.totals.find(({ what }) => what === 'pmapLocks')!.sum).toEqual({
      reference: 23,
      candidate: 27,
    });
    expect(renderText(report, { color: false })).toMatch(
      /^pmapLocks +23 +27 +\+4 +\+17\.4% +-20\.6% +\+9 in w0, line 2/m,
    );
  });

  it('stand beside their own place, with the first op as another', () => {
    expect(renderText(report, { color: false, width: 200 })).toContain(
      'unexpected pmapLocks 18 -> 22 (+4, +22.2%) (2 workloads; largest in one op +9: w0, line 2, a: exit; first: w0, line 1, a: exec)',
    );
  });

  it('end where the machines part, and say so', () => {
    const parted = planted('young', [[...ops([5, 15])].map((op, i) => ({ ...op, code: i === 1 ? 139 : 0 }))]);
    const one = compareAll([planted('old', [ops([4, 6])]), parted]).report;
    expect(one.totals[0]!.totals[0]).toMatchObject({ sum: { reference: 4, candidate: 5 }, parted: 1 });
    expect(renderText(one, { color: false })).toContain('1 workload only up to the op at which the machines diverge');
  });

  it('of a level are where it differs most, in both runs', () => {
    const level = (resident: number[]): PlantedOp[] => resident.map((n) => ({ resident: n }));
    const one = compareAll([planted('old', [level([3, 5])]), planted('young', [level([4, 8])])]).report;
    expect(one.totals[0]!.totals[0]).toMatchObject({
      what: 'residentCount',
      kind: 'level',
      sum: null,
      largest: { reference: 5, candidate: 8, at: 'line 2, a: exit' },
    });
  });
});

describe('an annotation', () => {
  const files = { young: 'young.ts' };

  it("points at the member's line", () => {
    const lines = { young: { removeIsNoop: 12, pinitTopPage: 9 } };
    expect(renderGithub({ ...report, files, lines })).toMatch(/^::error file=young\.ts,line=12,/);
  });

  it('points at the head of a file that cannot be read as written', () => {
    expect(renderGithub({ ...report, files })).toMatch(/^::error file=young\.ts,line=1,/);
  });

  it('points at the line that a failure names', () => {
    const cell = { ...report.rows[0]!.cells[1]!, verdict: 'failed' as const, note: 'young: young.ts:7: TypeError: no' };
    const rows = [{ ...report.rows[0]!, cells: [null, cell] }];
    expect(renderGithub({ ...report, rows, files })).toContain('::error file=young.ts,line=7,title=young failed::');
  });
});

describe('the text', () => {
  it('has its summary first and last, and with --quiet only what is unexpected besides', () => {
    const summary = '3 comparisons: 1 identical, 0 intended, 0 known, 2 unexpected';
    const lines = renderText(report, { color: false }).trimEnd().split('\n');
    expect([lines[0], lines.at(-1)]).toEqual([expect.stringContaining('3 comparisons: '), lines[0]]);
    const quiet = renderText(report, { color: false, quiet: true, width: 200 }).trimEnd().split('\n');
    expect(quiet.map((line) => line.slice(0, 24))).toEqual([
      'young against old',
      '  unexpected pmapLocks 1',
      '  unexpected removeLoops',
      lines[0]!.slice(0, 24),
    ]);
    expect(summary.slice(0, 14)).toBe(lines[0]!.slice(0, 14));
  });

  it.each([80, 100, 120])('fits %i columns, and loses no word of what a wider one says', (width) => {
    const columns = ['old', ...Array.from({ length: 6 }, (_none, i) => `candidate-with-a-long-name-${i}`)].map(
      (id, i): Column => ({
        ...planted(id, [ops([4 + i, 6]), ops([8, i])]),
        facts: facts(id, id === 'old' ? null : 'old', [], ['removeIsNoop']),
      }),
    );
    const many = compareAll(columns).report;
    const narrow = renderText(many, { color: false, width });
    for (const line of narrow.split('\n')) expect(line.length).toBeLessThanOrEqual(width);
    const words = (text: string): string[] => [...new Set(text.split(/\s+/))].toSorted();
    expect(words(narrow)).toEqual(words(renderText(many, { color: false, width: 1000 })));
  });

  it('takes the width of a terminal, else COLUMNS, else a fixed one', () => {
    expect(lineWidth({ isTTY: true, columns: 90 }, { COLUMNS: '70' })).toBe(90);
    expect(lineWidth({}, { COLUMNS: '70' })).toBe(70);
    for (const COLUMNS of ['', 'wide', '0', undefined]) expect(lineWidth({}, { COLUMNS })).toBe(120);
  });

  it('explains the verdicts that occur', () => {
    const text = renderText(report, { color: false });
    expect(text).toContain('\ncost-only: page tables or costs differ, and no published statistic; not-exercised: ');
    expect(text).not.toContain('behavioural:');
  });

  it('breaks lines at spaces, and a table into parts that repeat its first columns', () => {
    expect(wrapped('one two three', 8, 2)).toBe('one two\n  three');
    expect(fittedTable(['key', 'left', 'right'], [['a', 'xxxxx', 'yyyyy']], { width: 11, keep: 1 })).toBe(
      'key  left\na    xxxxx\n\nkey  right\na    yyyyy',
    );
  });

  it('breaks cells before a table, if no narrower than the headings', () => {
    const rows = [['a', 'xxx xx x', 'yy']];
    const fitted = (width: number): string =>
      fittedTable(['key', 'left', 'right'], rows, { width, keep: 1, wrapCells: true });
    expect(fitted(20)).toBe('key  left      right\na    xxx xx x  yy');
    expect(fitted(18)).toBe('key  left    right\na    xxx xx  yy\n       x');
    expect(fitted(15)).toBe('key  left\na    xxx xx x\n\nkey  right\na    yy');
  });
});

describe('compare', () => {
  async function said(command: () => Promise<number>): Promise<string> {
    const out: string[] = [];
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => out.push(String(text)) > 0);
    await command();
    vi.restoreAllMocks();
    process.exitCode = 0;
    return out.join('');
  }
  const compared = async (options: object): Promise<{ against: string; againstDefault: boolean; ids: string[] }> => {
    const all = { workload: ['exit-touched'], json: true, ...options };
    const { against, againstDefault, revisions } = JSON.parse(await said(() => compareCommand(all)));
    return { against, againstDefault, ids: revisions.map(({ id }: { id: string }) => id) };
  };

  it('compares one variant alone with its predecessor, or with what --against names', async () => {
    const after = { against: 'shared-page-unmap', againstDefault: true, ids: ['shared-page-unmap', 'landed'] };
    expect(await compared({ variants: 'landed' })).toEqual(after);
    const against = { against: 'baseline', againstDefault: false, ids: ['baseline', 'landed'] };
    expect(await compared({ variants: 'landed', against: 'baseline' })).toEqual(against);
  });

  it('compares a file alone with what it comes after', async () => {
    const { against, ids } = await compared({ variants: fixtureFile('early-exit-strict') });
    expect([against, ids]).toEqual(['landed', ['landed', 'early-exit-strict']]);
  });

  it('says what --against defaulted to', async () => {
    const options = { workload: ['exit-touched'], variants: 'baseline,landed' };
    expect(await said(() => compareCommand(options))).toContain('each against baseline (the default of --against)');
    expect(await said(() => compareCommand({ ...options, against: 'baseline' }))).not.toContain('the default');
  });
});
