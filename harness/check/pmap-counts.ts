/** Counts of pmaps and of page-table pages, compared with the contents of the tables. */
import {
  NON_ZERO_FREES,
  REACHED_REMOVE_IS_NOOP,
  REACHED_RESERVED_PT_PAGE_FREED,
  REMOVE_CALLS,
  USER_PT_PAGE_COUNT,
} from '../../core/counters.ts';
import { type State, rootsOf } from './state.ts';

export class PmapCounts {
  /**
   * By how much user_pt_page_count was too high after the last check, in total and because of freed saved pages; and
   * the number of roots at that time.
   */
  #surplus = 0;
  #leaked = 0;
  #roots = 0;
  #reservedFreed = 0;
  #kernelResident = -1;

  check(state: State): void {
    const { m, accounting, survey, report, who } = state;
    let tablePages = 0;
    let roots = 0;
    for (const { pmap, pages, wiredPages, leafFrom, leafTo, tableFrom, tableTo } of survey.spaces) {
      const name = who(pmap);
      const tables = tableTo - tableFrom - 1 + pmap.reserved.size;
      const tops = rootsOf(pmap);
      tablePages += tables + tops;
      roots += tops;
      const counted = accounting.topPagesInResidentCount ? tops : 0;
      report.same('resident-count', name, pages + tables + counted, pmap.stats.residentCount);
      report.same('wired-count', name, wiredPages, pmap.stats.wiredCount);
      if (leafFrom === leafTo && tables > 0)
        report.broken('no-tables-without-leaves', name, 'no table page', `${tables} table pages and no leaf`);
      if (leafFrom !== leafTo && m.hunks.removeIsNoop(m, pmap))
        report.broken('early-exit', name, 'false: something is mapped', `true with ${leafTo - leafFrom} leaves`);
    }
    this.#ptPages(state, tablePages, roots);
    this.#kernel(state);
    const { counters } = m;
    report.same('remove-calls', null, counters[REMOVE_CALLS], counters[REACHED_REMOVE_IS_NOOP]);
    report.same('zeroed-frees', null, 0, counters[NON_ZERO_FREES]);
    for (const pmap of state.released) {
      const { residentCount, wiredCount } = pmap.stats;
      const left = [residentCount, wiredCount, pmap.reserved.size, pmap.pvChunkHead, pmap.activeLo | pmap.activeHi];
      if (left.some((n) => n !== 0))
        report.broken('pmap-released', `pmap ${pmap.id}`, '0, 0, 0, 0, 0', left.join(', '));
    }
  }

  /**
   * Two bugs can make user_pt_page_count too high: a page that is never uncounted, and a page that is counted twice
   * while it exists. When the surplus grows tells them apart: growth in an op that frees saved page table pages, beyond
   * what the roots created or freed account for, is charged to the saved pages.
   */
  #ptPages({ m, report }: State, tablePages: number, roots: number): void {
    const counted = m.counters[USER_PT_PAGE_COUNT];
    const surplus = counted - tablePages;
    const freed = m.counters[REACHED_RESERVED_PT_PAGE_FREED];
    const ofRoots = this.#roots === 0 ? 0 : ((this.#surplus - this.#leaked) / this.#roots) * roots;
    const more = surplus - this.#leaked - ofRoots;
    if (freed > this.#reservedFreed && more > 0) this.#leaked += Math.min(more, freed - this.#reservedFreed);
    this.#reservedFreed = freed;
    this.#surplus = surplus;
    this.#roots = roots;
    report.same('reserved-pt-page-count', null, counted - this.#leaked, counted);
    report.same('user-pt-page-count', null, tablePages + this.#leaked, counted);
  }

  #kernel({ m, report }: State): void {
    const { kernelPmap, pmap0 } = m;
    if (this.#kernelResident < 0) this.#kernelResident = kernelPmap.stats.residentCount;
    report.same('kernel-pmap', 'kernel_pmap', this.#kernelResident, kernelPmap.stats.residentCount, 'resident_count ');
    report.same('kernel-pmap', 'pmap0', 0, pmap0.stats.residentCount, 'resident_count ');
    for (let at = 0; at < 512; at++) {
      if (m.words[kernelPmap.top * 1024 + at] === 0) continue;
      report.broken('kernel-pmap', 'kernel_pmap', 'no user entry', `an entry in slot ${at >>> 1}`);
      return;
    }
  }
}
