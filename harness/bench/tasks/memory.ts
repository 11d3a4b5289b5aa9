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
  pmapRemove,
} from '../../../core/index.ts';
import { median } from 'simple-statistics';
import type { MemoryMeasured } from '../protocol.ts';
import { BASE } from './prepared.ts';

const FROM = 10_000;
const TO = 1_000_000;
/** Below are the frames of page-table pages and pv chunks. */
const FIRST = 2 ** 15;
const RAM = 2 ** 32;
const WARM = 50;
/** Blocks of FROM pages that are timed at either end. All their memory is new. */
const BLOCKS = 10;

export function measureMemory(variant: Variant): MemoryMeasured {
  const m = bootMachine({ ...DEFAULT_CONFIG, ram: RAM }, variant.hunks);
  const pmap = newPmap(m);
  pmapPinit(m, pmap, false);
  pmapActivate(m, pmap);
  // The compiler is done before the first block is timed.
  const end = BASE + FROM * PAGE_SIZE;
  for (let warm = 0; warm < WARM; warm++) {
    for (let va = BASE, frame = FIRST; va < end; va += PAGE_SIZE, frame++)
      pmapEnter(m, pmap, va, frame, VM_PROT_READ | VM_PROT_WRITE, VM_PROT_WRITE, 0);
    pmapRemove(m, pmap, BASE, end);
  }
  let mapped = 0;
  /** Maps a block more. Returns ns per mapping. */
  const mapBlock = (): number => {
    const start = performance.now();
    for (const last = mapped + FROM; mapped < last; mapped++) {
      const va = BASE + mapped * PAGE_SIZE;
      pmapEnter(m, pmap, va, FIRST + mapped, VM_PROT_READ | VM_PROT_WRITE, VM_PROT_WRITE, 0);
    }
    return ((performance.now() - start) * 1e6) / FROM;
  };
  mapBlock();
  const residentBefore = process.memoryUsage.rss();
  const tablesBefore = m.counters[PT_PAGE_ALLOCS]!;
  const times: number[] = [];
  while (mapped < TO) times.push(mapBlock());
  return {
    kind: 'bench-memory-measured',
    from: FROM,
    to: TO,
    resident: process.memoryUsage.rss() - residentBefore,
    tables: (m.counters[PT_PAGE_ALLOCS]! - tablesBefore) * PAGE_SIZE,
    firstNs: median(times.slice(0, BLOCKS)),
    lastNs: median(times.slice(-BLOCKS)),
  };
}
