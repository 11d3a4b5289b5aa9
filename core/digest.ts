/**
 * Digests of the two planes of a machine: what core/snapshot puts in rows, in fewer numbers, straight from memory. Two
 * machines have equal digests where their rows are equal; where they differ, digests collide with probability 2^-64.
 *
 * An address space keeps what was read of its tables and its map, and is read again only when they changed: when
 * Pmap.generation or VmMap.timestamp has. What others can change (references, flags and pv entries of pages, objects) is
 * looked up each time. Hot.
 */
import type { Machine } from './hunks.ts';
import { PG_FRAME_HI, PG_PS, PG_V, frameOf, tableFrame, usedFrom } from './hw/entry.ts';
import type { MappedSpan } from './mapped.ts';
import { pvIsAlone, pvNext, pvPmap, pvVaHi, pvVaLo } from './pmap/pv.ts';
import { VPO_UNMANAGED } from './state/page.ts';
import type { Pmap } from './state/pmap.ts';
import { MAP_UNLOCKED, type VmMap, type VmObject, type Vmspace } from './state/vm.ts';
import { type Frame, PAGE_SIZE, runOf, vaHi, vaLo, vaOf, wordOf } from './units.ts';
import { vmMapEntrySucc } from './vm/map-tree.ts';

/** Digests of the two planes: equal for equal planes. */
export interface SnapshotDigest {
  readonly map: string;
  readonly tables: string;
}

// Kinds of numbers, above the bits of an entry's index and flags.
const TABLE = 1 << 24;
const RESERVED = 1 << 25;
const SPACE = 1 << 26;
const LISTED = 1 << 27;
const PROCESS = 1 << 28;
const FILE = 1 << 29;

const hex8 = (n: number): string => (n >>> 0).toString(16).padStart(8, '0');

/** Two hashes of a sequence of numbers, side by side. */
class Hash {
  h1 = 0;
  h2 = 0;

  start(): void {
    this.h1 = 0x811c9dc5 | 0;
    this.h2 = 0x2545f491;
  }

  /** x: 32 bits. */
  put(x: number): void {
    const k1 = Math.imul(this.h1 ^ x, 0x9e3779b1 | 0);
    this.h1 = k1 ^ (k1 >>> 15);
    const k2 = Math.imul((this.h2 + x) | 0, 0x85ebca6b | 0);
    this.h2 = k2 ^ (k2 >>> 13) ^ x;
  }

  /** x: an integer of more bits. */
  wide(x: number): void {
    this.put(x | 0);
    this.put(Math.floor(x / 2 ** 32) | 0);
  }

  get digest(): string {
    return hex8(this.h1) + hex8(this.h2);
  }
}

/** Words of a leaf in ReadSpace.leaves: the entry, its address with the level in the low bits, and the address's high half. */
const LEAF_WORDS = 4;

/** What was read of an address space. */
class ReadSpace {
  readonly vm: Vmspace;
  /** of the tables; the state they were in, -1: not read yet */
  generation = -1;
  tables1 = 0;
  tables2 = 0;
  /** leaves by ascending address */
  leaves = new Int32Array(32 * LEAF_WORDS);
  /** words of leaves in use */
  used = 0;
  /** of the map, likewise */
  timestamp = -1;
  map1 = 0;
  map2 = 0;
  /** top objects of its entries, by ascending address */
  readonly objects: VmObject[] = [];
  /** what was counted of it, with these tables, this map, and these contents of its objects; -1: nothing yet */
  contents = -1;
  pages = 0;
  excess = 0;

  constructor(vm: Vmspace) {
    this.vm = vm;
  }
}

/** Takes digests of one machine, again and again. */
export class Digester {
  readonly #m: Machine;
  readonly #hash = new Hash();
  /** by age of the vmspaces */
  #spaces: ReadSpace[] = [];
  /** objects on the way down to what backs them */
  readonly #chain: VmObject[] = [];

  constructor(m: Machine) {
    this.#m = m;
  }

