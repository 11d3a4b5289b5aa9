/** A task that is ready to run. */
import {
  CONTEXT_FLUSHES,
  DELAYED_INVALIDATIONS,
  INVALIDATE_ALLS,
  INVALIDATE_PAGES,
  INVLPGS,
  INVLTLBS,
  type Machine,
  PAGES_DIRTIED,
  PMAP_LOCKS,
  PT_PAGE_ALLOCS,
  PT_PAGE_FREES,
  PV_CHUNK_ALLOCS,
  PV_CHUNK_FREES,
  PV_CHUNK_LIST_LOCKS,
  PV_LIST_WRITE_LOCKS,
  REMOVE_CALLS,
  REMOVE_EARLY_EXITS,
  REMOVE_LOOPS,
} from '../../../core/index.ts';

export interface Prepared {
  /** Operations in a batch. */
  readonly ops: number;
  /** Runs a batch. Returns the sum of its results, the same for every batch. */
  readonly batch: () => number;
}

/** What the yardstick counts too: a batch of both adds up to the same number of events. */
const EVENTS = [
  PMAP_LOCKS,
  PV_LIST_WRITE_LOCKS,
  PV_CHUNK_LIST_LOCKS,
  DELAYED_INVALIDATIONS,
  INVALIDATE_PAGES,
  INVALIDATE_ALLS,
  INVLPGS,
  INVLTLBS,
  CONTEXT_FLUSHES,
  PT_PAGE_ALLOCS,
  PT_PAGE_FREES,
  PV_CHUNK_ALLOCS,
  PV_CHUNK_FREES,
  REMOVE_CALLS,
  REMOVE_EARLY_EXITS,
  REMOVE_LOOPS,
  PAGES_DIRTIED,
];

/** Events counted so far. */
export function eventsOf(m: Machine): number {
  let sum = 0;
  for (const counter of EVENTS) sum += m.counters[counter];
  return sum;
}

/** Data pages are frames from here on, which no allocation of these tasks reaches; the first of a 2M frame. */
export const FIRST_DATA = 2 ** 17;
/** Where dense and spread pages are mapped. */
export const BASE = 2 ** 40;
