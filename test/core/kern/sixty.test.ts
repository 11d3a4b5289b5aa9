import { describe, expect, it } from 'vitest';
import { type Machine, type Proc, VM_PROT_READ, access, sysExec, sysExit } from '../../../core/index.ts';
import { MAP_ENTRY_GUARD } from '../../../core/state/vm.ts';
import {
  SERIES,
  SHARED_PAGE,
  SMALL,
  entriesOf,
  kinds,
  machineOf,
  removes,
  sixtyEntries,
  started,
} from '../../support/kernel.ts';

/** pmap_remove calls and early exits of the teardown of 60 entries, by revision: [touched, not touched]. */
const TABLE: Readonly<Record<string, readonly [readonly [number, number], readonly [number, number]]>> = {
  baseline: [
    [52, 0],
    [52, 52],
  ],
  'toplevel-accounting': [
    [52, 0],
    [52, 0],
  ],
  'double-count-fix': [
    [52, 51],
    [52, 51],
  ],
  'shared-page-unmap': [
    [53, 52],
    [53, 52],
  ],
  landed: [
    [53, 52],
    [53, 52],
  ],
};

function sixty(m: Machine, touch: boolean): Proc {
  const p = started(m, sixtyEntries());
  if (touch) expect(access(m, p, SHARED_PAGE, VM_PROT_READ)).toBe(0);
  return p;
}

describe.each(SERIES)('60 entries under %s', (id) => {
  it('are 4 guards, 4 untouched ones and 52 with an object', () => {
    const m = machineOf(id);
    const { map } = sixty(m, false).vmspace;
    expect(map.nentries).toBe(60);
    const entries = entriesOf(map);
    expect(entries.filter(({ object }) => object !== null)).toHaveLength(52);
    expect(entries.filter(({ eflags }) => (eflags & MAP_ENTRY_GUARD) !== 0)).toHaveLength(4);
  });

  it.each([
    ['touched', true, 0],
    ['not touched', false, 1],
  ])('cost exit, the shared page %s, the calls and early exits of the review', (_, touch, column) => {
    const m = machineOf(id);
    const p = sixty(m, touch);
    const got = removes(m, () => sysExit(m, p, 0));
    expect([got.calls, got.early]).toEqual(TABLE[id]![column]);
  });

  it.each([
    ['touched', true, 0],
    ['not touched', false, 1],
  ])('cost an exec in place, the shared page %s, the same', (_, touch, column) => {
    const m = machineOf(id);
    const p = sixty(m, touch);
    const got = removes(m, () => sysExec(m, p, SMALL));
    expect([got.calls, got.early]).toEqual(TABLE[id]![column]);
  });

  it('are torn down in the order of vm_map.c: the hook, pmap_remove_pages, vmspace0, ascending vm_map_remove, release', () => {
    const m = machineOf(id);
    const p = sixty(m, true);
    const order = kinds(m, () => sysExit(m, p, 0)).filter((kind, i, all) => kind !== all[i - 1]);
    const hooked = id === 'baseline' || id === 'toplevel-accounting' ? [] : ['remove'];
    expect(order).toEqual([...hooked, 'remove_pages', 'activate', 'remove', 'release']);
  });
});
