/**
 * The format of a recording of the kernel's own VM code: ops of processes, and what was observed after each under four
 * or five revisions. Hexadecimal strings have no 0x.
 */
import { z } from 'zod';

const process = z.int().min(1).max(100_000);
const address = z
  .int()
  .min(0)
  .max(2 ** 52);
const length = z
  .int()
  .min(0)
  .max(2 ** 52);
const prot = z.string().regex(/^(-|r?w?x?)$/, 'expected letters of rwx, or -');
const kind = z.enum(['r', 'w', 'x']);
const range = { p: process, addr: address, len: length };
const onProcess = { p: process };

export const MMAP_FLAGS = [
  'private',
  'shared',
  'anon',
  'fixed',
  'guard',
  'stack',
  'nosync',
  'nocore',
  'excl',
  'prefault',
  'aligned21',
  'super',
] as const;
export const INHERITANCES = ['share', 'copy', 'none', 'zero'] as const;
/** What an op cost, by kind of lock and the like; see COSTS of vm-world.ts. */
export const COST_NAMES = ['mx', 'ms', 'mt', 'mu', 'md', 'lu', 'sp', 'ow', 'or', 'pl', 'pr', 'pf', 'de', 'mp'] as const;
export const ADVICES = ['normal', 'random', 'sequential', 'willneed', 'dontneed', 'free'] as const;

const op = z.discriminatedUnion('op', [
  z.strictObject({ op: z.literal('proc'), ...onProcess, kpti: z.boolean() }),
  z.strictObject({
    op: z.literal('file'),
    id: z.int().min(0).max(10_000),
    pages: z
      .int()
      .min(1)
      .max(2 ** 20),
    resident: z.enum(['all', 'even', 'none']),
    mode: z.enum(['rw', 'ro']),
  }),
  z.strictObject({ op: z.literal('mapshared'), ...onProcess }),
  z.strictObject({ op: z.literal('mapstack'), ...onProcess, size: length }),
  z.strictObject({
    op: z.literal('mmap'),
    ...range,
    prot,
    max: prot.optional(),
    flags: z.array(z.enum(MMAP_FLAGS)),
    file: z.tuple([z.int().min(0), z.int().min(0)]).optional(),
  }),
  z.strictObject({ op: z.literal('munmap'), ...range }),
  z.strictObject({ op: z.literal('mlock'), ...range }),
  z.strictObject({ op: z.literal('munlock'), ...range }),
  z.strictObject({ op: z.literal('mprotect'), ...range, prot, max: prot.optional() }),
  z.strictObject({ op: z.literal('minherit'), ...range, inh: z.enum(INHERITANCES) }),
  z.strictObject({ op: z.literal('madvise'), ...range, advice: z.enum(ADVICES) }),
  z.strictObject({ op: z.literal('fault'), ...onProcess, va: address, acc: kind }),
  z.strictObject({
    op: z.literal('fill'),
    ...onProcess,
    va: address,
    npages: z
      .int()
      .min(0)
      .max(2 ** 20),
    acc: kind,
  }),
  z.strictObject({ op: z.literal('poke'), ...onProcess, va: address, val: z.number() }),
  z.strictObject({ op: z.literal('peek'), ...onProcess, va: address }),
  z.strictObject({ op: z.literal('fork'), ...onProcess, child: process }),
  z.strictObject({ op: z.literal('share'), ...onProcess, child: process }),
  z.strictObject({ op: z.literal('unshare'), ...onProcess }),
  z.strictObject({ op: z.literal('exit'), ...onProcess }),
  z.strictObject({ op: z.literal('exec'), ...onProcess, kpti: z.boolean().optional() }),
  z.strictObject({ op: z.literal('execfail'), ...onProcess, kpti: z.boolean().optional() }),
  z.strictObject({
    op: z.literal('swapout'),
    ...onProcess,
    desired: z
      .int()
      .min(0)
      .max(2 ** 40),
  }),
  z.strictObject({ op: z.literal('unref'), ...onProcess }),
]);

/** [start, end, object, offset, prot, max, inheritance, eflags, wired] */
const entry = z.tuple([
  z.string(),
  z.string(),
  z.int(),
  z.string(),
  z.string(),
  z.string(),
  z.int(),
  z.string(),
  z.int(),
]);
/** [type, refs, shadows, backing, offset, flags, size, resident] */
const object = z.tuple([z.int(), z.int(), z.int(), z.int(), z.string(), z.string(), z.int(), z.int()]);

