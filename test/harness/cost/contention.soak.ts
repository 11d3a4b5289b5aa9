/**
 * Mean value analysis against discrete events in the kernel's order: short visits to the pv list locks in fork, long ones
 * in exit, then the calls of pmap_remove. Queues are first come, first served; private parts are exponential.
 */
import { describe, expect, it } from 'vitest';
import { valuesOf } from '../../../harness/cost/constants.ts';
import { contend, lifeOf } from '../../../harness/cost/contention.ts';
import { TOUCHED_LOOP, lastRound } from '../../../harness/cost/loop.ts';
import { remainderOf } from '../../../harness/cost/measure.ts';
import { PARTS_OF_A_CYCLE, priceOf, pricesOf } from '../../../harness/cost/prices.ts';
import { Random } from '../../../harness/workload/random.ts';
import { parseWorkload } from '../../../harness/workload/text/parse.ts';
import { variantById } from '../../../variants/index.ts';
import { recordOf } from '../../support/ran.ts';

const profileOf = (id: string) =>
  recordOf(parseWorkload(TOUCHED_LOOP, 'loop'), variantById(id)!, { profile: true }).profile!;
const remainder = remainderOf(lastRound(profileOf('landed')));
const lives = ['landed', 'no-early-exit'].map((id) => {
  const profile = profileOf(id);
  return lifeOf(id, lastRound(profile), remainder, profile);
});

const typical = (name: Parameters<typeof valuesOf>[0]): number => valuesOf(name, 'default')[1];
const COPIES = 51;
const LIVES = 600;
const WARM_UP = 100;

/** Lives per cycle of `n` instances. */
function simulate(life: (typeof lives)[number], n: number, frames: number): number {
  const hold = (page: number, pages: number, cpus: number): number =>
    pages * (page + 2 * (1 - 1 / cpus) * typical('lineTransfer') * typical('clock'));
  const head = (cpus: number): number =>
    (typical('listHeadOwned') / cpus + (1 - 1 / cpus) * typical('lineTransfer')) * typical('clock');
  const visits = (cpus: number): { station: number; service: number }[] => [
    ...Array.from({ length: COPIES }, (_none, i) => ({
      station: i % frames,
      service: hold(typical('pageCopied'), life.pagesCopied / COPIES, cpus),
    })),
    ...Array.from({ length: frames }, (_none, station) => ({
      station,
      service: hold(typical('pageRemoved'), life.pagesRemoved / frames, cpus),
    })),
    ...Array.from({ length: 2 * life.invalidations }, () => ({ station: frames, service: head(cpus) })),
  ];
  const alone = priceOf(life.work, pricesOf('default')[1]) / PARTS_OF_A_CYCLE;
  const think = visits(1).reduce((rest, { service }) => rest - service, alone);
  const steps = visits(n);
  const random = new Random(n * 100 + frames);
  // One private part before each of the three: many short ones add up to a nearly constant time, and then instances
  // fall into step with each other.
  const isFirst = (at: number): boolean => at === 0 || at === COPIES || at === COPIES + frames;
  const before = (at: number): number => (isFirst(at) ? (-Math.log((random.word() + 1) / 2 ** 32) * think) / 3 : 0);
  const free = new Float64Array(frames + 1);
  const arrival = Float64Array.from({ length: n }, () => before(0));
  const step = new Int32Array(n);
  let [done, from] = [0, 0];
  for (;;) {
    let who = 0;
    for (let i = 1; i < n; i++) if (arrival[i]! < arrival[who]!) who = i;
    const { station, service } = steps[step[who]!]!;
    const end = Math.max(arrival[who]!, free[station]!) + service;
    free[station] = end;
    step[who] = (step[who]! + 1) % steps.length;
    arrival[who] = end + before(step[who]!);
    if (step[who] !== 0) continue;
    done++;
    if (done === WARM_UP * n) from = end;
    if (done === LIVES * n) return ((LIVES - WARM_UP) * n) / (end - from);
  }
}

describe('the ratio of speeds by mean value analysis', () => {
  const cases = [1, 4, 8, 20].flatMap((frames) => [2, 4, 8, 16, 32].map((cpus) => ({ frames, cpus })));

  it.each(cases)('with F = $frames on $cpus CPUs is that of discrete events to 0.06', ({ frames, cpus }) => {
    const ratio = (speed: (life: (typeof lives)[number]) => number): number => speed(lives[1]!) / speed(lives[0]!);
    const expected = ratio((life) => simulate(life, cpus, frames));
    const got = ratio((life) => contend(life, cpus, frames, 'default').throughput);
    console.log(`F ${frames}, ${cpus} CPUs: ${got.toFixed(3)}, by events ${expected.toFixed(3)}`);
    expect(Math.abs(got - expected)).toBeLessThan(0.06);
  });
});
