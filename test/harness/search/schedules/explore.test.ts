import { describe, expect, it } from 'vitest';
import type { Explored } from '../../../../harness/search/schedules/explore.ts';
import { Player } from '../../../../harness/search/schedules/play.ts';
import { STOP_POINTS } from '../../../../harness/workload/ops.ts';
import { pairOf } from '../pairs.ts';
import { ALL, countsOf, exploreAll, program, sameWithout, sharers } from './programs.ts';

/** Schedules by whether calls leave early under either variant: the optimization is lost where they do not. */
const earlyBy = ({ classes }: Explored): [string, number][] =>
  classes.map(({ outcome: { sides }, count }) => [
    sides.map(({ early }) => (early > 2 ? 'early' : 'lost')).join(' '),
    count,
  ]);

const countOf = (explored: Explored): number =>
  Object.values(countsOf(explored)).reduce((sum, count) => sum + count, 0);

const pointsIn = ({ reached }: Explored): string[] => STOP_POINTS.filter((_name, point) => reached.points.has(point));

describe('all interleavings of sharers that exit', () => {
  const pair = pairOf('landed', 'vmspace-clear');

  // (2n)! / 2^n of them; landed keeps the early exits in one of 2n - 1, where the last one tests alone.
  it.each([
    [2, 6, 4],
    [3, 90, 72],
    [4, 2520, 2160],
  ])('of %i are %i, and landed loses the early exits in %i', async (n, all, lost) => {
    const explored = await exploreAll(pair, program(sharers(n)));
    expect(explored.isComplete).toBe(true);
    expect(earlyBy(explored).toSorted()).toEqual([
      ['early early', all - lost],
      ['lost early', lost],
    ]);
    expect(explored.classes.map(({ effort }) => effort.preemptions).toSorted()).toEqual([0, 1]);
  });

  it('are no more under a variant that is no other', async () => {
    const explored = await exploreAll(pairOf('shared-page-unmap', 'landed'), program(sharers(3)));
    expect(earlyBy(explored).toSorted()).toEqual([
      ['early early', 18],
      ['lost lost', 72],
    ]);
    expect(explored.classes.map(({ outcome }) => outcome.standing)).toEqual([null, null]);
  });

  it('stop at every point of an exit, and are counted as whole where none is left to reach', async () => {
    const explored = await exploreAll(pair, program(sharers(2), ALL));
    // Both find the other's reference and have three steps: 12 orders. One is gone before the other looks: 4 each. While
    // the last one tears the memory down nobody else is there: that makes no more of them.
    expect([countOf(explored), pointsIn(explored)]).toEqual([
      20,
      ['refcnt-tested', 'release-failed', 'pages-removed', 'vmspace0-active'],
    ]);
  });

  it('are as many as a process of its own has places, in the three points of an exit that nobody shares', async () => {
    const text = 'a: exec bare\na: fork -> b\na: exit\nb: clock\nb: clock\n';
    const explored = await exploreAll(pair, program(text, ALL));
    // 6! / (4! 2!)
    expect([countOf(explored), pointsIn(explored)]).toEqual([
      15,
      ['refcnt-tested', 'pages-removed', 'vmspace0-active'],
    ]);
  });

  it('are fewer within a limit of preemptions', async () => {
    const within = async (preemptions: number): Promise<Record<string, number>> =>
      Object.fromEntries(earlyBy(await exploreAll(pair, program(sharers(3)), { preemptions })));
    for (const limit of [0, 1, 2, 9]) {
      const orders = ordersOf('aabbcc').filter((order) => preemptionsIn(order, 'a') <= limit);
      const lost = orders.filter(isLost).length;
      const expected = { 'early early': orders.length - lost, ...(lost === 0 ? {} : { 'lost early': lost }) };
      expect([limit, await within(limit)]).toEqual([limit, expected]);
    }
  });
});

/** All different orders of some letters. */
function ordersOf(letters: string): string[] {
  if (letters === '') return [''];
  return [...new Set(letters)].flatMap((first) => ordersOf(letters.replace(first, '')).map((rest) => first + rest));
}