const vmspace = z.strictObject({
  /** [references, entries, size, timestamp] */
  m: z.tuple([z.int(), z.int(), z.string(), z.int()]).optional(),
  r: z.array(z.int()).min(5).max(7).optional(),
  x: z.array(z.string()).optional(),
  e: z.array(entry).optional(),
});

const item = z.strictObject({
  out: z.string().optional(),
  val: z.string().optional(),
  n: z.array(z.int()).length(3).optional(),
  calls: z.array(z.array(z.unknown())).optional(),
  c: z.strictObject(Object.fromEntries(COST_NAMES.map((name) => [name, z.int().optional()]))).optional(),
  p: z.record(z.string(), z.int().nullable()).optional(),
  vm: z.record(z.string(), vmspace.nullable()).optional(),
  o: z.record(z.string(), object.nullable()).optional(),
  g: z.tuple([z.int(), z.int()]).optional(),
  sw: z.array(z.int().min(0)).length(9).optional(),
});

const changed = z.strictObject({ '~': z.record(z.string(), z.unknown()) });

export const vmFile = z
  .strictObject({
    name: z.string(),
    seed: z.int().nullable().optional(),
    ops: z.array(op),
    expect: z.record(z.string(), z.array(z.union([z.literal(0), changed, item]))),
  })
  .superRefine(({ ops, expect }, context) => {
    if (expect.landed === undefined)
      context.addIssue({ code: 'custom', path: ['expect'], message: 'expected answers of landed' });
    for (const [revision, answers] of Object.entries(expect))
      if (answers.length !== ops.length)
        context.addIssue({
          code: 'custom',
          path: ['expect', revision],
          message: `expected one answer per op, ${ops.length}, got ${answers.length}`,
        });
  });

export type VmFileVectors = z.infer<typeof vmFile>;
export type VmOp = VmFileVectors['ops'][number];
export type VmItem = z.infer<typeof item>;

/** The answers for one revision, with references to landed's answers resolved; undefined if the file has none. */
export function vmAnswersOf(file: VmFileVectors, revision: string): VmItem[] | undefined {
  const answers = file.expect[revision];
  if (answers === undefined) return undefined;
  const landed = file.expect.landed!;
  return answers.map((answer, index) => {
    if (answer === 0) return landed[index] as VmItem;
    if (!('~' in answer)) return answer;
    const merged: Record<string, unknown> = { ...(landed[index] as VmItem) };
    for (const [key, value] of Object.entries(answer['~'])) {
      if (value === null) delete merged[key];
      else merged[key] = value;
    }
    return merged as VmItem;
  });
}

/**
 * Calls written as ["rep", N, step, [calls]] stand for the list repeated N times, with addresses and indices advanced
 * by step pages.
 */
export function expandCalls(calls: readonly (readonly unknown[])[], pages = 0): unknown[][] {
  const expanded: unknown[][] = [];
  for (const call of calls) {
    if (call[0] !== 'rep') {
      expanded.push(pages === 0 ? [...call] : moved(call, pages));
      continue;
    }
    const [, times, step, list] = call as ['rep', number, number, unknown[][]];
    for (let k = 0; k < times; k++) expanded.push(...expandCalls(list, pages + k * step));
  }
  return expanded;
}

/** Positions of page-aligned addresses and of page indices in a call, by kind. */
const ADDRESSES: Readonly<Record<string, readonly number[]>> = {
  remove: [2, 3],
  protect: [2, 3],
  copy: [3, 4],
  unwire: [2, 3],
  advise_free: [2, 3],
  advise_dontneed: [2, 3],
  enter: [2],
  enter_quick: [2],
  enter_object: [2, 3],
};
const INDICES: Readonly<Record<string, readonly number[]>> = {
  enter: [6],
  enter_quick: [5],
  enter_object: [6],
  copy_page: [2, 4],
  remove_all: [2],
  remove_write: [2],
  clear_modify: [2],
};

function moved(call: readonly unknown[], pages: number): unknown[] {
  const copy = [...call];
  const kindOf = call[0] as string;
  for (const at of ADDRESSES[kindOf] ?? [])
    copy[at] = (Number.parseInt(call[at] as string, 16) + pages * 4096).toString(16);
  for (const at of INDICES[kindOf] ?? []) copy[at] = (call[at] as number) + pages;
  return copy;
}
