/**
 * The format of a recording of the kernel's own pmap code: ops, and what was observed after each under four revisions.
 */
import { z } from 'zod';
import {
  NBPDP,
  NBPDR,
  PAGE_SIZE,
  VM_MAXUSER_ADDRESS_LA48,
  VM_MAXUSER_ADDRESS_LA57,
  truncPage,
} from '../../core/units.ts';

const FRAMES = 262144;
const MAX_CPUS = 64;

/** Any 64-bit address. */
const anyAddress = z.string().regex(/^0x[0-9a-f]{1,16}$/, 'expected a hexadecimal address');
/** An address that fits in one number. */
const hex = anyAddress.refine(
  (text) => BigInt(Number(text)) === BigInt(text),
  'expected an address of 53 significant bits',
);
const frame = z
  .int()
  .min(1)
  .max(FRAMES - 1);
const pmap = z.int().min(0).max(1023);
const cpu = z
  .int()
  .min(0)
  .max(MAX_CPUS - 1);
const prot = z.string().regex(/^r?w?x?$/, 'expected letters of rwx');
const flags = z.string().regex(/^(-|(?!.*(.).*\2)[wumn]+)$/, 'expected - or letters of wumn');
const enterFlags = z.string().regex(/^(-|(?!.*(.).*\2)[wumnl]+)$/, 'expected - or letters of wumnl');
const count = z
  .int()
  .min(1)
  .max(FRAMES - 1);

const range = { p: pmap, sva: hex, eva: hex };
const page = { frame };

/** Frame 0 stands for the frame of the only 1G page. */
const enter = z.strictObject({
  op: z.literal('enter'),
  p: pmap,
  va: hex,
  frame: z
    .int()
    .min(0)
    .max(FRAMES - 1),
  prot,
  flags: enterFlags,
  psind: z.int().min(0).max(2),
});

const op = z.discriminatedUnion('op', [
  z.strictObject({ op: z.literal('pinit'), p: pmap, mode: z.enum(['kpti', 'nokpti']) }),
  z.strictObject({ op: z.literal('release'), p: pmap }),
  z.strictObject({ op: z.literal('cpu'), cpu }),
  z.strictObject({ op: z.literal('activate'), cpu, p: pmap.nullable() }),
  z.strictObject({ op: z.literal('return_user'), cpu }),
  enter,
  z.strictObject({ op: z.literal('enter_run'), p: pmap, va: hex, frame, n: count, prot, flags }),
  z.strictObject({ op: z.literal('enter_quick'), p: pmap, va: hex, frame, prot }),
  z.strictObject({ op: z.literal('enter_object'), ...range, frame, n: count, prot }),
  z.strictObject({ op: z.literal('remove'), ...range }),
  z.strictObject({ op: z.literal('remove_pages'), p: pmap }),
  z.strictObject({ op: z.literal('protect'), ...range, prot: prot.nullable() }),
  z.strictObject({ op: z.literal('copy'), dst: pmap, src: pmap, va: hex, len: hex }),
  z.strictObject({ op: z.literal('unwire'), ...range }),
  z.strictObject({ op: z.literal('advise'), ...range, advice: z.enum(['dontneed', 'free']) }),
  z.strictObject({ op: z.literal('extract'), p: pmap, va: anyAddress }),
  z.strictObject({ op: z.literal('mincore'), p: pmap, va: hex }),
  z.strictObject({ op: z.literal('is_prefaultable'), p: pmap, va: hex }),
  z.strictObject({ op: z.literal('touch'), p: pmap, va: hex, rw: z.enum(['r', 'w']) }),
  z.strictObject({ op: z.literal('remove_all'), ...page }),
  z.strictObject({ op: z.literal('remove_write'), ...page }),
  z.strictObject({ op: z.literal('clear_modify'), ...page }),
  z.strictObject({ op: z.literal('ts_referenced'), ...page }),
  z.strictObject({ op: z.literal('is_modified'), ...page }),
  z.strictObject({ op: z.literal('is_referenced'), ...page }),
  z.strictObject({ op: z.literal('wired_mappings'), ...page }),
  z.strictObject({ op: z.literal('frame_flags'), ...page }),
  z.strictObject({ op: z.literal('reserv'), ...page }),
  z.strictObject({ op: z.literal('unreserv'), ...page }),
  z.strictObject({ op: z.literal('limit'), n: z.union([z.int().min(0), z.literal('off'), z.null()]) }),
  z.strictObject({ op: z.literal('dump'), p: pmap }),
]);

