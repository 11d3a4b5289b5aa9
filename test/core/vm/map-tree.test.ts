import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  MAP_ANON,
  MAP_PRIVATE,
  PAGE_SIZE,
  type VmMap,
  type VmMapEntry,
  sysMmap,
  sysMprotect,
  sysMunmap,
} from '../../../core/index.ts';
import { MAP_ENTRY_GUARD, MAP_WRITE_LOCKED } from '../../../core/state/vm.ts';
import { entryHolds, vmMapEntryPred, vmMapFindspace, vmMapLookupEntry } from '../../../core/vm/map-tree.ts';
import { RW, SMALL, entriesOf, machineOf, mapAnon, started } from '../../support/kernel.ts';

/** What vm_map.c asserts about a map when consistency checks are on. */
function expectConsistent(map: VmMap): void {
  const { header } = map;
  const entries = entriesOf(map);
  expect(entries).toHaveLength(map.nentries);
  let end = map.minOffset;
  let size = 0;
  for (const [i, entry] of entries.entries()) {
    expect(entry.start).toBeGreaterThanOrEqual(end);
    expect(entry.end).toBeGreaterThan(entry.start);
    expect(vmMapEntryPred(entry)).toBe(entries[i - 1] ?? header);
    end = entry.end;
    if ((entry.eflags & MAP_ENTRY_GUARD) === 0) size += entry.end - entry.start;
  }
  expect(end).toBeLessThanOrEqual(map.maxOffset);
  expect(map.size).toBe(size);
  if (map.root !== null) expectGaps(map.root, header, header);
  expect([header.left, header.right]).toEqual([entries.at(-1) ?? header, entries[0] ?? header]);
}

/** Expects maxFree of every subtree to be its largest gap. Returns it. */
function expectGaps(entry: VmMapEntry, before: VmMapEntry, after: VmMapEntry): number {
  const left = entry.left === before ? entry.start - before.end : expectGaps(entry.left, before, entry);
  const right = entry.right === after ? after.start - entry.end : expectGaps(entry.right, entry, after);
  expect(entry.maxFree).toBe(Math.max(left, right));
  return entry.maxFree;
}

const page = fc.integer({ min: 0, max: 63 });
const action = fc.record({
  what: fc.constantFrom('map', 'guard', 'unmap', 'protect', 'lookup', 'find'),
  at: page,
  pages: fc.integer({ min: 1, max: 9 }),
  prot: fc.constantFrom(1, 3, 5),
});

describe('the tree of a map', () => {
  it('keeps order, threads and free gaps through any sequence of operations', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        const m = machineOf('landed', { ram: 2 ** 24 });
        const p = started(m, SMALL);
        const { map } = p.vmspace;
        for (const { what, at, pages, prot } of actions) {
          const addr = 0x200000 + at * PAGE_SIZE;
          const len = pages * PAGE_SIZE;
          if (what === 'map') mapAnon(m, p, addr, pages, prot);
          else if (what === 'guard') sysMmap(m, p, addr, len, 0, 0, 0x2010, -1, 0);
          else if (what === 'unmap') sysMunmap(m, p, addr, len);
          else if (what === 'protect') sysMprotect(m, p, addr, len, prot);
          else if (what === 'find') sysMmap(m, p, addr, len, RW, 0, MAP_ANON | MAP_PRIVATE, -1, 0);
          else {
            map.locked = MAP_WRITE_LOCKED;
            const entry = vmMapLookupEntry(m, map, addr);
            const expected = entriesOf(map).findLast(({ start }) => start <= addr) ?? map.header;
            expect(entry).toBe(expected);
            expect(entryHolds(map, entry, addr)).toBe(entry !== map.header && addr < entry.end);
            map.locked = 0;
          }
          expectConsistent(map);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('finds the lowest gap that is large enough', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(page, page), { maxLength: 20 }), page, page, (taken, from, want) => {
        const m = machineOf('landed', { ram: 2 ** 24 });
        const p = started(m, SMALL);
        const { map } = p.vmspace;
        for (const [at, pages] of taken) if (pages > 0) mapAnon(m, p, 0x200000 + at * PAGE_SIZE, pages);
        const start = 0x200000 + from * PAGE_SIZE;
        const length = (want + 1) * PAGE_SIZE;
        let lowest = start;
        for (const entry of entriesOf(map)) {
          if (entry.end <= lowest) continue;
          if (entry.start >= lowest + length) break;
          lowest = entry.end;
        }
        expect(vmMapFindspace(m, map, start, length)).toBe(lowest);
        expectConsistent(map);
      }),
      { numRuns: 100 },
    );
  });
});
