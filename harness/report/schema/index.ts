/**
 * `pmapdiff/schema`: the documents of every command's `--json`, for programs that read them. A field that goes or changes
 * its meaning takes another number behind the slash of `schema`; a field that is added does not.
 */
import { commandSchemas } from './commands.ts';
import { compareSchema } from './compare.ts';

export const schemas = { compare: compareSchema, ...commandSchemas } as const;
