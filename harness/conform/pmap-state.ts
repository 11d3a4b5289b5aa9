/** What a recording observes of a pmap, read from the tables themselves. */
import type { Machine } from '../../core/hunks.ts';
import {
  PG_A,
  PG_M,
  PG_MANAGED,
  PG_NX_HI,
  PG_PROMOTED_HI,
  PG_PS,
  PG_RW,
  PG_V,
  PG_W,
  frameOf,
  tableFrame,
} from '../../core/hw/entry.ts';
import type { Pmap } from '../../core/state/pmap.ts';
import type { Frame } from '../../core/units.ts';

/** Page-table pages below the root, and leaves by size. */
export interface TableCount {
  tables: number;
  small: number;
  large: number;
}

/** Counts the user half of a pmap's tables. */
export function countTables(m: Machine, pmap: Pmap): TableCount {
  const count = { tables: 0, small: 0, large: 0 };
  countBelow(m.words, pmap.top, 256, m.la57 ? 5 : 4, count);
  return count;
}

function countBelow(words: Int32Array, table: number, entries: number, level: number, count: TableCount): void {
  const first = table << 10;
  const end = first + 2 * entries;
  const [valid, leaf] = [PG_V, PG_PS];
  if (level === 1) {
    let small = 0;
    for (let at = first; at < end; at += 2) if ((words[at] & valid) !== 0) small++;
    count.small += small;
    return;
  }
  for (let at = first; at < end; at += 2) {
    const entry = words[at];
    if ((entry & valid) === 0) continue;
    if ((entry & leaf) !== 0) count.large++;
    else {
      count.tables++;
      countBelow(words, tableFrame(entry), 512, level - 1, count);
    }
  }
}

interface Run {
  va: number;
  frame: number;
  flags: string;
  length: number;
  step: number;
}

/** All leaves in the recordings' notation: va:frame:flags, with *n for n consecutive ones. */
export function dumpLeaves(m: Machine, pmap: Pmap, base: Frame = 0): string[] {
  const lines: string[] = [];
  let run: Run | null = null;
  const flush = (): void => {
    if (run === null) return;
    const times = run.length > 1 ? `*${run.length}` : '';
    lines.push(`${run.va.toString(16)}:${run.frame.toString(16)}:${run.flags}${times}`);
  };
  eachLeaf(m.words, pmap.top, 256, m.la57 ? 5 : 4, 0, (va, lo, hi, step) => {
    const flags = flagsOf(lo, hi, step);
    const named = frameOf(lo, hi) - base;
    const frame = named - (named % step);
    if (
      run !== null &&
      run.flags === flags &&
      run.step === step &&
      va === run.va + run.length * step * 4096 &&
      frame === run.frame + run.length * step
    ) {
      run.length++;
      return;
    }
    flush();
    run = { va, frame, flags, length: 1, step };
  });
  flush();
  return lines;
}

const LEVEL_PAGES = [0, 1, 512, 512 ** 2, 512 ** 3, 512 ** 4];

function eachLeaf(
  words: Int32Array,
  table: number,
  entries: number,
  level: number,
  base: number,
  visit: (va: number, lo: number, hi: number, pages: number) => void,
): void {
  for (let i = 0; i < entries; i++) {
    const lo = words[(table << 10) + 2 * i];
    if ((lo & PG_V) === 0) continue;
    const pages = LEVEL_PAGES[level];
    const va = base + i * pages * 4096;
    if (level === 1 || (lo & PG_PS) !== 0) visit(va, lo, words[(table << 10) + 2 * i + 1], pages);
    else eachLeaf(words, tableFrame(lo), 512, level - 1, va, visit);
  }
}

function flagsOf(lo: number, hi: number, pages: number): string {
  return [
    (lo & PG_RW) !== 0 ? 'w' : '',
    (hi & PG_NX_HI) === 0 ? 'x' : '',
    (lo & PG_A) !== 0 ? 'A' : '',
    (lo & PG_M) !== 0 ? 'M' : '',
    (lo & PG_W) !== 0 ? 'W' : '',
    (lo & PG_MANAGED) === 0 ? 'U' : '',
    pages === 512 ? '2' : '',
    (hi & PG_PROMOTED_HI) !== 0 ? 'P' : '',
  ].join('');
}
