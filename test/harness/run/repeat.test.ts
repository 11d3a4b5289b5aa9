import { describe, expect, it } from 'vitest';
import type { PerOp, RunRecord } from '../../../harness/run/record.ts';
import { firstDifference } from '../../../harness/run/repeat.ts';
import { catalogText } from '../../../harness/workload/catalog/index.ts';
import { parseWorkload } from '../../../harness/workload/text/parse.ts';
import { baseline, landed } from '../../../variants/index.ts';
import { recordOf } from '../../support/ran.ts';

const workload = parseWorkload(catalogText('fork-loop')!, 'fork-loop');
const once = recordOf(workload, landed);
const changed = (perOp: Partial<PerOp>): RunRecord => ({ ...once, perOp: { ...once.perOp, ...perOp } });

describe('the first op that two runs did not do alike', () => {
  it('is none if they did all alike', () => {
    expect(firstDifference(once, recordOf(workload, landed))).toBeNull();
  });

  it.each([0, 3, 200, workload.ops.length - 1])(
    'is op %i if it alone has another outcome or counts otherwise',
    (op) => {
      const code = once.perOp.code.with(op, 99);
      expect(firstDifference(once, changed({ code }))).toBe(op);
      const counterList = once.perOp.counterList.with(op, once.perOp.counterFrom.length - 2);
      if (once.perOp.counterList[op] !== counterList[op])
        expect(firstDifference(once, changed({ counterList }))).toBe(op);
    },
  );

  it('is the first one whose counters differ between two revisions', () => {
    const other = recordOf(workload, baseline);
    const lists = ({ perOp: { counterList, counterFrom, counterIndex, counterDelta } }: RunRecord, op: number) => {
      const [from, to] = [counterFrom[counterList[op]!], counterFrom[counterList[op]! + 1]];
      return [Array.from(counterIndex.slice(from, to)), Array.from(counterDelta.slice(from, to))];
    };
    const first = [...once.perOp.code.keys()].find(
      (op) => !Object.is(JSON.stringify(lists(once, op)), JSON.stringify(lists(other, op))),
    );
    expect(firstDifference(once, other)).toBe(first);
  });
});
