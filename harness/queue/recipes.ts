/** The code of a column that is not built in, as a queue keeps it. */
import { z } from 'zod';
import type { CodeRecipe, FailedRecipe } from '../columns/column.ts';
import type { Kind } from './kept.ts';

/** Characters of code. */
const MOST_CODE = 2 ** 24;

const name = z.string().min(1).max(1000);
const text = z.string().max(2 ** 20);
const facts = z.object({
  id: name,
  after: name.nullable(),
  title: text,
  intends: z.array(z.object({ what: name, by: name, why: text })).max(1000),
  members: z.array(text).max(100),
  functions: z.record(name, text).exactOptional(),
  counters: z.array(name).max(256).exactOptional(),
});
const failure = z.object({
  kind: z.literal('failed'),
  how: z.enum(['load', 'throw', 'limit', 'memory', 'killed']),
  op: z.int().nullable(),
  message: text,
});

export const RECIPE: Kind<CodeRecipe | FailedRecipe> = {
  name: 'code',
  of: 'a column',
  schema: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('code'), name, code: z.string().max(MOST_CODE), facts }),
    z.object({ kind: z.literal('failed'), facts, failure }),
  ]),
  held: 8,
};