/** Switches from a process that has steps left; `first` has run before. */
function preemptionsIn(order: string, first: string): number {
  const before = first + order;
  return [...order].filter((one, i) => before[i] !== one && order.slice(i).includes(before[i]!)).length;
}

/** Does the last process to drop its reference test it before the others have dropped theirs? */
const isLost = (order: string): boolean => {
  const last = order.at(-1)!;
  return order.indexOf(last) !== order.length - 2;
};

describe('a process that sleeps until another one runs', () => {
  const machine = 'machine cpus=4\na: exec sh60\na: fork -> c\n';
  const pair = pairOf('baseline', 'double-count-fix');
  /** Behind each vfork child's death its parent reads the clock; one order that leads to each death suffices. */
  it.each([
    ['asleep in vfork until its child is killed', 'a: vfork -> b\nc@1: kill b SIGKILL\na: clock\n', 1],
    ['asleep in vfork until its child dies of a fault', 'a: vfork -> b\nb: read 0x10\nc@1: clock\na: clock\n', 3],
    [
      'asleep in vfork while another thread of it runs',
      'a: vfork -> b\na/2@2: mmap anon 1p rw -> m\nb: read m\nb: exit\na: clock\n',
      1,
    ],
  ])('%s, comes after it in every order', async (_what, lines, count) => {
    const of = program(machine + lines, []);
    for (const merges of [true, false]) {
      const explored = await exploreAll(pair, of, { merges });
      expect(explored.classes.map(({ outcome, count: n }) => [outcome.verdict, n])).toEqual([['behavioural', count]]);
      expect(explored.classes[0]!.outcome.sides[1].odd.at(-1)).toMatchObject({ process: 'a', outcome: 'SIGSEGV' });
    }
  });

  it('waits until a signal has ended its child', async () => {
    const of = program(`${machine}a: clock\nb@1: exec sh60\nb@1: kill c SIGKILL\na: wait c\na: clock\n`, []);
    const explored = await exploreAll(pair, of);
    expect(countOf(explored)).toBe(1);
    expect(explored.classes[0]!.outcome.sides.map(({ odd }) => odd)).toEqual([[], []]);
  });

  it('runs no more if nobody wakes it', async () => {
    const explored = await exploreAll(pair, program(`${machine}a: vfork -> b\nb: clock\nc: clock\na: clock\n`, []));
    expect(explored.isComplete).toBe(true);
    expect(explored.classes.map(({ outcome }) => outcome.sides[0].odd)).toEqual([[]]);
  });

  it('has its place in the schedules that are drawn, too', async () => {
    const lines = 'a: vfork -> b\nc@1: clock\nc@1: clock\nc@1: kill b SIGKILL\na: clock\na: clock\n';
    const player = new Player(pair, program(machine + lines, []));
    const { outcome, moves } = await player.play(() => (_position, ready) => ready[0]!);
    expect(outcome.verdict).toBe('behavioural');
    expect(moves.filter(({ isVoid }) => isVoid)).toEqual([]);
  });
});

describe('states that are explored once', () => {
  it('are told apart by the signals that wait for a process asleep', async () => {
    const lines = 'c@1: kill a SIGWINCH\nc@1: exit\na/2@3: handler SIGWINCH\nb@2: exit\n';
    const of = program(`machine cpus=4\na: exec sh60\na: fork -> c\na: vfork -> b\n${lines}`, []);
    const pair = pairOf('baseline', 'double-count-fix');
    const merged = await exploreAll(pair, of);
    // The signal is caught, and its handler needs the shared page, in the four orders where it is sent behind that.
    expect(merged.classes.map(({ outcome, count }) => [outcome.verdict, count]).toSorted()).toEqual([
      ['behavioural', 4],
      ['latent', 8],
    ]);
    expect(countsOf(merged)).toEqual(countsOf(await exploreAll(pair, of, { merges: false })));
  });

  it('lead to the same classes, as often, as when each schedule is run', async () => {
    const several = await sameWithout(20, 5);
    expect(several).toBeGreaterThan(4);
  });
});
