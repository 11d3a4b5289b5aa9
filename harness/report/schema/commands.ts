/** The documents of all commands but compare. */
import { z } from 'zod';
import { COMPARATORS } from '../../trace/comparator.ts';
import { TRACE_PLANES } from '../../trace/trace.ts';
import { bench } from './bench.ts';
import { bisect } from './bisect.ts';
import { cost } from './cost.ts';
import { hunt } from './hunt.ts';
import {
  count,
  ended,
  failure,
  foldedSpace,
  kindCalls,
  missedExpectation,
  name,
  outcomes,
  removeByPlace,
  removeCalls,
  replayStats,
  stateChange,
  violation,
} from './parts.ts';
import { patchReview, signedLine } from './patch-review.ts';
import { schedules } from './schedules.ts';

const titles = z.record(name, name);
const counted = z.record(name, z.int());

const sides = { reference: z.number(), candidate: z.number() };

const parting = z.strictObject({ op: count, ...outcomes });
/** An op of the workload: its line in the source (0: none), who, what. */
const callPlace = z.strictObject({ op: count, line: count, process: name, call: name });

const group = z.strictObject({ by: z.record(name, z.union([z.string(), z.number()])), ...sides, delta: z.number() });
const explain = z.strictObject({
  schema: z.literal('pmapdiff.explain/1'),
  workload: name,
  reference: name,
  candidate: name,
  by: z.array(name),
  happened: z.array(parting),
  places: z.array(callPlace.nullable()),
  ended: z.array(ended).length(2),
  explanations: z.array(
    z.strictObject({
      what: name,
      ...sides,
      delta: z.number(),
      groups: z.array(group),
      same: count,
      unexplained: z.literal(0),
    }),
  ),
});

const states = z.strictObject({
  when: name,
  reference: z.array(counted).nullable(),
  candidate: z.array(counted).nullable(),
  rows: count.nullable(),
  changes: z.array(stateChange),
  spaces: z.array(foldedSpace),
  references: count,
  otherRows: count,
  others: z.array(stateChange),
});
const trace = z.strictObject({
  schema: z.literal('pmapdiff.trace/1'),
  workload: name,
  reference: name,
  candidate: name,
  diff: z.strictObject({
    comparator: z.enum(COMPARATORS),
    ops: z.array(count).length(2),
    events: z.array(count).length(2),
    ended: z.array(ended).length(2),
    happened: z.array(parting),
    plane: z.enum(TRACE_PLANES).nullable(),
    first: z
      .strictObject({
        op: count,
        parts: z.array(name),
        event: count.nullable(),
        numbers: z.array(z.strictObject({ part: name, what: name, ...sides })),
      })
      .nullable(),
    differing: counted,
    kinds: z.array(z.strictObject({ kind: name, ...sides, onlyReference: count, onlyCandidate: count })),
  }),
  places: z.array(callPlace.nullable()),
  around: z
    .strictObject({
      op: name,
      line: count,
      before: z.array(z.string()),
      reference: z.array(z.string()),
      candidate: z.array(z.string()),
      states: z.array(states),
    })
    .nullable(),
  elsewhere: z.array(z.strictObject({ plane: z.enum(TRACE_PLANES), op: name, line: count })),
});

const probe = z.strictObject({
  schema: z.literal('pmapdiff.probe/1'),
  point: z.literal('pmap_remove:entry'),
  results: z.array(
    z.strictObject({
      workload: name,
      variant: name,
      by: z.array(name),
      rows: z.array(
        z.strictObject({
          stack: z.array(name).optional(),
          empty: z.boolean().optional(),
          early: z.boolean().optional(),
          count,
        }),
      ),
      calls: count,
      empty: count,
      early: count,
    }),
  ),
});

const share = { place: z.enum(['exit', 'exec']), processes: count, touched: count };
const shares = z.strictObject({
  schema: z.literal('pmapdiff.shares/1'),
  shares: z.array(
    z.strictObject({
      workload: name,
      variant: name,
      touch: name,
      rows: z.array(z.strictObject({ ...share, kind: name, cells: z.array(kindCalls) })),
      totals: z.array(z.strictObject({ ...share, ...removeCalls, published: name })),
    }),
  ),
});

const cell = z.strictObject({
  variant: name,
  status: z.enum(['reproduced', 'absent', 'differs', 'not exercised']),
  expected: z.union([z.string(), z.number()]),
  got: z.union([z.string(), z.number()]).nullable(),
  /** reproduced, but not in the amount that the thread published */
  otherwise: z.literal(true).optional(),
});
const answer = z.strictObject({
  variant: name,
  status: z.enum(['shows', 'absent', 'not exercised', 'failed']),
  got: z.union([z.string(), z.number()]).nullable(),
  /** variants of which the ledger says the same */
  like: z.array(name),
  failure: z.strictObject({ how: failure.shape.how, message: z.string() }).nullable(),
});
/** what it means that a remark shows */
const remarkKind = z.enum(['fault', 'claim', 'observation']);

