import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { KernelPanic } from '../../../core/index.ts';
import { samePanic } from '../../../harness/conform/panic.ts';
import { conformVm } from '../../../harness/conform/vm.ts';
import { variantById } from '../../../variants/index.ts';
import { root } from '../../support/layers.ts';

const vectors = (folder: string): string[] => [join(root, 'test/fixtures/vectors', folder)];
const revision = (id: string, answers = id): Parameters<typeof conformVm>[1][number] => ({
  variant: variantById(id)!,
  answers,
});

/** The parts of the state that differ when a variant is compared with the answers of another revision. */
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
    expect(checked).toBe(1_539);
  });

  it('matches with superpages too, in each revision and in d33276', () => {
    const ids = ['baseline', 'toplevel-accounting', 'double-count-fix', 'landed', 'd33276'];
    const { files, mismatches } = conformVm(
      vectors('vm-superpages'),
      ids.map((id) => revision(id)),
    );
    expect([files, mismatches]).toEqual([11, []]);
  });

  it('matches what a swap-out does, with superpages or without, in each revision', () => {
    const ids = ['baseline', 'toplevel-accounting', 'double-count-fix', 'landed'];
    const { files, ops, mismatches } = conformVm(
      vectors('vm-swapout'),
      ids.map((id) => revision(id)),
    );
    expect([files, ops, mismatches]).toEqual([5, 473, []]);
  });

  it('differs in what a swap-out scans from what another revision answers', () => {
    const { mismatches } = conformVm(vectors('vm-swapout'), [revision('landed', 'baseline')]);
    expect(mismatches.map(({ key }) => key)).toContain('sw');
  });

  it('differs from what another revision answers', () => {
    expect(wrong('baseline', 'landed')).toContain('calls');
    expect(wrong('toplevel-accounting', 'landed')).toContain('g');
    expect(wrong('double-count-fix', 'landed')).toContain('out');
    expect(wrong('d33276', 'landed')).toEqual([]);
  });

  it.each([
    ['panic: freeing mapped page', 'vm_object_collapse_scan', true],
    ['panic: freeing mapped page 0xfffffe0001234560', 'vm_object_collapse_scan', true],
    ['panic: freeing mapped page', 'vm_page_free_prep', false],
    ['panic: vm_page_free_prep: freeing mapped page 0x1', 'vm_page_free_prep', true],
    ['panic: vm_page_free_prep: freeing mapped page 0x1', 'vm_object_collapse_scan', false],
    ['panic: freeing wired page', 'vm_object_collapse_scan', false],
    ['ok', 'vm_object_collapse_scan', false],
  ])('holds %j and a panic in %s for the same: %s', (recorded, where, same) => {
    expect(samePanic(recorded, new KernelPanic(where, 'freeing mapped page', { frame: 7 }))).toBe(same);
  });
});