  /**
   * Both digests. each: is called for every vmspace, by age, when `mapped` has counted what it maps. withTables false: the
   * digest of the tables is not taken, and is empty.
   */
  take(
    mapped: MappedSpan | null,
    each: ((vm: Vmspace, index: number) => void) | null,
    withTables = true,
  ): SnapshotDigest {
    this.#number();
    const map = this.#mapDigest();
    for (const space of this.#spaces)
      if (space.generation !== space.vm.pmap.generation) this.#readTables(space, space.vm.pmap);
    const tables = withTables ? this.#tablesDigest() : '';
    if (mapped !== null)
      for (const [index, space] of this.#spaces.entries()) {
        this.#count(space, mapped);
        each?.(space.vm, index);
      }
    return { map, tables };
  }

  /** Digest of the map plane alone. */
  map(): string {
    this.#number();
    return this.#mapDigest();
  }

  /** Vmspaces that are gone are forgotten, new ones are added: the others keep their order. */
  #number(): void {
    const before = this.#spaces;
    let at = 0;
    for (const { vm } of before) vm.pmap.space = 0;
    this.#spaces = this.#m.vmspaces.map((vm, index) => {
      vm.pmap.space = index + 1;
      while (at < before.length && before[at].vm !== vm) at++;
      return at < before.length ? before[at++] : new ReadSpace(vm);
    });
  }

  #mapDigest(): string {
    const { names, live, files, vm } = this.#m;
    const hash = this.#hash;
    for (const space of this.#spaces) {
      const { map } = space.vm;
      if (space.timestamp !== map.timestamp || map.locked !== MAP_UNLOCKED) this.#readMap(space, map);
    }
    names.start();
    hash.start();
    // A zombie holds nothing.
    for (const p of live) {
      hash.put(PROCESS);
      hash.wide(p.pid);
      hash.wide(p.stoppedAt);
      hash.put(p.vmspace.pmap.space);
      hash.wide(p.caught);
      hash.wide(p.pending);
      hash.wide(p.flags);
      hash.wide(p.waiter);
      hash.put(Number(p.kpti));
    }
    for (const { vm: space, map1, map2, objects } of this.#spaces) {
      const { map } = space;
      hash.put(SPACE);
      hash.wide(space.refcnt);
      hash.wide(map.nentries);
      hash.wide(map.size);
      hash.wide(map.minOffset);
      hash.wide(map.maxOffset);
      hash.wide(space.ssize);
      hash.wide(space.dsize);
      hash.put(map1);
      hash.put(map2);
      for (const object of objects) this.#putObjects(object);
    }
    for (const { id, object } of files) {
      hash.put(FILE);
      hash.put(id);
      hash.wide(object.refCount);
      hash.wide(object.size);
      hash.wide(object.residentCount);
    }
    hash.wide(vm.sharedPage!.refCount);
    return hash.digest;
  }

  #readMap(space: ReadSpace, map: VmMap): void {
    const hash = this.#hash;
    const { header } = map;
    space.objects.length = 0;
    space.contents = -1;
    hash.start();
    for (let entry = header.right; entry !== header; entry = vmMapEntrySucc(entry)) {
      const { object } = entry;
      if (object !== null) space.objects.push(object);
      hash.wide(entry.start);
      hash.wide(entry.end);
      hash.wide(entry.offset);
      hash.put(object === null ? 0 : 1);
      hash.put(entry.protection);
      hash.put(entry.maxProtection);
      hash.put(entry.inheritance);
      hash.put(entry.eflags);
      hash.wide(entry.wiredCount);
    }
    space.map1 = hash.h1;
    space.map2 = hash.h2;
    // Under the lock it may change further without another timestamp.
    space.timestamp = map.locked === MAP_UNLOCKED ? map.timestamp : -1;
  }

  /** An object by its number; the first time, also what it is and what backs it. */
  #putObjects(first: VmObject): void {
    const { names } = this.#m;
    const hash = this.#hash;
    hash.put(names.of(first.id));
    for (let object = first; names.fresh;) {
      const { backing } = object;
      hash.put(object.type);
      hash.wide(object.refCount);
      hash.wide(object.shadowCount);
      hash.put(object.flags);
      hash.wide(object.size);
      hash.wide(object.residentCount);
      hash.put(backing === null ? 0 : names.of(backing.id));
      if (backing === null) return;
      hash.wide(object.backingOffset);
      object = backing;
    }
  }

  #tablesDigest(): string {
    const { names } = this.#m;
    const hash = this.#hash;
    names.start();
    hash.start();
    for (const [index, space] of this.#spaces.entries()) {
      if (space.vm.pmap.top === 0) continue;
      hash.put(SPACE | index);
      hash.put(space.tables1);
      hash.put(space.tables2);
      this.#putPages(space);
    }
    return hash.digest;
  }

  #readTables(space: ReadSpace, pmap: Pmap): void {
    const hash = this.#hash;
    const levels = this.#m.la57 ? 5 : 4;
    space.used = 0;
    space.contents = -1;
    hash.start();
    if (pmap.top !== 0) {
      this.#readTable(space, pmap.top, levels, 0, 2 ** (12 + 9 * (levels - 1)), 256);
      for (const key of [...pmap.reserved.keys()].toSorted((a, b) => a - b)) {
        hash.put(RESERVED);
        hash.wide(key);
      }
    }
    space.tables1 = hash.h1;
    space.tables2 = hash.h2;
    space.generation = pmap.generation;
  }

  /** The first `count` entries of a table, each for `span` bytes from `base` on. */
  #readTable(space: ReadSpace, table: Frame, level: number, base: number, span: number, count: number): void {
    const { page, words } = this.#m;
    const hash = this.#hash;
    hash.put(TABLE | level);
    hash.wide(base);
    hash.put(level < 4 ? page.refCount[table] : 0);
    const at = wordOf(table);
    for (let i = usedFrom(words, at, 0, count); i < count; i = usedFrom(words, at, i + 1, count)) {
      const lo = words[at + i * 2];
      if ((lo & PG_V) === 0) continue;
      const va = base + i * span;
      if (level > 1 && (lo & PG_PS) === 0) {
        this.#readTable(space, tableFrame(lo), level - 1, va, span / 512, 512);
        continue;
      }
      const hi = words[at + i * 2 + 1];
      hash.put((level << 21) | (i << 12) | (lo & 0xfff));
      hash.put(hi & ~PG_FRAME_HI);
      if (space.used === space.leaves.length) {
        const leaves = new Int32Array(space.leaves.length * 2);
        leaves.set(space.leaves);
        space.leaves = leaves;
      }
      const { leaves, used } = space;
      leaves[used] = lo;
      leaves[used + 1] = hi;
      leaves[used + 2] = vaLo(va) | level;
      leaves[used + 3] = vaHi(va);
      space.used = used + LEAF_WORDS;
    }
  }

  /** The pages behind the leaves, by number; the first time, also their references, flags and pv entries. */
  #putPages({ vm: { pmap }, leaves, used }: ReadSpace): void {
    const { names, page, words } = this.#m;
    const { refCount, aflags, dirty, oflags, pvHead, pvHead2m } = page;
    const hash = this.#hash;
    for (let at = 0; at < used; at += LEAF_WORDS) {
      const frame = frameOf(leaves[at], leaves[at + 1]);
      hash.put(names.of(frame));
      if (!names.fresh) continue;
      hash.put(refCount[frame]);
      const level = leaves[at + 2] & 7;
      let pv = 0;
      if ((oflags[frame] & VPO_UNMANAGED) === 0) pv = level === 1 ? pvHead[frame] : pvHead2m[runOf(frame)];
      const lo = leaves[at + 2] & -PAGE_SIZE;
      const isOwn =
        pv !== 0 &&
        pvIsAlone(words, pv) &&
        pvVaLo(words, pv) === lo &&
        pvVaHi(words, pv) === leaves[at + 3] &&
        pvPmap(this.#m, pv) === pmap;
      const flags = aflags[frame] | (dirty[frame] << 8);
      if (isOwn || pv === 0) hash.put(flags | (isOwn ? SPACE : 0));
      else {
        hash.put(flags | LISTED);
        this.#putPvs(pv);
      }
    }
  }

  /** A list of pv entries, the oldest first. */
  #putPvs(first: number): void {
    const m = this.#m;
    const { words } = m;
    const hash = this.#hash;
    for (let pv = first; pv !== 0; pv = pvNext(words, pv)) {
      hash.put(LISTED | pvPmap(m, pv).space);
      hash.put(pvVaLo(words, pv));
      hash.put(pvVaHi(words, pv));
    }
    hash.put(0);
  }

  /** Counts what the space maps into `mapped`; reuses the last counts if nothing has changed. */
  #count(space: ReadSpace, mapped: MappedSpan): void {
    const contents = this.#contents(space.objects);
    if (contents !== space.contents || space.timestamp < 0) {
      const { leaves, used, vm } = space;
      mapped.clear();
      for (let at = 0; at < used; at += LEAF_WORDS) {
        const [lo, hi, level] = [leaves[at], leaves[at + 1], leaves[at + 2] & 7];
        const va = vaOf(leaves[at + 3], leaves[at + 2] & -PAGE_SIZE);
        if (level === 1) mapped.page(this.#m, vm.map, lo, hi, va, frameOf(lo, hi));
        else {
          const span = 2 ** (3 + 9 * level);
          mapped.leaf(this.#m, vm.map, lo, hi, va, span, va, va + span);
        }
      }
      space.pages = mapped.pages;
      space.excess = mapped.excess;
      space.contents = contents;
    }
    mapped.pages = space.pages;
    mapped.excess = space.excess;
  }

  /** When the contents of one of the objects, or of one that backs it, changed last. */
  #contents(objects: readonly VmObject[]): number {
    const { stamp } = this.#m.names;
    const chain = this.#chain;
    let all = 0;
    for (const top of objects) {
      let object: VmObject | null = top;
      for (; object !== null && object.chainDigest !== stamp; object = object.backing) chain.push(object);
      let newest = object === null ? 0 : object.chainContents;
      for (let next = chain.pop(); next !== undefined; next = chain.pop()) {
        newest = Math.max(newest, next.contents);
        next.chainDigest = stamp;
        next.chainContents = newest;
      }
      all = Math.max(all, newest);
    }
    return all;
  }
}

/** Digests of what snapshot() gives. */
export const snapshotDigest = (m: Machine): SnapshotDigest => new Digester(m).take(null, null);
