/**
 * Two machines after the same op, side by side: what is mapped where, which page-table pages exist, what is counted, and
 * what of it differs. Rows are paired by what they are, as in compare/state-diff, which also says what differs.
 */
import { COMPARED, COUNTERS, COUNTER_COUNT } from '../../core/counters.ts';
import { PG_MANAGED, PG_PS, PG_W } from '../../core/hw/entry.ts';
import {
  MAP_ENTRY_GROWS_DOWN,
  MAP_ENTRY_GUARD,
  MAP_ENTRY_NEEDS_COPY,
  MAP_ENTRY_STACK_GAP_DN,
  OBJT_PHYS,
  OBJT_VNODE,
} from '../../core/inspect.ts';
import { NBPDR, NPTEPG, PAGE_SIZE } from '../../core/units.ts';
import { type StateRow, diffStates } from '../compare/state-diff.ts';
import { type MachineState, PMAP_FIELDS } from '../run/record.ts';
import { renumbered } from './paired-spaces.ts';

/** Of the reference, then of the candidate; null: it has none. */
export type Both<T> = readonly [T | null, T | null];

/** Pages in sequence that are mapped alike, from the start of their entry on. */
export interface PageRun {
  readonly from: number;
  readonly pages: number;
  /** a 2M mapping */
  readonly isSuperpage: boolean;
  readonly isWired: boolean;
  readonly isManaged: boolean;
  /** the other machine has it not, or has it otherwise */
  readonly differs: boolean;
}

/** A map entry, and what the pmap maps of it. */
export interface EntryView {
  readonly end: number;
  readonly pages: number;
  readonly kind: 'guard' | 'stack gap' | 'stack' | 'file' | 'phys' | 'anonymous' | 'untouched';
  readonly protection: number;
  readonly isWired: boolean;
  readonly needsCopy: boolean;
  readonly mapped: number;
  readonly runs: readonly PageRun[];
}

/** A page-table page and which of its 512 entries are in use. */
export interface TableView {
  readonly used: readonly number[];
}

export interface PmapView {
  readonly residentCount: number;
  readonly wiredCount: number;
  readonly topPages: number;
  /** 4K pages that it maps */
  readonly mapped: number;
  /** page-table pages below the top-level page */
  readonly tables: number;
}

/** A row of both machines, under one key. */
export interface Paired<T> {
  /** first address */
  readonly at: number;
  readonly sides: Both<T>;
  readonly differs: boolean;
}

export interface PairedTable extends Paired<TableView> {
  readonly level: number;
}

export interface SpaceView {
  readonly vmspace: number;
  /** who runs in it */
  readonly processes: Both<readonly string[]>;
  readonly references: Both<number>;
  readonly pmap: Both<PmapView>;
  readonly entries: readonly Paired<EntryView>[];
  /** level 5 or 4 first, then below it what it leads to */
  readonly tables: readonly PairedTable[];
  readonly differs: boolean;
}

export interface CounterView {
  readonly name: string;
  readonly counts: string;
  /** since the first op, or the level of a gauge */
  readonly sides: Both<number>;
}

export interface MachineView {
  readonly op: number;
  readonly spaces: readonly SpaceView[];
  /** per CPU, the vmspace that is loaded; 0: none */
  readonly cpus: Both<readonly number[]>;
  readonly counters: readonly CounterView[];
  readonly digests: Both<string>;
  /** rows of both planes that differ */
  readonly changes: number;
}

/** One side: its state after the op, and its counters then; null: its run did not get there. */
export interface SideState {
  readonly state: MachineState;
  readonly counters: Float64Array;
}

type Row = StateRow;
const num = (row: Row, column: string): number => Number(row[column]);

/** Rows of one kind by vmspace. */
function bySpace(rows: readonly Row[], kind: string): ReadonlyMap<number, Row[]> {
  const spaces = new Map<number, Row[]>();
  for (const row of rows) {
    if (row.kind !== kind) continue;
    const list = spaces.get(num(row, 'vmspace'));
    if (list === undefined) spaces.set(num(row, 'vmspace'), [row]);
    else list.push(row);
  }
  return spaces;
}

