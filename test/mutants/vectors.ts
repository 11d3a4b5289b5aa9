/** The recorded vectors that planted faults are run against. */
import { statSync } from 'node:fs';
import { vectorFiles } from '../../harness/conform/vector-files.ts';

export type VectorKind = 'mmu' | 'pmap' | 'vm';

/** In test/fixtures/vectors. */
export const FOLDERS: Readonly<Record<VectorKind, readonly string[]>> = {
  mmu: ['mmu'],
  pmap: ['pmap'],
  vm: ['vm', 'vm-superpages', 'vm-swapout'],
};

/**
 * The revisions that are asked, in this order: both ends of the series, and of the pmap the one for which every recording
 * has answers.
 */
export const REVISIONS: Readonly<Record<VectorKind, readonly string[]>> = {
  mmu: ['landed'],
  pmap: ['baseline', 'd33276', 'landed'],
  vm: ['baseline', 'landed'],
};

/** A compressed file counts 100-fold. */
const size = (file: string): number => statSync(file).size * (file.endsWith('.gz') ? 100 : 1);

/** Every recording that the paths name, in the order in which they are taken. */
export const smallestFirst = (paths: readonly string[]): string[] =>
  vectorFiles(paths, /\.json(\.gz)?$/).toSorted((a, b) => size(a) - size(b));
