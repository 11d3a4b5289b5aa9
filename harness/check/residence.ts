/**
 * Leaves compared with the map: a mapped page must be one that the entry's object chain holds, with no more rights than
 * the entry.
 */
import { MAP_ENTRY_NEEDS_COPY, type VmMapEntry, type VmObject } from '../../core/inspect.ts';
import { NO_EXECUTE_HI, PAGE, WIRED, WRITE, leafFrame, pagesAt } from './bits.ts';
import type { MapRows } from './maps.ts';
import { residentAt } from './objects.ts';
import { type State, bits, hex } from './state.ts';

const PROT_WRITE = 2;
const PROT_EXECUTE = 4;

export function checkResidence(state: State, maps: readonly MapRows[]): void {
  const { survey, report } = state;
  const { leaves } = survey;
  for (const { pmap, leafFrom, leafTo } of survey.spaces) {
    const rows = maps.find(({ vm }) => vm.pmap === pmap);
    if (rows === undefined) continue;
    const { entries, who } = rows;
    let at = 0;
    for (let row = leafFrom; row < leafTo; row++) {
      const start = leaves.va[row];
      const end = start + pagesAt(leaves.level[row]) * PAGE;
      while (at < entries.length && entries[at].end <= start) at++;
      // A 2M leaf may span entries.
      let va = start;
      for (let next = at; va < end; next++) {
        const entry = entries[next];
        if (entry === undefined || entry.start > va || entry.object === null) {
          report.broken('leaf-in-entry', who, `${hex(va)}: an entry with an object`, bits(leaves.lo[row]));
          break;
        }
        const to = Math.min(end, entry.end);
        checkPart(state, row, entry, va, to, who);
        va = to;
      }
    }
  }
}

/** Checks the part of a leaf that is within an entry. */
function checkPart(
  { survey, report, m }: State,
  row: number,
  entry: VmMapEntry,
  from: number,
  to: number,
  who: string,
): void {
  const { leaves } = survey;
  const lo = leaves.lo[row];
  const isWriteable = (lo & WRITE) !== 0;
  const isExecutable = (leaves.hi[row] & NO_EXECUTE_HI) === 0;
  const { protection, eflags, wiredCount } = entry;
  if (
    protection === 0 ||
    (isWriteable && ((protection & PROT_WRITE) === 0 || (eflags & MAP_ENTRY_NEEDS_COPY) !== 0)) ||
    (isExecutable && (protection & PROT_EXECUTE) === 0)
  )
    report.broken(
      'leaf-rights',
      who,
      `${hex(from)}: within protection ${protection}, flags ${hex(eflags)}`,
      `${bits(leaves.hi[row])}, ${bits(lo)}`,
    );
  if ((lo & WIRED) !== 0 && wiredCount === 0)
    report.broken('leaf-wired', who, `${hex(from)}: a wired entry`, 'not wired');
  const level = leaves.level[row];
  const first = leafFrame(lo, leaves.hi[row], level) + (from - leaves.va[row]) / PAGE;
  const pindex = (from - entry.start + entry.offset) / PAGE;
  for (let page = 0; page < (to - from) / PAGE; page++) {
    const frame = first + page;
    const depth = depthOf(m, entry.object!, pindex + page, frame);
    if (depth === 0) continue;
    const va = from + page * PAGE;
    if (depth === HIDDEN)
      report.broken('leaf-stale', who, `${hex(va)}: the page nearest the top of its chain`, `frame ${frame}`);
    else if (depth === NOWHERE)
      report.broken(
        'leaf-page',
        who,
        `${hex(va)}: a page of the chain of object ${entry.object!.id}`,
        `frame ${frame}`,
      );
    else if (isWriteable) report.broken('leaf-rights', who, `${hex(va)}: read-only below the top object`, bits(lo));
  }
}

/** The frame is not a page of the chain; or it is, but a page nearer the top hides it. */
const NOWHERE = -1;
const HIDDEN = -2;

/** Returns how many objects down the chain the page at an index is this frame; or NOWHERE, HIDDEN. */
function depthOf({ page, vm }: State['m'], top: VmObject, pindex: number, frame: number): number {
  let index = pindex;
  let depth = 0;
  let isHidden = false;
  for (let object: VmObject | null = top; object !== null && depth < 10_000; object = object.backing) {
    if (page.object[frame] === object.id) {
      const isThere = page.pindex[frame] === index && residentAt(vm.index, object, index) === frame;
      if (!isThere) return NOWHERE;
      return isHidden ? HIDDEN : depth;
    }
    const nearer = residentAt(vm.index, object, index);
    isHidden ||= nearer !== 0 && page.valid[nearer] !== 0;
    index += object.backingOffset / PAGE;
    depth++;
  }
  return NOWHERE;
}
