import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  PV_ENTRY_COUNT,
  PV_PAGE_COUNT,
  REACHED_RESERVED_PT_PAGE_FREED,
  USER_PT_PAGE_COUNT,
} from '../../../core/counters.ts';
import { PG_M, PG_MANAGED, PG_PS, PG_RW, PG_V, PG_W, frameOf, tableFrame } from '../../../core/hw/entry.ts';
import { pageLimit } from '../../../core/page/page.ts';
import {
  pmapActivate,
  pmapAdvise,
  pmapClearModify,
  pmapCopy,
  pmapEnter,
  pmapEnterObject,
  pmapEnterQuick,
  pmapProtect,
  pmapRelease,
  pmapRemove,
  pmapRemoveAll,
  pmapRemovePages,
  pmapRemoveWrite,
  pmapTsReferenced,
  pmapUnwire,
} from '../../../core/pmap/index.ts';
import { CHUNK_MAP_WORDS, chunkNext, chunkUsed, pvNext, pvPmap, pvVaHi, pvVaLo } from '../../../core/pmap/pv.ts';
import { PGA_WRITEABLE, VM_PAGE_BITS_ALL } from '../../../core/state/page.ts';
import type { Pmap } from '../../../core/state/pmap.ts';
import {
  MADV_DONTNEED,
  MADV_FREE,
  NBPDR,
  PAGE_SIZE,
  PMAP_ENTER_NOSLEEP,
  PMAP_ENTER_WIRED,
  vaOf,
} from '../../../core/units.ts';
import { R, RW, W, World, panicOf } from './world.ts';

interface Leaf {
  readonly va: number;
  readonly lo: number;
  readonly hi: number;
  readonly pages: number;
}

/** A pmap according to its tables: leaves, tables below the root, and inconsistencies in the tables. */
function read(w: World, pmap: Pmap): { leaves: Leaf[]; tables: number; faults: string[] } {
  const { words, page } = w.m;
  const leaves: Leaf[] = [];
  const faults: string[] = [];
  let tables = 0;
  const visit = (table: number, entries: number, level: number, base: number): number => {
    let used = 0;
    const pages = 512 ** (level - 1);
    for (let i = 0; i < entries; i++) {
      const lo = words[(table << 10) + 2 * i]!;
      const hi = words[(table << 10) + 2 * i + 1]!;
      if (lo === 0) continue;
      used++;
      const va = base + i * pages * PAGE_SIZE;
      if ((lo & PG_V) === 0) faults.push(`entry without V at ${va.toString(16)}`);
      if (level === 1 || (lo & PG_PS) !== 0) leaves.push({ va, lo, hi, pages });
      else {
        tables++;
        const below = tableFrame(lo);
        const count = visit(below, 512, level - 1, va);
        if (page.refCount[below] !== count || count === 0)
          faults.push(`level ${level - 1} at ${va.toString(16)}: ${page.refCount[below]} references, ${count} entries`);
      }
    }
    return used;
  };
  visit(pmap.top, 256, 4, 0);
  return { leaves, tables, faults };
}

/** The mappings of all pv entries, as pmap:va:pages. */
function pvMappings(w: World): string[] {
  const { words, page } = w.m;
  const found: string[] = [];
  const list = (head: number, pages: number): void => {
    for (let pv = head; pv !== 0; pv = pvNext(words, pv))
      found.push(`${pvPmap(w.m, pv).id}:${vaOf(pvVaHi(words, pv), pvVaLo(words, pv))}:${pages}`);
  };
  for (let frame = 0; frame < 8192; frame++) list(page.pvHead[frame]!, 1);
  for (let run = 0; run < 16; run++) list(page.pvHead2m[run]!, 512);
  return found.toSorted();
}

