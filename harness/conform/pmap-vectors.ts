/**
 * The form of a recording of the kernel's own pmap code: ops, and what was observed after each under four revisions.
 */
import { z } from 'zod';

const hex = z.string().regex(/^0x[0-9a-f]{1,16}$/, 'expected a hexadecimal address');
const frame = z.int().min(1).max(262143);
const pmap = z.int().min(0).max(1023);
const cpu = z.int().min(0).max(15);
const prot = z.string().regex(/^r?w?x?$/, 'expected letters of rwx');
const flags = z.string().regex(/^(-|[wumn]+)$/, 'expected - or letters of wumn');
const count = z.int().min(1).max(262143);

const range = { p: pmap, sva: hex, eva: hex };
const page = { frame };

const op = z.discriminatedUnion('op', [
  z.object({ op: z.literal('pinit'), p: pmap, mode: z.enum(['kpti', 'nokpti']) }),
  z.object({ op: z.literal('release'), p: pmap }),
  z.object({ op: z.literal('cpu'), cpu }),
  z.object({ op: z.literal('activate'), cpu, p: pmap.nullable() }),
  z.object({ op: z.literal('enter'), p: pmap, va: hex, frame, prot, flags, psind: z.int().min(0).max(1) }),
  z.object({ op: z.literal('enter_run'), p: pmap, va: hex, frame, n: count, prot, flags }),
  z.object({ op: z.literal('enter_quick'), p: pmap, va: hex, frame, prot }),
  z.object({ op: z.literal('enter_object'), ...range, frame, n: count, prot }),
  z.object({ op: z.literal('remove'), ...range }),
  z.object({ op: z.literal('remove_pages'), p: pmap }),
  z.object({ op: z.literal('protect'), ...range, prot: prot.nullable() }),
  z.object({ op: z.literal('copy'), dst: pmap, src: pmap, va: hex, len: hex }),
  z.object({ op: z.literal('unwire'), ...range }),
  z.object({ op: z.literal('advise'), ...range, advice: z.enum(['dontneed', 'free']) }),
  z.object({ op: z.literal('extract'), p: pmap, va: hex }),
  z.object({ op: z.literal('touch'), p: pmap, va: hex, rw: z.enum(['r', 'w']) }),
  z.object({ op: z.literal('remove_all'), ...page }),
  z.object({ op: z.literal('remove_write'), ...page }),
  z.object({ op: z.literal('clear_modify'), ...page }),
  z.object({ op: z.literal('ts_referenced'), ...page }),
  z.object({ op: z.literal('is_modified'), ...page }),
  z.object({ op: z.literal('is_referenced'), ...page }),
  z.object({ op: z.literal('wired_mappings'), ...page }),
  z.object({ op: z.literal('frame_flags'), ...page }),
  z.object({ op: z.literal('reserv'), ...page }),
  z.object({ op: z.literal('unreserv'), ...page }),
  z.object({ op: z.literal('limit'), n: z.union([z.int().min(0), z.literal('off'), z.null()]) }),
  z.object({ op: z.literal('dump'), p: pmap }),
]);

const state = z.object({
  out: z.string().optional(),
  val: z.union([z.number(), z.string()]).optional(),
  /** Pmaps whose tuple changed; 0: released; null: not readable. */
  pm: z.record(z.string(), z.union([z.array(z.number()).length(7), z.literal(0), z.null()])).optional(),
  g: z.array(z.number()).length(3).optional(),
  map: z.array(z.string()).optional(),
  c: z.record(z.string(), z.number()).optional(),
});

const answers = z.array(state);

export const pmapFile = z
  .object({
    name: z.string(),
    kpti: z.enum(['kpti', 'nokpti', 'mixed']),
    ops: z.array(op),
    expect: z.record(z.string(), z.union([z.string(), answers])),
  })
  .superRefine(({ ops, expect }, context) => {
    for (const [revision, given] of Object.entries(expect)) {
      const found = typeof given === 'string' ? expect[given] : given;
      const fault =
        found === undefined || typeof found === 'string'
          ? `expected answers, or the name of a revision that has them, got ${JSON.stringify(given)}`
          : found.length !== ops.length
            ? `expected one answer per op, ${ops.length}, got ${found.length}`
            : null;
      if (fault !== null) context.addIssue({ code: 'custom', path: ['expect', revision], message: fault });
    }
  });

export type PmapFile = z.infer<typeof pmapFile>;
export type PmapOp = z.infer<typeof op>;
export type PmapAnswer = z.infer<typeof state>;

/** The answers of a revision; undefined if the file has none. */
export function answersOf(file: PmapFile, revision: string): readonly PmapAnswer[] | undefined {
  const given = file.expect[revision];
  const found = typeof given === 'string' ? file.expect[given] : given;
  return typeof found === 'string' ? undefined : found;
}
