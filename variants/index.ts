/**
 * What `pmapdiff` means to a user's own variant: the engine's face, and every built-in variant to start from. The build
 * lists the files of this folder (revisions) and of experiments (controls and what-ifs) in all.ts.
 */
import type { Variant } from '../core/index.ts';
import * as revisions from './all.ts';
import * as whatIfs from './experiments/all.ts';

export * from '../core/index.ts';
export * from './all.ts';
export * from './experiments/all.ts';

/** The variants among what the files of a folder export: some export a helper too. */
const variantsOf = (exported: Readonly<Record<string, unknown>>): Variant[] =>
  Object.values(exported).filter((one): one is Variant => typeof one === 'object' && one !== null && 'hunks' in one);

/** Each revision comes after the one that it names. */
function inReviewOrder(variants: readonly Variant[]): Variant[] {
  const ordered: Variant[] = [];
  for (let last: string | null = null; ordered.length < variants.length; last = ordered.at(-1)!.id) {
    const next = variants.find(({ after }) => after === last);
    if (next === undefined) throw new Error(`variants: expected a revision after ${last ?? 'none'}, found none`);
    ordered.push(next);
  }
  return ordered;
}

/** The review, state by state. */
export const series: readonly Variant[] = inReviewOrder(variantsOf(revisions));

/** Controls and what-ifs, in the order of their file names: they enter a comparison by name only. */
export const experiments: readonly Variant[] = variantsOf(whatIfs).toSorted((a, b) => (a.id < b.id ? -1 : 1));

export const variantById = (id: string): Variant | undefined =>
  [...series, ...experiments].find((variant) => variant.id === id);