const findings = z.strictObject({
  schema: z.literal('pmapdiff.findings/1'),
  findings: z.array(
    z.strictObject({
      id: name,
      kind: remarkKind,
      title: name,
      thread: name,
      claim: name,
      control: name,
      cases: z.array(
        z.strictObject({
          name,
          observes: name,
          source: name,
          workload: name,
          cells: z.array(cell),
          answers: z.array(answer),
        }),
      ),
    }),
  ),
  open: z.array(z.strictObject({ id: name, kind: remarkKind, title: name, reason: name })),
});

/** null: not measured */
const reached = z.strictObject({ workloads: z.array(z.strictObject({ name, calls: count })), of: count }).nullable();

const kernelReview = z.strictObject({
  name,
  files: z.array(
    z.strictObject({
      path: name,
      units: z.array(
        z.strictObject({
          name,
          kind: z.enum(['function', 'macro', 'type', 'declaration']),
          change: z.enum(['changed', 'added', 'removed', 'comments']),
          isStatic: z.boolean(),
          isListed: z.boolean().nullable(),
          restated: z.array(z.strictObject({ file: name, name, line: count, reached })),
          members: z.array(z.strictObject({ name, reached })),
          remarks: z.array(name),
          notModelled: name.nullable(),
        }),
      ),
      unnamed: z.array(z.string()),
    }),
  ),
});

const review = z.strictObject({
  schema: z.literal('pmapdiff.review/1'),
  /** of a patch of the kernel's C sources, which has no interdiffs */
  kernel: kernelReview.optional(),
  /** of a patch of core/ and variants/, which has none either */
  patch: patchReview.optional(),
  interdiffs: z.array(
    z.strictObject({
      reference: name,
      candidate: name,
      title: name,
      review: z.string(),
      message: z.string(),
      remarks: z.array(z.strictObject({ id: name, title: name, thread: name, relation: name })),
      declares: z.array(z.strictObject({ what: name, by: name, why: name, variant: name, undone: z.boolean() })),
      blocks: z.array(
        z.strictObject({
          members: z.array(name),
          lines: z.array(signedLine),
        }),
      ),
      restated: z.array(name),
      notes: z.array(name),
    }),
  ),
});

const replay = z.strictObject({
  schema: z.literal('pmapdiff.replay/1'),
  workload: name,
  variant: name,
  ended,
  ops: count,
  removeByPlace: removeByPlace,
  replay: replayStats.nullable(),
  balance: z.strictObject({
    alive: count,
    left: z.array(z.strictObject({ what: name, start: z.int(), end: z.int() })),
  }),
  missed: z.array(missedExpectation),
  checked: z.boolean(),
  violations: z.array(z.strictObject({ ...violation, finding: name.nullable() })),
  counters: counted,
});

const counters = z.record(name, z.strictObject({ function: name, counts: name }));
const list = z.discriminatedUnion('schema', [
  z.strictObject({
    schema: z.literal('pmapdiff.list/1'),
    revisions: titles,
    experiments: titles,
    catalog: titles,
    corpus: titles,
    machine: titles,
  }),
  z.strictObject({
    schema: z.literal('pmapdiff.seam/1'),
    members: z.record(name, z.strictObject({ function: name, decides: name })),
  }),
  z.strictObject({
    schema: z.literal('pmapdiff.counters/1'),
    statistics: counters,
    mapping: counters,
    counters,
    reached: counters,
  }),
  z.strictObject({ schema: z.literal('pmapdiff.bases/1'), bases: titles }),
]);

const mismatch = { file: name, at: name, what: z.string(), expected: z.unknown(), got: z.unknown() };
const opMismatch = z.strictObject({ ...mismatch, variant: name, op: count, key: name });
const counts = { schema: z.literal('pmapdiff.conform/1'), files: count, checked: count };
const revisions = z.array(z.strictObject({ variant: name, checked: count, mismatches: count }));
const conform = z.discriminatedUnion('kind', [
  z.strictObject({
    ...counts,
    kind: z.literal('pmap'),
    ops: count,
    revisions,
    d33276: z.strictObject({ files: count, ops: count }),
    mismatches: z.array(opMismatch),
  }),
  z.strictObject({ ...counts, kind: z.literal('vm'), ops: count, revisions, mismatches: z.array(opMismatch) }),
  z.strictObject({ ...counts, kind: z.literal('mmu'), mismatches: z.array(z.strictObject(mismatch)) }),
  z.strictObject({
    ...counts,
    kind: z.literal('replay'),
    rowsMatching: count,
    numbers: count,
    revisions,
    mismatches: z.array(z.strictObject({ ...mismatch, variant: name.optional() })),
  }),
]);

export const commandSchemas = {
  bisect,
  hunt,
  schedules,
  explain,
  trace,
  probe,
  cost,
  shares,
  findings,
  review,
  replay,
  list,
  conform,
  bench,
} as const;
