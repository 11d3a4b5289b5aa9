import { describe, expect, it } from 'vitest';
import { COUNTER_NAMES, type CounterName } from '../../../core/counters.ts';
import { checkers } from '../../../harness/check/checker.ts';
import type { RunRecord } from '../../../harness/run/record.ts';
import { parseWorkload } from '../../../harness/workload/text/parse.ts';
import { landed } from '../../../variants/index.ts';
import { recordOf } from '../../support/ran.ts';

const record = (text: string): RunRecord =>
  recordOf(parseWorkload(text, 'w'), landed, { check: true }, { checker: checkers() });

const total = ({ totals, start }: RunRecord, name: CounterName): number => {
  const counter = (COUNTER_NAMES as readonly string[]).indexOf(name);
  return totals[counter]! - start[counter]!;
};

describe('a workload with little memory', () => {
  const FORK = 'p: fork -> c => ok\nc: write data => ok\nc: exit\np: exit\n';

  it('waits where its fork finds no free page, and goes on as if it had found one', () => {
    const [short, ample] = [
      record(`p: exec cat\np: kmem-take 0\n${FORK}`),
      record(`p: exec cat\np: snapshot\n${FORK}`),
    ];
    expect([total(short, 'vmWaits'), total(ample, 'vmWaits')]).toEqual([1, 0]);
    expect(short.ended).toEqual({ kind: 'done' });
    expect(short.violations).toEqual([]);
    expect(short.perOp.code).toEqual(ample.perOp.code);
    expect(short.checkpoints.map(({ map }) => map)).toEqual(
      ample.checkpoints.map(({ map }) => map).slice(-short.checkpoints.length),
    );
  });

  it('does not wait while the pages that stay free last', () => {
    expect(total(record(`p: exec cat\np: kmem-take 500\n${FORK}`), 'vmWaits')).toBe(0);
  });

  it('reads a file that is not in memory from its pager, every page or every second one', () => {
    const hard = (residence: string): number =>
      total(
        record(
          `file f resident=${residence}\np: exec cat\np: mmap file f 8p r -> a\np: madvise a 8p random\np: read a 8p\n`,
        ),
        'hardFaults',
      );
    expect(['all', 'even', 'none'].map(hard)).toEqual([0, 4, 8]);
  });
});
