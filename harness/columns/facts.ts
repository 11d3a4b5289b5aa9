/** What a comparison has to know about a variant: its own description, and what each member of its seam does. */
import { existsSync } from 'node:fs';
import { relative, sep } from 'node:path';
import { HUNK_NAMES, type Variant } from '../../core/index.ts';
import * as face from '../../variants/index.ts';
import type { VariantFacts } from '../declare/declarations.ts';
import { packagePath } from '../input/paths.ts';
import type { Overlay } from '../patch/apply.ts';
import { type BuiltInSources, VariantSources } from '../review/members.ts';
import { UnreadableSource } from '../review/source.ts';
import { type Introduced, introduce } from '../run/load.ts';
import { builtInVariants } from './built-in.ts';

export interface Facts extends VariantFacts {
  /** each member as compiled, in seam order: used for a file that cannot be shown as written */
  readonly compiled: readonly string[];
}

/** The source file of a built-in variant: the package ships its sources too. */
export function builtInFile(id: string): string {
  const file = packagePath('variants', `${id}.ts`);
  return existsSync(file) ? file : packagePath('variants', 'experiments', `${id}.ts`);
}

const FACES = ['core/index.ts', 'variants/index.ts', 'variants/all.ts', 'variants/experiments/all.ts'];

const BUILT_IN = {
  fileOf: (name: string) => {
    const exported = (face as Readonly<Record<string, unknown>>)[name];
    const variant = builtInVariants.find((one) => one === exported);
    return variant === undefined ? null : builtInFile(variant.id);
  },
  isFace: (path: string) => FACES.some((file) => path === packagePath(...file.split('/'))),
} satisfies BuiltInSources;

export const variantSources = new VariantSources(BUILT_IN);

/**
 * path: the variant's file; null if it has none. overlay: sources that a patch changes. A member whose source cannot be read equals a built-in variant's
 * member if it is the identical function, and otherwise equals no other.
 */
export function factsOf(variant: Introduced, path: string | null, overlay: Overlay | null = null): Facts {
  const { id, after, title, intends, compiled, taken } = variant;
  const sources = overlay === null ? variantSources : patchedSources(overlay);
  const written = path === null ? null : meanings(path, sources);
  const members = HUNK_NAMES.map((name, i) => {
    const of = taken[i];
    return written?.[i] ?? (of === null ? `${name} of ${id}` : sources.meaning(builtInFile(of), name));
  });
  return { id, after, title, intends, members, compiled };
}

/** The variants as they are where a patch changes sources. */
export const patchedSources = (overlay: Overlay): VariantSources =>
  new VariantSources({
    ...BUILT_IN,
    textOf: (path) => overlay.get(relative(packagePath(), path).split(sep).join('/')) ?? null,
  });

/** What each member does, as written; null if its source cannot be read. */
function meanings(path: string, sources: VariantSources): (string | null)[] {
  return HUNK_NAMES.map((name) => {
    try {
      return sources.meaning(path, name);
    } catch (error) {
      if (error instanceof UnreadableSource) return null;
      throw error;
    }
  });
}

export const builtInFacts: readonly Facts[] = builtInVariants.map((variant) =>
  factsOf(introduce(variant, builtInVariants), builtInFile(variant.id)),
);

/** Facts of a built-in variant. */
export const factsOfBuiltIn = ({ id }: Variant): Facts => builtInFacts.find((facts) => facts.id === id)!;

/** Every built-in variant, as it may lie between two of these, then those that are not built in, by id. */
export const factsAround = (own: readonly VariantFacts[]): VariantFacts[] => [
  ...builtInFacts.map((one) => own.find(({ id }) => id === one.id) ?? one),
  ...own
    .filter(({ id }) => !builtInFacts.some((one) => one.id === id))
    .toSorted((a, b) => (a.id < b.id ? -1 : Number(a.id > b.id))),
];
