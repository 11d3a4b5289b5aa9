import { describe, expect, it } from 'vitest';
import { wantsColor } from '../../../harness/cli/output.ts';
import { renderJson } from '../../../harness/report/compare/json.ts';
import { renderText } from '../../../harness/report/compare/text.ts';
import { type Column, compareAll } from '../../support/comparison.ts';
import { type PlantedOp, facts, intent, record } from '../../support/records.ts';

const ops = (resident: number, counted: number, locks = 4): PlantedOp[] => [
  { resident, adds: { 'reached.pinitTopPage': 1, userPtPageCount: counted } },
  { resident: 0, top: 0, adds: { 'reached.releaseTopPage': 1, userPtPageCount: -counted, vmMapLocks: locks } },
];
const both = (id: string, planted: PlantedOp[]) => [record(id, planted), record(id, planted)];
const first: Column = { facts: facts('first'), records: both('first', ops(3, 1)) };
const second: Column = {
  facts: facts('second', 'first', [intent('residentCount', '+1 per live top-level page')], ['pinitTopPage']),
  records: both('second', ops(4, 2)),
};
const third: Column = {
  facts: facts('third', 'second', [intent('userPtPageCount', '-1 per live top-level page')], ['pinitTopPage']),
  records: both('third', ops(4, 1)),
};
const fourth: Column = { facts: facts('fourth', 'third', [], ['removeIsNoop']), records: both('fourth', ops(4, 1)) };
const odd: Column = { facts: facts('odd', 'third', [], ['removeIsNoop']), records: both('odd', ops(4, 1, 9)) };
const ledger = [{ finding: 'F1', variant: 'second', what: 'userPtPageCount', by: '+1 per live top-level page' }];

const compared = (...columns: Column[]) => compareAll(columns, { ledger }).report;
const plain = (...columns: Column[]) => renderText(compared(...columns), { color: false });

describe('the report', () => {
  it('shows variants that are equal everywhere as one column', () => {
    const { columns, rows } = compared(first, second, third, fourth);
    expect(columns.map(({ ids }) => ids)).toEqual([['first'], ['second'], ['third', 'fourth']]);
    expect(rows[0]!.workload.groups).toEqual([['first'], ['second'], ['third', 'fourth']]);
  });

  it('never merges an unexpected difference with a known one', () => {
    const known = [{ finding: 'F9', variant: 'odd', what: 'vmMapLocks', by: 'more' }];
    const twin: Column = { facts: facts('twin', 'third', [], ['removeIsNoop']), records: both('twin', ops(4, 1, 9)) };
    const { columns, tally } = compareAll([third, odd, twin], { ledger: known }).report;
    expect(columns.map(({ ids }) => ids)).toEqual([['third'], ['odd'], ['twin']]);
    expect(tally.unexpected).toBe(2);
  });

  it('never merges a candidate with the reference', () => {
    const copy: Column = { facts: facts('copy', 'first'), records: both('copy', ops(3, 1)) };
    expect(compared(first, copy).columns.map(({ ids }) => ids)).toEqual([['first'], ['copy']]);
  });

  it('shows per workload and revision what differs, and what explains it', () => {
    expect(plain(first, second, third, fourth)).toMatchInlineSnapshot(`
      "6 comparisons: 0 identical, 4 intended, 2 known, 0 unexpected
      2 workloads (4 ops) × 4 revisions, each against first

      workload  ops  second          third
                                     = fourth
      w0          2  ✓ stat-only F1  ✓ stat-only
      w1          2  ✓ stat-only F1  ✓ stat-only
      = identical  ○ not exercised  ✓ intended  F known finding  ! unexpected  ✗ failed
      stat-only: published statistics differ, and no process can notice

      second against first
        known      userPtPageCount level +1: F1 Counted twice
        intended   residentCount level +1: planted

      third = fourth against first
        intended   residentCount level +1: planted

      second against first: totals over 2 workloads
                               old  new  difference        %  geomean  largest in one op
      residentCount (level)      3    4          +1   +33.3%   +33.3%  +1 in w0, line 1, a: exec
        w0 (level)               3    4          +1   +33.3%           +1 in w0, line 1, a: exec
        w1 (level)               3    4          +1   +33.3%           +1 in w1, line 1, a: exec
      userPtPageCount (level)    1    2          +1  +100.0%  +100.0%  +1 in w0, line 1, a: exec
        w0 (level)               1    2          +1  +100.0%           +1 in w0, line 1, a: exec
        w1 (level)               1    2          +1  +100.0%           +1 in w1, line 1, a: exec
        (level): value after the op with the largest difference

      third = fourth against first: totals over 2 workloads
                             old  new  difference       %  geomean  largest in one op
      residentCount (level)    3    4          +1  +33.3%   +33.3%  +1 in w0, line 1, a: exec
        w0 (level)             3    4          +1  +33.3%           +1 in w0, line 1, a: exec
        w1 (level)             3    4          +1  +33.3%           +1 in w1, line 1, a: exec
        (level): value after the op with the largest difference

      changed, but never reached: removeIsNoop (fourth against first)

      6 comparisons: 0 identical, 4 intended, 2 known, 0 unexpected
      "
    `);
  });

  it('shows where an undeclared difference is', () => {
    expect(plain(third, odd)).toMatchInlineSnapshot(`
      "2 comparisons: 0 identical, 0 intended, 0 known, 2 unexpected
      2 workloads (4 ops) × 2 revisions, each against third

      workload  ops  odd
      w0          2  ! cost-only
      w1          2  ! cost-only
      = identical  ○ not exercised  ✓ intended  F known finding  ! unexpected  ✗ failed
      cost-only: page tables or costs differ, and no published statistic

      odd against third
        unexpected vmMapLocks 8 -> 18 (+10, +125.0%) (2 workloads; largest in one op +5: w0, line 2, a: exit)

      odd against third: totals over 2 workloads
                  old  new  difference        %  geomean  largest in one op
      vmMapLocks    8   18         +10  +125.0%  +125.0%  +5 in w0, line 2, a: exit
        w0          4    9          +5  +125.0%           +5 in w0, line 2, a: exit
        w1          4    9          +5  +125.0%           +5 in w1, line 2, a: exit

      changed, but never reached: removeIsNoop (odd against third)

      2 comparisons: 0 identical, 0 intended, 0 known, 2 unexpected
      "
    `);
  });

  it('compares each with its predecessor on request', () => {
    const { report } = compareAll([first, second, third], { ledger, against: { kind: 'previous' } });
    expect(report.columns.map(({ reference }) => reference)).toEqual([null, 'first', 'second']);
    expect(report.tally).toMatchObject({ unexpected: 0, known: 2, intended: 2, exitCode: 0 });
  });

  it('is coloured only on request', () => {
    expect(plain(first, second)).not.toContain('\u001B');
    expect(renderText(compared(first, second), { color: true })).toContain('\u001B[');
  });
});

