/**
 * Every price of the cost model, with its source. Nothing else in the program is a price. The rows were frozen before
 * any modelled figure was compared with a published one; `constantsHash` names this version of them in every output.
 *
 * Kinds of source: published; derived from published figures; source, counted in the FreeBSD sources of July 2022;
 * measured on a virtual machine, unpublished; guess, no source.
 */

export type SourceKind = 'published' | 'derived' | 'source' | 'measured' | 'guess';

/** cycles: per event. ns: wall time. GHz: core clock. lines: cache lines per page. share: of 1. */
export type Unit = 'cycles' | 'ns' | 'GHz' | 'lines' | 'share';

/** Processors that some rows know better than the default range. */
export const MACHINES = ['default', 'zen3', 'skx', 'icx'] as const;
export type MachineName = (typeof MACHINES)[number];

export interface Constant {
  readonly name: string;
  readonly unit: Unit;
  readonly low: number;
  readonly typical: number;
  readonly high: number;
  /** the one value of a processor, which replaces the range */
  readonly on?: Readonly<Partial<Record<MachineName, number>>>;
  readonly kind: SourceKind;
  readonly source: string;
}

const row = (
  name: string,
  unit: Unit,
  [low, typical, high]: readonly [number, number, number],
  kind: SourceKind,
  source: string,
  on?: Constant['on'],
): Constant => ({ name, unit, low, typical, high, ...(on && { on }), kind, source });

const LOCK_ROWS = 'InstLatx64 087af2c7, latency of LOCK ADD m64: Zen3 6.5, Zen2 17.7, SKX 18.1, CLX 18.0, ICX 20';
const PAIR = 'two 8-byte LOCK operations; no figure of FreeBSD found';

export const CONSTANTS = {
  // A process life: fork, a few faults, exit, wait.
  processLife: row(
    'processLife',
    'cycles',
    [250_000, 420_000, 700_000],
    'guess',
    'fork, exit and wait of 60 map entries: UnixBench spawn at 80-137 us, and 40 entries more at 0.3-1.2 us',
  ),
  // A full pmap_remove is the sum of its parts.
  lock8: row('lock8', 'cycles', [7, 20, 25], 'published', LOCK_ROWS, { zen3: 6.5, skx: 18.1, icx: 20 }),
  lock16: row('lock16', 'cycles', [15, 22, 40], 'measured', 'LOCK CMPXCHG16B, 7.5-7.8 ns; the ends are guesses'),
  pushPopFlags: row('pushPopFlags', 'cycles', [18, 22, 30], 'published', 'InstLatx64, PUSHFQ+POPFQ in user mode', {
    zen3: 21.4,
    skx: 24,
  }),
  disableInterrupts: row('disableInterrupts', 'cycles', [3, 5, 10], 'guess', 'CLI and STI in kernel mode'),
  priorityRound: row(
    'priorityRound',
    'cycles',
    [40, 100, 200],
    'guess',
    'two sched_prio and a scan for the lowest priority, per delayed invalidation',
  ),
  removeRest: row(
    'removeRest',
    'cycles',
    [50, 120, 300],
    'guess',
    'the other instructions of a full pmap_remove: PKU trie, loads, critical sections',
  ),
  removeEarly: row('removeEarly', 'cycles', [5, 7, 10], 'source', 'pmap_remove: call, some 4 loads, a branch, return'),
  // Locks besides.
  mutexPair: row('mutexPair', 'cycles', [14, 40, 46], 'derived', PAIR, { zen3: 13, skx: 36.2, icx: 40 }),
  rwPair: row('rwPair', 'cycles', [14, 40, 46], 'derived', PAIR, { zen3: 13, skx: 36.2, icx: 40 }),
  // Work under the pv list lock.
  pageCopied: row('pageCopied', 'cycles', [30, 45, 80], 'measured', 'pmap_copy, per page; as pageRemoved'),
  pageRemoved: row(
    'pageRemoved',
    'cycles',
    [30, 45, 80],
    'measured',
    'pmap_remove_pages in C: 181 pages in 2.4 us, 13 ns a page',
  ),
  // Other counted events.
  faultEntry: row(
    'faultEntry',
    'cycles',
    [940, 1045, 1045],
    'published',
    'page-fault exception and iret: Core Duo 940, Haswell 1045 (Torvalds 2014)',
  ),
  pageZeroed: row('pageZeroed', 'cycles', [95, 100, 140], 'derived', 'REP STOSB of 4 KiB in L1 (InstLatx64)'),
  pageCopiedOnWrite: row('pageCopiedOnWrite', 'cycles', [300, 700, 1500], 'guess', '4 KiB, 64 cold lines'),
  pageAllocated: row('pageAllocated', 'cycles', [60, 120, 250], 'guess', 'vm_page alloc and free, per-CPU cache'),
  treeStep: row('treeStep', 'cycles', [4, 14, 50], 'derived', 'a load from L1, L2, L3 (InstLatx64)'),
  invlpg: row('invlpg', 'cycles', [100, 200, 350], 'guess', 'between INVPCID 138 (Amit 2019) and 350 (Hansen 2017)'),
  flush: row('flush', 'cycles', [100, 100, 150], 'published', 'MOV CR3: Linux Documentation/arch/x86/pti.rst'),
  shootdown: row('shootdown', 'cycles', [2200, 3000, 4000], 'guess', '1 us on bare metal; no primary source found'),
  interrupted: row('interrupted', 'cycles', [440, 600, 800], 'guess', '0.2 us per CPU interrupted; as above'),
  // Contention.
  clock: row('clock', 'GHz', [2.2, 3, 4], 'guess', 'the machines of the review are unknown'),
  lineTransfer: row(
    'lineTransfer',
    'ns',
    [20, 48, 107],
    'published',
    'core-to-core-latency: 5950X, 6700K 17-24, Cascade Lake 47-48, Ice Lake 51, Zen3 85, Milan 107',
    { zen3: 85, skx: 48, icx: 51 },
  ),
  listHeadOwned: row('listHeadOwned', 'ns', [6, 6, 6], 'measured', 'access to the delayed-invalidation list head'),
  linesPerPageCopied: row('linesPerPageCopied', 'lines', [1, 2, 2], 'source', 'vm_page, the last entry of its list'),
  linesPerPageRemoved: row('linesPerPageRemoved', 'lines', [1, 2, 3], 'source', 'vm_page, two neighbours in its list'),
  leastMeasured: row(
    'leastMeasured',
    'share',
    [0.003, 0.003, 0.003],
    'guess',
    'the smallest loss that repeated runs of a benchmark tell from none',
  ),
} as const satisfies Readonly<Record<string, Constant>>;

export type ConstantName = keyof typeof CONSTANTS;

/** The three values of a constant on a machine: low, typical, high. */
export function valuesOf(name: ConstantName, machine: MachineName): readonly [number, number, number] {
  const { low, typical, high, on }: Constant = CONSTANTS[name];
  const known = on?.[machine];
  return known === undefined ? [low, typical, high] : [known, known, known];
}

/** SHA-256 of the rows, in hexadecimal. */
export async function constantsHash(): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify(CONSTANTS));
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return [...hash].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
