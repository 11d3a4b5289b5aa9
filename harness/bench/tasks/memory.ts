/**
 * The memory that a million mappings take, and whether they slow things down.
 */
import {
  DEFAULT_CONFIG,
  PAGE_SIZE,
  PT_PAGE_ALLOCS,
  type Variant,
  VM_PROT_READ,
  VM_PROT_WRITE,
  bootMachine,
  newPmap,
  pmapActivate,
  pmapEnter,
  pmapPinit,
} from '../../../core/index.ts';
import type { MemoryMeasured } from '../protocol.ts';
import { BASE } from './prepared.ts';

const FROM = 10_000;
const TO = 1_000_000;
/** Below are the frames of page-table pages and pv chunks. */
const FIRST = 2 ** 15;
const RAM = 2 ** 32;

export function measureMemory(variant: Variant): MemoryMeasured {
  const m = bootMachine({ ...DEFAULT_CONFIG, ram: RAM }, variant.hunks);
  const pmap = newPmap(m);
  pmapPinit(m, pmap, false);
  pmapActivate(m, pmap);
  let mapped = 0;
  /** ns per mapping */
  const mapUpTo = (pages: number): number => {
    const start = performance.now();
    const first = mapped;
    for (; mapped < pages; mapped++) {
      const va = BASE + mapped * PAGE_SIZE;
      pmapEnter(m, pmap, va, FIRST + mapped, VM_PROT_READ | VM_PROT_WRITE, VM_PROT_WRITE, 0);
    }
    return ((performance.now() - start) * 1e6) / (pages - first);
  };
  mapUpTo(FROM / 2);
  const firstNs = mapUpTo(FROM);
  const residentBefore = process.memoryUsage.rss();
  const tablesBefore = m.counters[PT_PAGE_ALLOCS]!;
  mapUpTo(TO - FROM);
  const lastNs = mapUpTo(TO);
  return {
    kind: 'bench-memory-measured',
    from: FROM,
    to: TO,
    resident: process.memoryUsage.rss() - residentBefore,
    tables: (m.counters[PT_PAGE_ALLOCS]! - tablesBefore) * PAGE_SIZE,
    firstNs,
    lastNs,
  };
}
