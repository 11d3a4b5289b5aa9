/** What a reader is told of the types of a column. */
import { InputError } from '../input-error.ts';
import type { TypeErrors } from '../patch/types.ts';
import type { Column } from './column.ts';

/** Throws InputError if there is a type error, or if types cannot be checked. name: of the file. */
export function refuseTypeErrors(name: string, types: TypeErrors): void {
  if (types.kind === 'unchecked') throw new InputError(`${name}: types cannot be checked: ${types.why}`);
  const [first] = types.errors;
  if (first === undefined) return;
  const more = types.errors.length === 1 ? '' : `, and ${types.errors.length - 1} more`;
  throw new InputError(`${name}: type error: ${first}${more}`);
}

/** A check takes longer than a short run and only warns: it goes on beside the runs, and no verdict waits for it. */
export const typeNotes = (checked: Promise<TypeErrors>): Required<Pick<Column, 'lateNotes'>> => ({
  lateNotes: async () => {
    const types = await checked;
    return types.kind === 'unchecked'
      ? [`types are not checked: ${types.why}`]
      : types.errors.map((error) => `type error: ${error}`);
  },
});
