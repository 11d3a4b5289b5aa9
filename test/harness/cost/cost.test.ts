import { beforeAll, describe, expect, it } from 'vitest';
import { builtInVariants } from '../../../harness/columns/built-in.ts';
import { CONSTANTS, type Constant, type ConstantName, MACHINES, valuesOf } from '../../../harness/cost/constants.ts';
import { type Frames, type Life, PMAP_LOCK, collapse, contend, lifeOf } from '../../../harness/cost/contention.ts';
import { NOT_MODELLED, type RatioRow, type Rows, costOf } from '../../../harness/cost/cost.ts';
import { TOUCHED_LOOP, lastRound } from '../../../harness/cost/loop.ts';
import { type Counted, countedIn, lifeWork, remainderOf, together, wholeOf } from '../../../harness/cost/measure.ts';
import { solve, solveCollapsing, upperBound } from '../../../harness/cost/mva.ts';
import {
  PARTS_OF_A_CYCLE,
  PRICED,
  type Work,
  addWork,
  noWork,
  priceOf,
  pricesOf,
  ratioOf,
} from '../../../harness/cost/prices.ts';
import { costJson, costText } from '../../../harness/report/cost.ts';
import { schemas } from '../../../harness/report/schema/index.ts';
import type { RunRecord } from '../../../harness/run/record.ts';
import { parseWorkload } from '../../../harness/workload/text/parse.ts';
import { variantById } from '../../../variants/index.ts';
import { recordOf } from '../../support/ran.ts';

const record = (text: string, id: string): RunRecord =>
  recordOf(parseWorkload(text, 'test'), variantById(id)!, { profile: true, digests: false });

const loops = new Map(builtInVariants.map(({ id }) => [id, record(TOUCHED_LOOP, id)]));
const roundOf = (id: string): Counted => lastRound(loops.get(id)!.profile!);
const remainder = remainderOf(roundOf('landed'));
const lifeFor = (id: string): Life => lifeOf(id, roundOf(id), remainder, loops.get(id)!.profile!);
const [landed, noEarly] = [lifeFor('landed'), lifeFor('no-early-exit')];

/** The published figures of the model's first version, for the loop with and without the early exit. */
const F11 = {
  1: { 1: 0.947, 2: 0.948, 4: 0.969, 8: 0.999, 16: 1, 32: 1, 64: 1 },
  4: { 1: 0.947, 2: 0.944, 4: 0.947, 8: 0.959, 16: 0.982, 32: 0.996, 64: 0.999 },
  8: { 1: 0.947, 2: 0.944, 4: 0.944, 8: 0.948, 16: 0.959, 32: 0.98, 64: 0.995 },
  20: { 1: 0.947, 2: 0.943, 16: 0.941, 32: 0.938, 64: 0.9 },
} as const;

const ratioAt = (cpus: number, frames: Frames): number =>
  contend(noEarly, cpus, frames, 'default').throughput / contend(landed, cpus, frames, 'default').throughput;

describe('the counted loop', () => {
  it('is the one that the prices are about', () => {
    expect(roundOf('landed').pagesRemoved).toBe(284);
    expect([landed, noEarly].map(({ invalidations, pmapLocks }) => [invalidations, pmapLocks])).toEqual([
      [1, 112],
      [53, 164],
    ]);
    expect(landed.chunkListLocks).toBe(3);
  });

  it('takes as long as the constant says under landed, exactly', () => {
    expect(pricesOf('default').map((prices) => priceOf(landed.work, prices) / PARTS_OF_A_CYCLE)).toEqual([
      250_000, 420_000, 700_000,
    ]);
  });

  it('leaves something to the remainder, whatever the prices', () => {
    for (const machine of MACHINES)
      for (const prices of pricesOf(machine)) expect(priceOf(remainder, prices)).toBeGreaterThan(0);
  });
});

