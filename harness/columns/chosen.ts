/** Where a column comes from: a built-in variant, a file, a patch or a git revision. */
import type { Variant } from '../../core/index.ts';
import type { Cache } from '../bundle/cache.ts';
import { type ColumnSource, userFile } from '../bundle/source.ts';
import type { Patched } from '../patch/patched.ts';
import { builtInFile } from './facts.ts';

/** A variant of the program's own core: built in, or in a file. */
export type ChosenVariant =
  | { readonly kind: 'built-in'; readonly variant: Variant }
  | { readonly kind: 'file'; readonly path: string; readonly name: string };

/** A variant on a core that a patch, or a git revision, makes of the program's. */
export interface ChosenPatch {
  readonly kind: Patched['origin'];
  readonly patched: Patched;
  /** whose hunks it runs */
  readonly base: ChosenVariant;
  readonly how: PatchHow;
}

export interface PatchHow {
  /** null: nothing is kept */
  readonly cache: Cache | null;
}

/** Where a column comes from. */
export type Chosen = ChosenVariant | ChosenPatch;

export const isBuiltIn = ({ kind }: Chosen): boolean => kind === 'built-in';

export const isPatch = (chosen: Chosen): chosen is ChosenPatch => chosen.kind === 'patch' || chosen.kind === 'rev';

/** What a column is bundled from. */
export function sourceOf(chosen: Chosen): ColumnSource {
  if (isPatch(chosen)) return { ...sourceOf(chosen.base), overlay: chosen.patched.overlay };
  if (chosen.kind === 'file') return userFile(chosen.path);
  return { file: builtInFile(chosen.variant.id), isBuiltIn: true, overlay: null };
}
