import { describe, expect, it } from 'vitest';
import { ledger } from '../../../harness/findings/index.ts';
import { type CellStatus, holds, runFindings } from '../../../harness/findings/runner.ts';
import { series, variantById } from '../../../variants/index.ts';

const reports = new Map(runFindings().map((report) => [report.id, report]));

describe.each(ledger)('$id, $title', (finding) => {
  const report = reports.get(finding.id)!;

  it.each(report.cases)('$name: every cell is as its source says', ({ cells }) => {
    for (const { variant, expected, got } of cells) expect({ variant, got }).toEqual({ variant, got: expected });
  });

  it('says of every revision of the review what it shows', () => {
    const compared = new Set(finding.cases.flatMap(({ against }) => against ?? []));
    for (const { expected } of finding.cases)
      for (const { id } of series)
        if (compared.size === 0) expect(Object.keys(expected)).toContain(id);
        else expect(Object.keys(expected).filter((variant) => variantById(variant)).length).toBeGreaterThan(2);
  });

  it('flips in its control', () => {
    for (const { expected } of finding.cases) {
      const control = expected[finding.control]!;
      const others = Object.entries(expected).filter(([variant]) => variant !== finding.control);
      expect(others.some(([, cell]) => cell.shows !== control.shows && cell.value !== control.value)).toBe(true);
    }
  });

  it('fails when its workload is replaced by an empty one', () => {
    const statuses = (workload: string): CellStatus[] =>
      runFindings([{ ...finding, cases: finding.cases.map((one) => ({ ...one, workload })) }]).flatMap(({ cases }) =>
        cases.flatMap(({ cells }) => cells.map(({ status }) => status)),
      );
    expect(new Set(statuses(''))).toEqual(new Set(['not exercised']));
  });
});

describe('a finding', () => {
  const [first] = ledger;

  it('fails when one cell is not as its source says', () => {
    const [one, ...rest] = first!.cases;
    const expected = { ...one!.expected, landed: { value: 'no such value', shows: false } };
    expect(holds(runFindings([{ ...first!, cases: [{ ...one!, expected }, ...rest] }])[0]!)).toBe(false);
  });

  it('fails when it has no case', () => {
    expect(holds(runFindings([{ ...first!, cases: [] }])[0]!)).toBe(false);
  });

  it('names a variant that does not exist', () => {
    const [one] = first!.cases;
    const expected = { nonesuch: { value: 0, shows: true } };
    expect(() => runFindings([{ ...first!, cases: [{ ...one!, expected }] }])).toThrow(
      'finding F1: expected a variant, got nonesuch',
    );
  });
});
