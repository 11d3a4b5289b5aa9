/** The shape of page tables: links, references, table entries, roots, and the saved page table pages of 2M leaves. */
import { type Machine, type Pmap, VM_PAGE_BITS_ALL } from '../../core/inspect.ts';
import { FRAME_HI, NO_EXECUTE_HI, TABLE_BITS, VALID, frameIn, leafFrame, tableIndex } from './bits.ts';
import { type State, bits, hex } from './state.ts';
import type { Space, TableRow } from './survey.ts';

export function checkPageTables(state: State): void {
  for (const space of state.survey.spaces) {
    const who = state.who(space.pmap);
    const { tables } = state.survey;
    for (let row = space.tableFrom; row < space.tableTo; row++)
      checkTable(state, tables[row], row === space.tableFrom, space.pmap, who);
    checkRoots(state, space.pmap, who);
    checkReserved(state, space, who);
  }
}

const at = ({ level, va }: TableRow): string => `level ${level} at ${hex(va)}: `;

function checkTable({ m, report }: State, row: TableRow, isRoot: boolean, pmap: Pmap, who: string): void {
  const { frame, level, va, lo, hi, entries } = row;
  if (row.again) {
    report.broken('table-links', who, `${at(row)}a page of its own`, `frame ${frame}, linked before or no page`);
    return;
  }
  if (row.invalid > 0)
    report.broken('table-entry', who, `${at(row)}valid or 0`, `${row.invalid} entries of neither kind`);
  const references = m.page.refCount[frame];
  const expected = isRoot ? 1 : entries;
  if (references !== expected || expected === 0)
    report.broken('table-references', who, `${at(row)}${Math.max(expected, 1)}`, `${at(row)}${references}`);
  const index = isRoot ? 0 : tableIndex(level, va);
  if (m.page.pindex[frame] !== index) report.broken('table-index', who, `${at(row)}${index}`, m.page.pindex[frame]);
  if (isRoot) return;
  // A table entry made by a demotion copies bit 2 (U) from the leaf; a user leaf has it set.
  const isTop = level === (m.config.la57 ? 4 : 3);
  const nx = isTop && pmap.topUser !== 0 ? NO_EXECUTE_HI : 0;
  if ((lo & 0xfff) !== TABLE_BITS || (hi & ~FRAME_HI) !== nx)
    report.broken('table-entry', who, `${at(row)}${bits(nx)}, ${bits(TABLE_BITS)}`, `${bits(hi)}, ${bits(lo & 0xfff)}`);
}

/** V|RW, and V|RW|A|M: the bits of the kernel's own slots. */
const KERNEL = 0x3;
const KERNEL_AM = 0x63;

/** What a slot above the user half must contain: lo, or 0. */
function kernelSlot(m: Machine, root: number, slot: number, isUserRoot: boolean): number {
  const { kernel, direct, large, pml4, ptiPml4, ptiKernel } = m.kernelPages;
  const to = (frame: number, flags: number): number => ((frame << 12) | flags) >>> 0;
  if (m.config.la57) {
    if (slot === 511) return to(isUserRoot ? ptiPml4 : pml4, KERNEL_AM);
    return slot === 256 && !isUserRoot ? to(root, KERNEL_AM) : 0;
  }
  if (slot >= 508) return to((isUserRoot ? ptiKernel : kernel) + slot - 508, KERNEL);
  if (isUserRoot) return 0;
  if (slot === 256) return to(root, KERNEL_AM);
  if (slot >= 257 && slot < 265) return to(large + slot - 257, KERNEL_AM);
  return slot === 496 ? to(direct, KERNEL) : 0;
}

function checkRoots({ m, report }: State, { top, topUser }: Pmap, who: string): void {
  const { words } = m;
  for (const root of topUser === 0 ? [top] : [top, topUser])
    for (let slot = 256; slot < 512; slot++) {
      const expected = kernelSlot(m, root, slot, root === topUser);
      const got = words[root * 1024 + slot * 2] >>> 0;
      if (got !== expected) report.broken('root-kernel-slots', who, `slot ${slot}: ${hex(expected)}`, hex(got));
    }
  if (topUser === 0) return;
  if (m.page.refCount[topUser] !== 1)
    report.broken('table-references', who, 'user root: 1', `user root: ${m.page.refCount[topUser]}`);
  for (let slot = 0; slot < 256; slot++) {
    const [a, b] = [top * 1024 + slot * 2, topUser * 1024 + slot * 2];
    if (words[a] === words[b] && (words[a + 1] & ~NO_EXECUTE_HI) === words[b + 1]) continue;
    report.broken(
      'user-root',
      who,
      `slot ${slot}: ${bits(words[a + 1])}, ${bits(words[a])}`,
      `${bits(words[b + 1])}, ${bits(words[b])}`,
    );
  }
}

/** Checks the saved page table pages in pm_root: their entries must be ready to replace their 2M leaf. */
function checkReserved({ m, report, survey, found }: State, { pmap }: Space, who: string): void {
  for (const [key, frame] of pmap.reserved) {
    const va = key * 2 ** 21;
    const fail = (expected: string, got: string): void =>
      report.broken('reserved-tables', who, `${hex(va)}: ${expected}`, got);
    if (m.page.pindex[frame] !== key) fail(`pindex ${key}`, String(m.page.pindex[frame]));
    if (m.page.refCount[frame] !== 512) fail('512 references', String(m.page.refCount[frame]));
    if (m.page.valid[frame] !== VM_PAGE_BITS_ALL) fail('valid', `valid ${m.page.valid[frame]}`);
    if (survey.isTable(frame)) fail('not linked', `frame ${frame} is linked`);
    found.find(m, pmap.top, va);
    if (!found.isLeaf || found.level !== 2) {
      fail('a 2M leaf', `level ${found.level}, ${bits(found.lo)}`);
      continue;
    }
    const first = leafFrame(found.lo, found.hi, 2);
    for (let i = 0; i < 512; i++) {
      const pte = m.words[frame * 1024 + i * 2];
      const hi = m.words[frame * 1024 + i * 2 + 1];
      if ((pte & VALID) !== 0 && frameIn(pte, hi) === first + i) continue;
      fail(`PTE ${i} maps frame ${first + i}`, `${bits(hi)}, ${bits(pte)}`);
      break;
    }
  }
}
