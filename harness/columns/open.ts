/**
 * Opening the columns of a command: built-in variants, and users' files, each in a process of its own.
 */
import { fileURLToPath } from 'node:url';
import type { Variant } from '../../core/index.ts';
import { intendedMeasure } from '../declare/declarations.ts';
import type { Facts } from '../run/facts.ts';
import type { Failure } from '../run/record.ts';
import { builtInColumn, builtInFacts } from './built-in.ts';
import { type Column, failedColumn } from './column.ts';
import { DEFAULT_LIMITS, VariantProcess } from './process.ts';

/** A built-in variant, or a file that holds one. */
export type Chosen =
  | { readonly kind: 'built-in'; readonly variant: Variant }
  | { readonly kind: 'file'; readonly path: string; readonly name: string };

/** What a variant prints while it loads or runs. */
export type OnOutput = (text: string) => void;

/** Opens a column for each, and closes them when `body` is done. */
export async function withColumns<T>(
  chosen: readonly Chosen[],
  onOutput: OnOutput,
  body: (columns: readonly Column[]) => Promise<T>,
): Promise<T> {
  const columns = await openColumns(chosen, onOutput);
  try {
    return await body(columns);
  } finally {
    for (const column of columns) column.close();
  }
}

/** A variant that cannot be used is a column too: it says why. */
async function openColumns(chosen: readonly Chosen[], onOutput: OnOutput): Promise<Column[]> {
  const columns = await Promise.all(chosen.map((one) => openColumn(one, onOutput)));
  const ids = columns.map(({ column }) => column.facts.id);
  const isBuiltIn = (id: string): boolean => builtInFacts.some((facts) => facts.id === id);
  return columns.map(({ column, isLoaded }, i) => {
    const { id, after } = column.facts;
    if (!isLoaded) return column;
    if (ids.indexOf(id) !== i || isBuiltIn(id)) {
      column.close();
      return refused(`${id}#${i + 1}`, `id ${JSON.stringify(id)} is taken by another variant`);
    }
    if (after === null || ids.includes(after) || isBuiltIn(after)) return column;
    column.close();
    return refused(
      id,
      `after: expected null or the id of a variant that is built in or compared, got ${JSON.stringify(after)}`,
    );
  });
}

/** isLoaded: a user's variant that may be run. */
async function openColumn(one: Chosen, onOutput: OnOutput): Promise<{ column: Column; isLoaded: boolean }> {
  if (one.kind === 'built-in') return { column: builtInColumn(one.variant), isLoaded: false };
  const name = one.name.replace(/^.*[/\\]/s, '').replaceAll(/\p{Cc}/gu, '?');
  const child = processOf(one.path, (text) => onOutput(prefixed(name, text)));
  const loaded = await child.load();
  if ('kind' in loaded) return { column: failedColumn(name, loaded), isLoaded: false };
  try {
    for (const intent of loaded.intends) intendedMeasure(loaded.id, intent);
  } catch (error) {
    child.close();
    return { column: refused(loaded.id, (error as Error).message), isLoaded: false };
  }
  return { column: processColumn(child, loaded), isLoaded: true };
}

const processColumn = (child: VariantProcess, facts: Facts): Column => ({
  facts,
  kind: 'own',
  begin: (head, options) => child.begin(head, facts.id, options),
  abort: () => child.abort(),
  close: () => child.close(),
});

const refused = (id: string, message: string): Column =>
  failedColumn(id, { kind: 'failed', how: 'load', op: null, message });

const prefixed = (name: string, text: string): string => text.replaceAll(/^(?=.)/gm, `[${name}] `);

const processOf = (path: string, onOutput: OnOutput): VariantProcess =>
  new VariantProcess(path, fileURLToPath(new URL('../child.js', import.meta.url)), DEFAULT_LIMITS, onOutput);

/** Facts of the variant in a file, or why it cannot be used. */
export async function factsOfFile(path: string, onOutput: OnOutput): Promise<Facts | Failure> {
  const child = processOf(path, onOutput);
  try {
    return await child.load();
  } finally {
    child.close();
  }
}
