/** What a comparison has to know of a variant: what it says of itself, and what each member of its seam does. */
import { existsSync } from 'node:fs';
import { HUNK_NAMES, type Variant } from '../../core/index.ts';
import * as face from '../../variants/index.ts';
import type { VariantFacts } from '../compare/declarations.ts';
import { VariantSources } from '../review/members.ts';
import { UnreadableSource } from '../review/source.ts';
import { type Introduced, introduce } from '../run/load.ts';
import { packagePath } from '../workload/root.ts';

export interface Facts extends VariantFacts {
  /** each member as it runs, in seam order: for a file that cannot be shown as written */
  readonly compiled: readonly string[];
}

export const builtInVariants: readonly Variant[] = [...face.series, ...face.experiments];

/** The source of a built-in variant: sources ship beside what is made of them. */
export function builtInFile(id: string): string {
  const file = packagePath('variants', `${id}.ts`);
  return existsSync(file) ? file : packagePath('variants', 'experiments', `${id}.ts`);
}

const faces = ['core/index.ts', 'variants/index.ts', 'variants/all.ts', 'variants/experiments/all.ts'];

export const variantSources = (): VariantSources =>
  new VariantSources({
    fileOf: (name) => {
      const exported = (face as Readonly<Record<string, unknown>>)[name];
      const variant = builtInVariants.find((one) => one === exported);
      return variant === undefined ? null : builtInFile(variant.id);
    },
    isFace: (path) => faces.some((file) => path === packagePath(...file.split('/'))),
  });

/**
 * path: the file of the variant; null: it has none. A member that cannot be read there is the one of a built-in variant if
 * it is that very function, and like no other if it is not.
 */
export function factsOf(variant: Introduced, path: string | null, sources: VariantSources): Facts {
  const { id, after, title, intends, compiled, taken } = variant;
  const written = path === null ? null : meanings(path, sources);
  const members = HUNK_NAMES.map((name, i) => {
    const of = taken[i];
    return written?.[i] ?? (of === null ? `${name} of ${id}` : sources.meaning(builtInFile(of), name));
  });
  return { id, after, title, intends, members, compiled };
}

export const builtInFacts = (sources: VariantSources): Facts[] =>
  builtInVariants.map((variant) => factsOf(introduce(variant, builtInVariants), builtInFile(variant.id), sources));

/** What each member does, as written; null where that cannot be read. */
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
