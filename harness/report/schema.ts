/**
 * The schema of `compare --json`, for tests and for programs that read it. A field that goes or changes its meaning takes
 * another number behind the slash of `schema`; a field that is added does not.
 */
import { z } from 'zod';
import { FAIL_CLASSES } from '../compare/gate.ts';
import { VERDICTS } from '../compare/pair.ts';
import { PLANES } from '../compare/planes.ts';
import { PLACES } from '../run/record.ts';
import { REPORT_SCHEMA } from './model.ts';

const count = z.int().min(0);
const name = z.string().min(1);
const standing = z.enum(['intended', 'known', 'unexpected']);

const step = z.strictObject({
  variant: name,
  what: name,
  finding: name.optional(),
  by: name.optional(),
  why: name.optional(),
  reversed: z.boolean(),
});

const difference = z.strictObject({
  plane: z.enum([...PLANES, 'panic', 'invariant']),
  what: name,
  standing: z.enum([...standing.options, 'follows']),
  op: z.int().min(-1),
  count,
  amount: z.strictObject({ least: z.number(), most: z.number(), total: z.number() }).nullable(),
  side: z.enum(['introduced', 'mended']).nullable(),
  accepted: name.optional(),
  at: name.nullable(),
  steps: z.array(step),
});

const failure = z.strictObject({
  kind: z.literal('failed'),
  how: z.enum(['load', 'throw', 'limit', 'memory', 'killed']),
  op: count.nullable(),
  message: z.string(),
});

export const ended = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('done') }),
  z.strictObject({
    kind: z.literal('panic'),
    op: count,
    where: name,
    reason: name,
    values: z.record(z.string(), z.union([z.number(), z.string()])),
  }),
  failure,
]);

const pair = z.strictObject({
  reference: name,
  candidate: name,
  verdict: z.enum(VERDICTS),
  standing: standing.nullable(),
  differences: z.array(difference),
  changedMembers: z.array(name),
  unreachedMembers: z.array(name),
  bothPanic: z.boolean(),
  failures: z.array(z.strictObject({ variant: name, failure })),
});

const fault = z.strictObject({
  name,
  op: z.int().min(-1),
  process: name.nullable(),
  expected: z.string(),
  got: z.string(),
  standing: z.enum(['known', 'unexpected', 'shared']),
  findings: z.array(name),
  accepted: name.optional(),
});

export const kindCalls = z.strictObject({ processes: count, touched: count, calls: count, early: count });
const exitAndExec = z.strictObject({ exit: kindCalls, exec: kindCalls });

export const replayStats = z.strictObject({
  accesses: count,
  hits: count,
  faulted: count,
  signals: count,
  recordedFaults: count,
  recordedFaultsPresent: count,
  mappedAlready: count,
  extraFaults: count,
  failedOps: count,
  byKind: z.strictObject({ execed: exitAndExec, forked: exitAndExec, vforked: exitAndExec }),
});

const run = z.strictObject({
  variant: name,
  ended,
  ops: count,
  removeByPlace: z.record(z.enum(PLACES), z.strictObject({ calls: count, early: count })),
  replay: replayStats.nullable(),
  alive: count,
  faults: z.array(fault),
});

const workload = z.strictObject({
  name,
  title: z.string(),
  ops: count,
  recorded: z.boolean(),
  /** every setting of the machine, resolved */
  machine: z.record(name, z.union([z.number(), z.boolean()])),
  missed: z.array(z.strictObject({ op: count, line: count, expected: name, got: name })),
  runs: z.array(run),
  groups: z.array(z.array(name)),
  pairs: z.array(pair),
  steps: z.array(pair),
});

const value = z.union([z.number(), z.string()]);
const row = z.record(z.string(), value);

const state = z.strictObject({
  workload: name,
  reference: name,
  candidate: name,
  at: name,
  rows: count,
  changes: z.array(
    z.strictObject({
      kind: name,
      key: row,
      change: name,
      row: row.nullable(),
      columns: z.record(z.string(), z.tuple([value, value])),
    }),
  ),
});

const entry = z.strictObject({ variant: name, workload: name, what: name, reason: name, expires: z.iso.date() });

export const compareSchema = z.strictObject({
  schema: z.literal(REPORT_SCHEMA),
  complete: z.boolean(),
  exitCode: z.union([z.literal(0), z.literal(1), z.literal(3), z.literal(130)]),
  against: name,
  revisions: z.array(z.strictObject({ id: name, title: name })),
  equalEverywhere: z.array(z.array(name).min(2)),
  workloads: z.array(workload),
  states: z.array(state),
  expected: z.strictObject({ unused: z.array(entry), expired: z.array(entry) }),
  neverSeen: z.array(step),
  counts: z.strictObject({
    pairs: count,
    unexpected: count,
    known: count,
    intended: count,
    equal: count,
    notExercised: count,
    failed: count,
    steps: count,
    unexpectedSteps: count,
    faults: count,
    missedExpectations: count,
    failing: count,
    failOn: z.array(z.enum(FAIL_CLASSES)),
    expired: count,
    neverSeen: count,
    wholeCatalog: z.boolean(),
    unreached: z.array(z.strictObject({ reference: name, candidate: name, members: z.array(name) })),
    requireExercised: z.boolean(),
  }),
});
