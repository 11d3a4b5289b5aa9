import { describe, expect, it } from 'vitest';
import { defineVariant, pmapFreePtPage } from '../../../core/index.ts';
import { builtInColumn, builtInVariants } from '../../../harness/columns/built-in.ts';
import { failedColumn } from '../../../harness/columns/column.ts';
import { factsOfBuiltIn } from '../../../harness/columns/facts.ts';
import { unmapping } from '../../../harness/findings/criteria.ts';
import type { Finding, FindingCase, Observed } from '../../../harness/findings/finding.ts';
import { ledger, openFindings } from '../../../harness/findings/index.ts';
import { type CaseResult, type CellStatus, holds } from '../../../harness/findings/result.ts';
import { runFindings } from '../../../harness/findings/runner.ts';
import { ledgerRows, reportedRows } from '../../../harness/report/findings/matrix.ts';
import { WorkloadError } from '../../../harness/workload/errors.ts';
import { landed, series, variantById } from '../../../variants/index.ts';
import { factsOfOne } from '../../support/facts.ts';

const reports = new Map((await runFindings()).map((report) => [report.id, report]));

const runCases = async (finding: Finding, cases: readonly FindingCase[]): Promise<readonly CaseResult[]> =>
  (await runFindings([{ ...finding, cases }]))[0]!.cases;

/** Does any cell distinguish the control's observation from one in which the remark's state is the opposite? */
const flipsWithin = ({ expected }: FindingCase, control: string): boolean => {
  const { value, shows } = expected[control]!;
  return Object.values(expected).some((cell) => cell.shows !== shows && cell.value !== value);
};

/** Does the control variant show a different value, and the opposite state, in another case? */
const flipsAcross = (one: FindingCase, cases: readonly FindingCase[], control: string): boolean =>
  cases.some(({ expected }) => {
    const [here, there] = [one.expected[control]!, expected[control]!];
    return here.shows !== there.shows && here.value !== there.value;
  });

/**
 * Outside the seam, no variant is otherwise: a fault that a patch of core mends (mended.test.ts), and a claim about a lock
 * that holds or not by who shares it.
 */
const OUTSIDE_THE_SEAM = ['F19', 'N12', 'N14'];

/** Variants of a case that observe the same value although the remark shows in some of them and not in others. */
function alikeButOtherwise({ expected }: FindingCase): { value: Observed; shows: string[]; absent: string[] }[] {
  const cells = Object.entries(expected);
  return [...new Set(cells.map(([, { value }]) => value))].flatMap((value) => {
    const of = (shown: boolean): string[] =>
      cells.filter(([, cell]) => cell.value === value && cell.shows === shown).map(([variant]) => variant);
    const [shows, absent] = [of(true), of(false)];
    return shows.length > 0 && absent.length > 0 ? [{ value, shows, absent }] : [];
  });
}

describe.each(ledger)('$id, $title', (finding) => {
  const report = reports.get(finding.id)!;

  it.each(report.cases)('$name: every cell agrees with its source', ({ cells }) => {
    for (const { variant, expected, got } of cells) expect({ variant, got }).toEqual({ variant, got: expected });
  });

  it('has an expectation for every revision of the review', () => {
    const compared = new Set(finding.cases.flatMap(({ against }) => against ?? []));
    for (const { expected } of finding.cases)
      for (const { id } of series)
        if (compared.size === 0) expect(Object.keys(expected)).toContain(id);
        else expect(Object.keys(expected).filter((variant) => variantById(variant)).length).toBeGreaterThan(2);
  });

  it('flips in its control: a variant, or the same variant in another of its cases', () => {
    const { cases, control } = finding;
    expect(cases.some((one) => flipsWithin(one, control))).toBe(!OUTSIDE_THE_SEAM.includes(finding.id));
    for (const one of cases) expect(flipsWithin(one, control) || flipsAcross(one, cases, control)).toBe(true);
  });

  it('fails when its workload is replaced by an empty one', async () => {
    const cases = finding.cases.map((one) => ({ ...one, workload: '' }));
    const statuses: CellStatus[] = (await runCases(finding, cases)).flatMap(({ cells }) =>
      cells.map(({ status }) => status),
    );
    expect(new Set(statuses)).toEqual(new Set(['not exercised']));
  });
});

/** The lines of a workload that are ops, each with its process. */
function opLines(workload: string): { readonly line: number; readonly who: string; readonly text: string }[] {
  return workload.split('\n').flatMap((text, line) => {
    const who = /^([\w-]+)(?:\/\w+)?(?:@\d+)?: (?!snapshot)/.exec(text);
    return who === null ? [] : [{ line, who: who[1]!, text }];
  });
}

