import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pmapFile } from '../../../harness/conform/pmap-vectors.ts';
import { PmapAnswers } from '../../../harness/conform/pmap.ts';
import { answered, VECTOR_NAMES } from '../../../harness/conform/vector-files.ts';
import { landed } from '../../../variants/index.ts';
import { root } from '../../support/layers.ts';

describe('the kernel’s pmap', () => {
  it('answers alike when the pages that it maps lie from 9 GiB on', () => {
    const answers = new PmapAnswers([{ variant: landed, answers: 'landed' }], 9 * 2 ** 18);
    const { checked, mismatches } = answered(
      [join(root, 'test/fixtures/vectors/pmap')],
      VECTOR_NAMES.pmap,
      pmapFile,
      answers,
    );
    expect(checked).toBeGreaterThan(1000);
    expect(mismatches).toEqual([]);
  });
});