export const COUNT_NAMES = [
  'lk',
  'tl',
  'pv',
  'pvr',
  'pvc',
  'di',
  'ip',
  'ir',
  'irp',
  'ia',
  'invlpg',
  'invpcid',
  'invltlb',
  'sd',
  'ipi',
  'pa',
  'pf',
  'ca',
  'cf',
  'pr',
  'prf',
  'de',
  'mp',
  'er',
  'it',
  'br',
  'af',
  'vw',
  'dirty',
  'zb',
] as const;
/** Recorded, but an artefact of the recording: failed lock assertions of the rebuilt initial revision. */
const IGNORED_COUNT = 'la';

const state = z.strictObject({
  out: z.string().optional(),
  val: z.union([z.number(), z.string()]).optional(),
  /** Pmaps whose tuple changed; 0: released; null: not readable. */
  pm: z.record(z.string().regex(/^\d{1,4}$/), z.union([z.array(z.int()).length(7), z.literal(0), z.null()])).optional(),
  g: z.array(z.int()).length(3).optional(),
  map: z.array(z.string()).optional(),
  c: z.partialRecord(z.enum([...COUNT_NAMES, IGNORED_COUNT]), z.int()).optional(),
});

const answers = z.array(state);
const REVISIONS = ['baseline', 'toplevel-accounting', 'landed', 'd33276'] as const;
/** Answers, or the key of a revision with the same answers. */
const answersOrKey = z.union([z.enum(REVISIONS), answers]);
const flag = z.union([z.literal(0), z.literal(1)]);

export const pmapFile = z
  .strictObject({
    name: z.string(),
    seed: z.int().optional(),
    profile: z.unknown().optional(),
    legend: z.unknown().optional(),
    nops: z.int().optional(),
    kpti: z.enum(['kpti', 'nokpti', 'mixed']),
    /** Five levels. */
    la57: flag.default(0),
    /** Process-context identifiers (PCID) and INVPCID. */
    pcid: flag.default(1),
    cpus: z.int().min(1).max(MAX_CPUS).default(16),
    ops: z.array(op),
    expect: z.partialRecord(z.enum(REVISIONS), answersOrKey),
  })
  .superRefine((file, context) => {
    const { ops, nops, expect } = file;
    const refuse = (path: (string | number)[], message: string): void =>
      context.addIssue({ code: 'custom', path, message });
    if (nops !== undefined && nops !== ops.length)
      refuse(['nops'], `expected ${ops.length}, the number of ops, got ${nops}`);
    for (const [index, step] of ops.entries()) {
      const fault = opFault(step, file);
      if (fault !== null) refuse(['ops', index, fault[0]], fault[1]);
    }
    if (Object.keys(expect).length === 0) refuse(['expect'], 'expected the answers of a revision, got none');
    const ids = pmapsOf(ops);
    for (const [revision, given] of Object.entries(expect)) {
      const found = typeof given === 'string' ? expect[given] : given;
      const fault =
        found === undefined || typeof found === 'string'
          ? `expected answers, or the name of a revision that has them, got ${JSON.stringify(given)}`
          : found.length !== ops.length
            ? `expected one answer per op, ${ops.length}, got ${found.length}`
            : null;
      if (fault !== null) refuse(['expect', revision], fault);
      if (!Array.isArray(given)) continue;
      const life = lifeFault(ops, given);
      if (life !== null) refuse(['ops', life[0]], life[1]);
      for (const [index, { pm }] of given.entries())
        for (const id of Object.keys(pm ?? {}))
          if (!ids.has(Number(id)))
            refuse(['expect', revision, index, 'pm'], `expected pmaps that the ops name, got ${id}`);
    }
  });

/** Does an answer report that the kernel stopped, at this op or earlier? */
export const isStopped = ({ out }: PmapAnswer): boolean => out === 'dead' || out?.startsWith('panic: ') === true;

/**
 * The first op, as far as the kernel ran, that names a pmap that does not exist or creates one that does; null if none.
 */
