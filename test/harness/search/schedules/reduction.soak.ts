import { describe, expect, it } from 'vitest';
import { classOf } from '../../../../harness/search/schedules/outcome.ts';
import { searchSchedules } from '../../../../harness/search/schedules/search.ts';
import { schedulerHere } from '../../../../harness/search/schedules/work.ts';
import { pairOf } from '../pairs.ts';
import { ALL, countsOf, exploreAll, never, program, sameWithout, signallers } from './programs.ts';

describe('states that are explored once', () => {
  it('lead to the same classes as when each schedule is run, in 200 workloads of three processes', async () => {
    expect(await sameWithout(200, 7)).toBeGreaterThan(60);
  });
});

describe('signals, threads and processes asleep, in 1,000 workloads', () => {
  const POINTS = [[], [], ALL, ...ALL.map((point) => [point])];
  const PAIRS = [
    pairOf('baseline', 'double-count-fix'),
    pairOf('double-count-fix', 'landed'),
    pairOf('landed', 'vmspace-clear'),
  ];

  it('come to the same classes with equal states explored once, with each schedule run, and drawn', async () => {
    let several = 0;
    for (let seed = 1; seed <= 1000; seed++) {
      const pair = PAIRS[seed % PAIRS.length]!;
      const points = POINTS[seed % POINTS.length]!;
      const of = program(signallers(seed), points);
      if (of.processes.length < 2) continue;
      const explored = await exploreAll(pair, of);
      const counts = countsOf(explored);
      expect([seed, countsOf(await exploreAll(pair, of, { merges: false }))]).toEqual([seed, counts]);
      const scheduler = schedulerHere(pair, of, never);
      const again = await scheduler.end(explored.classes.map(({ moves }) => moves));
      expect([seed, again.map(classOf)]).toEqual([seed, explored.classes.map(({ outcome }) => classOf(outcome))]);
      const { classes } = await searchSchedules(scheduler, {
        points,
        preemptions: Infinity,
        budget: 20,
        seed,
        isStopped: never,
        progress: () => {},
      });
      const names = new Set(Object.keys(counts));
      expect([seed, classes.filter(({ outcome }) => !names.has(classOf(outcome)))]).toEqual([seed, []]);
      expect([seed, explored.classes.flatMap(({ outcome }) => outcome.unexpected)]).toEqual([seed, []]);
      if (names.size > 1) several++;
    }
    expect(several).toBeGreaterThan(200);
  });
});
