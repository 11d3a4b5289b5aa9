/** Columns that patches make: a variant on a core that is not the program's. */
import { typeErrorsOf } from '../bundle/spawn.ts';
import { intendedMeasure } from '../declare/declarations.ts';
import { judgeFiles } from '../patch/patched.ts';
import { type ChosenPatch, sourceOf } from './chosen.ts';
import { failedColumn } from './column.ts';
import { factsOf } from './facts.ts';
import { Numbering } from './numbering.ts';
import { type OnOutput, type Opened, type Opening, openProcess, prefixed, processColumn, refused } from './own.ts';
import { refuseTypeErrors, typeNotes } from './types.ts';

/** A patch is the variant of its base under another name, with another core. */
export async function openPatch(
  { patched, base, how }: ChosenPatch,
  onOutput: OnOutput,
  { limits, types, strict }: Opening,
): Promise<Opened> {
  const { id, name, title, intends, after, overlay, notes } = patched;
  const source = { ...sourceOf(base), overlay };
  if (strict) refuseTypeErrors(name, await typeErrorsOf(source, how.cache));
  const opened = await openProcess({ source, name, limits }, (text) => onOutput(prefixed(id, text)), how.cache);
  if ('kind' in opened) return { column: failedColumn(id, opened), isLoaded: false };
  const { child, loaded, bundle } = opened;
  const { code, functions } = bundle;
  const refusal = Numbering.refusal(loaded.names);
  const numbering = refusal === null ? Numbering.of(loaded.names) : null;
  const counters = numbering?.added ?? [];
  const facts = {
    ...factsOf({ ...loaded, id }, sourceOf(base).file, overlay),
    after: after ?? loaded.id,
    title,
    intends,
    functions,
    counters,
  };
  try {
    if (refusal !== null) throw new Error(refusal);
    for (const intent of intends) intendedMeasure(id, intent, counters);
  } catch (error) {
    child.close();
    return { column: refused(id, (error as Error).message), isLoaded: false };
  }
  const judged = judgeFiles(Object.keys(functions).map((key) => key.split(': ', 1)[0]));
  const allNotes = [
    ...notes,
    ...(judged.length === 0 ? [] : [`the patch changes the judge too: ${judged.join(', ')}`]),
    ...(numbering === null ? [] : numbering.notes),
  ];
  const column = processColumn(child, { kind: 'code', name, code, facts }, numbering);
  return {
    column: { ...column, notes: allNotes, ...(types ? typeNotes(typeErrorsOf(source, how.cache)) : {}) },
    isLoaded: true,
  };
}
