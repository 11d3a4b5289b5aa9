/** Address ranges of one process, and what its accesses reveal about pages outside of them. */
import { PAGE_SIZE } from '../../../core/units.ts';

/** A union of ranges [start, end). Copies are independent. */
export class RangeSet {
  #starts: number[] = [];
  #ends: number[] = [];

  copy(): RangeSet {
    const copy = new RangeSet();
    copy.#starts = [...this.#starts];
    copy.#ends = [...this.#ends];
    return copy;
  }

  add(start: number, end: number): void {
    if (end <= start) return;
    const from = firstAtLeast(this.#ends, start);
    let to = from;
    while (to < this.#starts.length && this.#starts[to] <= end) to++;
    if (to > from) {
      start = Math.min(start, this.#starts[from]);
      end = Math.max(end, this.#ends[to - 1]);
    }
    this.#starts.splice(from, to - from, start);
    this.#ends.splice(from, to - from, end);
  }

  has(addr: number): boolean {
    const at = firstAtLeast(this.#ends, addr + 1);
    return at < this.#starts.length && this.#starts[at] <= addr;
  }

  /** Does any part of [start, end) belong to the set? */
  touches(start: number, end: number): boolean {
    const at = firstAtLeast(this.#ends, start + 1);
    return at < this.#starts.length && this.#starts[at] < end;
  }

  /** The parts of [start, end) that are not in the set. */
  *gaps(start: number, end: number): Generator<readonly [number, number]> {
    for (let at = firstAtLeast(this.#ends, start + 1); start < end; at++) {
      const next = at < this.#starts.length ? Math.min(end, this.#starts[at]) : end;
      if (next > start) yield [start, next];
      start = at < this.#ends.length ? this.#ends[at] : end;
    }
  }
}

/** Index of the first of ascending values that is at least x. */
function firstAtLeast(values: readonly number[], x: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (values[middle] < x) low = middle + 1;
    else high = middle;
  }
  return low;
}

export const SEEN_READ = 1;
export const SEEN_WRITE = 2;
export const SEEN_EXECUTE = 4;
/** made read-only by the process, as a run-time linker does after relocation */
export const SEEN_PROTECTED = 8;
/** written before the image executed anything: by the kernel, which clears the end of the last page of a file */
export const SEEN_CLEARED = 16;

/** Neighbouring pages with the same evidence. */
export interface Run {
  first: number;
  /** inclusive */
  last: number;
  seen: number;
}

/** Evidence about pages, run-length coded. */
export class PageEvidence {
  readonly runs: Run[] = [];

  /** Page numbers below 2^52, the last one inclusive. */
  add(first: number, last: number, seen: number): void {
    for (let page = first; page <= last;) {
      let at = this.#find(page);
      const run = this.runs[at];
      if (run !== undefined && run.first <= page) {
        const end = Math.min(last, run.last);
        if ((run.seen | seen) !== run.seen) at = this.#replace(at, page, end, run.seen | seen);
        page = end + 1;
      } else {
        const end = run === undefined ? last : Math.min(last, run.first - 1);
        this.runs.splice(at, 0, { first: page, last: end, seen });
        page = end + 1;
      }
      this.#join(at + 1);
      this.#join(at);
    }
  }

  addAccess(addr: number, seen: number): void {
    const page = Math.floor(addr / PAGE_SIZE);
    this.add(page, page, seen);
  }

  /** Index of the first run that ends at or after the page. */
  #find(page: number): number {
    let low = 0;
    let high = this.runs.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.runs[middle].last < page) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Splits a run so that [first, last] is a separate one; returns its index. */
  #replace(at: number, first: number, last: number, seen: number): number {
    const old = this.runs[at];
    const parts: Run[] = [{ first, last, seen }];
    if (old.first < first) parts.unshift({ first: old.first, last: first - 1, seen: old.seen });
    if (old.last > last) parts.push({ first: last + 1, last: old.last, seen: old.seen });
    this.runs.splice(at, 1, ...parts);
    return old.first < first ? at + 1 : at;
  }

  /** Merges this run with the previous one if they are adjacent and equal. */
  #join(at: number): void {
    if (at < 1 || at >= this.runs.length) return;
    const [before, run] = [this.runs[at - 1], this.runs[at]];
    if (before.last + 1 !== run.first || before.seen !== run.seen) return;
    before.last = run.last;
    this.runs.splice(at, 1);
  }
}