describe('modelled time on one CPU', () => {
  it('is the sum of the priced events, in whole parts of a cycle, of every phase and kind of process', () => {
    const workload = parseWorkload(TOUCHED_LOOP, 'loop');
    const rows = costOf(
      workload,
      ['landed', 'no-early-exit'].map((id) => loops.get(id)!),
      {
        machine: 'default',
        cpus: [1],
        frames: [1],
        remainder,
      },
    );
    for (const id of ['landed', 'no-early-exit']) {
      const { profile } = loops.get(id)!;
      const all = lifeWork(together(countedIn(profile!, wholeOf(profile!))), remainder);
      (['low', 'typical', 'high'] as const).forEach((end, i) => {
        const parts = rows.phases.filter(({ variant }) => variant === id).map((row) => row[end] * PARTS_OF_A_CYCLE);
        expect(parts.every(Number.isSafeInteger)).toBe(true);
        expect(parts.reduce((a, b) => a + b)).toBe(priceOf(all, pricesOf('default')[i]!));
      });
    }
  });

  it('is that of the contention model with one instance', () => {
    for (const life of [landed, noEarly])
      for (const frames of [1, 8, 'counted'] as const) {
        const { throughput, stations } = contend(life, 1, frames, 'default');
        const cycles = priceOf(life.work, pricesOf('default')[1]) / PARTS_OF_A_CYCLE;
        expect(throughput).toBeCloseTo((3 * 10 ** 9) / cycles, 6);
        expect(stations.every(({ wait }) => wait === 0)).toBe(true);
      }
  });

  it('agrees with F9: 0.947 of the loops without the early exit, 0.848 to 0.984; 0.944 was published', () => {
    const { low, typical, high } = ratioOf(landed.work, noEarly.work, 'default');
    expect(typical).toBeCloseTo(420_000 / (420_000 + 52 * (462 - 7)), 10);
    expect(low).toBeCloseTo(250_000 / (250_000 + 52 * (865 - 5)), 10);
    expect(high).toBeCloseTo(700_000 / (700_000 + 52 * (227 - 10)), 10);
    for (const bound of [typical - 0.93, 0.96 - typical, low - 0.82, 0.99 - high, 0.944 - low, high - 0.944])
      expect(bound).toBeGreaterThan(0);
  });

  it('never flips the sign of F9, whatever single constant goes to an end of its range', () => {
    const typical = pricesOf('default')[1];
    PRICED.forEach((name, i) => {
      for (const end of [0, 2] as const) {
        const prices = typical.slice();
        prices[i] = PARTS_OF_A_CYCLE * valuesOf(name, 'default')[end];
        expect(priceOf(noEarly.work, prices)).toBeGreaterThan(priceOf(landed.work, prices));
      }
    });
    expect(ratioOf(landed.work, noEarly.work, 'default').high).toBeLessThan(1);
  });

  it('has a range that no corner of the constants leaves', () => {
    const [low, , high] = pricesOf('default');
    const work = (...counts: number[]): Work => Float64Array.from(PRICED, (_name, i) => counts[i] ?? 0);
    const [a, b] = [work(1, 40, 3, 0, 7), work(1, 2, 30, 9, 0)];
    const range = ratioOf(a, b, 'default');
    const corners = Array.from({ length: 32 }, (_none, bits) => {
      const prices = low.map((price, i) => ((bits >>> i) & 1 ? high[i]! : price));
      return priceOf(a, prices) / priceOf(b, prices);
    });
    expect(range.low).toBe(Math.min(...corners));
    expect(range.high).toBe(Math.max(...corners));
  });

  it('is exactly the same for a variant that counts the same', () => {
    expect(ratioOf(landed.work, lifeFor('shared-page-unmap').work, 'default')).toEqual({ low: 1, typical: 1, high: 1 });
  });
});

describe('mean value analysis', () => {
  it('has the closed form of a single station: a machine repairman', () => {
    const [think, demand, n] = [5, 2, 6];
    // P(0) of M/M/1//n: the station is idle with probability 1 / sum of n! / (n - k)! (demand / think)^k.
    let [term, sum] = [1, 1];
    for (let k = 1; k <= n; k++) sum += term *= (n - k + 1) * (demand / think);
    const { throughput, loads } = solve(think, [{ demand, alike: 1 }], n);
    expect(throughput).toBeCloseTo((1 - 1 / sum) / demand, 12);
    expect(loads[0]!.utilisation).toBeCloseTo(1 - 1 / sum, 12);
  });

  it('treats stations that are alike as so many stations', () => {
    const apart = [1, 1, 1, 4].map((demand) => ({ demand, alike: 1 }));
    const joined = [
      { demand: 1, alike: 3 },
      { demand: 4, alike: 1 },
    ];
    expect(solve(9, joined, 12).throughput).toBeCloseTo(solve(9, apart, 12).throughput, 12);
    expect(upperBound(9, joined, 12)).toBe(1 / 4);
  });

  it('of a station that does not collapse is the same', () => {
    const stations = [
      { demand: 1, alike: 3 },
      { demand: 4, alike: 1 },
    ];
    for (const station of [0, 1])
      expect(solveCollapsing(9, stations, { station, perWaiter: 0 }, 12)).toBeCloseTo(
        solve(9, stations, 12).throughput,
        12,
      );
  });

  it('has the closed form of a single station that serves the slower, the more wait', () => {
    const [think, demand, perWaiter, n] = [5, 2, 0.75, 6];
    let [term, sum] = [1, 1];
    let throughput = 0;
    for (let k = 1; k <= n; k++) {
      const time = demand + perWaiter * (k - 1);
      sum += term *= ((n - k + 1) * time) / think;
      throughput += term / time;
    }
    expect(solveCollapsing(think, [{ demand, alike: 1 }], { station: 0, perWaiter }, n)).toBeCloseTo(
      throughput / sum,
      12,
    );
  });

  it('has the lock of one frame collapse: 16.2, 15.7 and 7.1 thousand lives a second on 4, 8 and 64 CPUs', () => {
    const speeds = [4, 8, 64].map((n) => collapse(landed, n, 1, 'default') / 1000);
    for (const [i, said] of [16.2, 15.7, 7.1].entries()) expect(Math.abs(speeds[i]! / said - 1)).toBeLessThan(0.05);
    for (const n of [8, 16, 32, 64]) {
      const ratio = collapse(lifeFor('no-early-exit'), n, 1, 'default') / collapse(landed, n, 1, 'default');
      expect(Math.abs(ratio - 1.0035)).toBeLessThan(0.003);
    }
  });

  it('stays below its bounds', () => {
    for (const frames of [1, 4, 20])
      for (let n = 1; n <= 64; n++) {
        const { throughput, bound } = contend(landed, n, frames, 'default');
        expect(throughput).toBeLessThanOrEqual(bound * (1 + 1e-12));
      }
  });

  it('takes less than 50 ms for 64 CPUs and 15 variants', () => {
    const lives = builtInVariants.map(({ id }) => lifeFor(id));
    const start = process.cpuUsage();
    for (const life of lives) contend(life, 64, 8, 'default');
    const { user, system } = process.cpuUsage(start);
    expect(lives).toHaveLength(15);
    expect((user + system) / 1000).toBeLessThan(50);
  });
});

