/**
 * The state of a machine in canonical form: equal for two machines that differ only in which frames and object numbers
 * they use. There are two planes: `map` (processes, vmspaces, entries, objects, wiring) and `tables` (page-table
 * entries, their A and M bits, references, pv entries). Frames and objects are numbered by first visit: vmspaces in
 * order of creation, addresses ascending. Statistics are not included.
 */
import type { Machine } from './hunks.ts';
import { PG_FRAME_HI, PG_PS, PG_V, frameOf, tableFrame, usedFrom } from './hw/entry.ts';
import { pvNext, pvPmap, pvVaHi, pvVaLo } from './pmap/pv.ts';
import type { Names } from './state/names.ts';
import { VPO_UNMANAGED } from './state/page.ts';
import type { Pmap } from './state/pmap.ts';
import type { VmMapEntry, VmObject, Vmspace } from './state/vm.ts';
import { type Frame, runOf, vaOf, wordOf } from './units.ts';
import { vmMapEntrySucc } from './vm/map-tree.ts';

/** Kinds of rows and their columns. */
export const SNAPSHOT_COLUMNS = {
  proc: ['pid', 'stoppedAt', 'vmspace', 'caught', 'pending', 'flags', 'waiter', 'kpti'],
  vmspace: ['id', 'refcnt', 'nentries', 'size', 'min', 'max', 'ssize', 'dsize'],
  entry: ['vmspace', 'start', 'end', 'object', 'offset', 'prot', 'max', 'inherit', 'eflags', 'wired'],
  object: ['object', 'type', 'refs', 'shadows', 'backing', 'offset', 'flags', 'size', 'resident'],
  file: ['file', 'refs', 'size', 'resident'],
  sharedPage: ['refs'],
  leaf: ['vmspace', 'va', 'lo', 'hi', 'frame', 'refs', 'aflags', 'dirty'],
  table: ['vmspace', 'va', 'level', 'entries'],
  reserved: ['vmspace', 'va'],
  pv: ['frame', 'vmspace', 'va'],
} as const;

type RowKind = keyof typeof SNAPSHOT_COLUMNS;
const KINDS = Object.keys(SNAPSHOT_COLUMNS) as RowKind[];
const KIND_NUMBER = Object.fromEntries(KINDS.map((kind, number) => [kind, number])) as Record<RowKind, number>;

/** One row: its kind and its columns by name. */
export type SnapshotRow = { readonly kind: RowKind } & Readonly<Record<string, number | string>>;

export interface Snapshot {
  readonly map: readonly SnapshotRow[];
  readonly tables: readonly SnapshotRow[];
}

/** The rows as numbers. */
class Rows {
  readonly kept: number[] = [];

  put(value: number): void {
    this.kept.push(value);
  }
}

function putObjects(names: Names, rows: Rows, first: VmObject): number {
  const number = names.of(first.id);
  let at = number;
  for (let object: VmObject | null = first; object !== null && names.fresh; object = object.backing) {
    const { backing } = object;
    const backingNumber = backing === null ? 0 : names.of(backing.id);
    rows.put(KIND_NUMBER.object);
    rows.put(at);
    rows.put(object.type);
    rows.put(object.refCount);
    rows.put(object.shadowCount);
    rows.put(backingNumber);
    rows.put(backing === null ? 0 : object.backingOffset);
    rows.put(object.flags);
    rows.put(object.size);
    rows.put(object.residentCount);
    at = backingNumber;
  }
  return number;
}

function putEntry(names: Names, rows: Rows, space: number, entry: VmMapEntry): void {
  const object = entry.object === null ? 0 : putObjects(names, rows, entry.object);
  rows.put(KIND_NUMBER.entry);
  rows.put(space);
  rows.put(entry.start);
  rows.put(entry.end);
  rows.put(object);
  rows.put(entry.offset);
  rows.put(entry.protection);
  rows.put(entry.maxProtection);
  rows.put(entry.inheritance);
  rows.put(entry.eflags);
  rows.put(entry.wiredCount);
}

function mapPlane(m: Machine, rows: Rows): void {
  const { names } = m;
  names.start();
  const spaces = new Map<Vmspace, number>(m.vmspaces.map((vm, index) => [vm, index + 1]));
  // A zombie holds nothing.
  for (const p of m.live) {
    rows.put(KIND_NUMBER.proc);
    rows.put(p.pid);
    rows.put(p.stoppedAt);
    rows.put(spaces.get(p.vmspace) ?? 0);
    rows.put(p.caught);
    rows.put(p.pending);
    rows.put(p.flags);
    rows.put(p.waiter);
    rows.put(Number(p.kpti));
  }
  m.vmspaces.forEach((vm, index) => {
    const { map } = vm;
    const space = index + 1;
    rows.put(KIND_NUMBER.vmspace);
    rows.put(space);
    rows.put(vm.refcnt);
    rows.put(map.nentries);
    rows.put(map.size);
    rows.put(map.minOffset);
    rows.put(map.maxOffset);
    rows.put(vm.ssize);
    rows.put(vm.dsize);
    const { header } = map;
    for (let entry = header.right; entry !== header; entry = vmMapEntrySucc(entry)) putEntry(names, rows, space, entry);
  });
  for (const { id, object } of m.files) {
    rows.put(KIND_NUMBER.file);
    rows.put(id);
    rows.put(object.refCount);
    rows.put(object.size);
    rows.put(object.residentCount);
  }
  rows.put(KIND_NUMBER.sharedPage);
  rows.put(m.vm.sharedPage!.refCount);
}

