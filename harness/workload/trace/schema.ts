/** The lines of a `vmtrace-1` file, with a schema for each kind. Fields that no rule uses are dropped. */
import { z } from 'zod';

const pid = z.int().min(1);
const hex = z.string().regex(/^0x[0-9a-f]{1,16}$/, 'an address (0x and up to 16 lower-case hexadecimal digits)');
const bytes = z.int().min(0);
const prot = z.string().regex(/^[r-][w-][x-]/, "a protection such as 'rw-'");
const flags = z.array(z.string());
const path = z.string().nullable();

const event = { t: z.number(), pid };

export const META = z.object({
  ev: z.literal('meta'),
  format: z.literal('vmtrace-1'),
  name: z.string(),
  cmd: z.string().default(''),
  note: z.string().default(''),
  os: z.string().default(''),
  recorder: z.string().default(''),
  page: z.literal(4096),
  root: pid,
});

const MAP = z.object({
  start: hex,
  end: hex,
  prot,
  flags: flags.default([]),
  file: path,
  off: bytes.default(0),
  ino: z.number().optional(),
  /** first page, number of pages, kind */
  res: z.array(z.tuple([bytes, bytes, z.enum(['file', 'anon', 'zero'])])).default([]),
});

export const EVENTS = {
  fork: z.object({
    ...event,
    ev: z.literal('fork'),
    child: pid,
    kind: z.enum(['fork', 'vfork', 'clone_vm', 'thread']),
  }),
  vforkdone: z.object({ ...event, ev: z.literal('vforkdone') }),
  exec: z.object({
    ...event,
    ev: z.literal('exec'),
    path: z.string(),
    maps: z.array(MAP),
    /** the run-time linker, where the maps do not show it */
    loader: z.string().optional(),
  }),
  execfail: z.object({ ...event, ev: z.literal('execfail') }),
  mmap: z.object({
    ...event,
    ev: z.literal('mmap'),
    addr: hex.optional(),
    len: bytes,
    prot,
    /** the maximum protection; all by default */
    max: prot.default('rwx'),
    flags,
    file: path,
    off: bytes.default(0),
    err: z.union([z.number(), z.string()]).optional(),
  }),
  munmap: z.object({ ...event, ev: z.literal('munmap'), addr: hex, len: bytes }),
  mprotect: z.object({ ...event, ev: z.literal('mprotect'), addr: hex, len: bytes, prot }),
  madvise: z.object({ ...event, ev: z.literal('madvise'), addr: hex, len: bytes, advice: z.string() }),
  mremap: z.object({ ...event, ev: z.literal('mremap'), addr: hex, len: bytes, newlen: bytes, new: hex }),
  brk: z.object({ ...event, ev: z.literal('brk'), addr: hex, old: hex.optional() }),
  fault: z.object({
    ...event,
    ev: z.literal('fault'),
    addr: hex,
    access: z.enum(['r', 'w', 'x']),
    p: z.union([z.number(), z.boolean()]).optional(),
    in: z.string().optional(),
  }),
  touch: z.object({ ...event, ev: z.literal('touch') }),
  wait: z.object({ ...event, ev: z.literal('wait') }),
  exit: z.object({ ...event, ev: z.literal('exit'), code: z.int().default(0) }),
  texit: z.object({ ...event, ev: z.literal('texit') }),
} as const;

export type TraceMeta = z.infer<typeof META>;
export type TraceMap = z.infer<typeof MAP>;
export type EventKind = keyof typeof EVENTS;
export type TraceEvent = z.infer<(typeof EVENTS)[EventKind]>;
export type EventOf<K extends EventKind> = z.infer<(typeof EVENTS)[K]>;
