/**
 * How many frames a recording takes at most, so that its machine is large enough: an upper bound over the processes that
 * run at a time, from the pages that they access. A page given back and taken again counts once for each 2M region.
 */
import { NBPDR, NPTEPG, type Pages } from '../../../core/units.ts';

/** Of a region beside its pages: its page-table page, and pv chunks for pages that are mapped ahead of use. */
const PER_REGION = 5;
/** Of a process: the upper page-table pages of both roots, and pv chunks begun. */
const PER_PROCESS = 16;

/** Pages accessed of one process, by 2M region. */
class Touched {
  readonly pages: Map<number, number>;
  /** processes that share them */
  users = 1;

  constructor(pages: Iterable<readonly [number, number]> = []) {
    this.pages = new Map(pages);
  }

  get need(): Pages {
    let need = PER_PROCESS;
    for (const pages of this.pages.values()) need += pages + PER_REGION;
    return need;
  }
}

export class MemoryNeed {
  readonly #processes = new Map<number, Touched>();
  #now: Pages = 0;
  #most: Pages = 0;

  /** Frames at most, those of files that lie in memory from the start left out. */
  get most(): Pages {
    return this.#most;
  }

  /** A process begins, or execs: nothing of it is accessed yet. */
  begin(pid: number): void {
    this.end(pid);
    this.#own(pid, new Touched());
  }

  /** A child begins with a copy of its parent's address space, whose pages may outlive the parent, or shares it. */
  fork(pid: number, child: number, shares: boolean): void {
    const touched = this.#processes.get(pid)!;
    if (!shares) {
      this.#own(child, new Touched(touched.pages));
      return;
    }
    touched.users++;
    this.#processes.set(child, touched);
  }

  #own(pid: number, touched: Touched): void {
    this.#processes.set(pid, touched);
    this.#add(touched.need);
  }

  /** A process exits. */
  end(pid: number): void {
    const touched = this.#processes.get(pid);
    if (touched === undefined) return;
    this.#processes.delete(pid);
    if (--touched.users === 0) this.#now -= touched.need;
  }

  /** A process accesses a page. */
  access(pid: number, addr: number): void {
    const touched = this.#processes.get(pid)!;
    const region = Math.floor(addr / NBPDR);
    const pages = touched.pages.get(region);
    if (pages === NPTEPG) return;
    touched.pages.set(region, (pages ?? 0) + 1);
    this.#add(pages === undefined ? 1 + PER_REGION : 1);
  }

  /** A process unmaps a range, or maps something else there. */
  unmap(pid: number, addr: number, len: number): void {
    const { pages } = this.#processes.get(pid)!;
    const [first, end] = [Math.ceil(addr / NBPDR), Math.floor((addr + len) / NBPDR)];
    const regions = end - first < pages.size ? range(first, end) : [...pages.keys()];
    for (const region of regions) {
      const count = region >= first && region < end ? pages.get(region) : undefined;
      if (count === undefined) continue;
      pages.delete(region);
      this.#now -= count + PER_REGION;
    }
  }

  /** A process maps a file there: of that many bytes, pages are mapped ahead of use. */
  map(pid: number, addr: number, len = 1): void {
    const { pages } = this.#processes.get(pid)!;
    for (const region of range(Math.floor(addr / NBPDR), Math.ceil((addr + len) / NBPDR))) {
      if (pages.has(region)) continue;
      pages.set(region, 0);
      this.#add(PER_REGION);
    }
  }

  #add(pages: Pages): void {
    this.#now += pages;
    if (this.#now > this.#most) this.#most = this.#now;
  }
}

const range = (from: number, to: number): number[] =>
  Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
