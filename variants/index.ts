/**
 * What `pmapdiff` exports to a user's own variant: the engine's public interface, and every built-in variant as a
 * starting point. The build lists the files of this folder (revisions) and of experiments (controls and what-ifs) in
 * all.ts.
 */
import type { Variant } from '../core/index.ts';
import * as revisions from './all.ts';
import * as whatIfs from './experiments/all.ts';

export * from '../core/index.ts';
export * from './all.ts';
export * from './experiments/all.ts';

/** Selects the variants among a folder's exports; some files also export a helper. */
const variantsOf = (exported: Readonly<Record<string, unknown>>): Variant[] =>
  Object.values(exported).filter((one): one is Variant => typeof one === 'object' && one !== null && 'hunks' in one);

/** Sorts each revision after the one that it names as its predecessor. */
function inReviewOrder(variants: readonly Variant[]): Variant[] {
  const ordered: Variant[] = [];
  for (let last: string | null = null; ordered.length < variants.length; last = ordered.at(-1)!.id) {
    const next = variants.find(({ after }) => after === last);
    if (next === undefined) throw new Error(`variants: expected a revision after ${last ?? 'none'}, found none`);
    ordered.push(next);
  }
  return ordered;
}

/** The revisions, in review order. */
export const series: readonly Variant[] = inReviewOrder(variantsOf(revisions));

/** Controls and what-ifs, sorted by id. They take part in a comparison only if named. */
export const experiments: readonly Variant[] = variantsOf(whatIfs).toSorted((a, b) => (a.id < b.id ? -1 : 1));

export const variantById = (id: string): Variant | undefined =>
  [...series, ...experiments].find((variant) => variant.id === id);
