/**
 * The format of a replay summary, `vmreplay-1`: the answers of the kernel's own VM code to a recorded process tree,
 * under each revision. Objects are strict: a number that is not compared is rejected, not ignored.
 */
import { z } from 'zod';
import { PROCESS_KINDS } from '../run/record.ts';

const count = z.int().min(0);
const counts = z.record(z.string(), count);

const removes = z.strictObject({ calls: count, early: count });
const exitAndExec = z.strictObject({ exit: removes, exec: removes });
const accesses = z.strictObject({ hit: count, faulted: count, signal: count });

const revision = z.strictObject({
  pmapCalls: counts,
  removeByPlace: z.strictObject({ exit: removes, exec: removes, other: removes }),
  removeByKind: z.strictObject({ execed: exitAndExec, forked: exitAndExec, vforked: exitAndExec }),
  accesses,
  accessesFaultedMoreThanOnce: count,
  failedOps: count,
  final: z.strictObject({ userPtPageCount: z.int(), residentCountSum: z.int() }),
  peak: z.strictObject({ residentCountSum: count, userPtPageCount: count, vmspaces: count }),
  /** at most 100 of [op index, pid, process kind, address, access, outcome] */
  signals: z.array(z.array(z.unknown())),
  /** at most 100 of [op index, op, errno] */
  failures: z.array(z.array(z.unknown())),
});

/** [pid, kind, exit or exec, map entries before, resident_count before, remove calls by revision, early ones by revision] */
const row = z.tuple([
  z.int().min(1),
  z.enum(PROCESS_KINDS),
  z.enum(['exit', 'exec']),
  count,
  z.int(),
  z.array(count),
  z.array(count),
]);

export const replayFile = z
  .strictObject({
    schema: z.literal('vmreplay-1'),
    /** base name of the recording */
    trace: z.string().regex(/^\w[\w.-]*$/, 'expected the name of a recording'),
    touch: z.enum(['recorded', 'exec']),
    ops: count,
    opsByKind: counts,
    accessesByKind: z.strictObject({ r: count, w: count, x: count }),
    files: count,
    leftOut: counts,
    failedOps: count,
    accesses,
    revisionOrder: z.array(z.string()),
    revisions: z.record(z.string(), revision),
    processes: z.array(row),
  })
  .superRefine(({ revisionOrder, revisions, processes }, context) => {
    const refuse = (path: (string | number)[], message: string): void =>
      context.addIssue({ code: 'custom', path, message });
    const [named, given] = [revisionOrder.toSorted().join(), Object.keys(revisions).toSorted().join()];
    if (named !== given) refuse(['revisionOrder'], `expected the revisions ${given}, got ${named}`);
    for (const [index, [, , , , , calls, early]] of processes.entries())
      if (calls.length !== revisionOrder.length || early.length !== revisionOrder.length)
        refuse(['processes', index], `expected ${revisionOrder.length} remove calls and as many early ones`);
  });

export type ReplayFile = z.infer<typeof replayFile>;
export type ReplayRevisionNumbers = z.infer<typeof revision>;
