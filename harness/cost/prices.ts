/** Counted events and what they cost. Amounts are whole sixteenths of a cycle, so that parts add up exactly. */
import { type ConstantName, type MachineName, valuesOf } from './constants.ts';

/** What is priced per event, in the order of the numbers of a Work. */
export const PRICED = [
  'processLife',
  'lock8',
  'lock16',
  'pushPopFlags',
  'disableInterrupts',
  'priorityRound',
  'removeRest',
  'removeEarly',
  'mutexPair',
  'rwPair',
  'pageCopied',
  'pageRemoved',
  'faultEntry',
  'pageZeroed',
  'pageCopiedOnWrite',
  'pageAllocated',
  'treeStep',
  'invlpg',
  'flush',
  'shootdown',
  'interrupted',
] as const satisfies readonly ConstantName[];

export type Priced = (typeof PRICED)[number];

/** How often each priced event happened. Negative in a remainder: what a process life includes already. */
export type Work = Float64Array;

export const noWork = (): Work => new Float64Array(PRICED.length);

/** Adds `times` times `more` to `work`. */
export function addWork(work: Work, more: Work, times = 1): void {
  for (let i = 0; i < work.length; i++) work[i] += times * more[i];
}

export const PARTS_OF_A_CYCLE = 16;

/** Sixteenths of a cycle, by priced event. */
export type Prices = Float64Array;

/** The lowest, the typical and the highest prices on a machine. */
export function pricesOf(machine: MachineName): readonly [low: Prices, typical: Prices, high: Prices] {
  const at = (end: 0 | 1 | 2): Prices =>
    Float64Array.from(PRICED, (name) => Math.round(PARTS_OF_A_CYCLE * valuesOf(name, machine)[end]));
  return [at(0), at(1), at(2)];
}

/** Sixteenths of a cycle; an integer for whole events. */
export function priceOf(work: Work, prices: Prices): number {
  let sum = 0;
  for (let i = 0; i < work.length; i++) sum += work[i] * prices[i];
  return sum;
}

/** A lowest, a typical and a highest value. */
export interface Range {
  readonly low: number;
  readonly typical: number;
  readonly high: number;
}

/**
 * The price of `a` over that of `b`: with typical prices, and the least and the greatest with any price within its
 * range. A quotient of sums is greatest where every price is at that end of its range which the greatest quotient so
 * far asks for (Dinkelbach 1967), so a few rounds find it.
 */
export function ratioOf(a: Work, b: Work, machine: MachineName): Range {
  const [low, typical, high] = pricesOf(machine);
  const extreme = (sign: 1 | -1): number => {
    const prices = typical.slice();
    let ratio = priceOf(a, prices) / priceOf(b, prices);
    for (;;) {
      for (let i = 0; i < prices.length; i++) prices[i] = sign * (a[i] - ratio * b[i]) > 0 ? high[i] : low[i];
      const next = priceOf(a, prices) / priceOf(b, prices);
      if (sign * (next - ratio) <= 0) return ratio;
      ratio = next;
    }
  };
  return { low: extreme(-1), typical: priceOf(a, typical) / priceOf(b, typical), high: extreme(1) };
}
