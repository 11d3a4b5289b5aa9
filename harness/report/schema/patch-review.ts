/** Part of the document of review: a patch of core/ and variants/. */
import { z } from 'zod';
import { count, name } from './parts.ts';

/** A line of a diff. */
export const signedLine = z.strictObject({ sign: z.string(), text: z.string() });

export const patchReview = z.strictObject({
  name,
  title: name,
  base: name,
  intends: z.array(z.strictObject({ what: name, by: name, why: name })),
  notes: z.array(name),
  hunks: z.array(
    z.strictObject({
      file: name,
      line: count,
      declarations: z.array(
        z.strictObject({
          name,
          kernel: z.array(z.strictObject({ file: name.nullable(), name })),
          remarks: z.array(name),
        }),
      ),
      lines: z.array(signedLine),
    }),
  ),
  remarks: z.array(z.strictObject({ id: name, title: name, thread: name })),
});
