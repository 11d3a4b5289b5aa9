/** F6: a sharer that dies in the exit of its child. Nobody need act for it, and all that comes of it follows. */
import { describe, expect, it } from 'vitest';
import { type PairComparison, comparePair } from '../../../harness/compare/pair.ts';
import { explanations } from '../../../harness/declare/declarations.ts';
import { knownDifferences } from '../../../harness/findings/index.ts';
import type { RunRecord } from '../../../harness/run/record.ts';
import { OUTCOME_NOT_RUN } from '../../../harness/workload/names.ts';
import { parseWorkload } from '../../../harness/workload/text/parse.ts';
import { baseline, doubleCountFix, series } from '../../../variants/index.ts';
import { factsOfAll } from '../../support/facts.ts';
import { recordOf } from '../../support/ran.ts';
import { record } from '../../support/records.ts';

/** b dies where c, which shares its memory, exits: line 5. */
const DEATH = ['a: exec cat', 'a: fork -> b', 'b: handler SIGCHLD', 'b: vfork -> c', 'c: exit'];
const AFTERWARDS = [
  ['nothing'],
  ['a kill finds nobody once init has reaped it', 'a: exit', 'a: exec bare', 'a: kill b SIGKILL'],
  ['a kill finds a zombie', 'a: kill b SIGUSR1', 'a: clock'],
  ['its parent waits for it', 'b: exit 3', 'a: wait b', 'a: kill b SIGKILL'],
  ['its parent is told, and has its page', 'a: handler SIGCHLD', 'b: exit', 'a: wait b', 'a: clock'],
  ['it does not run any more', 'b: clock', 'b: fork -> d', 'd: exit', 'b: exit'],
  ['a child of its own has no creator', 'b: vfork -> d', 'd: execfail ENOENT', 'd: exit', 'b: wait d'],
  ['a daemon looks for it', 'a: unref b', 'a: swapout b'],
] as const;

const facts = factsOfAll(series);
const explained = explanations('baseline', 'double-count-fix', facts, knownDifferences);
const compared = (a: RunRecord, b: RunRecord): PairComparison =>
  comparePair(a, b, explained, { reference: facts[0]!, candidate: facts[2]! });

describe('a sharer that dies in the exit of its child', () => {
  it.each(AFTERWARDS)('is what happened, and F6: %s', (_what, ...ops) => {
    const workload = parseWorkload([...DEATH, ...ops, ''].join('\n'), 'killed');
    const { verdict, standing, differences } = compared(
      recordOf(workload, baseline),
      recordOf(workload, doubleCountFix),
    );
    const outcome = differences.find(({ what }) => what === 'outcome');
    expect([verdict, standing, outcome?.op, outcome?.outcomes?.candidate, outcome?.steps[0]?.finding]).toEqual([
      'behavioural',
      'known',
      4,
      { kind: 'killed', process: 'b', signal: 'SIGSEGV' },
      'F6',
    ]);
  });

  it.each([3, 10, OUTCOME_NOT_RUN])('excuses no outcome %i that comes without a death', (code) => {
    const [a, b] = [record('baseline', [{ code: 0 }]), record('double-count-fix', [{ code }])];
    expect(compared(a, b)).toMatchObject({ verdict: 'behavioural', standing: 'unexpected' });
  });

  it('excuses no death by another signal', () => {
    const killed = [{ op: 0, process: 'b', signal: 'SIGKILL' }];
    const [a, b] = [record('baseline', [{}]), record('double-count-fix', [{}], { killed })];
    expect(compared(a, b)).toMatchObject({ verdict: 'behavioural', standing: 'unexpected' });
    expect(compared(record('baseline', [{}], { killed }), b).verdict).not.toBe('behavioural');
  });
});
