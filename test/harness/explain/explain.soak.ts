import { describe, expect, it } from 'vitest';
import type { Variant } from '../../../core/index.ts';
import { type Explanation, defaultDimensions, explain } from '../../../harness/explain/explain.ts';
import { loadWorkload } from '../../../harness/input/load.ts';
import { probe } from '../../../harness/probe/probe.ts';
import type { RunRecord } from '../../../harness/run/record.ts';
import { COMPARATORS } from '../../../harness/trace/comparator.ts';
import { diffTraces } from '../../../harness/trace/trace.ts';
import { CATALOG } from '../../../harness/workload/catalog/index.ts';
import { CORPUS } from '../../../harness/workload/corpus/index.ts';
import type { Workload } from '../../../harness/workload/ops.ts';
import { experiments, series, variantById } from '../../../variants/index.ts';
import { recordOf } from '../../support/ran.ts';

/** The largest recording is used for two pairs only. */
const LARGEST = 'make12';
const PAIRS_OF_LARGEST = [
  ['baseline', 'landed'],
  ['toplevel-accounting', 'shared-page-unmap'],
] as const;

function watched(workload: Workload, variant: Variant): RunRecord {
  return recordOf(workload, variant, { profile: true, events: true });
}

const isWrong = ({ delta, groups, unexplained }: Explanation): boolean =>
  unexplained !== 0 || groups.reduce((sum, group) => sum + group.delta, 0) !== delta;

function wrongBetween(workload: Workload, a: RunRecord, b: RunRecord): string[] {
  const by = defaultDimensions(workload);
  return explain(workload, a, b, { by })
    .filter(isWrong)
    .map(({ what }) => `${a.variant} ${b.variant} ${what}`);
}

describe('nothing stays unexplained, and a run equals itself', () => {
  const names = [...Object.keys(CATALOG), ...Object.keys(CORPUS)].filter((name) => name !== LARGEST);

  it.each(names)('between any two variants, experiments too: %s', async (name) => {
    const workload = await loadWorkload(name);
    const records = [...series, ...experiments].map((variant) => watched(workload, variant));
    for (const a of records) {
      for (const b of records) if (a !== b) expect(wrongBetween(workload, a, b)).toEqual([]);
      expect(probe(a, ['early'])).toMatchObject(sums(a));
    }
    for (const comparator of COMPARATORS)
      expect(diffTraces(records[0]!, watched(workload, series[0]!), comparator).first).toBeNull();
  });

  it.each(PAIRS_OF_LARGEST)(`between %s and %s: ${LARGEST}`, async (a, b) => {
    const workload = await loadWorkload(LARGEST);
    const [one, other] = [a, b].map((id) => watched(workload, variantById(id)!));
    expect(wrongBetween(workload, one!, other!)).toEqual([]);
    expect(probe(other!, ['stack'])).toMatchObject(sums(other!));
  });
});

/** All calls and early exits of a run, by its own counts. */
function sums({ removeByPlace }: RunRecord): { calls: number; early: number } {
  const places = Object.values(removeByPlace);
  return {
    calls: places.reduce((sum, { calls }) => sum + calls, 0),
    early: places.reduce((sum, { early }) => sum + early, 0),
  };
}
