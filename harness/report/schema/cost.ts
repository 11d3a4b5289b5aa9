/** The document of `cost`. */
import { z } from 'zod';
import { MACHINES } from '../../cost/constants.ts';
import { PHASES } from '../../cost/measure.ts';
import { count, name } from './parts.ts';

const ends = { low: z.number(), typical: z.number(), high: z.number() };
const frames = z.union([count, z.literal('counted')]);
const byInstance = z.array(z.tuple([count, count]));

export const cost = z.strictObject({
  schema: z.literal('pmapdiff.cost/1'),
  /** SHA-256 */
  constants: z.string().length(64),
  machine: z.enum(MACHINES),
  /** cycles of all processes of a kind */
  phases: z.array(
    z.strictObject({
      workload: name,
      variant: name,
      processes: name,
      phase: z.enum([...PHASES, 'remainder']),
      ...ends,
    }),
  ),
  /** modelled time of b less that of a, as a share of that of a */
  kinds: z.array(z.strictObject({ workload: name, a: name, b: name, processes: name, ...ends })),
  counted: z.array(
    z.strictObject({
      workload: name,
      variant: name,
      lives: count,
      locked: z.strictObject({ bytes8: count, bytes16: count }),
      pvLocks: byInstance,
      pvPages: byInstance,
      references: byInstance,
      pagesCopied: count,
      pagesRemoved: count,
      neighboursCopied: count,
      neighboursRemoved: count,
      pvListLocks: count,
      sharers: count,
    }),
  ),
  /** process lives per second of b, of those of a */
  ratios: z.array(
    z.strictObject({
      workload: name,
      a: name,
      b: name,
      cpus: count,
      frames,
      ...ends,
      collapsing: z.number().nullable(),
      effect: z.enum(['none', 'smaller', 'same', 'larger']),
      flips: z.boolean(),
      busiest: z.tuple([z.string(), z.string()]),
    }),
  ),
  /** process lives per second of all CPUs, of those of one */
  speedups: z.array(
    z.strictObject({ workload: name, variant: name, cpus: count, frames, typical: z.number(), most: z.number() }),
  ),
  stations: z.array(
    z.strictObject({
      workload: name,
      variant: name,
      cpus: count,
      frames,
      name,
      alike: count,
      utilisation: z.number(),
      waits: z.number(),
    }),
  ),
  notModelled: z.array(name),
});
