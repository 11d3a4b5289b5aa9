import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  PT_PAGE_ALLOCS,
  PT_PAGE_FREES,
  REACHED_REMOVE_LOOP_DONE,
  REMOVE_LOOPS,
  USER_PT_PAGE_COUNT,
} from '../../../core/counters.ts';
import { cpuAccess } from '../../../core/hw/cpu.ts';
import {
  pmapActivate,
  pmapAdvise,
  pmapCopy,
  pmapEnter,
  pmapEnterObject,
  pmapExtract,
  pmapProtect,
  pmapRemove,
  pmapRemoveAll,
  pmapRemovePages,
  pmapTsReferenced,
} from '../../../core/pmap/index.ts';
import type { Pmap } from '../../../core/state/pmap.ts';
import { MADV_DONTNEED, NBPDR, PAGE_SIZE } from '../../../core/units.ts';
import { dumpLeaves } from '../../../harness/conform/pmap-state.ts';
import { R, RW, W, World, panicOf } from './world.ts';

const REGIONS = [0x40_0000, 0x4000_0000, 0x80_4000_0000, 0x1234_0000_0000, 0x7fff_ffc0_0000];
const PAGES = 48;

interface Op {
  readonly kind: string;
  readonly p: number;
  readonly va: number;
  readonly pages: number;
  readonly frame: number;
  readonly write: boolean;
}

const ops = fc.array(
  fc.record<Op>({
    kind: fc.constantFrom(
      'enter',
      'enter',
      'enter',
      'object',
      'large',
      'remove',
      'protect',
      'advise',
      'copy',
      'access',
      'page',
      'referenced',
      'sweep',
    ),
    p: fc.integer({ min: 0, max: 1 }),
    va: fc
      .tuple(fc.constantFrom(...REGIONS), fc.integer({ min: 0, max: 1023 }))
      .map(([region, page]) => region + page * PAGE_SIZE),
    pages: fc.integer({ min: 1, max: 900 }),
    frame: fc.integer({ min: 0, max: PAGES - 1 }),
    write: fc.boolean(),
  }),
  { maxLength: 60 },
);

/** Executes an op. Returns what a process or the VM layer could observe. */
function step(w: World, pmaps: Pmap[], frames: number, run: number, op: Op): unknown {
  const { m } = w;
  const pmap = pmaps[op.p]!;
  const end = Math.min(op.va + op.pages * PAGE_SIZE, 2 ** 47);
  const frame = frames + op.frame;
  const aligned = op.va - (op.va % NBPDR);
  switch (op.kind) {
    case 'enter':
      return pmapEnter(m, pmap, op.va, frame, op.write ? RW : R, op.write ? W : R, 0);
    case 'object':
      return pmapEnterObject(m, pmap, op.va, end, frames, R);
    case 'large':
      return pmapEnter(m, pmap, aligned, run, RW, W, 1);
    case 'remove':
      return pmapRemove(m, pmap, op.va, op.write ? 2 ** 47 : end);
    case 'protect':
      return pmapProtect(m, pmap, op.va, end, R);
    case 'advise':
      return pmapAdvise(m, pmap, op.va, end, MADV_DONTNEED);
    case 'copy':
      return panicOf(() => pmapCopy(m, pmaps[1 - op.p]!, pmap, op.va, end - op.va, op.va));
    case 'access':
      return [cpuAccess(m, pmap, op.va, op.write ? W : R), pmapExtract(m, pmap, op.va, 7)];
    case 'page':
      return pmapRemoveAll(m, frame);
    case 'referenced':
      return pmapTsReferenced(m, op.write ? run + op.frame : frame);
    default:
      pmapActivate(m, pmap);
      return pmapRemovePages(m, pmap);
  }
}

/**
 * What five levels may change: the counts of page-table pages, by one for each pmap with mappings; and the steps of a
 * removal after the last mapping, where one step covers 256 TiB.
 */
const LEVEL_COUNTS = [USER_PT_PAGE_COUNT, PT_PAGE_ALLOCS, PT_PAGE_FREES, REMOVE_LOOPS, REACHED_REMOVE_LOOP_DONE];

describe('five levels', () => {
  it('reach addresses whose page a number can hold but not every byte, and extract every byte', () => {
    const w = new World({ la57: true });
    const [pmap, frame, page] = [w.pmap(), w.pages(1), 0x7e_9a76_3141_f000];
    pmapEnter(w.m, pmap, page, frame, R, R, 0);
    const bytes = [0, 0xecf, 0xfff];
    expect(bytes.map((byte) => pmapExtract(w.m, pmap, page, byte))).toEqual(
      bytes.map((byte) => frame * PAGE_SIZE + byte),
    );
    expect(() => pmapExtract(w.m, pmap, page + 0xed0, 0)).toThrow(
      'pmapExtract: expected a page-aligned address, got 0x7e9a763141fed0',
    );
  });

  it('change nothing below 2^47 but one page-table page for each pmap and the counts of those', () => {
    fc.assert(
      fc.property(ops, fc.boolean(), (list, pti) => {
        const worlds = [false, true].map((la57) => {
          const w = new World({ la57, pti, cpus: 2 });
          return { w, pmaps: [w.pmap(), w.pmap()], frames: w.pages(PAGES), run: w.run() };
        });
        for (const op of list) {
          const [four, five] = worlds.map(({ w, pmaps, frames, run }) => {
            const before = [...w.m.counters];
            const answer = step(w, pmaps, frames, run, op);
            const counts = before.map((count, i) => (LEVEL_COUNTS.includes(i) ? 0 : w.m.counters[i]! - count));
            const used = pmaps.map((pmap) => Number(dumpLeaves(w.m, pmap).length > 0));
            const level = w.m.la57 ? used : [0, 0];
            return {
              answer,
              counts,
              stats: pmaps.map(({ stats }, i) => [stats.residentCount - level[i]!, stats.wiredCount]),
              tables: w.m.counters[USER_PT_PAGE_COUNT]! - level[0]! - level[1]!,
              leaves: pmaps.map((pmap) => dumpLeaves(w.m, pmap)),
            };
          });
          expect(five).toEqual(four);
        }
      }),
      { numRuns: 40, seed: 57 },
    );
  });
});
