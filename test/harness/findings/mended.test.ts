import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Mutant, MutantTree } from '../../mutants/mutant.ts';

/** vm_fault_copy_entry unmaps the page it has copied, as vm_fault_cow does. */
const MENDED: readonly Mutant[] = [
  {
    file: 'core/vm/fault-copy.ts',
    fault: 'pmap_remove_all is at hand',
    find: 'pmapCopyPage, pmapEnter }',
    replace: 'pmapCopyPage, pmapEnter, pmapRemoveAll }',
  },
  {
    file: 'core/vm/fault-copy.ts',
    fault: 'the old page is unmapped',
    find: '      page.valid[to] = page.valid[from];\n',
    replace: '      page.valid[to] = page.valid[from];\n      if (upgrade) pmapRemoveAll(m, from);\n',
  },
];

describe('N12, which no revision fixes', () => {
  let tree: MutantTree;
  beforeAll(() => {
    tree = new MutantTree('test/mutants/finding-child.ts');
  });
  afterAll(() => tree.dispose());

  const shown = async (edits: readonly Mutant[]): Promise<unknown> =>
    JSON.parse((await tree.run(edits, 'finding', ['N12']))!).map((cells: string[]) => [...new Set(cells)].join());

  it('shows in an unmodified tree', async () => {
    expect(await shown([])).toEqual(['c', 'vm_object_collapse_scan: freeing mapped page', '1, 1, nobody']);
  });

  it('disappears in every revision when vm_fault_copy_entry unmaps the page it has copied', async () => {
    expect(await shown(MENDED)).toEqual(['nobody', 'ok', '1, 1, nobody']);
  });
});
