import { describe, expect, it } from 'vitest';
import { callsText } from '../../../harness/report/compare/calls.ts';
import type { CompareReport, ProcessRow, RemoveRow } from '../../../harness/report/compare/model.ts';

type Given = Pick<CompareReport, 'columns' | 'rows' | 'removes' | 'processes'>;

/** So many workloads: each makes calls in exits, every third in execs too; two are recordings. */
function textOf(count: number): string[] {
  const names = Array.from({ length: count }, (_none, i) => `w${i}`);
  const place = (workload: string, at: 'exit' | 'exec', calls: number): RemoveRow => ({
    workload,
    place: at,
    cells: [
      { calls, early: 0 },
      { calls: calls + 1, early: calls },
    ],
  });
  const kind = (workload: string, at: 'exit' | 'exec', processes: number, touched: number): ProcessRow => ({
    ...place(workload, at, 10),
    kind: at === 'exit' ? 'execed' : 'forked',
    place: at,
    processes,
    touched,
  });
  const given: Given = {
    columns: ['old', 'new'].map((id) => ({ ids: [id], reference: null })),
    rows: names.map(() => ({})) as unknown as CompareReport['rows'],
    removes: names.flatMap((name, i) => [place(name, 'exit', 5), ...(i % 3 === 0 ? [place(name, 'exec', 2)] : [])]),
    processes: [kind('w0', 'exec', 2, 0), kind('w0', 'exit', 3, 1), kind('w1', 'exit', 4, 2)],
  };
  return callsText(given as CompareReport, (text) => String(text), 100).flatMap((text) =>
    text.split('\n').map((line) => line.replaceAll(/ {2,}/g, ' | ')),
  );
}

describe('the calls of pmap_remove', () => {
  it('are shown by workload, where they are few', () => {
    const lines = textOf(12);
    expect(lines).toContain('w0 | exit | 0/5 | 5/6');
    expect(lines).toContain(' | exec | 0/2 | 2/3');
    expect(lines).toContain("w1 | exit | exec'd program | 4 | 2 | 0/10 | 10/11");
  });

  it('are added up over many: exits first, and every number of the rows', () => {
    expect(textOf(15)).toEqual([
      'pmap_remove: early exits/calls | in | old | new',
      '15 workloads | exit | 0/75 | 75/90',
      ' | exec | 0/10 | 10/15',
      'pmap_remove: early exits/calls | in | of | processes | touched | old | new',
      "2 workloads | exit | exec'd program | 7 | 3 | 0/20 | 20/22",
      ' | exec | fork child that execs | 2 | 0 | 0/10 | 10/11',
    ]);
  });
});