describe('colour', () => {
  const terminal = { isTTY: true };
  it.each<[boolean, { isTTY: boolean }, Record<string, string>]>([
    [true, terminal, {}],
    [false, { isTTY: false }, {}],
    [false, terminal, { TERM: 'dumb' }],
    [false, terminal, { NO_COLOR: '1' }],
    [true, terminal, { NO_COLOR: '' }],
    [true, { isTTY: false }, { FORCE_COLOR: '1' }],
    [false, terminal, { FORCE_COLOR: '0' }],
    [false, terminal, { NO_COLOR: '1', FORCE_COLOR: '1' }],
  ])('is %s for %j and %j', (wanted, stream, env) => {
    expect(wantsColor(stream as { isTTY: true }, env)).toBe(wanted);
  });
});

describe('the report as JSON', () => {
  it('carries its schema and the same bytes every time', () => {
    const text = renderJson(compared(first, second, third));
    expect(renderJson(compared(first, second, third))).toBe(text);
    expect(text).toBe(`${JSON.stringify(JSON.parse(text), null, 1)}\n`);
    expect(JSON.parse(text)).toMatchObject({
      schema: 'pmapdiff.compare/1',
      exitCode: 0,
      against: 'first',
      complete: true,
    });
  });

  it('explains each difference by the steps that declare it', () => {
    const body = JSON.parse(renderJson(compared(first, second)));
    const [pair] = body.workloads[0].pairs;
    expect(pair).toMatchObject({ reference: 'first', candidate: 'second', verdict: 'stat-only', standing: 'known' });
    expect(pair.differences.map((d: { what: string; steps: object[] }) => [d.what, d.steps])).toEqual([
      [
        'residentCount',
        [
          {
            variant: 'second',
            what: 'residentCount',
            by: '+1 per live top-level page',
            why: 'planted',
            reversed: false,
          },
        ],
      ],
      ['userPtPageCount', [{ variant: 'second', what: 'userPtPageCount', finding: 'F1', reversed: false }]],
    ]);
    expect(pair.differences[0]).toMatchObject({ at: 'line 1, a: exec', amount: { least: 0, most: 1, total: 0 } });
  });

  it('is never coloured', () => {
    expect(renderJson(compared(first, odd))).not.toContain('\u001B');
  });
});
