/**
 * Format of the recordings of real x86-64 accesses and TLB sequences. The README next to the recordings explains the
 * fields.
 */
import { z } from 'zod';

const hex = z.string().regex(/^0x[0-9a-f]{1,16}$/, 'expected 64 bits in hex');
const memory = z.record(hex, hex);

const controls = z.strictObject({
  levels: z.union([z.literal(4), z.literal(5)]),
  maxphyaddr: z.int().min(32).max(52),
  wp: z.boolean(),
  nxe: z.boolean(),
  smep: z.boolean(),
  smap: z.boolean(),
  ac: z.boolean(),
  pke: z.boolean(),
  pkru: z.int().min(0).max(0xffffffff),
  pge: z.boolean().default(false),
  pcide: z.boolean().default(false),
});

const outcome = z.union([
  z.strictObject({ pa: hex }),
  z.strictObject({
    fault: z.union([
      z.strictObject({ vector: z.literal(14), error: z.int(), cr2: hex }),
      z.strictObject({ vector: z.literal(13), error: z.literal(0).optional() }),
    ]),
  }),
]);

/** Who produced the answer, and which of the allowed answers each of them gave: shown, not compared. */
const by = z
  .string()
  .regex(/^[qnbB]+$/, 'expected letters of qnbB')
  .optional();
const seen = z.record(z.string().regex(/^[qnbB]$/, 'expected q, n, b or B'), z.int()).optional();

const asked = z.strictObject({ va: hex, kind: z.enum(['r', 'w', 'x']), user: z.boolean() });

const single = z.strictObject({
  config: controls,
  root: hex,
  memory,
  access: asked,
  expect: outcome,
  after: memory,
  optA: z.boolean().default(false),
  why: z.string(),
  by,
});

const step = z.discriminatedUnion('op', [
  asked.extend({ op: z.literal('access'), allowed: z.array(outcome).min(1), seen }),
  z.strictObject({ op: z.literal('poke'), pa: hex, val: hex }),
  z.strictObject({ op: z.literal('peek'), pa: hex, allowed: z.array(hex).min(1), seen }),
  z.strictObject({ op: z.literal('invlpg'), va: hex }),
  z.strictObject({ op: z.literal('cr3'), val: hex }),
  z.strictObject({ op: z.literal('invpcid'), type: z.int().min(0).max(3), pcid: z.int().min(0).max(4095), va: hex }),
  z.strictObject({ op: z.literal('pge'), on: z.boolean() }),
]);

const sequence = z.strictObject({
  name: z.string(),
  config: controls,
  root: hex,
  memory,
  steps: z.array(step).min(1),
  by,
});

/** A file contains accesses or sequences. */
export const mmuFile = z.array(z.union([single, sequence]));

export type MmuVectors = z.infer<typeof mmuFile>;
export type MmuOutcome = z.infer<typeof outcome>;
export type MmuAsked = z.infer<typeof asked>;
export type MmuAccess = z.infer<typeof single>;
export type MmuStep = z.infer<typeof step>;
export type MmuSequence = z.infer<typeof sequence>;
