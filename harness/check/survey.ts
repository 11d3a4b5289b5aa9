/**
 * Contents of the page tables of all live pmaps: one row per leaf and one per table page, gathered by walking raw
 * words. The next survey reuses the arrays.
 */
import type { Machine, Pmap } from '../../core/inspect.ts';
import { DIRTY, LARGE, MANAGED, SPAN, VALID, WRITE, frameIn, leafFrame, pagesAt } from './bits.ts';

/** Rows of leaves in parallel arrays. */
export class Leaves {
  count = 0;
  va = new Float64Array(1024);
  lo = new Int32Array(1024);
  hi = new Int32Array(1024);
  /** Level of the table that contains it: 1 = 4K. */
  level = new Uint8Array(1024);
  /** Row of its table page. */
  table = new Int32Array(1024);

  add(va: number, lo: number, hi: number, level: number, table: number): void {
    if (this.count === this.va.length) this.#grow();
    const row = this.count++;
    this.va[row] = va;
    this.lo[row] = lo;
    this.hi[row] = hi;
    this.level[row] = level;
    this.table[row] = table;
  }

  #grow(): void {
    const length = this.va.length * 2;
    const wider = <T extends Float64Array | Int32Array | Uint8Array>(to: T, from: T): T => {
      to.set(from);
      return to;
    };
    this.va = wider(new Float64Array(length), this.va);
    this.lo = wider(new Int32Array(length), this.lo);
    this.hi = wider(new Int32Array(length), this.hi);
    this.level = wider(new Uint8Array(length), this.level);
    this.table = wider(new Int32Array(length), this.table);
  }
}

/** A page-table page found through its link, or a root. */
export interface TableRow {
  readonly frame: number;
  readonly level: number;
  readonly va: number;
  /** Number of entries of any kind, and of those that are neither 0 nor valid. */
  entries: number;
  invalid: number;
  /** The entry that links it; 0 for a root. */
  readonly lo: number;
  readonly hi: number;
  /** It was already found or is not a frame of memory below 4 GiB; its contents were not read. */
  readonly again: boolean;
}

/** One live pmap. */
export interface Space {
  readonly pmap: Pmap;
  /** Rows of its leaves and tables, from .. to. The first table is the root. */
  leafFrom: number;
  leafTo: number;
  tableFrom: number;
  tableTo: number;
  /** Leaves in 4K pages; wiredPages counts the wired ones among them. */
  pages: number;
  wiredPages: number;
}

export class Survey {
  readonly leaves = new Leaves();
  readonly tables: TableRow[] = [];
  readonly spaces: Space[] = [];
  /** By frame: number of the survey that found it to be a table page. */
  #tableSeen = new Int32Array(0);
  #mappedSeen = new Int32Array(0);
  #mapped = new Int32Array(0);
  #mapped2mSeen = new Int32Array(0);
  #mapped2m = new Int32Array(0);
  #writeableSeen = new Int32Array(0);
  #dirtySeen = new Int32Array(0);
  #number = 0;

  /** Gathers everything again. pmaps: the live ones. */
  take(m: Machine, pmaps: readonly Pmap[]): void {
    if (this.#tableSeen.length < m.frames) this.#widen(m.frames);
    this.#number++;
    this.leaves.count = 0;
    this.tables.length = 0;
    this.spaces.length = 0;
    for (const pmap of pmaps) {
      const space: Space = {
        pmap,
        leafFrom: this.leaves.count,
        leafTo: 0,
        tableFrom: this.tables.length,
        tableTo: 0,
        pages: 0,
        wiredPages: 0,
      };
      const levels = m.config.la57 ? 5 : 4;
      this.#table(m, pmap.top, levels, 0, 0, 0, 256);
      space.leafTo = this.leaves.count;
      space.tableTo = this.tables.length;
      this.spaces.push(space);
      this.#count(m, space);
    }
  }

  isTable = (frame: number): boolean => this.#tableSeen[frame] === this.#number;
  /** Number of managed 4K leaves of a frame, and of managed 2M leaves of the 2M frame that contains it. */
  mapped4k = (frame: number): number => (this.#mappedSeen[frame] === this.#number ? this.#mapped[frame] : 0);
  mapped2m = (frame: number): number =>
    this.#mapped2mSeen[frame >>> 9] === this.#number ? this.#mapped2m[frame >>> 9] : 0;
  isMapped = (frame: number): boolean => this.mapped4k(frame) + this.mapped2m(frame) > 0;
  /** Does the frame have a managed leaf that is writeable, or one that is writeable and dirty? */
  isWriteable = (frame: number): boolean => this.#writeableSeen[frame] === this.#number;
  isModified = (frame: number): boolean => this.#dirtySeen[frame] === this.#number;

  #widen(frames: number): void {
    this.#tableSeen = new Int32Array(frames);
    this.#mappedSeen = new Int32Array(frames);
    this.#mapped = new Int32Array(frames);
    this.#mapped2mSeen = new Int32Array((frames >>> 9) + 1);
    this.#mapped2m = new Int32Array((frames >>> 9) + 1);
    this.#writeableSeen = new Int32Array(frames);
    this.#dirtySeen = new Int32Array(frames);
  }

  /** Reads the first `count` entries of a table; user space ends in the middle of the root. */
  #table(m: Machine, frame: number, level: number, va: number, lo: number, hi: number, count: number): void {
    const isOutside = frame === 0 || frame >= m.lowFrames;
    const again = isOutside || this.#tableSeen[frame] === this.#number;
    const row: TableRow = { frame, level, va, entries: 0, invalid: 0, lo, hi, again };
    const number = this.tables.push(row) - 1;
    if (again) return;
    this.#tableSeen[frame] = this.#number;
    const { words } = m;
    const from = frame * 1024;
    for (let i = 0, at = from; i < count; i++, at += 2) {
      const entry = words[at];
      const high = words[at + 1];
      if ((entry | high) === 0) continue;
      row.entries++;
      if ((entry & VALID) === 0) {
        row.invalid++;
        continue;
      }
      const start = va + i * SPAN[level];
      if (level === 1 || (level < 4 && (entry & LARGE) !== 0)) this.leaves.add(start, entry, high, level, number);
      else this.#table(m, frameIn(entry, high), level - 1, start, entry, high, 512);
    }
  }

  /** Sums a space's leaves, per space and per frame. */
  #count(m: Machine, space: Space): void {
    const { lo, hi, level } = this.leaves;
    const now = this.#number;
    for (let row = space.leafFrom; row < space.leafTo; row++) {
      const bits = lo[row];
      const pages = pagesAt(level[row]);
      space.pages += pages;
      if ((bits & 0x800) !== 0) space.wiredPages += pages;
      const first = leafFrame(bits, hi[row], level[row]);
      if ((bits & MANAGED) === 0 || first + pages > m.frames) continue;
      if (level[row] === 1) add(this.#mapped, this.#mappedSeen, first, now);
      else add(this.#mapped2m, this.#mapped2mSeen, first >>> 9, now);
      if ((bits & WRITE) === 0) continue;
      for (let frame = first; frame < first + pages; frame++) {
        this.#writeableSeen[frame] = now;
        if ((bits & DIRTY) !== 0) this.#dirtySeen[frame] = now;
      }
    }
  }
}

function add(counts: Int32Array, seen: Int32Array, at: number, now: number): void {
  if (seen[at] !== now) counts[at] = 0;
  seen[at] = now;
  counts[at]++;
}
