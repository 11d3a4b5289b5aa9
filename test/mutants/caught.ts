/** That recorded answers catch every planted fault of a kind, each at the op that is kept beside this file. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from '../support/layers.ts';
import { type Mutant, MutantTree } from './mutant.ts';
import { FOLDERS, type VectorKind } from './vectors.ts';

/** The tree of a test file. */
export function mutantTree(): () => MutantTree {
  let tree: MutantTree;
  beforeAll(() => {
    tree = new MutantTree();
  });
  afterAll(() => tree.dispose());
  return () => tree;
}

export function catchAll(kind: VectorKind, mutants: readonly Mutant[]): void {
  const vectors = FOLDERS[kind].map((folder) => join(root, 'test/fixtures/vectors', folder));
  describe(`the ${kind} vectors`, () => {
    const tree = mutantTree();

    it('find nothing wrong in the unmodified tree', async () => {
      expect(await tree().vectors(kind, vectors)).toBeNull();
    });

    const firstCatch: string[] = [];

    it.each(mutants)('catch it when $fault', async (mutant) => {
      const caught = await tree().run(mutant, kind, vectors);
      expect(caught).not.toBeNull();
      firstCatch.push(`${mutant.fault}\n  ${caught}\n`);
    });

    it('catch each at the recorded op', async () => {
      await expect(firstCatch.join('')).toMatchFileSnapshot(join(root, 'test/mutants', `${kind}.caught.txt`));
    });
  });
}
