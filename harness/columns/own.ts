/** A column in a process of its own: what is bundled runs there, and nowhere else. */
import type { Cache } from '../bundle/cache.ts';
import type { ColumnBundle } from '../bundle/column.ts';
import type { ColumnSource } from '../bundle/source.ts';
import { bundledColumn } from '../bundle/spawn.ts';
import type { Introduced } from '../run/load.ts';
import type { Failure } from '../run/record.ts';
import { type CodeRecipe, type Column, failedColumn } from './column.ts';
import { type Numbering, numberedRun } from './numbering.ts';
import { type ProcessLimits, VariantProcess } from './process.ts';

/** What a variant prints while it loads or runs. */
export type OnOutput = (text: string) => void;

export interface Opening {
  readonly limits: ProcessLimits;
  /** types are checked beside the runs */
  readonly types: boolean;
  /** a file with a type error is refused */
  readonly strict: boolean;
}

export interface Opened {
  readonly column: Column;
  /** it is a user's, and can be run */
  readonly isLoaded: boolean;
}

/** A column of the process that runs a recipe's code. numbering: null if its core's numbers are those of this program. */
export function processColumn(child: VariantProcess, recipe: CodeRecipe, numbering: Numbering | null): Column {
  const { facts } = recipe;
  return {
    facts,
    recipe,
    kind: 'own',
    begin: (head, options) => numberedRun(child.begin(head, facts.id, options), facts.id, numbering),
    abort: () => child.abort(),
    close: () => child.close(),
  };
}

const refusal = (message: string): Failure => ({ kind: 'failed', how: 'load', op: null, message });

export const refused = (id: string, message: string): Column => failedColumn(id, refusal(message));

export const prefixed = (name: string, text: string): string => text.replaceAll(/^(?=.)/gm, `[${name}] `);

type Bundled = Extract<ColumnBundle, { kind: 'bundled' }>;

/** Bundles a file, and loads it in a process of its own. */
export async function openProcess(
  { source, name, limits }: { readonly source: ColumnSource; readonly name: string; readonly limits: ProcessLimits },
  onOutput: OnOutput,
  cache: Cache | null = null,
): Promise<{ child: VariantProcess; loaded: Introduced; bundle: Bundled } | Failure> {
  const bundle = await bundledColumn(source, 'run', { cache });
  if (bundle.kind === 'refused') return refusal(bundle.message);
  const child = new VariantProcess(name, bundle.code, limits, onOutput);
  const loaded = await child.load();
  return 'kind' in loaded ? loaded : { child, loaded, bundle };
}
