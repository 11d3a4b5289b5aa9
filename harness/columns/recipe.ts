/** Columns of jobs, made from recipes: a stranger's code runs in a process of its own, which the next job finds again. */
import { builtInColumns } from './built-in.ts';
import { type CodeRecipe, type Column, type Recipe, failedColumn } from './column.ts';
import { builtInFacts } from './facts.ts';
import { Numbering } from './numbering.ts';
import { processColumn } from './own.ts';
import { DEFAULT_LIMITS, VariantProcess } from './process.ts';

/** Processes that are kept while no job uses them. */
const MOST_KEPT = 4;

interface Made {
  readonly column: Column;
  /** null: there is no process that could be kept */
  readonly child: VariantProcess | null;
}

/** By limits and code; the first has been unused longest. */
const kept = new Map<string, Made>();

/** loadMs: CPU time for loading. What a variant prints is dropped. Throws Error: no built-in variant has that id. */
export async function withRecipes<T>(
  recipes: readonly Recipe[],
  loadMs: number,
  body: (columns: readonly Column[]) => Promise<T>,
): Promise<T> {
  const made: { readonly key: string; readonly one: Made }[] = [];
  try {
    for (const recipe of recipes) made.push(await take(recipe, loadMs));
    return await body(made.map(({ one }) => one.column));
  } finally {
    for (const { key, one } of made) keep(key, one);
  }
}

async function take(recipe: Recipe, loadMs: number): Promise<{ readonly key: string; readonly one: Made }> {
  const isCode = typeof recipe !== 'string' && recipe.kind === 'code';
  const key = isCode ? [loadMs, recipe.name, JSON.stringify(recipe.facts), recipe.code].join('\n') : '';
  const before = kept.get(key);
  kept.delete(key);
  return { key, one: before ?? (await make(recipe, loadMs)) };
}

/** A process that was lost is not used again: no job may depend on those before it. */
function keep(key: string, { column, child }: Made): void {
  if (child === null || child.hasLost || kept.has(key)) return column.close();
  kept.set(key, { column, child });
  for (const [oldest, one] of kept) {
    if (kept.size <= MOST_KEPT) break;
    kept.delete(oldest);
    one.column.close();
  }
}

async function make(recipe: Recipe, loadMs: number): Promise<Made> {
  if (typeof recipe === 'string') {
    const [column] = builtInColumns(builtInFacts.filter(({ id }) => id === recipe));
    if (column === undefined) throw new Error(`expected the id of a built-in variant, got ${JSON.stringify(recipe)}`);
    return { column, child: null };
  }
  return recipe.kind === 'failed'
    ? { column: failedColumn(recipe.facts.id, recipe.failure, recipe.facts), child: null }
    : makeProcess(recipe, loadMs);
}

/** A variant that cannot be loaded here is a column too, with the facts that the job has of it. */
async function makeProcess(recipe: CodeRecipe, loadMs: number): Promise<Made> {
  const { name, code, facts } = recipe;
  const child = new VariantProcess(name, code, { ...DEFAULT_LIMITS, loadMs }, () => {});
  const loaded = await child.load();
  if ('kind' in loaded) return { column: failedColumn(facts.id, loaded, facts), child: null };
  const refusal = Numbering.refusal(loaded.names);
  if (refusal === null) return { column: processColumn(child, recipe, Numbering.of(loaded.names)), child };
  child.close();
  return {
    column: failedColumn(facts.id, { kind: 'failed', how: 'load', op: null, message: refusal }, facts),
    child: null,
  };
}
