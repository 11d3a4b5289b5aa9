/**
 * The memory that a million mappings take, and whether they slow things down.
 */
import { median } from 'simple-statistics';
import {
  DEFAULT_CONFIG,
  PAGE_SIZE,
  PT_PAGE_ALLOCS,
  VM_PROT_READ,
  VM_PROT_WRITE,
  bootMachine,
  newPmap,
  pmapActivate,
  pmapEnter,
  pmapPinit,
  pmapRemove,
  type Variant,
} from '../../../core/index.ts';
import { now, residentBytes } from '../../sandbox/host.ts';
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
  /** Maps FROM pages from page `first` on. Returns ns per mapping. */
  const mapBlock = (first: number): number => {
    const start = now();
    for (let i = first; i < first + FROM; i++)
      pmapEnter(m, pmap, BASE + i * PAGE_SIZE, FIRST + i, VM_PROT_READ | VM_PROT_WRITE, VM_PROT_WRITE, 0);
    return ((now() - start) * 1e6) / FROM;
  };
  mapBlock(0);
  const residentBefore = residentBytes();
  const tablesBefore = m.counters[PT_PAGE_ALLOCS];
  const times: number[] = [];
  for (let first = FROM; first < TO; first += FROM) times.push(mapBlock(first));
  return {
    kind: 'bench-memory-measured',
    from: FROM,
    to: TO,
    resident: residentBytes() - residentBefore,
    tables: (m.counters[PT_PAGE_ALLOCS] - tablesBefore) * PAGE_SIZE,
    firstNs: median(times.slice(0, BLOCKS)),
    lastNs: median(times.slice(-BLOCKS)),
  };
}
