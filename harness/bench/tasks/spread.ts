/**
 * extract, walk-independent, walk-dependent: 100,000 pages, visited in random order. Page i holds frame FIRST_DATA +
 * chain[i], and following frames visits all pages in one cycle.
 */
import { ACCESS_USER, walk } from '../../../core/hw/walk.ts';
import {
  DEFAULT_CONFIG,
  PAGE_SIZE,
  VM_PROT_READ,
  VM_PROT_WRITE,
  bootMachine,
  newPmap,
  pmapActivate,
  pmapEnter,
  pmapExtract,
  pmapPinit,
  type Variant,
} from '../../../core/index.ts';
import { BASE, FIRST_DATA, type Prepared } from './prepared.ts';

const PAGES = 100_000;
const BASE_HI = BASE / 2 ** 32;
const PAGE_SHIFT = 12;

/** The yardstick's generator: the same order on both sides. */
class Lcg {
  #state = 1;

  below(n: number): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.#state * n) / 2 ** 32);
  }
}

function swap(list: Int32Array, i: number, j: number): void {
  const kept = list[i];
  list[i] = list[j];
  list[j] = kept;
}

export function prepareSpread(variant: Variant, task: 'extract' | 'independent' | 'dependent'): Prepared {
  const m = bootMachine(DEFAULT_CONFIG, variant.hunks);
  const pmap = newPmap(m);
  pmapPinit(m, pmap, false);
  pmapActivate(m, pmap);
  const order = Int32Array.from({ length: PAGES }, (_, i) => i);
  const chain = order.slice();
  const random = new Lcg();
  for (let i = PAGES - 1; i > 0; i--) swap(order, i, random.below(i + 1));
  for (let i = PAGES - 1; i > 0; i--) swap(chain, i, random.below(i));
  for (let i = 0; i < PAGES; i++)
    pmapEnter(m, pmap, BASE + i * PAGE_SIZE, FIRST_DATA + chain[i], VM_PROT_READ | VM_PROT_WRITE, VM_PROT_WRITE, 0);
  const cpu = m.cpus[0];
  const root = pmap.top;

  const addresses = Float64Array.from(order, (page) => BASE + page * PAGE_SIZE);

  const extract = (): number => {
    let sum = 0;
    for (let i = 0; i < PAGES; i++) sum += (pmapExtract(m, pmap, addresses[i], 0) >>> PAGE_SHIFT) - FIRST_DATA;
    return sum;
  };
  const independent = (): number => {
    let sum = 0;
    for (let i = 0; i < PAGES; i++)
      sum += walk(m, cpu, root, BASE_HI, order[i] << PAGE_SHIFT, ACCESS_USER) - FIRST_DATA;
    return sum;
  };
  const dependent = (): number => {
    let sum = 0;
    let at = 0;
    for (let i = 0; i < PAGES; i++) {
      at = walk(m, cpu, root, BASE_HI, at << PAGE_SHIFT, ACCESS_USER) - FIRST_DATA;
      sum += at * (i & 7);
    }
    return sum;
  };
  return { ops: PAGES, batch: { extract, independent, dependent }[task] };
}