function lifeFault(
  ops: readonly PmapOp[],
  given: readonly PmapAnswer[],
): readonly [index: number, message: string] | null {
  const alive = new Set<number>();
  for (const [index, step] of ops.entries()) {
    const ids = pmapsOf([step]);
    for (const id of ids)
      if (alive.has(id) === (step.op === 'pinit'))
        return [index, `expected a pmap that ${step.op === 'pinit' ? 'is not there yet' : 'is there'}, got ${id}`];
    if (step.op === 'pinit') alive.add(step.p);
    else if (step.op === 'release') alive.delete(step.p);
    if (index >= given.length || isStopped(given[index])) return null;
  }
  return null;
}

type Fault = readonly [key: string, message: string];

/** What is inconsistent about an op, with the machine or within itself; null if nothing. */
function opFault(step: PmapOp, { kpti, la57, cpus }: Omit<PmapFile, 'ops' | 'expect'>): Fault | null {
  if (step.op === 'pinit' && step.mode === 'kpti' && kpti === 'nokpti')
    return ['mode', 'expected nokpti in a file without page-table isolation, got kpti'];
  if ('cpu' in step && step.cpu >= cpus) return ['cpu', `expected a CPU below ${cpus}, got ${step.cpu}`];
  const fault = step.op === 'enter' ? enterFault(step) : null;
  if (fault !== null) return fault;
  if ('frame' in step) {
    const last = step.frame + framesOf(step) - 1;
    if (last >= FRAMES) return ['frame', `expected frames below ${FRAMES}, got ${step.frame} to ${last}`];
  }
  const top = la57 === 1 ? VM_MAXUSER_ADDRESS_LA57 : VM_MAXUSER_ADDRESS_LA48;
  const beyond = endsOf(step).find(([, end]) => end > top);
  return beyond === undefined ? null : [beyond[0], `expected addresses below 0x${top.toString(16)}, got one beyond`];
}

function enterFault({ frame: first, flags: letters, psind }: z.infer<typeof enter>): Fault | null {
  const large = letters.includes('l');
  if (large ? psind === 0 : psind === 2)
    return ['psind', `expected 1 or 2 with the flag l, 0 or 1 without, got ${psind} with the flags ${letters}`];
  if (large && !letters.includes('u')) return ['flags', `expected u with l, got ${letters}`];
  return (psind === 2) === (first === 0)
    ? null
    : ['frame', `expected 0 with psind 2 and another one without, got ${first} with psind ${psind}`];
}

function framesOf(step: Extract<PmapOp, { frame: number }>): number {
  if ('n' in step) return step.n;
  return step.op === 'enter' ? [1, NBPDR / PAGE_SIZE, NBPDP / PAGE_SIZE][step.psind] : 1;
}

/** Where the addresses of an op end, by key. An extraction takes any address; a page may be entered at the very end. */
function endsOf(step: PmapOp): [key: string, end: number][] {
  if (step.op === 'extract') return [];
  if ('eva' in step) {
    return [
      ['sva', Number(step.sva)],
      ['eva', Number(step.eva)],
    ];
  }
  if (!('va' in step)) return [];
  const va = Number(step.va);
  if (step.op === 'enter') return [['va', va]];
  if (step.op === 'copy') return [['len', va + Number(step.len)]];
  return [['va', truncPage(va) + (step.op === 'enter_run' ? step.n : 1) * PAGE_SIZE]];
}

/** Numbers of the pmaps that ops name. */
export function pmapsOf(ops: readonly PmapOp[]): Set<number> {
  const ids = new Set<number>();
  for (const step of ops) {
    if ('p' in step && step.p !== null) ids.add(step.p);
    if ('dst' in step) ids.add(step.dst).add(step.src);
  }
  return ids;
}

export type PmapFile = z.infer<typeof pmapFile>;
export type PmapOp = z.infer<typeof op>;
export type PmapAnswer = z.infer<typeof state>;

/** The answers for a revision; undefined if the file has none. */
export function answersOf(file: PmapFile, revision: string): readonly PmapAnswer[] | undefined {
  const { expect } = file;
  if (!Object.hasOwn(expect, revision)) return undefined;
  const given = expect[revision as keyof typeof expect];
  const found = typeof given === 'string' ? expect[given] : given;
  return typeof found === 'string' ? undefined : found;
}
