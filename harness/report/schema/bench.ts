/** The answer of bench. */
import { z } from 'zod';
import { count, name } from './parts.ts';

const range = z.strictObject({ median: z.number(), low: z.number(), high: z.number() });
const verdict = z.enum(['reached', 'missed', 'inconclusive']);
const foretold = z.strictObject({ measured: range, foretold: z.number() });
const pair = (of: z.ZodType): z.ZodType => z.tuple([of, of]);
const contention = z.strictObject({
  compiler: name,
  variants: pair(name),
  counts: z.strictObject({ pages: count, holds: count, calls: pair(z.number()) }),
  parts: z.strictObject({
    own: z.number(),
    holds: z.number(),
    call: z.number(),
    line: z.number(),
    transfer: z.number(),
  }),
  rows: z.array(z.strictObject({ threads: count, frames: count, ratio: foretold, speedup: foretold })),
});
export const bench = z.strictObject({
  schema: z.literal('pmapdiff.bench/1'),
  node: name,
  v8: z.strictObject({ calls: z.array(name), workload: z.array(name) }),
  rounds: count,
  milliseconds: count,
  against: name,
  native: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('measured'), compiler: name }),
    z.strictObject({ kind: z.literal('skipped'), why: name }),
  ]),
  tasks: z.array(
    z.strictObject({
      task: z.strictObject({
        id: name,
        title: name,
        operation: name,
        unit: z.enum(['ns', 'us', 'per second']),
        workload: name.nullable(),
        seam: z.boolean(),
        native: z.boolean(),
        aim: z.number().nullable(),
      }),
      rows: z.array(
        z.discriminatedUnion('kind', [
          z.strictObject({
            kind: z.literal('measured'),
            variant: name,
            time: range,
            ratio: range.nullable(),
            speed: z.enum(['faster', 'slower', 'inconclusive', 'reference']),
          }),
          z.strictObject({ kind: z.literal('failed'), variant: name, message: z.string() }),
        ]),
      ),
      noise: range.nullable(),
      native: z
        .strictObject({
          variant: name,
          time: range,
          ratio: range,
          undisturbed: z.number(),
          aim: z.number().nullable(),
          reached: verdict.nullable(),
          sums: z.strictObject({ variant: z.number(), native: z.number() }),
        })
        .nullable(),
    }),
  ),
  memory: z
    .union([
      z.strictObject({
        variant: name,
        from: count,
        to: count,
        bytesPerMapping: z.number(),
        slowdown: z.number(),
      }),
      z.strictObject({ failed: z.string() }),
    ])
    .nullable(),
  contention: contention.optional(),
});