describe('contention', () => {
  it.each(
    Object.entries(F11).flatMap(([frames, row]) =>
      Object.entries(row).map(([cpus, ratio]) => [frames, cpus, ratio] as const),
    ),
  )('with F = %s on %s CPUs leaves a ratio of %s, to 0.03', (frames, cpus, ratio) => {
    expect(Math.abs(ratioAt(Number(cpus), Number(frames)) - ratio)).toBeLessThan(0.03);
  });

  it('is where the thread says for 4 to 8 frames: not with 1, and not with 20, where the effect grows', () => {
    const rows = costOf(
      parseWorkload(TOUCHED_LOOP, 'loop'),
      ['landed', 'no-early-exit'].map((id) => loops.get(id)!),
      {
        machine: 'default',
        cpus: [16, 32],
        frames: [1, 4, 8, 20],
        remainder,
      },
    );
    const effects = (frames: Frames): RatioRow['effect'][] =>
      rows.ratios.filter((row) => row.frames === frames).map(({ effect }) => effect);
    expect([1, 4, 8].map(effects)).toEqual([
      ['none', 'none'],
      ['smaller', 'smaller'],
      ['smaller', 'smaller'],
    ]);
    expect(effects(20).at(-1)).toBe('larger');
    expect(rows.ratios.filter(({ flips }) => flips).length).toBeGreaterThan(0);
    for (const { frames, busiest } of rows.ratios)
      expect(busiest[1]).toBe(frames === 20 ? 'delayed invalidation list' : 'pv list');
  });

  it('lets 64 CPUs do 2.3 times what one does with 1 frame and 8.5 times with 4, and no more than their bounds', () => {
    const { speedups } = costOf(parseWorkload(TOUCHED_LOOP, 'loop'), [loops.get('landed')!], {
      machine: 'default',
      cpus: [1, 64],
      frames: [1, 4],
      remainder,
    });
    expect(speedups.map(({ cpus, frames, typical }) => [cpus, frames, Math.round(typical * 10) / 10])).toEqual([
      [1, 1, 1],
      [64, 1, 2.3],
      [1, 4, 1],
      [64, 4, expect.closeTo(8.5, 0)],
    ]);
    for (const { cpus, typical, most } of speedups) {
      expect(typical).toBeLessThanOrEqual(most * (1 + 1e-12));
      expect(most).toBeLessThanOrEqual(cpus * (1 + 1e-12));
    }
  });

  it('never has anybody wait for the pmap lock of a sole owner, and has sharers wait', () => {
    const waits = (life: Life, n: number): number =>
      contend(life, n, 1, 'default').stations.find(({ name }) => name === PMAP_LOCK)!.wait;
    for (let n = 1; n <= 64; n++) expect([waits(landed, n), waits(noEarly, n)]).toEqual([0, 0]);
    expect(waits({ ...landed, sharers: 2 }, 1)).toBeGreaterThan(0);
  });

  it.each([
    ['rfork mem', 'machine cpus=2\na: exec sh60\na: rfork mem -> b\nb@1: clock\nb@1: exit\n', 2],
    ['rfork mem on one CPU', 'a: exec sh60\na: rfork mem -> b\nb: clock\nb: exit\n', 1],
    ['threads', 'machine cpus=2\na: exec sh60\na/t@1: clock\na: clock\na: exit\n', 2],
    ['a thread that moves', 'machine cpus=2\na: exec sh60\na@1: clock\na@0: clock\na: exit\n', 1],
    ['vfork', 'machine cpus=2\na: exec sh60\na: vfork -> b\nb@1: clock\nb@1: exit\na: exit\n', 1],
    ['fork', 'machine cpus=2\na: exec sh60\na: fork -> b\nb@1: clock\na: clock\nb@1: exit\na: exit\n', 1],
  ])('counts on how many CPUs an address space is used: %s', (_name, text, sharers) => {
    expect(record(text, 'landed').profile!.instances!.sharers).toBe(sharers);
  });
});

