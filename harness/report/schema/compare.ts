/** The document of `compare --json`. */
import { z } from 'zod';
import { FAIL_CLASSES } from '../../compare/gate.ts';
import { VERDICTS } from '../../compare/pair.ts';
import { PLANES } from '../../declare/planes.ts';
import { REPORT_SCHEMA } from '../compare/model.ts';
import {
  count,
  ended,
  failure,
  foldedSpace,
  missedExpectation,
  name,
  outcomes,
  removeByPlace,
  replayStats,
  stateChange,
  violation,
} from './parts.ts';

const standing = z.enum(['intended', 'known', 'unexpected']);

const step = z.strictObject({
  variant: name,
  what: name,
  finding: name.optional(),
  by: name.optional(),
  why: name.optional(),
  reversed: z.boolean(),
});

const change = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('count'), what: name, before: z.number().nullable(), after: z.number().nullable() }),
  z.strictObject({ kind: z.literal('text'), what: name, before: z.string(), after: z.string() }),
  z.strictObject({ kind: z.literal('digest'), what: name }),
]);

const sinceSaved = z.strictObject({
  name,
  cells: z.array(
    z.strictObject({
      workload: name,
      variant: name,
      state: z.discriminatedUnion('kind', [
        z.strictObject({ kind: z.literal('same') }),
        z.strictObject({ kind: z.literal('changed'), changes: z.array(change) }),
        z.strictObject({ kind: z.enum(['new', 'gone']) }),
        z.strictObject({
          kind: z.literal('not comparable'),
          because: z.array(z.enum(['workload', 'variant', 'checked'])),
        }),
      ]),
    }),
  ),
  isSameCore: z.boolean(),
  counters: z.strictObject({ added: z.array(name), gone: z.array(name) }),
});

const sides = { reference: z.number(), candidate: z.number() };
const amount = { kind: z.enum(['added', 'level']), sum: z.strictObject(sides).nullable() };

const difference = z.strictObject({
  plane: z.enum([...PLANES, 'panic', 'invariant']),
  what: name,
  standing: z.enum([...standing.options, 'follows']),
  op: z.int().min(-1),
  count,
  amount: z.strictObject({ least: z.number(), most: z.number(), total: z.number() }).nullable(),
  /** of a statistic or counter, before the machines part: sums of a counter, and the op with the largest difference */
  numbers: z
    .strictObject({
      ...amount,
      largest: z.strictObject({ ...sides, op: z.int().min(-1), at: name.nullable() }).nullable(),
    })
    .nullable(),
  /** of an outcome or a panic */
  outcomes: z.strictObject(outcomes).nullable(),
  side: z.enum(['introduced', 'mended']).nullable(),
  /** of a counter that only one of the two cores has */
  presence: z.enum(['new', 'gone']).optional(),
  accepted: name.optional(),
  hints: z.array(name).min(1).optional(),
  at: name.nullable(),
  /** declarations and findings that explain it */
  steps: z.array(step),
});

const pair = z.strictObject({
  reference: name,
  candidate: name,
  verdict: z.enum(VERDICTS),
  standing: standing.nullable(),
  differences: z.array(difference),
  changedMembers: z.array(name),
  unreachedMembers: z.array(name),
  /** from this op on the two machines are not in the same state */
  parted: count.nullable(),
  bothPanic: z.boolean(),
  /** both ended alike at this op of so many; panic null: there was no op */
  incomplete: z
    .strictObject({ op: count, ops: count, panic: z.strictObject({ where: name, reason: name }).nullable() })
    .nullable(),
  failures: z.array(z.strictObject({ variant: name, failure })),
});

const fault = z.strictObject({
  ...violation,
  standing: z.enum(['known', 'unexpected', 'shared']),
  findings: z.array(name),
  accepted: name.optional(),
});

const run = z.strictObject({
  variant: name,
  ended,
  ops: count,
  removeByPlace: removeByPlace,
  replay: replayStats.nullable(),
  alive: count,
  faults: z.array(fault),
  /** of functions that a patch changes: calls, and those that are entered before the first op */
  entered: z.strictObject({ calls: z.record(name, count), atBoot: z.array(name) }).optional(),
});

const workload = z.strictObject({
  name,
  title: z.string(),
  ops: count,
  /** false: some pair is incomplete */
  complete: z.boolean(),
  recorded: z.boolean(),
  /** every setting of the machine, resolved */
  machine: z.record(name, z.union([z.number(), z.boolean()])),
  missed: z.array(missedExpectation),
  runs: z.array(run),
  groups: z.array(z.array(name)),
  /** each revision against the reference that was chosen */
  pairs: z.array(pair),
  /** each revision against its predecessor, where `pairs` has not got it */
  predecessors: z.array(pair),
});

const state = z.strictObject({
  workload: name,
  reference: name,
  candidate: name,
  at: name,
  rows: count,
  changes: z.array(stateChange),
  spaces: z.array(foldedSpace),
  references: count,
  otherRows: count,
  others: z.array(stateChange),
});

const largest = z.strictObject({ ...sides, workload: name, op: z.int().min(-1), at: name });
/** What a statistic or counter comes to over all workloads, of one candidate. */
const total = z.strictObject({
  what: name,
  ...amount,
  largest: largest.nullable(),
  differing: z.array(z.strictObject({ workload: name, whole: z.boolean(), ...amount, largest: largest.nullable() })),
  workloads: count,
  parted: count,
  geomean: z.strictObject({ ratio: z.number().nullable(), workloads: count, zeros: count }),
});

const entry = z.strictObject({ variant: name, workload: name, what: name, reason: name, expires: z.iso.date() });

const warning = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('policy'), workload: name, touch: name, processes: count }),
  z.strictObject({ kind: z.literal('no-recording'), touch: name }),
  z.strictObject({ kind: z.literal('no-faults'), workload: name, recorder: z.string() }),
  z.strictObject({ kind: z.literal('stop'), workload: name, op: count, line: count, process: name, point: name }),
  z.strictObject({ kind: z.literal('column'), variant: name, text: name }),
  z.strictObject({ kind: z.literal('unknown-name'), entry, field: z.enum(['variant', 'workload', 'what']) }),
]);

export const compareSchema = z.strictObject({
  schema: z.literal(REPORT_SCHEMA),
  /** false: interrupted, or some workload is incomplete */
  complete: z.boolean(),
  exitCode: z.union([z.literal(0), z.literal(1), z.literal(3), z.literal(130)]),
  against: name,
  /** nobody chose it */
  againstDefault: z.boolean(),
  revisions: z.array(z.strictObject({ id: name, title: name })),
  equalEverywhere: z.array(z.array(name).min(2)),
  workloads: z.array(workload),
  totals: z.array(z.strictObject({ reference: name, candidate: name, totals: z.array(total) })),
  states: z.array(state),
  expected: z.strictObject({ unused: z.array(entry), expired: z.array(entry) }),
  neverSeen: z.array(step),
  /** what was asked for and applied to nothing */
  warnings: z.array(warning),
  /** with --baseline: what has changed since */
  baseline: sinceSaved.optional(),
  counts: z.strictObject({
    pairs: count,
    unexpected: count,
    known: count,
    intended: count,
    equal: count,
    notExercised: count,
    failed: count,
    incomplete: count,
    incompletePredecessors: count,
    predecessors: count,
    unexpectedPredecessors: count,
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
