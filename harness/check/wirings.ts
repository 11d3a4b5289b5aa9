/** Wirings: entries that the user wired, and the pages that wired entries hold. */
import { MAP_ENTRY_USER_WIRED, VPO_UNMANAGED, type VmMapEntry, type VmObject } from '../../core/inspect.ts';
import { PAGE } from './bits.ts';
import type { MapRows } from './maps.ts';
import { residentAt } from './objects.ts';
import type { State } from './state.ts';

/** The wirings of a page, below the bits of its object's reference. FreeBSD: VPRC_WIRE_COUNT */
const WIRE_COUNT = 2 ** 30 - 1;

export function checkWirings(state: State, maps: readonly MapRows[]): void {
  const { m, report } = state;
  const expected = new Map<number, number>();
  let userWired = 0;
  for (const { entries } of maps)
    for (const entry of entries) {
      if ((entry.eflags & MAP_ENTRY_USER_WIRED) !== 0) userWired += (entry.end - entry.start) / PAGE;
      if (entry.wiredCount > 0) addPages(state, entry, expected);
    }
  report.same('user-wired-count', null, userWired, m.vm.userWired);
  for (let object = m.vm.objectsHead; object !== null; object = object.listNext) checkObject(state, object, expected);
}

/** Counts the pages that a wired entry holds: at each address the one nearest the top of the chain. */
function addPages({ m }: State, { start, end, offset, object: top }: VmMapEntry, expected: Map<number, number>): void {
  for (let va = start; va < end; va += PAGE) {
    let pindex = (va - start + offset) / PAGE;
    for (let object: VmObject | null = top; object !== null; object = object.backing) {
      const frame = residentAt(m.vm.index, object, pindex);
      if (frame !== 0) {
        expected.set(frame, (expected.get(frame) ?? 0) + 1);
        break;
      }
      pindex += object.backingOffset / PAGE;
    }
  }
}

function checkObject({ m, report }: State, object: VmObject, expected: ReadonlyMap<number, number>): void {
  const { page } = m;
  for (let frame = object.memqFirst; frame !== 0; frame = page.listNext[frame]) {
    const wirings = page.refCount[frame] & WIRE_COUNT;
    if ((page.oflags[frame] & VPO_UNMANAGED) === 0 && wirings !== (expected.get(frame) ?? 0))
      report.same(
        'page-wirings',
        null,
        expected.get(frame) ?? 0,
        wirings,
        `object ${object.id}, page ${page.pindex[frame]}: `,
      );
  }
}
