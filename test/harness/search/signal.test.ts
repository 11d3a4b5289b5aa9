import { describe, expect, it } from 'vitest';
import type { RunRecord } from '../../../harness/run/record.ts';
import { run } from '../../../harness/run/run.ts';
import { Signals } from '../../../harness/search/signal.ts';
import { parseWorkload } from '../../../harness/workload/text/parse.ts';
import { landed } from '../../../variants/index.ts';

describe('signals', () => {
  const workload = parseWorkload('a: exec sh60\na: exit\n', 'x');
  const { record } = run(null, workload, landed);
  const entering = (calls: Readonly<Record<string, number>>): RunRecord => ({
    ...record,
    entered: { calls, atBoot: [] },
  });

  it('are those of a run, once', () => {
    const signals = new Signals();
    expect(signals.take(workload, [record, record]).length).toBeGreaterThan(0);
    expect(signals.take(workload, [record, record])).toEqual([]);
  });

  it('tell how often what a patch changes was entered, by magnitude', () => {
    const signals = new Signals();
    signals.take(workload, [record, record]);
    const fresh = (calls: Readonly<Record<string, number>>): number =>
      signals.take(workload, [record, entering(calls)]).length;
    expect([fresh({ f: 0, g: 0 }), fresh({ f: 1, g: 0 }), fresh({ f: 1, g: 0 })]).toEqual([0, 1, 0]);
    expect([fresh({ f: 0, g: 1 }), fresh({ f: 5, g: 1 }), fresh({ f: 6, g: 7 })]).toEqual([1, 1, 1]);
  });
});
