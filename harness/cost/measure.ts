/** What a run counted, as priced events by phase of a process life, and what instances of it would contend for. */
import { COUNTER_COUNT, COUNTER_NAMES, type CounterName } from '../../core/counters.ts';
import { chainsOf } from '../explain/explain.ts';
import type { Profile } from '../run/record.ts';
import { PRICED, type Priced, type Work, addWork, noWork } from './prices.ts';

/** What a process does from its fork to its end; other: system calls, signals, and whatever else. */
export const PHASES = ['fork', 'fault', 'exec', 'exit', 'wait', 'other'] as const;
export type Phase = (typeof PHASES)[number];

/** Outermost kernel functions that tell the phase. */
const PHASE_OF: Readonly<Record<string, Phase>> = {
  fork1: 'fork',
  do_execve: 'exec',
  exit1: 'exit',
  vm_fault: 'fault',
};
/** Ops whose own work, outside of those functions, belongs to a phase. */
const PHASE_OF_OP: Readonly<Record<string, Phase>> = {
  fork: 'fork',
  vfork: 'fork',
  spawn: 'fork',
  'rfork-mem': 'fork',
  'rfork-thread': 'fork',
  exec: 'exec',
  execfail: 'exec',
  exit: 'exit',
  kill: 'exit',
  wait: 'wait',
};

/** LOCK operations by the bytes that they lock. */
export interface LockedOps {
  readonly bytes8: number;
  readonly bytes16: number;
}

/** What a group of processes counted between two ops. */
export interface Counted {
  /** by phase */
  readonly phases: readonly Work[];
  /** by counter */
  readonly counters: Float64Array;
  /** pv entries that pmap_copy made, and that pmap_remove_pages took away */
  readonly pagesCopied: number;
  readonly pagesRemoved: number;
}

/** A span of ops, and the group of processes and the verb of each. */
export interface Span {
  readonly from: number;
  readonly to: number;
  readonly groups: number;
  readonly groupOf: (op: number) => number;
  readonly verbOf: (op: number) => string;
}

/** All ops of a profile, as one group. */
export const wholeOf = ({ from }: Profile): Span => ({
  from: 0,
  to: from.length - 1,
  groups: 1,
  groupOf: () => 0,
  verbOf: () => '',
});

const COUNTER = Object.fromEntries(COUNTER_NAMES.map((name, at) => [name, at])) as Record<CounterName, number>;
const PRICE = Object.fromEntries(PRICED.map((name, at) => [name, at])) as Record<Priced, number>;

/** Reads what the ops of a span counted, by group. */
export function countedIn(profile: Profile, { from, to, groups, groupOf, verbOf }: Span): Counted[] {
  const chains = chainsOf(profile);
  const phaseOf = chains.map((chain) => chain.map((name) => PHASE_OF[name]).find((phase) => phase !== undefined));
  const innermost = chains.map((chain) => chain.at(-1));
  const sums = Array.from({ length: groups }, () => PHASES.map(() => new Float64Array(COUNTER_COUNT)));
  const pages = Array.from({ length: groups }, () => PHASES.map(() => ({ copied: 0, removed: 0 })));
  const end = Math.min(to, profile.from.length - 1);
  for (let op = from; op < end; op++) {
    const group = groupOf(op);
    const byOp = PHASE_OF_OP[verbOf(op)] ?? 'other';
    for (let k = profile.from[op]; k < profile.from[op + 1]; k++) {
      const what = profile.what[k];
      if (what >= COUNTER_COUNT) continue;
      const node = profile.node[k];
      const phase = PHASES.indexOf(phaseOf[node] ?? byOp);
      const delta = profile.delta[k];
      sums[group][phase][what] += delta;
      if (what !== COUNTER.pvEntryCount) continue;
      if (innermost[node] === 'pmap_copy') pages[group][phase].copied += delta;
      if (innermost[node] === 'pmap_remove_pages') pages[group][phase].removed -= delta;
    }
  }
  return sums.map((phases, group) => ({
    phases: phases.map((sum, phase) => workOf(sum, pages[group][phase])),
    counters: phases.reduce(added, new Float64Array(COUNTER_COUNT)),
    pagesCopied: pages[group].reduce((sum, { copied }) => sum + copied, 0),
    pagesRemoved: pages[group].reduce((sum, { removed }) => sum + removed, 0),
  }));
}

const added = (a: Float64Array, b: Float64Array): Float64Array => a.map((value, i) => value + b[i]);

