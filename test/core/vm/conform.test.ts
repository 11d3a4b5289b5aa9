import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { conformVm } from '../../../harness/conform/vm.ts';
import { variantById } from '../../../variants/index.ts';
import { root } from '../../support/layers.ts';

const vectors = (folder: string): string[] => [join(root, 'test/fixtures/vectors', folder)];
const revision = (id: string, answers = id): Parameters<typeof conformVm>[1][number] => ({
  variant: variantById(id)!,
  answers,
});

/** What of the state differs when a variant is measured by the answers of another revision. */
const wrong = (id: string, answers: string): string[] => [
  ...new Set(conformVm(vectors('vm'), [revision(id, answers)]).mismatches.map(({ key }) => key.replace(/\d+/, 'N'))),
];

describe('what the kernel’s own VM code answered', () => {
  it.each([
    ['baseline', 'baseline'],
    ['toplevel-accounting', 'toplevel-accounting'],
    ['double-count-fix', 'double-count-fix'],
    ['shared-page-unmap', 'landed'],
    ['landed', 'landed'],
  ])('is what %s answers: calls, entries, objects, counts and costs', (id, answers) => {
    const { checked, mismatches } = conformVm(vectors('vm'), [revision(id, answers)]);
    expect(mismatches).toEqual([]);
    expect(checked).toBe(912);
  });

  it('is what it answers with superpages too, in each revision and in d33276', () => {
    const ids = ['baseline', 'toplevel-accounting', 'double-count-fix', 'landed', 'd33276'];
    const { files, mismatches } = conformVm(
      vectors('vm-superpages'),
      ids.map((id) => revision(id)),
    );
    expect([files, mismatches]).toEqual([10, []]);
  });

  it('is not what another revision answers', () => {
    expect(wrong('baseline', 'landed')).toContain('calls');
    expect(wrong('toplevel-accounting', 'landed')).toContain('g');
    expect(wrong('double-count-fix', 'landed')).toContain('out');
    expect(wrong('d33276', 'landed')).toEqual([]);
  });
});
