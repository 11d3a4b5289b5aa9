import { describe, expect, it } from 'vitest';
import { planComparison } from '../../../harness/compare/plan.ts';
import { compareWorkload } from '../../../harness/compare/workload.ts';
import { knownDifferences } from '../../../harness/findings/index.ts';
import { run } from '../../../harness/run/run.ts';
import { parseWorkload } from '../../../harness/workload/text/parse.ts';
import { doubleCountFix, experiments, series } from '../../../variants/index.ts';
import { factsOfAll } from '../../support/facts.ts';

const all = [...series, ...experiments];
/** A user's copy of double-count-fix, with its faults. */
const mine = { ...doubleCountFix, id: 'mine', after: 'double-count-fix', intends: [] };
const facts = factsOfAll([...all, mine]);

/** Line and answer of the reference, where the text expects another. The reference is the first. */
function missed(text: string, ids: readonly string[], ledger = knownDifferences): [line: number, got: string][] {
  const workload = parseWorkload(text, 'test');
  const against = { kind: 'variant', id: ids[0]! } as const;
  const plan = planComparison(ids, facts, { against, ledger, predecessors: false });
  const records = ids.map(
    (id) =>
      run(
        null,
        workload,
        [...all, mine].find((one) => one.id === id)!,
      ).record,
  );
  return compareWorkload(plan, workload, records).missed.map(({ line, got }) => [line, got]);
}

const wrong = 'a: exec bare\na: read 0x1000 => ok\n';
const wrongExit = 'a: exec bare\na: exit => EINVAL\n';
/** F6: the clock is gone for the parent, which dies; the next op is not run. */
const lost =
  'machine pti=on\na: exec sh60\na: vfork -> b\nb: execfail ENOENT\nb: exit\na: clock => ok\na: exit => ok\n';

describe('a wrong expectation is missed, whatever the reference', () => {
  it.each(series.map(({ id }) => id))('%s', (id) => {
    const other = id === 'landed' ? 'baseline' : 'landed';
    expect(missed(wrong, [id, other])).toEqual([[2, 'SIGSEGV']]);
    expect(missed(wrongExit, [id, other])).toEqual([[2, 'ok']]);
  });

  it('and if all have the fault, unless that may lead there', () => {
    expect(missed(wrongExit, ['double-count-fix', 'mine'])).toEqual([]);
    expect(missed('a: exec bare\na: read 0x1000 => ENOENT\n', ['landed', 'vmspace-clear'])).toEqual([[2, 'SIGSEGV']]);
    const handler = 'a: exec bare\na: mlock 0x1000 1p => EINVAL\na: execfail ENOENT => EPERM\n';
    expect(missed(handler, ['double-count-fix', 'mine'])).toEqual([[3, 'ENOENT']]);
  });
});

describe('a fault of the reference that the ledger knows is no missed expectation', () => {
  it('where others answer as expected', () => {
    expect(missed(lost, ['double-count-fix', 'landed'], [])).toEqual([
      [6, 'SIGSEGV'],
      [7, 'not-run'],
    ]);
    expect(missed(lost, ['double-count-fix', 'landed'])).toEqual([]);
    expect(missed(lost, ['landed', 'double-count-fix'])).toEqual([]);
  });

  it('or where all that are compared have it', () => {
    expect(missed(lost, ['double-count-fix', 'mine'])).toEqual([]);
  });
});
