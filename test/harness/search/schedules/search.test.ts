import { describe, expect, it } from 'vitest';
import { FORKS, P_WEXIT, type Variant, defineVariant } from '../../../../core/index.ts';
import { scheduleText } from '../../../../harness/report/schedules.ts';
import { classOf, outcomeOf } from '../../../../harness/search/schedules/outcome.ts';
import { type SearchOptions, type Searched, searchSchedules } from '../../../../harness/search/schedules/search.ts';
import { missOf } from '../../../../harness/search/schedules/strategies.ts';
import { schedulerHere } from '../../../../harness/search/schedules/work.ts';
import { STOP_POINTS } from '../../../../harness/workload/ops.ts';
import { parseWorkload } from '../../../../harness/workload/text/parse.ts';
import { landed } from '../../../../variants/index.ts';
import { pairOf } from '../pairs.ts';
import { ALL, REFCNT_TESTED, never, program, sharers } from './programs.ts';

const search = (
  text: string,
  [a, b]: readonly [string, string | Variant],
  options: Partial<SearchOptions> = {},
): Promise<Searched> => {
  const { points = REFCNT_TESTED, isStopped = never } = options;
  return searchSchedules(schedulerHere(pairOf(a, b), program(text, points), isStopped), {
    points,
    preemptions: Infinity,
    budget: 10_000,
    seed: 1,
    isStopped,
    progress: () => {},
    ...options,
  });
};

const changed = (hunks: Partial<Variant['hunks']>): Variant =>
  defineVariant({ ...landed, id: 'planted', after: 'landed', intends: [], hunks: { ...landed.hunks, ...hunks } });

/** Classes in which the planted fault shows, by the preemptions that they take. */
const faultsIn = ({ classes }: Searched): number[] =>
  classes.flatMap(({ outcome, effort }) => (outcome.standing === 'unexpected' ? [effort.preemptions] : []));

describe('a fault that only some schedules show', () => {
  it('is found with one preemption, where the reference count is tested after the drop', async () => {
    // Of two that are about to drop theirs, the second still sees the first one's reference, and takes itself for the last.
    const late = changed({
      exitBeforeVmspaceExit(m, p) {
        p.vmspace.refcnt--;
        landed.hunks.exitBeforeVmspaceExit(m, p);
        p.vmspace.refcnt++;
      },
    });
    const faults = faultsIn(await search(sharers(2), ['landed', late]));
    expect(Math.min(...faults)).toBeLessThanOrEqual(1);
  });

  it('is found with two, where a count is adjusted to what was seen before a yield point', async () => {
    const planted = (): Variant => {
      const seen = new WeakMap<object, number>();
      return changed({
        exitBeforeVmspaceExit(m, p) {
          landed.hunks.exitBeforeVmspaceExit(m, p);
          seen.set(p.vmspace, p.vmspace.refcnt);
        },
        vmspaceClear(m, p, vm) {
          landed.hunks.vmspaceClear(m, p, vm);
          if ((seen.get(vm) ?? 1) > 1) vm.pmap.stats.residentCount++;
        },
      });
    };
    const serial = await search(sharers(2), ['landed', planted()], { preemptions: 0 });
    expect([faultsIn(serial), serial.isComplete]).toEqual([[], true]);
    const faults = faultsIn(await search(sharers(2), ['landed', planted()]));
    expect(faults.length).toBeGreaterThan(0);
    expect(Math.min(...faults)).toBeLessThanOrEqual(2);
  });
});

describe('a fault that a process brings about while another one exits', () => {
  // What the exit has seen of the machine before it is taken to hold at its end.
  const stale = (): Variant => {
    let forks = 0;
    return changed({
      exitBeforeVmspaceExit(m, p) {
        landed.hunks.exitBeforeVmspaceExit(m, p);
        forks = m.counters[FORKS]!;
      },
      vmspaceClear(m, p, vm) {
        landed.hunks.vmspaceClear(m, p, vm);
        if ((p.flags & P_WEXIT) !== 0 && m.counters[FORKS] !== forks) vm.pmap.stats.residentCount++;
      },
    });
  };
  const text = 'a: exec bare\na: fork -> b\na: exit\nb: fork -> c\n';

  it.each(['pages-removed', 'vmspace0-active'] as const)('is found at %s, and not without', async (point) => {
    const points = [STOP_POINTS.indexOf(point)];
    expect(faultsIn(await search(text, ['landed', stale()], { points }))).toEqual([1]);
    expect(faultsIn(await search(text, ['landed', stale()], { points: [] }))).toEqual([]);
  });
});

