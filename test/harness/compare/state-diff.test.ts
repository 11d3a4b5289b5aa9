import { describe, expect, it } from 'vitest';
import { type StateRow, diffStates } from '../../../harness/compare/state-diff.ts';

const vmspace = (nentries: number): StateRow => ({ kind: 'vmspace', id: 1, refcnt: 1, nentries });
const entry = (start: number, object: number, prot = 1): StateRow => ({
  kind: 'entry',
  vmspace: 1,
  start,
  end: start + 4096,
  object,
  prot,
});
const object = (number: number): StateRow => ({ kind: 'object', object: number, refs: 1 });

describe('the difference of two states', () => {
  it('is nothing when they are equal', () => {
    const rows = [vmspace(1), entry(4096, 1), object(1)];
    expect(diffStates(rows, rows)).toEqual([]);
    expect(diffStates([], [])).toEqual([]);
  });

  it('names a row that is gone, and what depends on it', () => {
    const before = [vmspace(2), object(1), entry(4096, 1), object(2), entry(8192, 2)];
    const after = [vmspace(1), object(1), entry(8192, 1)];
    expect(diffStates(before, after)).toEqual([
      {
        kind: 'entry',
        key: { vmspace: 1, start: 4096 },
        change: 'gone',
        row: { vmspace: 1, start: 4096, end: 8192, object: 1, prot: 1 },
        columns: {},
      },
      { kind: 'vmspace', key: { id: 1 }, change: 'changed', row: null, columns: { nentries: [2, 1] } },
    ]);
  });

  it('names a row that is new, and a column that changed', () => {
    expect(diffStates([entry(4096, 1)], [entry(4096, 1, 3), entry(8192, 1)])).toEqual([
      { kind: 'entry', key: { vmspace: 1, start: 4096 }, change: 'changed', row: null, columns: { prot: [1, 3] } },
      {
        kind: 'entry',
        key: { vmspace: 1, start: 8192 },
        change: 'new',
        row: { vmspace: 1, start: 8192, end: 12288, object: 1, prot: 1 },
        columns: {},
      },
    ]);
  });

  it('does not report numbers assigned by first visit', () => {
    expect(diffStates([object(1), entry(4096, 1)], [object(1), object(2), entry(4096, 2)])).toEqual([]);
  });
});

describe('a state of a core that has other rows', () => {
  it('is compared by what both have', () => {
    const reference = [
      { kind: 'proc', pid: 1, vmspace: 1 },
      { kind: 'leaf', vmspace: 1, va: 0 },
    ];
    const candidate = [
      { kind: 'proc', pid: 1, age: 3 },
      { kind: 'leaf', va: 0 },
      { kind: 'lease', id: 1 },
    ];
    expect(diffStates(reference, candidate)).toEqual([
      { kind: 'lease', key: {}, change: 'changed', row: null, columns: { rows: [0, 1] } },
      {
        kind: 'proc',
        key: { pid: 1 },
        change: 'changed',
        row: null,
        columns: { vmspace: [1, 'none'], age: ['none', 3] },
      },
      { kind: 'leaf', key: { vmspace: 'none', va: 0 }, change: 'new', row: { va: 0 }, columns: {} },
      { kind: 'leaf', key: { vmspace: 1, va: 0 }, change: 'gone', row: { vmspace: 1, va: 0 }, columns: {} },
    ]);
  });
});
