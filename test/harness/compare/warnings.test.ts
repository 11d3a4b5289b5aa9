import { describe, expect, it } from 'vitest';
import { StopWatch } from '../../../harness/compare/stops.ts';
import { policyWarnings, replayWarnings, unknownNames } from '../../../harness/compare/warnings.ts';
import { loadCorpus } from '../../../harness/input/load.ts';
import { warningText } from '../../../harness/report/warnings.ts';
import type { TouchPolicy } from '../../../harness/workload/ops.ts';
import { cut, pieceOf } from '../../../harness/workload/pieces.ts';
import { parseWorkload } from '../../../harness/workload/text/parse.ts';
import { landed } from '../../../variants/index.ts';
import { recordOf } from '../../support/ran.ts';

describe('a policy', () => {
  const replayed = async (name: string, touch: TouchPolicy) =>
    recordOf(await loadCorpus(name, { touch }), landed).replay!;

  it('warns where it applied to no process, and where it applied to some it does not', async () => {
    const stats = await replayed('forkloop_small', 'exec');
    expect(replayWarnings('forkloop_small', '', 'exec', stats)).toEqual([]);
    const untouched = await replayed('forkloop_small', 'never');
    const [warning] = replayWarnings('forkloop_small', '', 'exec', untouched);
    expect(warningText(warning!)).toBe('forkloop_small: --touch exec applied to none of 21 processes');
  });

  it('warns where no workload is a recording, if it was asked for', () => {
    expect(policyWarnings('all', [false, false]).map(warningText)).toEqual([
      '--touch all had no effect: it applies to recordings, and only workload text was run',
    ]);
    expect([policyWarnings('recorded', [false]), policyWarnings('all', [false, true])]).toEqual([[], []]);
  });

  it('says that a recording without faults touches nothing', async () => {
    const stats = await replayed('pipe_one', 'recorded');
    expect(replayWarnings('pipe_one', '', 'recorded', stats)).toEqual([]);
    const faultless = { ...stats, recordedFaults: 0, recordedFaultsPresent: 0 };
    const advice = (recorder: string): string[] =>
      replayWarnings('pipe_one', recorder, 'recorded', faultless).map(warningText);
    const text = 'pipe_one: the recording holds no faults, so its programs touch nothing:';
    expect(advice('')).toEqual([`${text} record page faults too, or use --touch`]);
    expect(advice('pmapdiff import strace')).toEqual([`${text} import it with --faults, or use --touch`]);
    expect(advice('pmapdiff import strace --faults')).toEqual([`${text} record page faults too, or use --touch`]);
    expect(advice('pmapdiff import kdump')).toEqual([`${text} record with ktrace -t f, or use --touch`]);
    expect(advice('pmapdiff import truss')).toEqual([
      `${text} record with ktrace -t f, as truss shows none, or use --touch`,
    ]);
    expect(replayWarnings('pipe_one', '', 'never', faultless)).toEqual([]);
  });
});

describe('an expected difference', () => {
  const entry = { variant: 'landed', workload: '*', what: 'pmapLocks', reason: 'so', expires: '2030-01-01' };
  const known = { variants: ['landed'], workloads: ['churn'], invariants: ['early-exit'] };

  it.each(['pmapLocks', 'residentCount', 'outcome', 'panic', 'early-exit', 'balance userPtPageCount'])(
    'may name %s',
    (what) => expect(unknownNames([{ ...entry, what, workload: 'churn' }], known)).toEqual([]),
  );

  it.each([
    ['variant', { variant: 'lnded' }, 'no variant is called "lnded"'],
    ['workload', { workload: 'chrun' }, 'no workload is called "chrun"'],
    ['what', { what: 'pmapLock' }, 'no statistic, counter, plane or invariant is called "pmapLock"'],
    ['what', { what: 'balance pmapLock' }, 'no statistic, counter, plane or invariant is called "balance pmapLock"'],
  ])('warns of a %s that there is not', (field, other, text) => {
    const found = unknownNames([{ ...entry, ...other }], known);
    expect(found).toMatchObject([{ kind: 'unknown-name', field }]);
    expect(warningText(found[0]!)).toBe(`--expect: ${text}`);
  });
});

describe('a stop', () => {
  const missed = (lines: string, size = Infinity) => {
    const workload = parseWorkload(lines, 'test');
    const watch = new StopWatch();
    const record = recordOf(workload, landed);
    for (const piece of size === Infinity ? [pieceOf(workload)] : cut(workload, size)) {
      const code = record.perOp.code.slice(piece.from, piece.from + piece.length);
      watch.take(piece, [{ ...record, ops: piece.length, perOp: { ...record.perOp, code } }]);
    }
    return watch.finish();
  };
  const REACHED = 'a: exec sh60\na: touch-shared\na: stop refcnt-tested\na: exit\na: go\n';

  it('warns where the next call never came to its point', () => {
    expect(missed(REACHED)).toEqual([]);
    const lines = 'a: exec sh60\na: stop refcnt-tested\na: clock\na: exit\n';
    const found = [{ op: 1, line: 2, process: 'a', point: 'refcnt-tested' }];
    expect(missed(lines)).toEqual(found);
    expect(missed(lines, 2)).toEqual(found);
    expect(warningText({ kind: 'stop', workload: 'w', ...found[0]! })).toBe(
      'w, line 2: a never stopped at refcnt-tested',
    );
  });

  it('warns where no call follows', () => {
    expect(missed('a: exec sh60\na: stop refcnt-tested\n')).toMatchObject([{ line: 2 }]);
  });

  it('are any of the points that one op is told', () => {
    const two = 'a: exec sh60\na: rfork mem -> b\na: stop refcnt-tested\na: stop release-failed\na: exit\n';
    const again = 'a: stop release-failed\na: go\na: go\n';
    expect(missed(`${two}${again}`)).toEqual([]);
    expect(missed(`${two}b: exit\n${again}`)).toMatchObject([{ line: 7, point: 'release-failed' }]);
  });
});