describe('2M frames', () => {
  const on = (frames: string): Life => {
    const { profile } = record(`machine frames=${frames}\n${TOUCHED_LOOP}`, 'landed');
    return lifeOf('landed', lastRound(profile!), remainder, profile!);
  };

  it('are counted: one in sequence, K on an aged machine, where each holds its share', () => {
    expect(on('sequential').frames).toEqual([1]);
    for (const runs of [2, 5, 8, 64]) {
      const { frames } = on(`aged:${runs}`);
      expect(frames).toHaveLength(runs);
      expect(frames.reduce((a, b) => a + b)).toBeCloseTo(1, 12);
      expect(Math.max(...frames)).toBeLessThan(1.2 / runs);
    }
  });

  it('wait as if they held even shares', () => {
    const aged = on('aged:8');
    const [counted, even] = (['counted', 8] as const).map((held) => contend(aged, 16, held, 'default').throughput);
    expect(counted! / even!).toBeCloseTo(1, 2);
  });

  it('change where pages are and nothing else', () => {
    const { ops, perOp, totals } = record(`machine frames=aged:8\n${TOUCHED_LOOP}`, 'landed');
    const base = loops.get('landed')!;
    expect([ops, perOp.code, perOp.residentCount]).toEqual([base.ops, base.perOp.code, base.perOp.residentCount]);
    const differs = [...totals].flatMap((value, i) => (value === base.totals[i] ? [] : [i]));
    expect(differs).toEqual([6]); // pvListWriteLocks
  });
});

describe('the answer', () => {
  let rows: Rows;
  beforeAll(() => {
    const workload = parseWorkload(TOUCHED_LOOP, 'loop');
    const question = { machine: 'default', cpus: [1, 8], frames: [4, 'counted'], remainder } as const;
    rows = costOf(
      workload,
      ['landed', 'no-early-exit'].map((id) => loops.get(id)!),
      question,
    );
  });

  it('is a document of its schema, with the hash, and says what is not modelled', () => {
    const constants = 'ac8418578f8844b342e4d4548cc755f8f1c3a916b371bf29964abf48fe8620df';
    const report = { constants, machine: 'default', ...rows, notModelled: NOT_MODELLED } as const;
    expect(schemas.cost.parse(JSON.parse(costJson(report)))).toMatchObject({ constants });
    const text = costText(report, { color: false });
    expect(text).toContain('ac8418578f88');
    expect(text).toContain('user time');
    expect(text.split('\n').every((line) => line.length <= 120)).toBe(true);
  });

  it('has an entry for every pair, number of CPUs and frames', () => {
    expect(rows.ratios.map(({ cpus, frames }) => [cpus, frames])).toEqual([
      [1, 4],
      [8, 4],
      [1, 'counted'],
      [8, 'counted'],
    ]);
    for (const { low, typical, high } of rows.ratios) expect([low <= typical, typical <= high]).toEqual([true, true]);
  });

  it('prices every event by a constant in cycles', () => {
    const some: readonly Constant[] = PRICED.map((name: ConstantName) => CONSTANTS[name]);
    expect(some.every(({ unit }) => unit === 'cycles')).toBe(true);
    const sum = noWork();
    addWork(sum, landed.work, 2);
    expect(priceOf(sum, pricesOf('default')[1])).toBe(2 * priceOf(landed.work, pricesOf('default')[1]));
  });

  it('refuses a workload in which no process ends', () => {
    const text = 'a: exec sh60\n';
    expect(() =>
      costOf(parseWorkload(text, 'w'), [record(text, 'landed')], {
        machine: 'default',
        cpus: [1],
        frames: [1],
        remainder,
      }),
    ).toThrow('landed: expected a process that exits, got none');
  });
});
