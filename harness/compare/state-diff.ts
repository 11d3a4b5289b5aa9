/**
 * Two states of a machine, row by row: what a difference of the map or of the tables consists of.
 *
 * Rows are keyed by what they are (an entry by vmspace and start, a leaf by vmspace and address), so that one row gone is
 * one change. Numbers given by first visit, of objects and frames, shift when a row is gone: they are never compared.
 */
import { diff } from 'json-diff-ts';

/** A row of a snapshot: its kind, and columns by name. */
export type StateRow = { readonly kind: string } & Readonly<Record<string, number | string>>;

/** A row that only one state has, or columns in which the two differ: [reference, candidate]. */
export interface StateChange {
  readonly kind: string;
  /** the columns that name the row */
  readonly key: Readonly<Record<string, number | string>>;
  readonly change: 'gone' | 'new' | 'changed';
  /** columns of a row that is gone or new */
  readonly row: Readonly<Record<string, number | string>> | null;
  /** columns that changed: [reference, candidate] */
  readonly columns: Readonly<Record<string, readonly [number | string, number | string]>>;
}

/** Columns that name a row, by kind; those of other kinds are numbered. */
const KEYS: Readonly<Record<string, readonly string[]>> = {
  entry: ['vmspace', 'start'],
  vmspace: ['id'],
  proc: ['pid'],
  leaf: ['vmspace', 'va'],
  table: ['vmspace', 'va', 'level'],
  reserved: ['vmspace', 'va'],
  file: ['file'],
  sharedPage: [],
};
/** Numbers given by first visit. */
const VISITED = ['object', 'backing', 'frame'];

/** Kinds in the order in which a reader wants them. */
const ORDER = Object.keys(KEYS);

/** A column that only the other state has. */
const NONE = 'none';

type Keyed = Record<string, Record<string, Record<string, number | string>>>;

/** Kinds whose rows are numbered by first visit, and not compared row by row. */
const NUMBERED = ['object', 'pv'];

/** Rows as `{kind: {key: columns}}`; kinds without a key are left out. */
function keyed(rows: readonly StateRow[], without: readonly string[] = []): Keyed {
  const state: Keyed = Object.fromEntries(ORDER.map((kind) => [kind, {}]));
  for (const { kind, ...columns } of rows) {
    if (!(kind in state)) continue;
    const kept = Object.entries(columns).filter(([name]) => !without.includes(name));
    state[kind][KEYS[kind].map((name) => columns[name]).join('/')] = Object.fromEntries(kept);
  }
  return state;
}

/** What differs between two states, each given as rows. */
export function diffStates(reference: readonly StateRow[], candidate: readonly StateRow[]): StateChange[] {
  const [before, after] = [keyed(reference), keyed(candidate)];
  const kinds = diff(keyed(reference, VISITED), keyed(candidate, VISITED));
  const changes = kinds.flatMap(({ key: kind, changes: rows = [] }) =>
    rows.map(({ key: id, changes: columns = [] }): StateChange => {
      const [was, is] = [before[kind][id], after[kind][id]];
      const named = was ?? is;
      const key = Object.fromEntries(KEYS[kind].map((name) => [name, named[name] ?? NONE]));
      if (was === undefined || is === undefined)
        return { kind, key, change: is === undefined ? 'gone' : 'new', row: named, columns: {} };
      const changed = columns.map(({ key: name }) => [name, [was[name] ?? NONE, is[name] ?? NONE] as const] as const);
      return { kind, key, change: 'changed', row: null, columns: Object.fromEntries(changed) };
    }),
  );
  changes.push(...otherKinds(reference, candidate));
  return changes.toSorted((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind));
}

/** Kinds of rows that this program does not know: a patched core has them, and how many of them is all that is said. */
function otherKinds(reference: readonly StateRow[], candidate: readonly StateRow[]): StateChange[] {
  const count = (rows: readonly StateRow[], kind: string): number => rows.filter((row) => row.kind === kind).length;
  const kinds = new Set([...reference, ...candidate].map(({ kind }) => kind));
  return [...kinds].toSorted().flatMap((kind): StateChange[] => {
    if (Object.hasOwn(KEYS, kind) || NUMBERED.includes(kind)) return [];
    const rows = [count(reference, kind), count(candidate, kind)] as const;
    return rows[0] === rows[1] ? [] : [{ kind, key: {}, change: 'changed', row: null, columns: { rows } }];
  });
}

/** An address space that only one of two states has, with its processes and every row in it. */
export interface FoldedSpace {
  readonly vmspace: number;
  readonly change: 'gone' | 'new';
  /** rows by kind, its own among them */
  readonly rows: Readonly<Record<string, number>>;
}

/** State changes with what belongs to an address space that is gone or new as one. */
export interface FoldedChanges {
  readonly spaces: readonly FoldedSpace[];
  /** rows outside of them in which only references changed, where there are such spaces */
  readonly references: number;
  readonly others: readonly StateChange[];
}

export function foldSpaces(changes: readonly StateChange[]): FoldedChanges {
  const whole = changes.filter(({ kind, change }) => kind === 'vmspace' && change !== 'changed');
  const homeOf = ({ kind, key, row, change }: StateChange): StateChange | undefined => {
    const vmspace = kind === 'vmspace' ? key.id : (key.vmspace ?? row?.vmspace);
    return whole.find(({ key: { id }, change: how }) => how === change && id === vmspace);
  };
  const isReference = ({ change, columns }: StateChange): boolean =>
    whole.length > 0 && change === 'changed' && Object.keys(columns).every((name) => name === 'refs');
  const outside = changes.filter((one) => homeOf(one) === undefined);
  return {
    spaces: whole.map((space) => {
      const rows: Record<string, number> = {};
      for (const one of changes) if (homeOf(one) === space) rows[one.kind] = (rows[one.kind] ?? 0) + 1;
      return { vmspace: Number(space.key.id), change: space.change as FoldedSpace['change'], rows };
    }),
    references: outside.filter(isReference).length,
    others: outside.filter((one) => !isReference(one)),
  };
}