const ops = ledger.flatMap((finding) =>
  finding.cases.flatMap((one, index) => {
    const { workload } = one;
    if (typeof workload !== 'string') return []; // a recorded program is kept as it was recorded
    return opLines(workload).map(({ line, who, text }) => ({ finding, one, index, workload, line, who, text }));
  }),
);

describe('a minimal workload', () => {
  // Each op is replaced by one that does nothing, on the CPU where its process is, so that the observation keeps its op
  // number.
  it.each(ops)('$finding.id, $one.name, needs `$text`', async ({ finding, one, index, workload, line, who }) => {
    const lines = workload.split('\n');
    lines[line] = `${who}: snapshot`;
    const { cells } = reports.get(finding.id)!.cases[index]!;
    const changed = async (cellsOf: readonly string[]): Promise<boolean> => {
      const some = [{ ...finding, cases: [{ ...one, workload: lines.join('\n') }] }];
      const [without] = await runFindings(some, { cellsOf });
      return without!.cases[0]!.cells.some(
        ({ variant, got }) => got !== cells.find((cell) => cell.variant === variant)!.got,
      );
    };
    try {
      expect((await changed([finding.control])) || (await changed(cells.map(({ variant }) => variant)))).toBe(true);
    } catch (error) {
      if (!(error instanceof WorkloadError)) throw error;
    }
  });
});

/** Every built-in variant is asked, as a user's would be. */
const columns = builtInVariants.map((variant) => builtInColumn(variant, factsOfBuiltIn(variant)));
/** A case of which the ledger says nothing. Recordings are asked for what the cell of the baseline says: see F3. */
const unsaid = ledger.flatMap(({ id, cases }) =>
  cases.flatMap((one) => (typeof one.workload === 'string' ? [{ id, one, name: one.name }] : [])),
);

describe('a variant that is asked', () => {
  it.each(unsaid)('$id, $name: shows the remark just where the ledger says so', async ({ id, one }) => {
    const finding = ledger.find((other) => other.id === id)!;
    const [result] = await runFindings([{ ...finding, cases: [{ ...one, expected: {} }] }], { asked: columns });
    const answers = Object.fromEntries(result!.cases[0]!.answers.map((answer) => [answer.variant, answer]));
    for (const [variant, { value, shows }] of Object.entries(one.expected)) {
      const { status, got } = answers[variant]!;
      expect({ variant, status, got }).toEqual({ variant, status: shows ? 'shows' : 'absent', got: value });
    }
  });

  it('is asked only where the ledger says nothing of it, and is like those that show the same', async () => {
    const asked = columns.filter(({ facts: { id } }) => id === 'landed' || id === 'no-abi-unmap');
    const [n3] = await runFindings(
      ledger.filter(({ id }) => id === 'N3'),
      { asked, cellsOf: ['landed'] },
    );
    expect(n3!.cases[0]!.cells.map(({ variant }) => variant)).toEqual(['landed']);
    expect(n3!.cases[0]!.answers).toEqual([
      {
        variant: 'no-abi-unmap',
        status: 'absent',
        got: '0/52',
        like: ['baseline', 'toplevel-accounting'],
        failure: null,
      },
    ]);
  });

  it('has a mark of its own in the table, and one that says so where its code failed', async () => {
    const failed = failedColumn('mine', { kind: 'failed', how: 'throw', op: 0, message: 'no' });
    const [f4] = await runFindings(
      ledger.filter(({ id }) => id === 'F4'),
      { asked: [failed, ...columns.filter(({ facts: { id } }) => id === 'vmspace-clear')] },
    );
    expect(reportedRows([f4!], ['landed', 'vmspace-clear', 'mine'])[0]!.marks).toEqual(['shows', 'shows', 'unknown']);
  });
});

const observedInLanded = ({ expected: { landed: cell } }: FindingCase): unknown[] => [
  cell!.shows ? 'shows' : 'absent',
  cell!.value,
];

