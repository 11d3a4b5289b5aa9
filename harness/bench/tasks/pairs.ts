/**
 * enter-remove-dense, enter-remove-sparse: a page is mapped and unmapped again.
 */
import {
  DEFAULT_CONFIG,
  NBPML4,
  PAGE_SIZE,
  VM_PROT_READ,
  VM_PROT_WRITE,
  type Variant,
  bootMachine,
  newPmap,
  pmapActivate,
  pmapEnter,
  pmapPinit,
  pmapRemove,
} from '../../../core/index.ts';
import { BASE, FIRST_DATA, type Prepared, eventsOf } from './prepared.ts';

const PAIRS = 1000;
const PROT = VM_PROT_READ | VM_PROT_WRITE;

/** One page stays mapped beside the pairs, so that the page-table page and the pv chunk stay. */
export function preparePairs(variant: Variant, sparse: boolean): Prepared {
  const m = bootMachine(DEFAULT_CONFIG, variant.hunks);
  const pmap = newPmap(m);
  pmapPinit(m, pmap, false);
  pmapActivate(m, pmap);
  pmapEnter(m, pmap, BASE, FIRST_DATA + 256, PROT, VM_PROT_WRITE, 0);

  const dense = (): number => {
    const before = eventsOf(m);
    for (let i = 0; i < PAIRS; i++) {
      const va = BASE + PAGE_SIZE + (i & 255) * PAGE_SIZE;
      pmapEnter(m, pmap, va, FIRST_DATA + (i & 255), PROT, VM_PROT_WRITE, 0);
      pmapRemove(m, pmap, va, va + PAGE_SIZE);
    }
    return eventsOf(m) - before + pmap.stats.residentCount;
  };
  const spread = (): number => {
    const before = eventsOf(m);
    for (let i = 0; i < PAIRS; i++) {
      const va = 2 * BASE + (i & 63) * NBPML4;
      pmapEnter(m, pmap, va, FIRST_DATA + (i & 255), PROT, VM_PROT_WRITE, 0);
      pmapRemove(m, pmap, va, va + PAGE_SIZE);
    }
    return eventsOf(m) - before + pmap.stats.residentCount;
  };
  return { ops: PAIRS, batch: sparse ? spread : dense };
}
