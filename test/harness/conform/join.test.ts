import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { joinReports } from '../../../harness/conform/join.ts';
import type { ConformKind } from '../../../harness/conform/kinds.ts';
import { conformWith } from '../../../harness/conform/recordings.ts';
import { VECTOR_NAMES, vectorFiles } from '../../../harness/conform/vector-files.ts';
import { packagePath } from '../../../harness/input/paths.ts';
import { series } from '../../../variants/index.ts';
import { root } from '../../support/layers.ts';

const corpus = packagePath('harness', 'workload', 'corpus');
/** Compares every revision with the answers of landed, so that most answers are wrong. */
const revisions = series.map((variant) => ({ variant, answers: 'landed' }));

describe('reports on one recording each', () => {
  it.each<[ConformKind]>([['pmap'], ['vm'], ['mmu'], ['replay']])('of %s add up to the report on all', async (kind) => {
    const files = vectorFiles([join(root, 'test/fixtures/vectors', kind)], VECTOR_NAMES[kind]).slice(0, 3);
    const whole = await conformWith(kind, files, corpus, revisions);
    expect(whole.files).toBeGreaterThan(1);
    if (kind !== 'mmu') expect(whole.mismatches.length).toBeGreaterThan(0);
    const each = await Promise.all(files.map((file) => conformWith(kind, [file], corpus, revisions)));
    expect(
      joinReports(
        each,
        revisions.map(({ variant }) => variant.id),
      ),
    ).toEqual(whole);
  });
});
