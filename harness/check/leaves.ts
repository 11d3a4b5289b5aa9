/** Individual leaves: their bits, the frames they map, and the state of the mapped pages. */
import { type Machine, PGA_WRITEABLE, VPO_UNMANAGED } from '../../core/inspect.ts';
import { ACCESSED, DIRTY, GLOBAL, KEY_HI, MANAGED, USER, WIRED, WRITE, frameIn, leafFrame, pagesAt } from './bits.ts';
import type { FreeFrames } from './free-frames.ts';
import { type State, bits, hex } from './state.ts';

export function checkLeaves(state: State, free: FreeFrames): void {
  const { survey, report } = state;
  for (const { pmap, leafFrom, leafTo, tableFrom, tableTo } of survey.spaces) {
    const who = state.who(pmap);
    for (let row = leafFrom; row < leafTo; row++) checkLeaf(state, free, row, who, pmap.reserved);
    for (let row = tableFrom; row < tableTo; row++) {
      const { frame, again } = survey.tables[row];
      if (!again && free.has(frame)) report.broken('freed-frame', who, 'a page in use', `table in free frame ${frame}`);
    }
  }
}

function checkLeaf(
  { m, survey, report }: State,
  free: FreeFrames,
  row: number,
  who: string,
  reserved: ReadonlyMap<number, number>,
): void {
  const { leaves } = survey;
  const va = leaves.va[row];
  const lo = leaves.lo[row];
  const hi = leaves.hi[row];
  const level = leaves.level[row];
  const first = leafFrame(lo, hi, level);
  const pages = pagesAt(level);
  if ((lo & USER) === 0 || (lo & GLOBAL) !== 0) report.broken('leaf-bits', who, `${hex(va)}: U, not G`, bits(lo));
  if ((hi & KEY_HI) !== 0) report.broken('leaf-key', who, `${hex(va)}: key 0`, bits(hi & KEY_HI));
  // Bit 12 of a large leaf is its PAT bit, not a frame bit.
  const isAligned = level === 1 || frameIn(lo, hi) % pages <= 1;
  if (!isAligned || first === 0 || first + pages > m.frames) {
    report.broken('leaf-frame', who, `${hex(va)}: aligned, within memory`, `${bits(hi)}, ${bits(lo)}`);
    return;
  }
  const isManaged = (lo & MANAGED) !== 0;
  if (level === 2 && isManaged) {
    if ((lo & WIRED) !== 0 && ((lo & ACCESSED) === 0 || !reserved.has(va / 2 ** 21)))
      report.broken('superpage-wired', who, `${hex(va)}: A, and a reserved table page`, bits(lo));
    if ((lo & WRITE) !== 0 && (lo & DIRTY) === 0)
      report.broken('superpage-clean', who, `${hex(va)}: dirty or read-only`, bits(lo));
  }
  for (let frame = first; frame < first + pages; frame++) {
    if (free.has(frame)) report.broken('freed-frame', who, `${hex(va)}: a page in use`, `free frame ${frame}`);
    if (((m.page.oflags[frame] & VPO_UNMANAGED) === 0) !== isManaged)
      report.broken(
        'leaf-managed',
        who,
        `${hex(va)}: ${isManaged ? 'a managed' : 'an unmanaged'} page`,
        `frame ${frame}`,
      );
  }
}

/** Checks PGA_WRITEABLE of a page of an object. */
export function checkWriteable({ m, survey, report }: State, frame: number): void {
  const isSet = (m.page.aflags[frame] & PGA_WRITEABLE) !== 0;
  if (survey.isWriteable(frame) && !isSet)
    report.broken('page-writeable', null, `frame ${frame}: set, it is mapped writeable`, 'clear');
  else if (isSet && !survey.isMapped(frame))
    report.broken('page-writeable', null, `frame ${frame}: clear, it is not mapped`, 'set');
}

/** Verbs that may clean a written page: write-back, and advice that its content is not needed. */
const CLEANING = new Set(['msync', 'madvise']);

/** Checks that a page written through a mapping stays dirty when that mapping is removed. */
export class DirtyPages {
  #frames: number[] = [];
  #objects: number[] = [];
  #indices: number[] = [];

  check({ m, survey, report, moment, isNext }: State): void {
    const { page } = m;
    if (isNext && !CLEANING.has(moment.verb))
      for (let i = 0; i < this.#frames.length; i++) {
        const frame = this.#frames[i];
        const isSame = page.object[frame] === this.#objects[i] && page.pindex[frame] === this.#indices[i];
        if (!isSame || survey.isModified(frame) || page.dirty[frame] === 0xff) continue;
        report.broken('dirty-pages', null, `frame ${frame}: dirty`, bits(page.dirty[frame]));
      }
    this.#frames.length = 0;
    this.#objects.length = 0;
    this.#indices.length = 0;
  }

  /** Notes a page of an object for the next check. */
  note({ m: { page }, survey }: { readonly m: Machine; readonly survey: State['survey'] }, frame: number): void {
    if (!survey.isModified(frame)) return;
    this.#frames.push(frame);
    this.#objects.push(page.object[frame]);
    this.#indices.push(page.pindex[frame]);
  }
}