/** What all groups counted. */
export function together(groups: readonly Counted[]): Counted {
  return groups.reduce((a, b) => ({
    phases: a.phases.map((work, phase) => added(work, b.phases[phase])),
    counters: added(a.counters, b.counters),
    pagesCopied: a.pagesCopied + b.pagesCopied,
    pagesRemoved: a.pagesRemoved + b.pagesRemoved,
  }));
}

/** Calls of pmap_remove that did not leave early; each takes the pmap lock and a delayed invalidation. */
export const fullRemoves = (c: Float64Array): number => c[COUNTER.removeCalls] - c[COUNTER.removeEarlyExits];

const sumOf = (c: Float64Array, names: readonly CounterName[]): number =>
  names.reduce((sum, name) => sum + c[COUNTER[name]], 0);

/** FreeBSD: mtx(9) pairs, without those of full pmap_remove calls */
const mutexPairs = (c: Float64Array): number =>
  sumOf(c, ['pmapLocks', 'pmapTryLocks', 'pvChunkListLocks']) - fullRemoves(c);

/** FreeBSD: rwlock(9) and sx(9) pairs */
const rwPairs = (c: Float64Array): number =>
  sumOf(c, [
    'pvListWriteLocks',
    'pvListReadLocks',
    'vmObjectWriteLocks',
    'vmObjectReadLocks',
    'vmMapLocks',
    'vmMapReadLocks',
    'vmMapTryLocks',
  ]);

/**
 * The locked operations of a delayed invalidation and of a full pmap_remove besides. FreeBSD: sys/amd64/amd64/pmap.c
 * pmap_delayed_invl_start_u, pmap_delayed_invl_finish_u
 */
const INVALIDATION = { lock8: 3, lock16: 4, pushPopFlags: 2, disableInterrupts: 2, priorityRound: 1 } as const;
const FULL_REMOVE = { lock8: 2, removeRest: 1 } as const;

function workOf(c: Float64Array, pages: { readonly copied: number; readonly removed: number }): Work {
  const work = noWork();
  const add = (name: Priced, times: number): void => {
    work[PRICE[name]] += times;
  };
  const full = fullRemoves(c);
  for (const [name, times] of Object.entries(INVALIDATION))
    add(name as Priced, times * c[COUNTER.delayedInvalidations]);
  for (const [name, times] of Object.entries(FULL_REMOVE)) add(name as Priced, times * full);
  add('removeEarly', c[COUNTER.removeEarlyExits]);
  add('mutexPair', mutexPairs(c));
  add('rwPair', rwPairs(c));
  add('pageCopied', pages.copied);
  add('pageRemoved', pages.removed);
  add('faultEntry', sumOf(c, ['softFaults', 'hardFaults']));
  add('pageZeroed', c[COUNTER.pagesZeroed]);
  add('pageCopiedOnWrite', c[COUNTER.copyOnWrites]);
  add('pageAllocated', sumOf(c, ['ptPageAllocs', 'pvChunkAllocs', 'zeroFills', 'copyOnWrites']));
  add('treeStep', c[COUNTER.vmMapSplaySteps]);
  add('invlpg', sumOf(c, ['invlpgs', 'invpcids']));
  add('flush', sumOf(c, ['invltlbs', 'contextFlushes', 'cr3Loads']));
  add('shootdown', c[COUNTER.shootdowns]);
  add('interrupted', c[COUNTER.ipis]);
  return work;
}

/** LOCK operations: two of a lock pair, and those of delayed invalidations and full pmap_remove calls. */
export function lockedOps({ counters: c }: Counted): LockedOps {
  const pairs = mutexPairs(c) + rwPairs(c);
  const [invalidations, full] = [c[COUNTER.delayedInvalidations], fullRemoves(c)];
  return {
    bytes8: 2 * pairs + INVALIDATION.lock8 * invalidations + FULL_REMOVE.lock8 * full,
    bytes16: INVALIDATION.lock16 * invalidations,
  };
}

export const countOf = ({ counters }: Counted, name: CounterName): number => counters[COUNTER[name]];

/** The work of all phases. */
export const allWork = ({ phases }: Pick<Counted, 'phases'>): Work => phases.reduce(added);

/**
 * What a process life costs beyond its counted events: the price of a whole life, less the events of one in the loop
 * that the price is about.
 */
export function remainderOf(loop: Counted): Work {
  const rest = noWork();
  rest[PRICE.processLife] = 1;
  addWork(rest, allWork(loop), -1 / countOf(loop, 'exits'));
  return rest;
}

/** Counted events, and the remainder of every process that ended. */
export function lifeWork(counted: Counted, remainder: Work): Work {
  const work = allWork(counted);
  addWork(work, remainder, countOf(counted, 'exits'));
  return work;
}
