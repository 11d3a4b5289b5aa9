/** What several documents have in common. */
import { z } from 'zod';
import { PLACES } from '../../run/record.ts';

export const count = z.int().min(0);
export const name = z.string().min(1);

export const failure = z.strictObject({
  kind: z.literal('failed'),
  how: z.enum(['load', 'throw', 'limit', 'memory', 'killed']),
  op: count.nullable(),
  message: z.string(),
});

/** How a run ended. */
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

/** What one run made of an op. */
const opOutcome = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('outcome'), name, value: z.number().nullable() }),
  z.strictObject({ kind: z.literal('killed'), process: name, signal: name }),
  z.strictObject({
    kind: z.literal('panic'),
    op: count,
    where: name,
    reason: name,
    values: z.record(z.string(), z.union([z.number(), z.string()])),
  }),
  z.strictObject({ kind: z.literal('done') }),
]);
export const outcomes = { reference: opOutcome, candidate: opOutcome };

/** pmap_remove calls, and how many of them left early. */
export const removeCalls = { calls: count, early: count };
export const removeByPlace = z.record(z.enum(PLACES), z.strictObject(removeCalls));

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

/** What did not hold after an op: an invariant, or a gauge that is out of balance at the end. */
export const violation = {
  name,
  op: z.int().min(-1),
  process: name.nullable(),
  expected: z.string(),
  got: z.string(),
};

/** An op that did not answer what the workload says. */
export const missedExpectation = z.strictObject({ op: count, line: count, expected: name, got: name });

const value = z.union([z.number(), z.string()]);
const row = z.record(z.string(), value);

/** A row in which two states of a machine differ: [reference, candidate]. */
export const stateChange = z.strictObject({
  kind: name,
  key: row,
  change: name,
  row: row.nullable(),
  columns: z.record(z.string(), z.tuple([value, value])),
});

/** An address space that only one of two states has, with its rows by kind. */
export const foldedSpace = z.strictObject({
  vmspace: count,
  change: z.enum(['gone', 'new']),
  rows: z.record(name, count),
});