describe('a run that did not come to what a case is about', () => {
  /** Every pmap that is released counts its root page still: a panic. */
  const unreleased = defineVariant({
    ...landed,
    id: 'unreleased',
    hunks: { ...landed.hunks, releaseTopPage: (m, _pmap, frame, zeroed) => pmapFreePtPage(m, null, frame, zeroed) },
  });
  const answersOf = async (cases: readonly FindingCase[]): Promise<unknown[]> => {
    const asked = [builtInColumn(unreleased, factsOfOne(unreleased))];
    const [of] = await runFindings([{ ...ledger[0]!, cases }], { asked });
    return of!.cases.map(({ answers: [answer] }) => [answer!.status, answer!.got]);
  };
  const casesOf = (id: string): readonly FindingCase[] => ledger.find((one) => one.id === id)!.cases;
  const never = ['not exercised', null];
  const killed = { ...casesOf('F8')[0]!, workload: 'a: exec sh60\na: kill a SIGKILL\na: exit\n' };

  it.each([
    ['N14: before or at the last op, from where it counts', casesOf('N14'), [never, never]],
    ['F13: of the whole run, by its verdict', casesOf('F13'), [never]],
    ['F3: of the whole run, by its sums', [casesOf('F3')[4]!], [never]],
    ['F4: at the exit, but not at the exec', casesOf('F4'), [never, ['shows', '52/53']]],
    ['N7 is about the panic', casesOf('N7'), [['shows', 'pmap_release, 1']]],
    ['N7 is about that panic, not an earlier one', [{ ...casesOf('N7')[0]!, panicsIn: 2 }], [never]],
    ['N12: one of three is about a panic', casesOf('N12'), casesOf('N12').map(observedInLanded)],
    ['an op whose process a signal has killed', [killed], [never]],
    ['a subject is not looked for behind a panic', [{ ...casesOf('F4')[1]!, subject: unmapping }], [never]],
  ])('is not observed: %s', async (_what, cases, expected) => {
    expect(await answersOf(cases)).toEqual(expected);
  });
});

describe('a finding', () => {
  const [first] = ledger;
  const [one, ...rest] = first!.cases;

  it('fails when one cell contradicts its source', async () => {
    const expected = { ...one!.expected, landed: { value: 'no such value', shows: false } };
    const [report] = await runFindings([{ ...first!, cases: [{ ...one!, expected }, ...rest] }]);
    expect(holds(report!)).toBe(false);
  });

  it('has the same row in the table whether it was run or read from the ledger', () => {
    const revisions = series.map(({ id }) => id);
    expect(reportedRows([...reports.values()], revisions)).toEqual(ledgerRows(ledger, revisions));
  });

  it('fails when it has no case', async () => {
    const [report] = await runFindings([{ ...first!, cases: [] }]);
    expect(holds(report!)).toBe(false);
  });

  /**
   * F16 is about a helper that only vmspace-clear has; N3 and N10 are about a hook that the first two revisions lack.
   */
  const BY_DESIGN = [
    ['F16', '52/52', ['vmspace-clear'], ['baseline']],
    ['F16', 'ok', ['vmspace-clear'], ['baseline', 'toplevel-accounting', 'shared-page-unmap', 'landed']],
    ['N3', '0/52', ['shared-page-unmap', 'landed'], ['baseline', 'toplevel-accounting']],
    ['N10', '0/53', ['double-count-fix'], ['baseline', 'toplevel-accounting']],
  ];

  it('has the same state in all cells of a case with equal observations, except where its subject is missing', () => {
    const found = ledger.flatMap(({ id, cases }) =>
      cases.flatMap(alikeButOtherwise).map(({ value, shows, absent }) => [id, value, shows, absent]),
    );
    expect(found).toEqual(BY_DESIGN);
  });

  it('is caught when one of the cells with equal observations is flipped', () => {
    for (const its of ledger.flatMap(({ cases }) => cases)) {
      const entries = Object.entries(its.expected);
      for (const [variant, cell] of entries) {
        if (!entries.some(([other, { value }]) => other !== variant && value === cell.value)) continue;
        const expected = { ...its.expected, [variant]: { ...cell, shows: !cell.shows } };
        expect(alikeButOtherwise({ ...its, expected })).not.toEqual(alikeButOtherwise(its));
      }
    }
  });

  it('names a variant that does not exist', async () => {
    const expected = { nonesuch: { value: 0, shows: true } };
    await expect(runFindings([{ ...first!, cases: [{ ...one!, expected }] }])).rejects.toThrow(
      'finding F1: expected a variant, got nonesuch',
    );
  });

  it('is executable or open, never both', () => {
    const done = new Set(ledger.map(({ id }) => id));
    expect(done.size).toBe(ledger.length);
    expect(openFindings.filter(({ id }) => done.has(id))).toEqual([]);
    const numbers = (letter: string): number[] =>
      [...done, ...openFindings.map(({ id }) => id)]
        .filter((id) => id.startsWith(letter))
        .map((id) => Number(id.slice(1)))
        .toSorted((a, b) => a - b);
    expect(numbers('F')).toEqual(Array.from({ length: 21 }, (_, i) => i + 1));
    expect(numbers('N')).toEqual(Array.from({ length: 14 }, (_, i) => i + 1));
  });
});