/** What diffStates names, as `kind/vmspace/address`. */
class Differences {
  readonly #keys = new Set<string>();
  readonly count: number;

  constructor(sides: Both<SideState>) {
    const [a, b] = sides;
    const changes =
      a === null || b === null
        ? []
        : (['map', 'tables'] as const).flatMap((plane) => diffStates(a.state.machine[plane], b.state.machine[plane]));
    this.count = changes.length;
    for (const { kind, key } of changes) this.#keys.add([kind, ...Object.values(key)].join('/'));
  }

  has(...key: readonly (string | number)[]): boolean {
    return this.#keys.has(key.join('/'));
  }
}

/** Pairs the rows of both sides by their first address, and for tables by their level. */
function paired<T>(sides: Both<ReadonlyMap<number, T>>, differs: (at: number) => boolean): Paired<T>[] {
  const keys = new Set(sides.flatMap((side) => [...(side?.keys() ?? [])]));
  return [...keys]
    .toSorted((a, b) => a - b)
    .map((at) => {
      const both: Both<T> = [sides[0]?.get(at) ?? null, sides[1]?.get(at) ?? null];
      const isUnequal = differs(at) || (both[0] === null) !== (both[1] === null);
      return { at, sides: both, differs: !sides.includes(null) && isUnequal };
    });
}

function kindOf(entry: Row, types: ReadonlyMap<number, number>): EntryView['kind'] {
  const eflags = num(entry, 'eflags');
  if ((eflags & MAP_ENTRY_STACK_GAP_DN) !== 0) return 'stack gap';
  if ((eflags & MAP_ENTRY_GUARD) !== 0) return 'guard';
  if ((eflags & MAP_ENTRY_GROWS_DOWN) !== 0) return 'stack';
  const type = types.get(num(entry, 'object'));
  if (type === undefined) return 'untouched';
  return type === OBJT_VNODE ? 'file' : type === OBJT_PHYS ? 'phys' : 'anonymous';
}

/** Leaves of an entry as runs of pages that are alike; leaves are in order, and `next` is the first that may be in it. */
function runsOf(
  start: number,
  end: number,
  leaves: readonly Row[],
  next: number,
  isDifferent: (va: number) => boolean,
) {
  const runs: PageRun[] = [];
  let [at, mapped] = [next, 0];
  for (; at < leaves.length && num(leaves[at], 'va') < end; at++) {
    const [va, lo] = [num(leaves[at], 'va'), num(leaves[at], 'lo')];
    const isSuperpage = (lo & PG_PS) !== 0 && va % NBPDR === 0;
    const run: PageRun = {
      from: (va - start) / PAGE_SIZE,
      pages: isSuperpage ? NBPDR / PAGE_SIZE : 1,
      isSuperpage,
      isWired: (lo & PG_W) !== 0,
      isManaged: (lo & PG_MANAGED) !== 0,
      differs: isDifferent(va),
    };
    mapped += run.pages;
    const last = runs.at(-1);
    const joins =
      last !== undefined &&
      last.from + last.pages === run.from &&
      (['isSuperpage', 'isWired', 'isManaged', 'differs'] as const).every((one) => last[one] === run[one]);
    if (joins) runs[runs.length - 1] = { ...last, pages: last.pages + run.pages };
    else runs.push(run);
  }
  return { runs, mapped, next: at };
}

/** The rows of one side, by vmspace. */
class Side {
  readonly #state: MachineState;
  readonly spaces: readonly Row[];
  readonly #procs: readonly Row[];
  readonly #entries: ReadonlyMap<number, readonly Row[]>;
  readonly #leaves: ReadonlyMap<number, readonly Row[]>;
  readonly #tables: ReadonlyMap<number, readonly Row[]>;
  readonly #types: ReadonlyMap<number, number>;

