import { describe, expect, it } from 'vitest';
import { exitCodeOf } from '../../../harness/compare/gate.ts';
import type { Ended, Leftover, RunRecord } from '../../../harness/run/record.ts';
import { type Planned, compareAll } from '../../support/comparison.ts';
import { type PlantedOp, facts, intent, record } from '../../support/records.ts';

const ops = (resident: number): PlantedOp[] => [
  { resident, adds: { 'reached.removeIsNoop': 1 } },
  { resident: 0, top: 0 },
];
const declared = [intent('residentCount', '+1 per live top-level page')];

interface Case {
  readonly resident?: number;
  readonly intends?: typeof declared;
  readonly ended?: Ended;
  /** the reference ends so too */
  readonly both?: boolean;
  readonly left?: Leftover[];
  readonly planned?: Planned;
}

function exitCode({ resident = 3, intends = [], ended, both = false, left = [], planned = {} }: Case): number {
  const planted = { left, ...(ended === undefined ? {} : { ended }) };
  const run = (id: string): RunRecord =>
    record(id, ended === undefined ? ops(resident) : ops(3).slice(0, ended.kind === 'panic' ? ended.op : 0), planted);
  const old = { facts: facts('old'), records: [both ? run('old') : record('old', ops(3))] };
  const candidate = {
    facts: facts('new', 'old', intends, ['removeIsNoop']),
    records: [run('new')],
  };
  return compareAll([old, candidate], planned).report.tally.exitCode;
}

const failed: Ended = { kind: 'failed', how: 'limit', op: null, message: 'took longer than 10 s' };
const panic = (op: number): Ended => ({ kind: 'panic', op, where: 'vm_wait', reason: 'no free pages', values: {} });
const panics = 'a: exec sh60\na: exit => panic\n';
const left = [{ what: 'pvPageCount', start: 0, end: 1 }];

