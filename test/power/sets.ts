/** The planted faults beside the project: variant files, and find/replace faults of `core/`; absent in a clone. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Mutant, mutate } from '../mutants/mutant.ts';
import { readSource, root } from '../support/layers.ts';

const folder = join(root, '../shared/power');
export const isThere = existsSync(join(folder, 'core-faults.json'));

export interface VariantFault {
  readonly id: string;
  /** the built-in variant that it was made from */
  readonly base: string;
  readonly what: string;
  readonly equivalent: boolean;
}

export interface CoreFault {
  readonly id: string;
  readonly file: string;
  readonly fault: string;
  readonly find: string;
  readonly replace: string;
  /** why nothing can show it, if nothing can */
  readonly equivalent?: string;
}

const read = (name: string): unknown => JSON.parse(readFileSync(join(folder, name), 'utf8'));
export const variantFaults = (): readonly VariantFault[] => read('variants.json') as VariantFault[];
export const coreFaults = (): readonly CoreFault[] =>
  (read('core-faults.json') as { readonly faults: CoreFault[] }).faults;
export const variantFile = (id: string): string => join(folder, 'variants', `${id}.ts`);

/** Files that have been renamed since the faults were written. */
const RENAMED: Readonly<Record<string, string>> = {
  'core/pmap/removepages.ts': 'core/pmap/remove-pages.ts',
  'core/pmap/ptpage.ts': 'core/pmap/pt-page.ts',
  'core/pmap/enterquick.ts': 'core/pmap/enter-quick.ts',
  'core/pmap/enterpde.ts': 'core/pmap/enter-pde.ts',
  'core/pmap/pageops.ts': 'core/pmap/page-ops.ts',
  'core/vm/objpages.ts': 'core/vm/object-pages.ts',
  'core/vm/faultcopy.ts': 'core/vm/fault-copy.ts',
  'core/vm/softfast.ts': 'core/vm/soft-fast.ts',
};

/** What the source says differently today, wherever it stands. */
const REWORDED: readonly (readonly [old: string, today: string])[] = [
  ['pvHead2m[frame >>> 9]', 'pvHead2m[runOf(frame)]'],
  ['(pmap.topUser << 10)', 'wordOf(pmap.topUser)'],
  ['(lo & (NBPDR - 1))', '(lo & PDRMASK)'],
];

/** Faults whose text has moved to another function, or that name what their file does not import. */
const MOVED: Readonly<Record<string, Pick<CoreFault, 'file' | 'find' | 'replace'>>> = {
  p13: {
    file: 'core/pmap/leaf.ts',
    find: 'if ((old & MODIFIED) === MODIFIED) vmPageDirty(m, frame);\n    changePvListLock(m, frame);\n    pvFree4k',
    replace: 'if ((old & 0x40) !== 0) vmPageDirty(m, frame);\n    changePvListLock(m, frame);\n    pvFree4k',
  },
  p35: {
    file: 'core/pmap/invalidate.ts',
    find: 'return isActiveElsewhere(pmap, curcpu) && interrupt',
    replace: 'return (curcpu < 32 ? pmap.activeLo & ~(1 << curcpu) : pmap.activeLo) !== 0 && interrupt',
  },
  p37: {
    file: 'core/pmap/active.ts',
    find: '+ popcount(othersHi(pmap, cpu))',
    replace: '',
  },
  p51: {
    file: 'core/pmap/enter.ts',
    find: 'entryHi(frame, (prot & VM_PROT_EXECUTE) === 0 ? PG_NX_HI : 0)',
    replace: 'entryHi(frame, 0)',
  },
  p63: {
    file: 'core/pmap/copy.ts',
    find: 'words[dstPte + 1] = entryHi;',
    replace: 'words[dstPte + 1] = 0;',
  },
  p85: {
    file: 'core/pmap/enter-pde.ts',
    find: 'if (removePtes(m, pmap, hi, lo, NPTEPG, tableFrame(oldLo))) pmapInvalidateAll(m, pmap);',
    replace: 'removePtes(m, pmap, hi, lo, NPTEPG, tableFrame(oldLo));',
  },
  p93: {
    file: 'core/pmap/query.ts',
    find: 'physOf((pde & PG_PS_FRAME_LO) | (lo & PDRMASK), ',
    replace: 'physOf(pde & PG_PS_FRAME_LO, ',
  },
  v22: {
    file: 'core/vm/object.ts',
    find: 'object.backingOffset += backing.backingOffset;\n      contentsChanged(m.vm.index, object);\n      backing.refCount--;',
    replace: 'contentsChanged(m.vm.index, object);\n      backing.refCount--;',
  },
};

const reworded = (text: string): string => REWORDED.reduce((so, [old, today]) => so.replaceAll(old, today), text);

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);

/** The text as a pattern: blanks and line ends in any number, and the `!` behind an index where it was or not. */
function pattern(find: string): RegExp {
  const words = find.trim().split(/\s+/);
  const text = words.map((word) =>
    word
      .split(/(?<=\])!/)
      .map(escaped)
      .map((part) => part.replaceAll(/\](?!!)/g, ']!?'))
      .join('!?'),
  );
  return new RegExp(text.join(String.raw`\s+`), 'g');
}

/** The fault as it stands in the source of today; null: its text is not there exactly once. */
export function ported({ id, fault, ...written }: CoreFault): Mutant | null {
  const { file: old, find, replace } = MOVED[id] ?? written;
  const file = RENAMED[old] ?? old;
  const found = [...readSource(file).matchAll(pattern(reworded(find)))];
  if (found.length !== 1) return null;
  // The blanks around the text that was found stay where they are.
  const planted = { file, fault, find: found[0]![0], replace: reworded(replace).trim() };
  mutate(planted);
  return planted;
}
