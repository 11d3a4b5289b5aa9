/** What a round of a hunt added to its corpus, as a queue keeps it: the slices of all later rounds begin with it. */
import { z } from 'zod';
import { STRETCH_RUNS } from '../search/hunt.ts';
import type { Generation } from '../search/slice.ts';
import type { Kind } from './kept.ts';

const word = z
  .int()
  .min(0)
  .max(2 ** 32);
const choice = z.strictObject({ verb: word, who: word, where: word, from: word, size: word, how: word });
const signal = z
  .int()
  .min(0)
  .max(2 ** 53 - 1);

export const GENERATION: Kind<Generation> = {
  name: 'corpus',
  of: 'a hunt',
  schema: z
    .array(
      z.strictObject({
        input: z.strictObject({ machine: z.array(word).max(16), choices: z.array(choice).max(100) }),
        signals: z.array(signal).max(20_000),
        weight: z.int().min(0).max(100),
        run: z
          .int()
          .min(0)
          .max(2 ** 31),
      }),
    )
    .max(STRETCH_RUNS),
  // Some stretches of one hunt.
  held: 128,
};
