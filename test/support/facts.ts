/** Facts of variants made in a test: a member that does not belong to a built-in variant equals no other. */
import type { Variant } from '../../core/index.ts';
import { builtInVariants } from '../../harness/columns/built-in.ts';
import { type Facts, builtInFile, factsOf } from '../../harness/columns/facts.ts';
import { introduce } from '../../harness/run/load.ts';

/** path: the file of a variant that is not built in, if it has one. */
export const factsOfOne = (variant: Variant, path: string | null = null): Facts =>
  factsOf(introduce(variant, builtInVariants), builtInVariants.includes(variant) ? builtInFile(variant.id) : path);

export const factsOfAll = (variants: readonly Variant[]): Facts[] => variants.map((variant) => factsOfOne(variant));