/** State of the walk over all tables. */
interface TableWalk {
  readonly m: Machine;
  readonly rows: Rows;
  /** Number of a pmap's vmspace. */
  readonly spaces: ReadonlyMap<Pmap, number>;
  space: number;
}

/** The pv entries of a frame, oldest first. */
function putPvs({ m, rows, spaces }: TableWalk, frame: number, heads: Int32Array, at: number): void {
  for (let pv = heads[at]; pv !== 0; pv = pvNext(m.words, pv)) {
    rows.put(KIND_NUMBER.pv);
    rows.put(frame);
    rows.put(spaces.get(pvPmap(m, pv)) ?? 0);
    rows.put(vaOf(pvVaHi(m.words, pv), pvVaLo(m.words, pv)));
  }
}

function putLeaf(walk: TableWalk, va: number, lo: number, hi: number, level: number): void {
  const { rows } = walk;
  const { names, page } = walk.m;
  const frame = frameOf(lo, hi);
  const number = names.of(frame);
  const first = names.fresh;
  rows.put(KIND_NUMBER.leaf);
  rows.put(walk.space);
  rows.put(va);
  rows.put(lo & 0xfff);
  rows.put(hi & ~PG_FRAME_HI);
  rows.put(number);
  rows.put(page.refCount[frame]);
  rows.put(page.aflags[frame]);
  rows.put(page.dirty[frame]);
  if (!first || (page.oflags[frame] & VPO_UNMANAGED) !== 0) return;
  if (level === 1) putPvs(walk, number, page.pvHead, frame);
  else putPvs(walk, number, page.pvHead2m, runOf(frame));
}

/** Emits the first `count` entries of a table, each spanning `span` bytes from `base` on. */
function putTable(walk: TableWalk, table: Frame, level: number, base: number, span: number, count: number): void {
  const { rows } = walk;
  const { page, words } = walk.m;
  rows.put(KIND_NUMBER.table);
  rows.put(walk.space);
  rows.put(base);
  rows.put(level);
  rows.put(level < 4 ? page.refCount[table] : 0);
  const at = wordOf(table);
  for (let i = usedFrom(words, at, 0, count); i < count; i = usedFrom(words, at, i + 1, count)) {
    const lo = words[at + i * 2];
    if ((lo & PG_V) === 0) continue;
    const va = base + i * span;
    if (level === 1 || (lo & PG_PS) !== 0) putLeaf(walk, va, lo, words[at + i * 2 + 1], level);
    else putTable(walk, tableFrame(lo), level - 1, va, span / 512, 512);
  }
}

function tablesPlane(m: Machine, rows: Rows): void {
  const { names } = m;
  names.start();
  const spaces = new Map<Pmap, number>(m.vmspaces.map((vm, index) => [vm.pmap, index + 1]));
  const walk: TableWalk = { m, rows, spaces, space: 0 };
  const levels = m.la57 ? 5 : 4;
  for (const { pmap } of m.vmspaces) {
    walk.space++;
    if (pmap.top === 0) continue;
    putTable(walk, pmap.top, levels, 0, 2 ** (12 + 9 * (levels - 1)), 256);
    for (const key of [...pmap.reserved.keys()].toSorted((a, b) => a - b)) {
      rows.put(KIND_NUMBER.reserved);
      rows.put(walk.space);
      rows.put(key);
    }
  }
}

/** Converts the numbers back to rows. */
function rowsOf(kept: readonly number[]): SnapshotRow[] {
  const rows: SnapshotRow[] = [];
  for (let at = 0; at < kept.length;) {
    const kind = KINDS[kept[at++]];
    const row: Record<string, number | string> = { kind };
    for (const column of SNAPSHOT_COLUMNS[kind]) row[column] = kept[at++];
    rows.push(row as SnapshotRow);
  }
  return rows;
}

/** The whole state as plain data. */
export function snapshot(m: Machine): Snapshot {
  const [map, tables] = [new Rows(), new Rows()];
  mapPlane(m, map);
  tablesPlane(m, tables);
  return { map: rowsOf(map.kept), tables: rowsOf(tables.kept) };
}
