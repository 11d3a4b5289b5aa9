import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkedMutants } from './mutants/invariants.ts';
import { mmuMutants } from './mutants/mmu.ts';
import { MutantTree } from './mutants/mutant.ts';
import { pmapMutants } from './mutants/pmap.ts';
import { vmMutants } from './mutants/vm.ts';
import { root } from './support/layers.ts';

const vectors = (kind: string): string[] =>
  (kind === 'vm' ? ['vm', 'vm-superpages', 'vm-swapout'] : [kind]).map((folder) =>
    join(root, 'test/fixtures/vectors', folder),
  );

let tree: MutantTree;
beforeAll(() => {
  tree = new MutantTree();
});
afterAll(() => tree.dispose());

describe.each([
  ['mmu' as const, mmuMutants],
  ['pmap' as const, pmapMutants],
  ['vm' as const, vmMutants],
])('the %s vectors', (kind, mutants) => {
  it('find nothing wrong in the unmodified tree', async () => {
    expect(await tree.vectors(kind, vectors(kind))).toBeNull();
  });

  const firstCatch: string[] = [];

  it.each(mutants)('catch it when $fault', async (mutant) => {
    const caught = await tree.run(mutant, kind, vectors(kind));
    expect(caught).not.toBeNull();
    firstCatch.push(`${mutant.fault}\n  ${caught}\n`);
  });

  it('catch each at the recorded op', async () => {
    await expect(firstCatch.join('')).toMatchFileSnapshot(`mutants/${kind}.caught.txt`);
  });
});

describe('the invariants', () => {
  it.each(checkedMutants)('catch it when $fault: $invariant', async ({ invariant, workload, ...mutant }) => {
    expect(await tree.run([], 'check', [workload])).toBeNull();
    expect(await tree.run(mutant, 'check', [workload])).toMatch(new RegExp(`^${invariant} `));
  });
});
