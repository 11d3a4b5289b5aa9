/** Swap space that is reserved for anonymous memory. */
import type { MapRows } from './maps.ts';
import type { State } from './state.ts';

/** An entry without an object of its own is charged itself, otherwise its object is. */
export function checkCharges({ m, report }: State, maps: readonly MapRows[]): void {
  let bytes = 0;
  for (const { entries } of maps) for (const { charged, start, end } of entries) if (charged) bytes += end - start;
  for (let object = m.vm.objectsHead; object !== null; object = object.listNext)
    if (object.charged) bytes += object.charge;
  report.same('swap-reserved', null, bytes, m.vm.swapReserved);
}
