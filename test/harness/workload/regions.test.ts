import { describe, expect, it } from 'vitest';
import {
  type Choice,
  type Region,
  accessedOf,
  change,
  placeOf,
  replace,
  spanOf,
} from '../../../harness/workload/regions.ts';

const NONE: Choice = { verb: 0, who: 0, where: 0, from: 0, size: 0, how: 0 };
const region = (at: Region['at'], pages: number, prot = 'rw'): Region => ({ at, pages, prot, max: 'rwx' });

describe('the memory of a random process', () => {
  it('falls into parts where one is changed, that part first', () => {
    const space = { regions: [region(0x10000, 8), region('m', 2)] };
    const span = spanOf(space, { ...NONE, from: 3 + 8 * 2, size: 5 + 8 * 2 })!;
    expect(span.text).toBe('0x12000 3p');
    change(space, span, (one) => ({ ...one, prot: 'r' }));
    expect(space.regions).toEqual([region(0x12000, 3, 'r'), region(0x10000, 2), region(0x15000, 3), region('m', 2)]);
    change(space, spanOf(space, { ...NONE, size: 4 })!, (one) => ({ ...one, prot: '-' }));
    expect(space.regions.map(({ prot }) => prot)).toEqual(['-', '-', '-', '-']);
  });

  it('has parts of a name', () => {
    const space = { regions: [region('m', 4)] };
    change(space, spanOf(space, { ...NONE, from: 1 })!, (one) => ({ ...one, prot: 'r' }));
    expect(space.regions.map(({ at, pages }) => [at, pages])).toEqual([
      ['m+3p', 1],
      ['m', 3],
    ]);
  });

  it('is taken by what is mapped over it', () => {
    const space = { regions: [region(0x10000, 2), region(0x12000, 2), region('m', 2)] };
    replace(space, region(0x11000, 1));
    expect(space.regions.map(({ at }) => at)).toEqual([0x11000, 0x12000, 'm']);
    replace(space, region('m', 9));
    expect(space.regions.map(({ at, pages }) => [at, pages])).toEqual([
      ['m', 9],
      [0x11000, 1],
      [0x12000, 2],
    ]);
  });

  it('has spans that begin or end within a page', () => {
    const space = { regions: [region(0x10000, 8)] };
    expect(spanOf(space, { ...NONE, size: 6 + 8 * 2 })!.text).toBe('0x10000 10240');
    expect(spanOf(space, { ...NONE, size: 6 + 8 * 3 })!.text).toBe('0x10000+2048 12288');
  });

  it('is accessed within one region', () => {
    expect(accessedOf({ regions: [] }, NONE)).toBeNull();
    expect(accessedOf({ regions: [region(0x10000, 8)] }, { ...NONE, from: 1 })!.text).toBe('0x17000 1p');
  });

  it('lies in tables of its own at each level', () => {
    const places = Array.from({ length: 9 }, (_one, far) => placeOf(far * 128, true));
    const levels = [2 ** 21, 2 ** 30, 2 ** 39, 2 ** 48];
    const tables = levels.map((size) => new Set(places.map((place) => Math.floor(place / size))).size);
    expect(tables).toEqual([5, 5, 4, 2]);
    expect(Math.max(...Array.from({ length: 8 }, (_one, far) => placeOf(far * 128, false)))).toBeLessThan(2 ** 47);
  });
});
