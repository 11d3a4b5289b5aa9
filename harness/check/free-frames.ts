/** Which frames are free according to the free lists alone, and whether that agrees with the references to them. */
import { type Machine, frameOfPlace, usedFrames } from '../../core/inspect.ts';
import type { State } from './state.ts';

/** FreeBSD: vm_reserv.h, 512 pages per run. */
const RUN = 512;

export class FreeFrames {
  #seen = new Int32Array(0);
  #number = 0;
  /** Frames that were found to be zero and have been free since. */
  #zeroes = new Uint8Array(0);

  // Frames from #from to #to were never allocated, nor were those for tables from #tableFrom to #tableTo.
  #from = 0;
  #to = 0;
  #tableFrom = 0;
  #tableTo = 0;

  readonly has = (frame: number): boolean =>
    this.#seen[frame] === this.#number ||
    (frame >= this.#from && frame < this.#to) ||
    (frame >= this.#tableFrom && frame < this.#tableTo);

  /** Resets the state for a machine about which nothing is known yet. */
  reset(): void {
    this.#zeroes = new Uint8Array(this.#zeroes.length);
  }

  /** Rereads the free lists. */
  take(m: Machine): void {
    if (this.#seen.length < m.frames) {
      this.#seen = new Int32Array(m.frames);
      this.#zeroes = new Uint8Array(m.frames);
    }
    const { page } = m;
    const { listNext } = page;
    this.#number++;
    this.#from = page.next;
    this.#to = page.runLow;
    this.#tableFrom = page.tableNext;
    this.#tableTo = page.tableEnd;
    const mark = (frame: number): void => {
      this.#seen[frame] = this.#number;
    };
    for (const { level0, count } of [page.freeZero, page.freeOther])
      if (count > 0)
        for (const [from, to] of usedFrames(m))
          for (let word = from >>> 5; word < to / 32; word++)
            for (let rest = level0[word]; rest !== 0; rest &= rest - 1)
              mark(frameOfPlace(page, word * 32 + 31 - Math.clz32(rest & -rest)));
    for (let first = page.freeRun; first !== 0; first = listNext[first])
      for (let frame = first; frame < first + RUN; frame++) mark(frame);
    for (let frame = page.tableZero; frame !== 0; frame = listNext[frame]) mark(frame);
    for (let frame = page.tableOther; frame !== 0; frame = listNext[frame]) mark(frame);
    for (let run = page.runLow / RUN; run < m.frames / RUN; run++)
      if (page.runCount[run] > 0)
        for (let slot = 0; slot < RUN; slot++)
          if ((page.runMap[run * 16 + (slot >>> 5)] & (1 << (slot & 31))) === 0) mark(run * RUN + slot);
  }

  /** Checks every frame that was ever allocated. */
  check({ m, report }: State): void {
    const { page } = m;
    const { refCount, object, pvHead, pvHead2m } = page;
    // Allocated frames of a run of page-table pages; the rest of memory above runLow is not listed as zeroed.
    const isOfTables = (frame: number): boolean =>
      page.runTables[frame >>> 9] !== 0 && (frame < page.tableNext || frame >= page.tableEnd);
    const one = (frame: number): void => {
      const references = refCount[frame];
      const isFree = this.has(frame);
      const isHeld = references !== 0 || object[frame] !== 0;
      if (references < 0 || isFree === isHeld)
        report.broken(
          'page-references',
          null,
          `frame ${frame}: ${isFree ? 'free, so no references' : 'in use, so referenced'}`,
          `${references} references, object ${object[frame]}`,
        );
      if (!isFree) this.#zeroes[frame] = 0;
      else if (pvHead[frame] !== 0) report.broken('free-pages', null, `free frame ${frame}: no pv entry`, 'one');
      else if (page.nonZero[frame] === 0 && this.#zeroes[frame] === 0 && (frame < page.next || isOfTables(frame)))
        this.#checkZero(m, report, frame);
    };
    for (const [from, to] of usedFrames(m)) for (let frame = from; frame < to; frame++) one(frame);
    for (let run = page.runLow / RUN; run < m.frames / RUN; run++) {
      if (pvHead2m[run] !== 0 && this.has(run * RUN))
        report.broken('free-pages', null, `free run ${run}: no pv entry`, 'one');
      this.#checkRun(m, report, run);
    }
    if (m.delayedFree !== 0) report.broken('free-pages', null, 'no page waits to be freed', `frame ${m.delayedFree}`);
  }

  #checkZero(m: Machine, report: State['report'], frame: number): void {
    this.#zeroes[frame] = 1;
    const isLow = frame < m.lowFrames;
    const words = isLow ? m.words : m.physBeyond.get(frame);
    if (words === undefined) return;
    const from = isLow ? frame * 1024 : 0;
    for (let at = from; at < from + 1024; at++)
      if (words[at] !== 0) {
        report.broken('free-pages', null, `frame ${frame}: zeroes`, `a word of ${words[at]} at ${at % 1024}`);
        this.#zeroes[frame] = 0;
        return;
      }
  }

  #checkRun({ page }: Machine, report: State['report'], run: number): void {
    let used = 0;
    for (let at = run * 16; at < run * 16 + 16; at++)
      for (let rest = page.runMap[at]; rest !== 0; rest &= rest - 1) used++;
    if (used !== page.runCount[run]) report.same('full-runs', null, used, page.runCount[run], `run ${run}: `);
    const isFull = page.runFull[run] !== 0;
    if (isFull !== (used === RUN) || isFull !== (page.psind[run * RUN] !== 0))
      report.broken(
        'full-runs',
        null,
        `run ${run}: full only with 512 pages`,
        `${used} pages, full ${page.runFull[run]}`,
      );
  }
}