/** Checks everything on which the tables, the pages and the statistics must agree. */
function check(w: World, pmaps: readonly Pmap[], leak: number, drift: boolean): void {
  const { words, page, counters } = w.m;
  const managed: string[] = [];
  let userTables = leak;
  for (const pmap of pmaps) {
    const { leaves, tables, faults } = read(w, pmap);
    expect(faults).toEqual([]);
    const roots = pmap.topUser === 0 ? 1 : 2;
    const sum = (some: readonly Leaf[]): number => some.reduce((pages, leaf) => pages + leaf.pages, 0);
    expect(pmap.stats).toEqual({
      residentCount: sum(leaves) + tables + pmap.reserved.size + roots,
      wiredCount: sum(leaves.filter(({ lo }) => (lo & PG_W) !== 0)),
    });
    userTables += tables + pmap.reserved.size + roots;
    for (const { va, lo, hi, pages } of leaves) {
      if ((lo & PG_MANAGED) === 0) continue;
      managed.push(`${pmap.id}:${va}:${pages}`);
      if (pages === 512) expect(lo & (PG_RW | PG_M)).not.toBe(PG_RW);
      if ((lo & PG_RW) !== 0) {
        const first = frameOf(lo, hi) & ~(pages - 1);
        for (let i = 0; i < pages; i++) expect(page.aflags[first + i]! & PGA_WRITEABLE).toBe(PGA_WRITEABLE);
      }
    }
    for (const [index, kept] of pmap.reserved) {
      expect([page.refCount[kept], page.valid[kept]]).toEqual([512, VM_PAGE_BITS_ALL]);
      const leaf = leaves.find(({ va }) => va === index * NBPDR)!;
      expect(leaf.pages).toBe(512);
      const pte = kept << 10;
      for (let i = 0; i < 512; i += 73)
        expect(frameOf(words[pte + 2 * i]!, words[pte + 2 * i + 1]!)).toBe(frameOf(leaf.lo, leaf.hi) + i);
    }
    let used = 0;
    for (let chunk = pmap.pvChunkHead; chunk !== 0; chunk = chunkNext(words, chunk)) {
      const before = used;
      for (let i = 0; i < CHUNK_MAP_WORDS; i++)
        for (let bits = chunkUsed(words, chunk, i); bits !== 0; bits &= bits - 1) used++;
      expect(used).toBeGreaterThan(before);
    }
    expect(used).toBe(managed.filter((mapping) => mapping.startsWith(`${pmap.id}:`)).length);
    const pml4 = pmap.top << 10;
    if (pmap.topUser !== 0)
      for (let slot = 0; slot < 512; slot += 2) expect(words[(pmap.topUser << 10) + slot]).toBe(words[pml4 + slot]);
  }
  expect(pvMappings(w)).toEqual(managed.toSorted());
  expect(counters[PV_ENTRY_COUNT]).toBe(managed.length);
  if (!drift) expect(counters[PV_PAGE_COUNT]).toBeGreaterThanOrEqual(Math.ceil(managed.length / 168));
  expect(counters[USER_PT_PAGE_COUNT]).toBe(userTables);
}

const KINDS = [
  'enter',
  'enter',
  'enter',
  'fill',
  'fill',
  'quick',
  'object',
  'large',
  'remove',
  'remove',
  'protect',
  'advise',
  'copy',
  'unwire',
  'removeAll',
  'removeWrite',
  'clearModify',
  'tsReferenced',
  'sweep',
  'shortage',
];

const op = fc.record({
  kind: fc.constantFrom(...KINDS),
  p: fc.integer({ min: 0, max: 2 }),
  base: fc.constantFrom(0x40_0000, 0x4000_0000, 0x7fff_ff80_0000),
  page: fc.oneof(fc.constantFrom(0, 511, 512, 1024), fc.integer({ min: 0, max: 1535 })),
  pages: fc.oneof(fc.constantFrom(1, 512, 1024), fc.integer({ min: 1, max: 1200 })),
  frame: fc.integer({ min: 0, max: 39 }),
  prot: fc.constantFrom(R, RW, 7),
  write: fc.boolean(),
  wired: fc.nat({ max: 5 }).map((n) => n === 0),
  nosleep: fc.boolean(),
});
type Op = typeof op extends fc.Arbitrary<infer T> ? T : never;