describe('a schedule of each class', () => {
  it('is text that comes to the same anywhere, and after ops are added behind it', async () => {
    const pair = pairOf('landed', 'vmspace-clear');
    const replay = async (text: string) => {
      const workload = parseWorkload(text, 'again');
      const records = await pair.both(workload, {});
      return outcomeOf(
        { ...program(text), processes: [] },
        [],
        { workload, ops: [] },
        records,
        pair.compare(...records),
      );
    };
    const added = 'z: exec bare\nz: exit\n';
    const alone = (await replay(added)).sides;
    const found = await search(sharers(2), ['landed', 'vmspace-clear'], { points: ALL });
    expect(found.classes).toHaveLength(2);
    for (const one of found.classes) {
      const text = scheduleText(one, { ...found, a: 'landed', b: 'vmspace-clear' });
      expect(await replay(text)).toEqual(one.outcome);
      const { sides, verdict } = await replay(text + added);
      expect(verdict).toBe(one.outcome.verdict);
      expect(sides.map(({ early }, i) => early - alone[i]!.early)).toEqual(one.outcome.sides.map(({ early }) => early));
    }
  });

  it('takes no stop that it does not need', async () => {
    const { classes } = await search(sharers(3), ['landed', 'vmspace-clear']);
    expect(classes.map(({ effort }) => effort)).toEqual([
      { preemptions: 1, stops: 1 },
      { preemptions: 0, stops: 0 },
    ]);
  });
});

describe('a search that cannot run all schedules', () => {
  const sampled = (seed: number): Promise<Searched> =>
    search(sharers(4), ['landed', 'vmspace-clear'], { budget: 60, seed });

  it('draws some, says what that promises, and finds the same with the same seed', async () => {
    const found = await sampled(1);
    expect(found).toMatchObject({ isComplete: false, schedules: 2520 });
    expect(found.sampled.map(({ strategy, depth, schedules }) => [strategy, depth, schedules])).toEqual([
      ['pct', 1, 15],
      ['pct', 2, 15],
      ['pct', 3, 15],
      ['uniform', null, 15],
    ]);
    // 1 - 1 / (4 processes * 7 decisions) for each of 15 schedules
    expect(found.decisions).toBe(7);
    expect(found.sampled[1]!.miss).toBeCloseTo((27 / 28) ** 15);
    expect(found.classes.length).toBe(2);
    expect(found.classes.reduce((sum, { count }) => sum + count, 0)).toBe(15);
    expect({ ...(await sampled(1)), program: null }).toEqual({ ...found, program: null });
  });

  it('gives each class its share, where nothing waits', async () => {
    const drawn = await search(sharers(4), ['landed', 'vmspace-clear'], { budget: 200 });
    // 2160 of 2520, give or take three standard deviations of 50
    expect(Math.abs(drawn.classes[0]!.share - 2160 / 2520)).toBeLessThan(0.15);
  });

  it('promises as PCT does: depth 3, 5 processes, 10 decisions, 1,500 schedules', () => {
    expect(missOf(5, 10, 3, 1500)).toBeCloseTo(0.05, 2);
  });
});

it.each([
  ['a: fork -> c\na: fork -> b\nc: kill b SIGTERM\nb: clock\nb: clock\na: clock\n', 'refcnt-tested'],
  ['a: fork -> c\na: vfork -> b\nc: clock\nb: handler SIGCHLD\na/2: exit\nb: kill a SIGTERM\n', 'pages-removed'],
] as const)(
  'classes that are drawn are those of all schedules, without ops of the dead: %j, %s',
  async (lines, point) => {
    const classesOf = async (budget: number): Promise<string[]> => {
      const points = [STOP_POINTS.indexOf(point)];
      const found = await search(`a: exec bare\n${lines}`, ['double-count-fix', 'landed'], { budget, points });
      expect(found.isComplete).toBe(budget > 100);
      return found.classes.map(({ outcome }) => classOf(outcome)).toSorted();
    };
    expect(await classesOf(20)).toEqual(await classesOf(10_000));
  },
);

describe('what no schedule reaches', () => {
  it('is a yield point, or a stop of the workload', async () => {
    const text =
      'a: exec sh60\na: rfork mem -> b\na: stop release-failed\na: clock\nb: exit\na: stop refcnt-tested\na: exit\na: go\n';
    const found = await search(text, ['landed', 'vmspace-clear'], { points: ALL });
    expect(found.missedPoints.map((point) => STOP_POINTS[point])).toEqual(['ppwait-cleared', 'fork-unlocked']);
    expect(found.missedStops).toEqual([3]);
  });
});

it('a call of a dead process that a stop parts in the other column is named once', async () => {
  const { classes } = await search('a: exec sh60\na: rfork mem -> b\nb: exit\na: clock\na: exit\n', [
    'double-count-fix',
    'landed',
  ]);
  const dead = classes.map(({ outcome }) => outcome.sides[0].odd.filter(({ outcome: one }) => one === 'not-run'));
  expect(dead.some((odd) => odd.length > 0)).toBe(true);
  for (const odd of dead) expect(new Set(odd.map(({ line }) => line)).size).toBe(odd.length);
});

describe('a limit of preemptions', () => {
  it.each([0, 1])('of %i holds for what is drawn too, which then promises nothing', async (preemptions) => {
    const { isComplete, classes, sampled } = await search(sharers(3), ['baseline', 'landed'], {
      preemptions,
      budget: 12,
    });
    expect(isComplete).toBe(false);
    expect(Math.max(...classes.map(({ effort }) => effort.preemptions))).toBeLessThanOrEqual(preemptions);
    expect(sampled.map(({ miss }) => miss)).toEqual([null, null, null, null]);
  });
});
