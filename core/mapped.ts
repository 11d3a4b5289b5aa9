/**
 * What a pmap maps in a span of addresses, and how much of that its map does not allow: a translation that outlives its
 * entry, has more rights than it, or leads to a page that the entry's object does not hold there (any more).
 *
 * Hot: taken after every op that may take mappings away. Nothing is allocated, and the map's tree stays as it is.
 */
import type { Machine } from './hunks.ts';
import { PG_NX_HI, PG_PS, PG_RW, PG_V, PG_W, frameOf, tableFrame, usedFrom } from './hw/entry.ts';
import { MAP_ENTRY_NEEDS_COPY, type VmMap, type VmMapEntry, type VmObject, type Vmspace } from './state/vm.ts';
import {
  type Frame,
  NBPML4,
  NBPML5,
  NPTEPG,
  PAGE_SIZE,
  VM_PROT_EXECUTE,
  VM_PROT_WRITE,
  type Va,
  wordOf,
} from './units.ts';
import { firstEndingAfter } from './vm/entry-at.ts';
import { vmMapEntrySucc } from './vm/map-tree.ts';
import { radixLookup } from './vm/radix.ts';

export class MappedSpan {
  /** 4K pages mapped */
  pages = 0;
  /** those of them that the map does not allow as they are */
  excess = 0;
  /** where the search for the next page's entry begins */
  #entry: VmMapEntry | null = null;
  // Of that entry: what a page of its own object may be mapped with. Most pages are such, and are settled by this.
  #start: Va = 0;
  #end: Va = 0;
  /** bits that the low word of a leaf must not have, and those that its high word must have */
  #badLo = 0;
  #needHi = 0;
  /** 0: it has no object */
  #object = 0;
  /** page index of address 0 in the object */
  #shift = 0;

  /** Nothing is mapped, so far. */
  clear(): void {
    this.pages = 0;
    this.excess = 0;
    this.#entry = null;
    this.#end = 0;
  }

  /** Count what vm's pmap maps in [start, end). */
  take(m: Machine, vm: Vmspace, start: Va, end: Va): void {
    this.clear();
    if (vm.pmap.top === 0 || start >= end) return;
    const span = m.la57 ? NBPML5 : NBPML4;
    this.#table(m, vm.map, vm.pmap.top, span, 0, start, Math.min(end, span * (NPTEPG / 2)));
  }

  /** The part of a table, whose first entry is for `base` and each for `span` bytes, that lies in [start, end). */
  #table(m: Machine, map: VmMap, table: Frame, span: number, base: Va, start: Va, end: Va): void {
    const { words } = m;
    const first = start <= base ? 0 : Math.floor((start - base) / span);
    const last = Math.min(NPTEPG, Math.ceil((end - base) / span));
    const origin = wordOf(table);
    for (let slot = usedFrom(words, origin, first, last); slot < last; slot = usedFrom(words, origin, slot + 1, last)) {
      const at = origin + slot * 2;
      const lo = words[at];
      if ((lo & PG_V) === 0) continue;
      const va = base + slot * span;
      if (span > PAGE_SIZE && (lo & PG_PS) === 0) this.#table(m, map, tableFrame(lo), span / NPTEPG, va, start, end);
      else this.leaf(m, map, lo, words[at + 1], va, span, start, end);
    }
  }

  /**
   * Count the part of a leaf that lies in [start, end): the entry (lo, hi) for `span` bytes from `at` on. Leaves come by
   * ascending address.
   */
  leaf(m: Machine, map: VmMap, lo: number, hi: number, at: Va, span: number, start: Va, end: Va): void {
    const named = frameOf(lo, hi);
    if (span === PAGE_SIZE) {
      this.page(m, map, lo, hi, at, named);
      return;
    }
    const frame = named - (named % (span / PAGE_SIZE));
    const to = Math.min(at + span, end);
    for (let va = Math.max(at, start); va < to; va += PAGE_SIZE)
      this.page(m, map, lo, hi, va, frame + (va - at) / PAGE_SIZE);
  }

  /** Count one page of a leaf: the entry (lo, hi) maps `frame` at va. Pages come by ascending address. */
  page(m: Machine, map: VmMap, lo: number, hi: number, va: Va, frame: Frame): void {
    const { page } = m;
    this.pages++;
    if (va >= this.#end) this.#seek(map, va);
    const isOwn =
      va >= this.#start &&
      (lo & this.#badLo) === 0 &&
      (hi & this.#needHi) === this.#needHi &&
      page.object[frame] === this.#object &&
      page.pindex[frame] === va / PAGE_SIZE + this.#shift;
    if (isOwn && this.#object !== 0) return;
    const entry = this.#entry!;
    if (entry === map.header || !allows(m, entry, va, lo, hi, frame)) this.excess++;
  }

  /** The entry for pages from va on: the first that ends above it, else the header, which has none. */
  #seek(map: VmMap, va: Va): void {
    const { header } = map;
    let entry: VmMapEntry = this.#entry ?? firstEndingAfter(map, va);
    while (entry !== header && entry.end <= va) entry = vmMapEntrySucc(entry);
    const { start, end, object, offset, protection, eflags, wiredCount } = entry;
    this.#entry = entry;
    this.#start = start;
    this.#end = entry === header ? Infinity : end;
    this.#object = entry === header || object === null ? 0 : object.id;
    this.#shift = (offset - start) / PAGE_SIZE;
    const isReadOnly = (protection & VM_PROT_WRITE) === 0 || (eflags & MAP_ENTRY_NEEDS_COPY) !== 0;
    this.#badLo = protection === 0 ? PG_V : (isReadOnly ? PG_RW : 0) | (wiredCount === 0 ? PG_W : 0);
    this.#needHi = (protection & VM_PROT_EXECUTE) === 0 ? PG_NX_HI : 0;
  }
}

/** May the page at va be mapped by an entry of these bits to this frame? */
function allows({ page, vm }: Machine, entry: VmMapEntry, va: Va, lo: number, hi: number, frame: Frame): boolean {
  const { start, protection, eflags, wiredCount } = entry;
  const writeable = (lo & PG_RW) !== 0;
  if (start > va || protection === 0) return false;
  if (writeable && ((protection & VM_PROT_WRITE) === 0 || (eflags & MAP_ENTRY_NEEDS_COPY) !== 0)) return false;
  if ((hi & PG_NX_HI) === 0 && (protection & VM_PROT_EXECUTE) === 0) return false;
  if ((lo & PG_W) !== 0 && wiredCount === 0) return false;
  let pindex = (va - start + entry.offset) / PAGE_SIZE;
  let isTop = true;
  for (let object: VmObject | null = entry.object; object !== null; object = object.backing) {
    if (page.object[frame] === object.id) return page.pindex[frame] === pindex && (isTop || !writeable);
    // A valid page nearer the top hides those below it.
    const nearer = object.residentCount === 0 ? 0 : radixLookup(vm.index, object, pindex);
    if (nearer !== 0 && page.valid[nearer] !== 0) return false;
    pindex += object.backingOffset / PAGE_SIZE;
    isTop = false;
  }
  return false;
}
