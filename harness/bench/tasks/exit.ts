/**
 * exit-cycle and remove-calls: what exit does with a pmap of 60 map entries.
 */
import {
  DEFAULT_CONFIG,
  type Hunks,
  PAGE_SIZE,
  VM_PROT_READ,
  VM_PROT_WRITE,
  type Variant,
  bootMachine,
  newPmap,
  pmapActivate,
  pmapEnter,
  pmapPinit,
  pmapRelease,
  pmapRemove,
  pmapRemovePages,
} from '../../../core/index.ts';
import { FIRST_DATA, type Prepared, eventsOf } from './prepared.ts';

const CYCLES = 20;
const ENTRIES = 60;
const ENTRY_BYTES = 8 * PAGE_SIZE;
const PROT = VM_PROT_READ | VM_PROT_WRITE;

/** 60 entries of 3 pages, the first of 4: 4 of a program, 50 of its libraries, 6 below the top of the stack. */
function entryStart(i: number): number {
  if (i < 4) return 0x200000 + i * 0x10000;
  if (i < 54) return 0x8_0020_0000 + (i - 4) * 0x10000;
  return 0x7fff_df00_0000 + (i - 54) * 0x10000;
}

const starts = Float64Array.from({ length: ENTRIES }, (_, i) => entryStart(i));

/** The variant's members, but pmap_remove never leaves at its first test. */
const withoutEarlyExit = (hunks: Hunks): Hunks => ({ ...hunks, removeIsNoop: () => false });

export function prepareExitCycle(variant: Variant, full: boolean): Prepared {
  const m = bootMachine(DEFAULT_CONFIG, full ? withoutEarlyExit(variant.hunks) : variant.hunks);
  const pmap = newPmap(m);
  const batch = (): number => {
    const before = eventsOf(m);
    for (let n = 0; n < CYCLES; n++) {
      let frame = FIRST_DATA;
      pmapPinit(m, pmap, false);
      pmapActivate(m, pmap);
      for (let i = 0; i < ENTRIES; i++) {
        const start = starts[i];
        const pages = i === 0 ? 4 : 3;
        for (let page = 0; page < pages; page++)
          pmapEnter(m, pmap, start + page * PAGE_SIZE, frame++, PROT, VM_PROT_WRITE, 0);
      }
      pmapRemovePages(m, pmap);
      for (let i = 0; i < ENTRIES; i++) pmapRemove(m, pmap, starts[i], starts[i] + ENTRY_BYTES);
      pmapActivate(m, m.pmap0);
      pmapRelease(m, pmap);
    }
    return eventsOf(m) - before;
  };
  return { ops: CYCLES, batch };
}

export function prepareRemoveCalls(variant: Variant, full: boolean): Prepared {
  const m = bootMachine(DEFAULT_CONFIG, full ? withoutEarlyExit(variant.hunks) : variant.hunks);
  const pmap = newPmap(m);
  pmapPinit(m, pmap, false);
  pmapActivate(m, pmap);
  const batch = (): number => {
    const before = eventsOf(m);
    for (let n = 0; n < CYCLES; n++)
      for (let i = 0; i < ENTRIES; i++) pmapRemove(m, pmap, starts[i], starts[i] + ENTRY_BYTES);
    return eventsOf(m) - before;
  };
  return { ops: CYCLES, batch };
}
