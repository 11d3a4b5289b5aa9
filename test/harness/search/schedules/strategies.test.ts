import { describe, expect, it } from 'vitest';
import { Player } from '../../../../harness/search/schedules/play.ts';
import { after, readyIn, startOf } from '../../../../harness/search/schedules/schedule.ts';
import { type Choose, missOf, pct, uniform } from '../../../../harness/search/schedules/strategies.ts';
import { Random } from '../../../../harness/workload/random.ts';
import { pairOf } from '../pairs.ts';
import { program, sharers } from './programs.ts';

/** Orders in which letters can come: each as often as here, and none while `waits` keeps it. */
interface Letters {
  readonly all: string;
  readonly waits?: (letter: string, done: string) => boolean;
}

/** The order that is chosen. */
function orderOf(choose: Choose, { all, waits }: Letters): string {
  const names = [...new Set(all)];
  const left = names.map((name) => all.split(name).length - 1);
  const nowhere = { begun: [], stopped: [] };
  let done = '';
  while (done.length < all.length) {
    const ready: number[] = [];
    for (let i = 0; i < names.length; i++)
      if (left[i]! > 0 && (waits === undefined || !waits(names[i]!, done))) ready.push(i);
    const one = ready.length > 1 ? choose(nowhere, ready) : ready[0]!;
    left[one]!--;
    done += names[one]!;
  }
  return done;
}

const drawn = (runs: number, depth: number, decisions: number, letters: Letters): string[] => {
  const random = new Random(1);
  const processes = new Set(letters.all).size;
  return Array.from({ length: runs }, () => orderOf(pct(random, processes, decisions, depth), letters));
};

/** Times that something of this probability happens, less three standard deviations. */
const leastOf = (runs: number, probability: number): number =>
  runs * probability - 3 * Math.sqrt(runs * probability * (1 - probability));

describe('PCT finds an order with the probability that it promises', () => {
  // At most 7 and 15 decisions: none is left where one letter alone can come.
  const few = { all: 'aabbccdd' };
  const eight = { all: 'aabbccddeeffgghh' };
  // b can come once a has, and a is held up before b is. It is to come last even so, and c before either goes on.
  const forced = { all: 'aabbc', waits: (letter: string, done: string) => letter !== 'a' && !done.includes('a') };
  it.each([
    ['one process runs last', 1, few, 7, /dd$/],
    ['one stops after its first step until all are done', 2, few, 7, /^d[abc]{6}d$/],
    ['the same of 8 processes', 2, eight, 15, /^h[a-g]{14}h$/],
    ['one stops after its first step, and so does the next', 3, few, 7, /^a(b|c|d)((?!\1)[bcd]){4}(\1a|a\1)$/],
    ['the process that was held up first goes on last', 3, forced, 4, /^abcba$/],
    ['the process that was held up first goes on first', 3, forced, 4, /^abcab$/],
  ] as const)('%s: depth %i', (_what, depth, letters, decisions, wanted) => {
    const runs = 8000;
    const found = drawn(runs, depth, decisions, letters).filter((order) => wanted.test(order)).length;
    const promised = 1 / (new Set(letters.all).size * decisions ** (depth - 1));
    expect(found).toBeGreaterThan(leastOf(runs, promised));
  });

  it('and so in 95 of 100 tries of 8 processes, if each has as many runs as that takes', () => {
    const runs = Math.ceil(Math.log(20) * 8 * 15);
    expect(missOf(8, 15, 2, runs)).toBeLessThanOrEqual(0.05);
    // An order of the 15 that this probability is exact for, and two: the bound is met with room.
    const tries = (wanted: RegExp): number =>
      Array.from({ length: 100 }, (_one, seed) => {
        const random = new Random(seed + 1);
        return Array.from({ length: runs }, () => orderOf(pct(random, 8, 15, 2), eight)).some((order) =>
          wanted.test(order),
        );
      }).filter(Boolean).length;
    expect(tries(/^h[a-g]{14}h$/)).toBeGreaterThan(leastOf(100, 0.95));
    expect(tries(/^([gh])((?!\1)[a-h]){14}\1$/)).toBeGreaterThanOrEqual(95);
  });

  it('N3 of 8 sharers, in 95 of 100 tries', async () => {
    const of = program(sharers(8));
    const player = new Player(pairOf('landed', 'vmspace-clear'), of);
    const decisions = 15;
    const runs = Math.ceil(Math.log(20) * 8 * decisions);
    let found = 0;
    for (let seed = 1; seed <= 100; seed++)
      for (let run = 0; run < runs; run++) {
        const played = await player.play(() => pct(new Random(seed * 1000 + run), 8, decisions, 2));
        expect(played.decisions).toBeLessThanOrEqual(decisions);
        if (played.outcome.sides[0].early > 2) continue;
        found++;
        break;
      }
    expect(found).toBeGreaterThanOrEqual(95);
  });
});

describe('drawing uniformly', () => {
  /** By order: how often it was drawn. */
  const countsOf = (text: string, runs: number, moves: number): Map<string, number> => {
    const of = program(text);
    const random = new Random(7);
    const counts = new Map<string, number>();
    for (let run = 0; run < runs; run++) {
      const choose = uniform(random, of, () => moves);
      let position = startOf(of);
      let order = '';
      for (let ready = readyIn(of, position); ready.length > 0; ready = readyIn(of, position)) {
        const process = ready.length > 1 ? choose(position, ready) : ready[0]!;
        const isLast = moves === 1 || position.stopped[process] !== null;
        position = after(position, { process, points: isLast ? [] : [0], isVoid: false });
        order += of.processes[process]!.name;
      }
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    return counts;
  };

  /** How far counts are from equal: expected is the number of kinds less one, give or take three standard deviations. */
  const chiSquare = (counts: Map<string, number>, kinds: number, runs: number): number =>
    [...counts.values()].reduce((sum, count) => sum + (count - runs / kinds) ** 2 / (runs / kinds), 0) +
    (kinds - counts.size) * (runs / kinds);

  it.each([
    [2, 6],
    [3, 90],
    [4, 2520],
  ])('gives each interleaving of %i sharers the same share, of %i', (n, kinds) => {
    const runs = kinds * 10;
    const counts = countsOf(sharers(n), runs, 2);
    expect(counts.size).toBe(kinds);
    expect(Math.abs(chiSquare(counts, kinds, runs) - (kinds - 1))).toBeLessThan(3 * Math.sqrt(2 * (kinds - 1)));
  });

  it('gives them the same share where processes are made on the way', () => {
    // b is there after the first of a, c after the first of b: 3 * 2 * 1 places before it less.
    const text = 'z: exec bare\na: exec bare\na: fork -> b\na: clock\nb: fork -> c\nb: clock\nc: clock\n';
    const counts = countsOf(text, 3000, 1);
    const kinds = counts.size;
    expect(Math.abs(chiSquare(counts, kinds, 3000) - (kinds - 1))).toBeLessThan(3 * Math.sqrt(2 * (kinds - 1)));
  });

  it('finds N3 as often as it occurs: in 14 of 15 schedules of 8 sharers', async () => {
    const of = program(sharers(8));
    const player = new Player(pairOf('landed', 'vmspace-clear'), of);
    const random = new Random(3);
    const runs = 150;
    let lost = 0;
    for (let run = 0; run < runs; run++) {
      const start = random.word();
      const { outcome } = await player.play(() => uniform(new Random(start), of, () => 2));
      if (outcome.sides[0].early <= 2) lost++;
    }
    expect(Math.abs(lost - (runs * 14) / 15)).toBeLessThan(3 * Math.sqrt((runs * 14) / 15 / 15));
  });
});
