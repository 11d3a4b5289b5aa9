/** The planted faults of test/mutants as patches: what the recorded vectors catch in a mutant, they catch in its column. */
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { bundledColumn } from '../../../harness/bundle/spawn.ts';
import { builtInFile } from '../../../harness/columns/facts.ts';
import { conformIn } from '../../../harness/conform/process.ts';
import { applyTo } from '../../../harness/patch/apply.ts';
import { readPatch } from '../../../harness/patch/read.ts';
import { shippedText } from '../../../harness/patch/sources.ts';
import { mmuMutants } from '../../mutants/mmu.ts';
import { type Mutant, mutate } from '../../mutants/mutant.ts';
import { pmapMutants } from '../../mutants/pmap.ts';
import { vmMutants } from '../../mutants/vm.ts';
import { builtFile } from '../../support/built.ts';
import { gitDiff } from '../../support/diffs.ts';
import { root } from '../../support/layers.ts';

beforeAll(() => {
  builtFile('harness/bundler.js');
});

/** The revisions with whose hunks a mutant is run, until one of them answers otherwise than recorded. */
const BASES = { pmap: ['landed', 'baseline', 'd33276'], vm: ['landed', 'baseline'], mmu: ['landed'] } as const;
const folders = { pmap: ['pmap'], vm: ['vm', 'vm-superpages'], mmu: ['mmu'] } as const;

/** Does some answer differ, or does the patched core throw or not end? */
async function isCaught(mutant: Mutant, kind: keyof typeof BASES): Promise<boolean> {
  const patch = readPatch('fault.diff', new TextEncoder().encode(gitDiff({ [mutant.file]: mutate(mutant) })));
  const { overlay } = applyTo('fault.diff', patch.files, shippedText);
  const paths = folders[kind].map((folder) => join(root, 'test/fixtures/vectors', folder));
  for (const base of BASES[kind]) {
    const bundle = await bundledColumn({ file: builtInFile(base), isBuiltIn: true, overlay }, 'conform');
    if (bundle.kind === 'refused') throw new Error(bundle.message);
    const request = { kind, paths, traces: root, answers: base };
    const caught = await conformIn(bundle.code, request, () => {}).then(
      ({ mismatches }) => mismatches.length > 0,
      () => true,
    );
    if (caught) return true;
  }
  return false;
}

describe.each([
  ['mmu' as const, mmuMutants],
  ['pmap' as const, pmapMutants],
  ['vm' as const, vmMutants],
])('the %s vectors', (kind, mutants) => {
  it.each(mutants)('catch the patch by which $fault', async (mutant) => {
    expect(await isCaught(mutant, kind)).toBe(true);
  });
});
