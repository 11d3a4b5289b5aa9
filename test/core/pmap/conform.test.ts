import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { conformPmap } from '../../../harness/conform/pmap.ts';
import { variantById } from '../../../variants/index.ts';
import { root } from '../../support/layers.ts';

const vectors = [join(root, 'test/fixtures/vectors/pmap')];
const revision = (id: string, answers: string): Parameters<typeof conformPmap>[1][number] => ({
  variant: variantById(id)!,
  answers,
});

describe('what the kernel’s own pmap code answered', () => {
  it.each([
    ['baseline', 'baseline', 4_279],
    ['toplevel-accounting', 'toplevel-accounting', 4_279],
    ['double-count-fix', 'landed', 11_330],
    ['shared-page-unmap', 'landed', 11_330],
    ['landed', 'landed', 11_330],
    ['d33276', 'd33276', 4_279],
  ])('is what %s answers: statistics, tables, results and event counts', (id, answers, ops) => {
    const { files, checked, mismatches } = conformPmap(vectors, [revision(id, answers)]);
    expect(mismatches).toEqual([]);
    expect([files, checked]).toEqual([41, ops]);
  });

  it('is not what another revision answers', () => {
    const keys = (id: string, answers: string): string[] => [
      ...new Set(conformPmap(vectors, [revision(id, answers)]).mismatches.map(({ key }) => key.replace(/ .*/, ''))),
    ];
    expect(keys('baseline', 'landed')).toContain('pm');
    expect(keys('toplevel-accounting', 'landed')).toContain('c.er');
    expect(keys('landed', 'd33276')).toEqual(['g']);
  });

  it('distinguishes the later fix from what landed in some ops', () => {
    const { d33276 } = conformPmap(vectors, []);
    expect(d33276).toEqual({ files: 7, ops: 407 });
  });
});