  constructor({ state }: SideState) {
    const { map, tables } = state.machine;
    this.#state = state;
    this.spaces = map.filter(({ kind }) => kind === 'vmspace');
    this.#procs = map.filter(({ kind }) => kind === 'proc');
    this.#entries = bySpace(map, 'entry');
    this.#leaves = bySpace(tables, 'leaf');
    this.#tables = bySpace(tables, 'table');
    this.#types = new Map(
      map.filter(({ kind }) => kind === 'object').map((row) => [num(row, 'object'), num(row, 'type')]),
    );
  }

  has(space: number): boolean {
    return this.spaces.some((row) => num(row, 'id') === space);
  }

  references(space: number): number | null {
    const found = this.spaces.find((row) => num(row, 'id') === space);
    return found === undefined ? null : num(found, 'refcnt');
  }

  /** `make`, `cc (stopped)` */
  processes(space: number): string[] {
    const inIt = this.#procs.filter((row) => num(row, 'vmspace') === space);
    return inIt.map((row) => {
      const name = this.#state.names[num(row, 'pid')] ?? `pid ${num(row, 'pid')}`;
      return num(row, 'stoppedAt') === 0 ? name : `${name} (stopped)`;
    });
  }

  pmap(space: number): PmapView | null {
    if (!this.has(space)) return null;
    const [residentCount, wiredCount, topPages, mapped] = this.#state.pmaps.subarray((space + 1) * PMAP_FIELDS);
    const tables = Math.max(0, (this.#tables.get(space) ?? []).length - 1);
    return { residentCount, wiredCount, topPages, mapped, tables };
  }

  entries(space: number, isDifferent: (va: number) => boolean): ReadonlyMap<number, EntryView> {
    const views = new Map<number, EntryView>();
    const leaves = this.#leaves.get(space) ?? [];
    let next = 0;
    for (const row of this.#entries.get(space) ?? []) {
      const [start, end] = [num(row, 'start'), num(row, 'end')];
      while (next < leaves.length && num(leaves[next], 'va') < start) next++;
      const found = runsOf(start, end, leaves, next, isDifferent);
      ({ next } = found);
      views.set(start, {
        end,
        pages: (end - start) / PAGE_SIZE,
        kind: kindOf(row, this.#types),
        protection: num(row, 'prot'),
        isWired: num(row, 'wired') > 0,
        needsCopy: (num(row, 'eflags') & MAP_ENTRY_NEEDS_COPY) !== 0,
        mapped: found.mapped,
        runs: found.runs,
      });
    }
    return views;
  }

  /** Page-table pages of one level, by the first address they translate. */
  tables(space: number, level: number): ReadonlyMap<number, TableView> {
    const span = PAGE_SIZE * NPTEPG ** (level - 1);
    const used = new Map<number, Set<number>>();
    for (const row of this.#tables.get(space) ?? [])
      if (num(row, 'level') === level) used.set(num(row, 'va'), new Set());
    const note = (va: number): void => {
      const base = Math.floor(va / (span * NPTEPG)) * span * NPTEPG;
      used.get(base)?.add(Math.floor((va - base) / span));
    };
    for (const row of this.#tables.get(space) ?? []) if (num(row, 'level') === level - 1) note(num(row, 'va'));
    if (level <= 2) for (const row of this.#leaves.get(space) ?? []) if (isAt(row, level)) note(num(row, 'va'));
    return new Map([...used].map(([va, entries]) => [va, { used: [...entries].toSorted((a, b) => a - b) }]));
  }

  levels(space: number): number {
    return Math.max(0, ...(this.#tables.get(space) ?? []).map((row) => num(row, 'level')));
  }
}

const isAt = (leaf: Row, level: number): boolean =>
  (num(leaf, 'va') % NBPDR === 0 && (num(leaf, 'lo') & PG_PS) !== 0 ? 2 : 1) === level;

const hasDifference = (entry: EntryView | null): boolean => entry?.runs.some((run) => run.differs) === true;

function spaceView(vmspace: number, sides: Both<Side>, differences: Differences, isAlone: boolean): SpaceView {
  const both = <T>(read: (side: Side) => T): Both<T> => [
    sides[0]?.has(vmspace) === true ? read(sides[0]) : null,
    sides[1]?.has(vmspace) === true ? read(sides[1]) : null,
  ];
  const isShared = sides.every((side) => side?.has(vmspace) === true);
  const isLeaf = (va: number): boolean => isShared && differences.has('leaf', vmspace, va);
  const entries = paired(
    both((side) => side.entries(vmspace, isLeaf)),
    (at) => differences.has('entry', vmspace, at),
  ).map((row) => ({ ...row, differs: row.differs || (isShared && row.sides.some(hasDifference)) }));
  const levels = Math.max(...sides.map((side) => side?.levels(vmspace) ?? 0));
  const tables = Array.from({ length: levels }, (_none, i) => levels - i).flatMap((level) =>
    paired(
      both((side) => side.tables(vmspace, level)),
      (at) => differences.has('table', vmspace, at, level),
    ).map((row) => ({ ...row, level })),
  );
  const pmap = both((side) => side.pmap(vmspace));
  const references = both((side) => side.references(vmspace));
  return {
    vmspace,
    processes: both((side) => side.processes(vmspace)),
    references,
    pmap,
    entries,
    tables: tables.toSorted((a, b) => a.at - b.at || b.level - a.level),
    differs:
      !isAlone &&
      (references[0] !== references[1] ||
        JSON.stringify(pmap[0]) !== JSON.stringify(pmap[1]) ||
        [...entries, ...tables].some((row) => row.differs)),
  };
}

/** Both machines after op `op`. A side that did not get there is empty, and nothing then counts as a difference. */
export function machineView(op: number, [reference, candidate]: Both<SideState>): MachineView {
  const sides: Both<SideState> = [
    reference,
    reference === null || candidate === null
      ? candidate
      : { ...candidate, state: renumbered(candidate.state, reference.state) },
  ];
  const differences = new Differences(sides);
  const views: Both<Side> = [
    sides[0] === null ? null : new Side(sides[0]),
    sides[1] === null ? null : new Side(sides[1]),
  ];
  const ids = new Set(views.flatMap((side) => side?.spaces.map((row) => num(row, 'id')) ?? []));
  const isAlone = sides[0] === null || sides[1] === null;
  const of = <T>(read: (side: SideState) => T): Both<T> => [
    sides[0] === null ? null : read(sides[0]),
    sides[1] === null ? null : read(sides[1]),
  ];
  const [a, b] = of(({ counters }) => counters);
  return {
    op,
    spaces: [...ids].toSorted((one, other) => one - other).map((id) => spaceView(id, views, differences, isAlone)),
    cpus: of(({ state }) => [...state.cpus]),
    counters: COUNTERS.filter(([number]) => COMPARED.includes(number)).flatMap(([number, name, counts]) => {
      const both: Both<number> = [a?.[number] ?? null, b?.[number] ?? null];
      return (both[0] ?? 0) === 0 && (both[1] ?? 0) === 0 ? [] : [{ name, counts, sides: both }];
    }),
    digests: of(({ state }) => `${state.map} ${state.tables}`),
    changes: differences.count,
  };
}

/** What ops 0 .. op added to each counter. */
export function countersUpTo(
  {
    perOp,
  }: {
    readonly perOp: Readonly<Record<'counterList' | 'counterFrom' | 'counterIndex', ArrayLike<number>>> & {
      readonly counterDelta: ArrayLike<number>;
    };
  },
  op: number,
): Float64Array {
  const { counterList, counterFrom, counterIndex, counterDelta } = perOp;
  const sums = new Float64Array(COUNTER_COUNT);
  for (let i = 0; i <= op; i++) {
    const list = counterList[i];
    for (let k = counterFrom[list]; k < counterFrom[list + 1]; k++) sums[counterIndex[k]] += counterDelta[k];
  }
  return sums;
}