describe('the exit code is', () => {
  it.each<[string, number, Case]>([
    ['0 when nothing differs', 0, {}],
    ['0 when a difference is intended', 0, { resident: 4, intends: declared }],
    [
      '0 when a difference is known',
      0,
      { resident: 4, planned: { ledger: [{ finding: 'F1', variant: 'new', what: 'residentCount' }] } },
    ],
    ['1 when a difference is unexpected', 1, { resident: 4 }],
    ['1 when a run leaves pages behind', 1, { left }],
    [
      '0 when that is known',
      0,
      { left, planned: { ledger: [{ finding: 'N1', variant: 'new', what: 'balance pvPageCount' }] } },
    ],
    ['3 when a variant failed', 3, { ended: failed }],
    [
      '3 when the reference answers otherwise than the workload says',
      3,
      { planned: { texts: ['a: exec sh60 => ENOMEM\na: exit\n'] } },
    ],
    ['130 when interrupted, whatever else', 130, { ended: failed, planned: { gate: { interrupted: true } } }],
    ['0 when a declaration was not seen in a selection', 0, { intends: [intent('ipis', 'more')] }],
    [
      '1 when a declaration was not seen anywhere',
      1,
      { intends: [intent('ipis', 'more')], planned: { gate: { wholeCatalog: true } } },
    ],
    ['3 when there was nothing to run', 3, { planned: { texts: [''] } }],
    ['1 when the candidate alone panics', 1, { ended: panic(1) }],
    ['3 when both panic in the first op', 3, { ended: panic(0), both: true }],
    ['3 when both panic before the end', 3, { ended: panic(1), both: true }],
    ['0 when the workload says that they do', 0, { ended: panic(1), both: true, planned: { texts: [panics] } }],
    ['3 when it says so of another op', 3, { ended: panic(0), both: true, planned: { texts: [panics] } }],
    ['3 when it says so and the reference does not', 3, { planned: { texts: [panics] } }],
    [
      '3 when the reference panics where the workload says that it does not',
      3,
      { ended: panic(1), both: true, planned: { texts: ['a: exec sh60\na: exit => ok\n'] } },
    ],
  ])('%s', (_what, code, planted) => {
    expect(exitCode(planted)).toBe(code);
  });

  it('1 when a revision declares differences that are only its predecessor’s', () => {
    const exits = (n: number): PlantedOp[] => [{ resident: 3, adds: { removeEarlyExits: n } }, {}];
    const more = [intent('removeEarlyExits', 'more')];
    const columns = (own: number) => [
      { facts: facts('old'), records: [record('old', exits(0))] },
      { facts: facts('mid', 'old', more), records: [record('mid', exits(5))] },
      { facts: facts('new', 'mid', more), records: [record('new', exits(own))] },
    ];
    const gated = (own: number) =>
      compareAll(columns(own), { predecessors: true, gate: { wholeCatalog: true } }).report;
    expect(gated(6).neverSeen).toEqual([]);
    expect(gated(5)).toMatchObject({
      neverSeen: [{ variant: 'new', what: 'removeEarlyExits' }],
      tally: { exitCode: 1 },
    });
  });

  it('1 when a changed member was never reached and the gate requires it', () => {
    const quiet: PlantedOp[] = [{ resident: 3 }, {}];
    const columns = [
      { facts: facts('old'), records: [record('old', quiet)] },
      { facts: facts('new', 'old', [], ['vmspaceClear']), records: [record('new', quiet)] },
    ];
    expect(compareAll(columns).report.tally.exitCode).toBe(0);
    expect(compareAll(columns, { gate: { requireExercised: true } }).report.tally.exitCode).toBe(1);
  });

  it('of changed members counts those that no workload at all reached', () => {
    const quiet: PlantedOp[] = [{ resident: 3 }, {}];
    const reaches: PlantedOp[] = [{ resident: 3, adds: { 'reached.vmspaceClear': 1 } }, {}];
    const columns = (members: readonly string[]) => [
      { facts: facts('old'), records: [record('old', quiet), record('old', reaches)] },
      { facts: facts('new', 'old', [], members), records: [record('new', quiet), record('new', reaches)] },
    ];
    const gated = (...members: string[]) =>
      compareAll(columns(members), { gate: { requireExercised: true } }).report.tally;
    expect(gated('vmspaceClear')).toMatchObject({ unreached: [], exitCode: 0 });
    const ended: Ended = { kind: 'failed', how: 'load', op: null, message: 'no such file' };
    const broken = { facts: facts('broken', 'old', [], ['releaseEnd']), records: [record('broken', [], { ended })] };
    expect(
      compareAll([{ ...columns([])[0]!, records: [record('old', quiet)] }, broken]).report.tally.unreached,
    ).toEqual([]);
    expect(gated('vmspaceClear', 'releaseEnd')).toMatchObject({
      unreached: [{ reference: 'old', candidate: 'new', members: ['releaseEnd'] }],
      exitCode: 1,
    });
  });

  it.each([
    [[0, 4, 1, 3, 2, 130], 130],
    [[0, 4, 1, 3, 2], 2],
    [[0, 4, 1, 3], 3],
    [[0, 4, 1], 1],
    [[0, 4], 4],
    [[0], 0],
    [[], 0],
  ])('of %j the first in the order of precedence: %i', (codes, code) => {
    expect(exitCodeOf(codes)).toBe(code);
  });

  it('1 when a step to the next revision is unexpected although none against the reference is', () => {
    const columns = [
      { facts: facts('old'), records: [record('old', ops(3))] },
      { facts: facts('new', 'old', [intent('residentCount', 'more, fewer')]), records: [record('new', ops(4))] },
      { facts: facts('newer', 'new'), records: [record('newer', ops(3))] },
    ];
    expect(compareAll(columns).report.tally).toMatchObject({ unexpected: 0, predecessors: 0, exitCode: 0 });
    const { report } = compareAll(columns, { predecessors: true });
    expect(report.tally).toMatchObject({ unexpected: 0, predecessors: 1, unexpectedPredecessors: 1, exitCode: 1 });
    expect(report.predecessors).toMatchObject([
      { reference: 'new', candidate: 'newer', reasons: [{ standing: 'unexpected' }] },
    ]);
  });
});