/** Executes an op. Calls that the kernel's callers rule out, and that would panic, are skipped. */
function step(w: World, pmaps: readonly Pmap[], frames: number, runs: readonly number[], o: Op): void {
  const { m } = w;
  const pmap = pmaps[o.p]!;
  const va = o.base + o.page * PAGE_SIZE;
  const end = Math.min(va + o.pages * PAGE_SIZE, o.base + 4 * NBPDR);
  const frame = frames + o.frame;
  const run = runs[o.frame % runs.length]!;
  const large = va - (va % NBPDR);
  const write = o.write && (o.prot & W) !== 0;
  const flags = (write ? W : R) | (o.nosleep ? PMAP_ENTER_NOSLEEP : 0);
  const wired = o.wired ? PMAP_ENTER_WIRED : 0;
  const calls: Readonly<Record<string, () => void>> = {
    enter: () => void pmapEnter(m, pmap, va, frame, o.prot, flags | wired, 0),
    fill: () => {
      for (let i = 0; i < 512; i++) pmapEnter(m, pmap, large + i * PAGE_SIZE, run + i, o.prot, flags | wired, 0);
    },
    quick: () => pmapEnterQuick(m, pmap, va, frame, o.prot),
    object: () => pmapEnterObject(m, pmap, o.write ? large : va, end, o.write ? run : frames, o.prot),
    large: () => void pmapEnter(m, pmap, large, run, o.prot, (o.prot & W) !== 0 ? flags | W : flags, 1),
    remove: () => pmapRemove(m, pmap, va, end),
    protect: () => pmapProtect(m, pmap, va, end, o.write ? R : 5),
    advise: () => pmapAdvise(m, pmap, va, end, o.write ? MADV_FREE : MADV_DONTNEED),
    copy: () => {
      const dst = pmaps[(o.p + 1) % pmaps.length]!;
      pmapRemove(m, dst, large, end);
      pmapCopy(m, dst, pmap, va, Math.max(end - va, 0), va);
    },
    unwire: () => {
      for (const leaf of read(w, pmap).leaves)
        if ((leaf.lo & PG_W) !== 0) pmapUnwire(m, pmap, leaf.va, leaf.va + leaf.pages * PAGE_SIZE);
    },
    removeAll: () => pmapRemoveAll(m, o.write ? run + (o.page % 512) : frame),
    removeWrite: () => pmapRemoveWrite(m, o.write ? run + (o.page % 512) : frame),
    clearModify: () => pmapClearModify(m, o.write ? run + (o.page % 512) : frame),
    tsReferenced: () => void pmapTsReferenced(m, o.write ? run + (o.page % 512) : frame),
    sweep: () => {
      pmapActivate(m, pmap);
      pmapRemovePages(m, pmap);
    },
    shortage: () => pageLimit(m, o.frame % 4),
  };
  calls[o.kind]!();
}

describe('whatever is done', () => {
  it.each([
    ['landed', false],
    ['d33276', true],
  ] as const)('tables, pages and statistics agree (%s, user root %s)', (variant, pti) => {
    fc.assert(
      fc.property(fc.array(op, { maxLength: 40 }), (list) => {
        const w = new World({ pti }, variant);
        const pmaps = [w.pmap(), w.pmap(), w.pmap()];
        const frames = w.pages(40);
        const runs = [w.run(), w.run(), w.run()];
        let leak = 0;
        let drift = false;
        for (const o of list) {
          drift ||= o.kind === 'shortage';
          step(w, pmaps, frames, runs, o);
          if (variant === 'landed') leak = w.m.counters[REACHED_RESERVED_PT_PAGE_FREED]!;
          check(w, pmaps, leak, drift);
        }
        pageLimit(w.m, -1);
        for (const pmap of pmaps) {
          pmapActivate(w.m, pmap);
          pmapRemove(w.m, pmap, 0, 2 ** 47);
        }
        pmapActivate(w.m, w.m.pmap0);
        for (const pmap of pmaps) expect(panicOf(() => pmapRelease(w.m, pmap))).toBe('no panic');
        expect(w.m.counters[PV_ENTRY_COUNT]).toBe(0);
      }),
      { numRuns: 20, seed: 32569 },
    );
  });
});
