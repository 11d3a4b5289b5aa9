import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PageIndex } from '../../../core/state/page-index.ts';
import { OBJT_DEFAULT, VmObject } from '../../../core/state/vm.ts';
import {
  radixInsert,
  radixLookup,
  radixLookupGe,
  radixLookupLe,
  radixReclaim,
  radixRemove,
  radixReplace,
} from '../../../core/vm/radix.ts';

/** Indices close together, and far apart: up to the pages of a 47-bit address space. */
const index = fc.oneof(
  fc.integer({ min: 0, max: 80 }),
  fc.integer({ min: 1000, max: 1100 }),
  fc.integer({ min: 0, max: 2 ** 35 - 1 }),
  fc.constantFrom(31, 32, 1023, 1024, 2 ** 30 - 1, 2 ** 30, 2 ** 35 - 1),
);

describe('the page index of an object', () => {
  it('behaves like a sorted list', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), index), { maxLength: 120 }), index, (steps, probe) => {
        const pages = new PageIndex();
        const object = new VmObject(1, OBJT_DEFAULT, 2 ** 35, 0);
        const model = new Map<number, number>();
        let frame = 1;
        for (const [insert, at] of steps) {
          if (insert && !model.has(at)) {
            radixInsert(pages, object, at, frame);
            model.set(at, frame++);
          } else if (insert) {
            radixReplace(pages, object, at, frame);
            model.set(at, frame++);
          } else if (model.has(at)) {
            radixRemove(pages, object, at);
            model.delete(at);
          }
        }
        const sorted = [...model].toSorted(([a], [b]) => a - b);
        for (const at of [probe, 0, ...model.keys()]) {
          expect(radixLookup(pages, object, at)).toBe(model.get(at) ?? 0);
          expect(radixLookupGe(pages, object, at)).toBe(sorted.find(([i]) => i >= at)?.[1] ?? 0);
          expect(radixLookupLe(pages, object, at)).toBe(sorted.findLast(([i]) => i <= at)?.[1] ?? 0);
        }
        radixReclaim(pages, object);
        expect(pages.slots.every((slot) => slot === 0)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  it('rejects an index that is taken', () => {
    const pages = new PageIndex();
    const object = new VmObject(1, OBJT_DEFAULT, 8, 0);
    radixInsert(pages, object, 5, 1);
    expect(() => radixInsert(pages, object, 5, 2)).toThrow('key is already present');
  });
});
