import { describe, expect, it } from 'vitest';
import { OUTCOME_STOPPED } from '../../../harness/run/record.ts';
import { parseWorkload } from '../../../harness/workload/text/parse.ts';
import { landed, variantById } from '../../../variants/index.ts';
import { recordOf } from '../../support/ran.ts';
import { type PlantedOp, intent, pair, record } from '../../support/records.ts';

const noPmaps = new Int32Array();
const stop = (adds: NonNullable<PlantedOp['adds']>, resident = 0): PlantedOp => ({
  code: OUTCOME_STOPPED,
  resident,
  adds,
});
const exits = (removeCalls: number): NonNullable<PlantedOp['adds']> => ({
  'reached.exitBeforeVmspaceExit': 1,
  removeCalls,
});
const resumed = [{ op: 2, from: 0 }];
const declared = [intent('removeCalls', '+1 per exit')];

describe('a call that stops half-way and resumes', () => {
  it('is compared with the declarations as a whole', () => {
    const a = record('old', [stop(exits(0)), {}, { adds: { removeCalls: 52 } }], { resumed });
    const ops: PlantedOp[] = [stop(exits(3)), {}, { adds: { removeCalls: 50 } }];
    const { standing, differences } = pair(a, record('new', ops, { resumed }), declared);
    expect(standing).toBe('intended');
    expect(differences).toMatchObject([
      { what: 'removeCalls', op: 2, count: 1, amount: { least: 0, most: 1, total: 1 } },
    ]);
    const once = [stop(exits(3)), {}, { adds: { removeCalls: 51 } }];
    const wrong = pair(a, record('new', once, { resumed }), declared);
    expect(wrong.differences).toMatchObject([{ standing: 'unexpected', op: 2, amount: { total: 2 } }]);
  });

  it('may stop again: its increments are carried to its end', () => {
    const twice = [
      { op: 1, from: 0 },
      { op: 2, from: 1 },
    ];
    const ops = (n: number): PlantedOp[] => [stop(exits(n)), stop({ removeCalls: 5 }), { adds: { removeCalls: 52 } }];
    const { standing, differences } = pair(
      record('old', ops(0), { resumed: twice }),
      record('new', ops(1), { resumed: twice }),
      declared,
    );
    expect([standing, differences[0]!.op]).toEqual(['intended', 2]);
  });

  it('does not compare levels while it lasts', () => {
    const ops = (early: number): PlantedOp[] => [
      stop({ pvEntryCount: -early }, 5 - early),
      { resident: 7 },
      { adds: { pvEntryCount: early - 1 } },
    ];
    const a = record('old', ops(0), { resumed });
    expect(pair(a, record('new', ops(1), { resumed })).verdict).toBe('not-exercised');
    const leak: PlantedOp[] = [...ops(1).slice(0, 2), { adds: { pvEntryCount: 1 } }];
    expect(pair(a, record('new', leak, { resumed })).differences).toMatchObject([
      { what: 'pvEntryCount', standing: 'unexpected', op: 2, amount: { total: 1 } },
    ]);
  });

  it('does not compare page tables while it lasts, but does where it ends', () => {
    const points = (during: string, after: string) => [
      { op: 0, map: 'm', tables: during, isMidCall: true, pmaps: noPmaps },
      { op: 2, map: 'm', tables: after, isMidCall: false, pmaps: noPmaps },
    ];
    const recorded = (variant: string, during: string, after: string) =>
      record(variant, [stop({}), {}, {}], { resumed, checkpoints: points(during, after) });
    expect(pair(recorded('old', 'x', 'y'), recorded('new', 'z', 'y')).verdict).toBe('not-exercised');
    expect(pair(recorded('old', 'x', 'y'), recorded('new', 'x', 'z')).differences).toMatchObject([
      { what: 'tables', standing: 'unexpected', op: 2 },
    ]);
  });

  it('is not judged if it never ends, but counted', () => {
    const { standing, differences } = pair(record('old', [stop(exits(0)), {}]), record('new', [stop(exits(3)), {}]));
    expect(standing).toBeNull();
    expect(differences).toMatchObject([{ what: 'removeCalls', standing: 'follows', op: 0, amount: { total: 3 } }]);
  });

  it('is recorded with the op that resumed it, and its pmap_remove calls count as one place', () => {
    const text = 'a: exec sh60\na: clock\na: stop refcnt-tested\na: exit\nb: exec cat\na: go\nb: exit\n';
    const { resumed: found, removeByPlace, checkpoints } = recordOf(parseWorkload(text, 'stopped'), landed);
    expect(found).toEqual([{ op: 5, from: 3 }]);
    expect(checkpoints.map(({ op, isMidCall }) => [op, isMidCall])).toEqual([
      [3, true],
      [5, false],
      [6, false],
    ]);
    expect(removeByPlace.exit.early).toBe(removeByPlace.exit.calls - 2);
    expect(removeByPlace.other).toEqual({ calls: 0, early: 0 });
  });
  it('may be told to stop again: that op looks at nothing that is half done', () => {
    const text = 'a: exec sh60\na: rfork mem -> b\nb: exit\na: clock\na: stop refcnt-tested\na: exit\n';
    const again = parseWorkload(`${text}a: stop release-failed\na: go\n`, 'again');
    const [one, other] = ['landed', 'vmspace-clear'].map((id) => recordOf(again, variantById(id)!));
    expect(one!.perOp.residentCount[5]).not.toBe(other!.perOp.residentCount[5]);
    expect([one!.perOp.residentCount[6], other!.perOp.residentCount[6]]).toEqual([0, 0]);
  });

  it.each([
    ['by the SIGCHLD of an exit', 'a: vfork -> b\nb: stop vmspace0-active\nb: exit\n', 0],
    ['by kill', 'a: rfork mem -> b\nb: stop refcnt-tested\nb: kill a SIGKILL\n', 1],
  ])('is not that of another process, which dies within it %s', (_how, calls, alive) => {
    const text = `a: exec bare\na: handler SIGCHLD\n${calls}`;
    const { perOp, checkpoints, balance } = recordOf(parseWorkload(text, 'killed'), landed);
    expect(perOp.code.at(-1)).not.toBe(OUTCOME_STOPPED);
    expect(checkpoints.at(-1)!.isMidCall).toBe(false);
    expect(balance.alive).toBe(alive);
  });
});
