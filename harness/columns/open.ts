/** Opens the columns of a command: built-in variants, and users' files, each in its own process. */
import { basename } from 'node:path';
import type { Variant } from '../../core/index.ts';
import { hint } from '../../core/suggest.ts';
import { bundledColumn } from '../bundle/spawn.ts';
import { type VariantFacts, circleIn, intendedMeasure } from '../declare/declarations.ts';
import { InputError } from '../input-error.ts';
import type { Introduced } from '../run/load.ts';
import type { Failure } from '../run/record.ts';
import { builtInColumn } from './built-in.ts';
import { type Column, failedColumn } from './column.ts';
import { type Facts, builtInFacts, factsOf, factsOfBuiltIn } from './facts.ts';
import { DEFAULT_LIMITS, type ProcessLimits, VariantProcess } from './process.ts';

/** A built-in variant, or a file that contains one. */
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
  limits: ProcessLimits = DEFAULT_LIMITS,
): Promise<T> {
  const columns = await openColumns(chosen, onOutput, limits);
  try {
    return await body(columns);
  } finally {
    for (const column of columns) column.close();
  }
}

/** Throws InputError: variants that come after each other have no first one to begin with. */
export function refuseCircle(facts: readonly Pick<VariantFacts, 'id' | 'after'>[]): void {
  const circle = circleIn(facts);
  if (circle === null) return;
  const found = [...circle, circle[0]].map((id) => JSON.stringify(id)).join(' after ');
  throw new InputError(`after: expected a series with a first variant, got the circle ${found}`);
}

/** A variant that cannot be used is a column too: it says why. Throws InputError. */
async function openColumns(chosen: readonly Chosen[], onOutput: OnOutput, limits: ProcessLimits): Promise<Column[]> {
  const columns = await Promise.all(chosen.map((one) => openColumn(one, onOutput, limits)));
  const ids = columns.map(({ column }) => column.facts.id);
  const isBuiltIn = (id: string): boolean => builtInFacts.some((facts) => facts.id === id);
  try {
    // One that has a built-in variant's id is refused for that.
    refuseCircle(columns.flatMap(({ column: { facts } }) => (isBuiltIn(facts.id) ? [] : [facts])));
  } catch (error) {
    for (const { column } of columns) column.close();
    throw error;
  }
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
      `after: expected null or the id of a variant that is built in or compared, got ${JSON.stringify(after)}` +
        hint(after, [...ids.filter((other) => other !== id), ...builtInFacts.map((facts) => facts.id)]),
    );
  });
}

/** isLoaded: a user's variant that can be run. */
async function openColumn(
  one: Chosen,
  onOutput: OnOutput,
  limits: ProcessLimits,
): Promise<{ column: Column; isLoaded: boolean }> {
  if (one.kind === 'built-in')
    return { column: builtInColumn(one.variant, factsOfBuiltIn(one.variant)), isLoaded: false };
  const name = one.name.replace(/^.*[/\\]/s, '').replaceAll(/\p{Cc}/gu, '?');
  const opened = await openProcess({ path: one.path, name, limits }, (text) => onOutput(prefixed(name, text)));
  if ('kind' in opened) return { column: failedColumn(name, opened), isLoaded: false };
  const { child, loaded } = opened;
  try {
    for (const intent of loaded.intends) intendedMeasure(loaded.id, intent);
  } catch (error) {
    child.close();
    return { column: refused(loaded.id, (error as Error).message), isLoaded: false };
  }
  return { column: processColumn(child, factsOf(loaded, one.path)), isLoaded: true };
}

const processColumn = (child: VariantProcess, facts: VariantFacts): Column => ({
  facts,
  kind: 'own',
  begin: (head, options) => child.begin(head, facts.id, options),
  abort: () => child.abort(),
  close: () => child.close(),
});

const refusal = (message: string): Failure => ({ kind: 'failed', how: 'load', op: null, message });

const refused = (id: string, message: string): Column => failedColumn(id, refusal(message));

const prefixed = (name: string, text: string): string => text.replaceAll(/^(?=.)/gm, `[${name}] `);

/** Bundles a file, and loads it in a process of its own. */
async function openProcess(
  { path, name, limits }: { readonly path: string; readonly name: string; readonly limits: ProcessLimits },
  onOutput: OnOutput,
): Promise<{ child: VariantProcess; loaded: Introduced } | Failure> {
  const bundle = await bundledColumn(path, 'run');
  if (bundle.kind === 'refused') return refusal(bundle.message);
  const child = new VariantProcess(name, bundle.code, limits, onOutput);
  const loaded = await child.load();
  return 'kind' in loaded ? loaded : { child, loaded };
}

/** Facts about the variant in a file, or why it cannot be used. */
export async function factsOfFile(
  path: string,
  onOutput: OnOutput,
  limits: ProcessLimits = DEFAULT_LIMITS,
): Promise<Facts | Failure> {
  const opened = await openProcess({ path, name: basename(path), limits }, onOutput);
  if ('kind' in opened) return opened;
  opened.child.close();
  return factsOf(opened.loaded, path);
}
