/** Opens the columns of a command: built-in variants, users' files and patches, each of these in its own process. */
import { basename } from 'node:path';
import { hint } from '../../core/suggest.ts';
import { userFile } from '../bundle/source.ts';
import { typeErrorsIn } from '../bundle/spawn.ts';
import { type VariantFacts, circleIn, intendedMeasure } from '../declare/declarations.ts';
import { InputError } from '../input-error.ts';
import type { Failure } from '../run/record.ts';
import { builtInColumn } from './built-in.ts';
import { type Chosen, isPatch, sourceOf } from './chosen.ts';
import { type CodeRecipe, type Column, failedColumn } from './column.ts';
import { type Facts, builtInFacts, factsOf, factsOfBuiltIn } from './facts.ts';
import { Numbering } from './numbering.ts';
import { type OnOutput, type Opened, type Opening, openProcess, prefixed, processColumn, refused } from './own.ts';
import { openPatch } from './patched.ts';
import { DEFAULT_LIMITS, type ProcessLimits } from './process.ts';
import { refuseTypeErrors, typeNotes } from './types.ts';

/** Opens a column for each, and closes them when `body` is done. warns: what a reader should know of them goes to onOutput. */
export async function withColumns<T>(
  chosen: readonly Chosen[],
  onOutput: OnOutput,
  body: (columns: readonly Column[]) => Promise<T>,
  {
    warns = true,
    limits = DEFAULT_LIMITS,
    types = warns,
    strict = false,
  }: Partial<Opening> & { readonly warns?: boolean } = {},
): Promise<T> {
  const columns = await openColumns(chosen, onOutput, { limits, types, strict });
  try {
    const answer = await body(columns);
    if (warns)
      for (const { facts, notes = [], lateNotes } of columns)
        for (const text of [...notes, ...((await lateNotes?.()) ?? [])])
          onOutput(`pmapdiff: warning: ${facts.id}: ${text}`);
    return answer;
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
async function openColumns(chosen: readonly Chosen[], onOutput: OnOutput, how: Opening): Promise<Column[]> {
  const files = chosen.filter((one) => one.kind === 'file');
  const checked = how.strict ? await typeErrorsIn(files.map(sourceOf)) : [];
  checked.forEach((types, i) => refuseTypeErrors(shownName(files[i].name), types));
  const opened = await Promise.allSettled(chosen.map((one) => openColumn(one, onOutput, how)));
  const columns = opened.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  for (const one of opened) {
    if (one.status === 'fulfilled') continue;
    for (const { column } of columns) column.close();
    throw one.reason;
  }
  const ids = columns.map(({ column }) => column.facts.id);
  const isBuiltIn = (id: string): boolean => builtInFacts.some((facts) => facts.id === id);
  try {
    // One that has a built-in variant's id is refused for that.
    refuseCircle(columns.flatMap(({ column: { facts } }) => (isBuiltIn(facts.id) ? [] : [facts])));
  } catch (error) {
    for (const { column } of columns) column.close();
    throw error;
  }
  const usable = columns.map(({ column, isLoaded }, i) => {
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
  if (!how.types || how.strict) return usable;
  const isOwn = (i: number): boolean =>
    chosen[i].kind === 'file' && columns[i].isLoaded && usable[i] === columns[i].column;
  return withTypeNotes(usable, chosen, isOwn);
}

/** The columns, of which those of users' files that can be run say what is wrong with their types. */
function withTypeNotes(
  columns: readonly Column[],
  chosen: readonly Chosen[],
  isOwn: (column: number) => boolean,
): Column[] {
  const own = [...columns.keys()].filter(isOwn);
  const checked = typeErrorsIn(own.map((i) => sourceOf(chosen[i])));
  return columns.map((column, i) =>
    isOwn(i) ? { ...column, ...typeNotes(checked.then((types) => types[own.indexOf(i)])) } : column,
  );
}

/** The last part of a path, without what a terminal would obey. */
const shownName = (path: string): string => path.replace(/^.*[/\\]/s, '').replaceAll(/\p{Cc}/gu, '?');

/** isLoaded: a user's variant that can be run. */
async function openColumn(one: Chosen, onOutput: OnOutput, how: Opening): Promise<Opened> {
  if (one.kind === 'built-in')
    return { column: builtInColumn(one.variant, factsOfBuiltIn(one.variant)), isLoaded: false };
  if (isPatch(one)) return openPatch(one, onOutput, how);
  const name = shownName(one.name);
  const opened = await openProcess({ source: sourceOf(one), name, ...how }, (text) => onOutput(prefixed(name, text)));
  if ('kind' in opened) return { column: failedColumn(name, opened), isLoaded: false };
  const { child, loaded, bundle } = opened;
  try {
    if (Numbering.of(loaded.names) !== null) throw new Error(`${name}: changes what the numbers of the core stand for`);
    for (const intent of loaded.intends) intendedMeasure(name, intent);
    const recipe: CodeRecipe = { kind: 'code', name, code: bundle.code, facts: factsOf(loaded, one.path) };
    return { column: processColumn(child, recipe, null), isLoaded: true };
  } catch (error) {
    child.close();
    return { column: refused(loaded.id, (error as Error).message), isLoaded: false };
  }
}

/** Facts about the variant in a file, or why it cannot be used. */
export async function factsOfFile(
  path: string,
  onOutput: OnOutput,
  limits: ProcessLimits = DEFAULT_LIMITS,
): Promise<Facts | Failure> {
  const opened = await openProcess({ source: userFile(path), name: basename(path), limits }, onOutput);
  if ('kind' in opened) return opened;
  opened.child.close();
  return factsOf(opened.loaded, path);
}
