/** The document of bisect. */
import { z } from 'zod';
import { name } from './parts.ts';

const step = { id: name, title: name };

export const bisect = z.strictObject({
  schema: z.literal('pmapdiff.bisect/1'),
  /** what was asked of each step */
  asked: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('finding'), id: name, title: name }),
    z.strictObject({ kind: z.literal('verdict'), verdict: name, against: name, workloads: z.array(name) }),
    z.strictObject({ kind: z.literal('counter'), what: name, above: z.number().nullable(), workload: name }),
  ]),
  /** in order; the first is what the series begins with */
  steps: z.array(
    z.discriminatedUnion('kind', [
      z.strictObject({
        ...step,
        kind: z.literal('tested'),
        value: z.union([z.boolean(), z.number()]),
        /** what was observed, in the same places for every step */
        seen: z.array(z.string()),
      }),
      z.strictObject({ ...step, kind: z.literal('skipped'), why: name }),
      /** the tested steps around it agree */
      z.strictObject({ ...step, kind: z.literal('not run') }),
    ]),
  ),
  /** a change: the last step before it and the first after it that were tested; among: those one of which made it */
  edges: z.array(
    z.strictObject({
      kind: z.enum(['introduced', 'gone', 'changed']),
      before: name,
      after: name,
      among: z.array(name).min(1),
    }),
  ),
});
