/** The JSON documents of all commands but compare, as a reader may rely on them: no other keys, no number that is none. */
import { z } from 'zod';
import { ended, kindCalls, replayStats } from '../../harness/report/schema.ts';

const name = z.string().min(1);
const count = z.int();
const titles = z.record(name, name);
const counted = z.record(name, count);

const calls = z.strictObject({ calls: count, early: count });
const sides = { reference: z.number(), candidate: z.number() };

const group = z.strictObject({ by: z.record(name, z.union([z.string(), z.number()])), ...sides, delta: z.number() });
const explain = z.strictObject({
  schema: z.literal('pmapdiff.explain/1'),
  workload: name,
  reference: name,
  candidate: name,
  by: z.array(name),
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
  changes: z.array(z.unknown()),
});
const trace = z.strictObject({
  schema: z.literal('pmapdiff.trace/1'),
  workload: name,
  reference: name,
  candidate: name,
  diff: z.strictObject({
    comparator: z.enum(['exact', 'no-cost', 'isomorphic']),
    ops: z.array(count).length(2),
    events: z.array(count).length(2),
    ended: z.array(ended).length(2),
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
  around: z
    .strictObject({
      op: name,
      before: z.array(z.string()),
      reference: z.array(z.string()),
      candidate: z.array(z.string()),
      states: z.array(states),
    })
    .nullable(),
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
      totals: z.array(z.strictObject({ ...share, calls: count, early: count, published: name })),
    }),
  ),
});

const cell = z.strictObject({
  variant: name,
  status: z.enum(['reproduced', 'absent', 'differs', 'not exercised']),
  expected: z.union([z.string(), z.number()]),
  got: z.union([z.string(), z.number()]).nullable(),
});
const findings = z.strictObject({
  schema: z.literal('pmapdiff.findings/1'),
  findings: z.array(
    z.strictObject({
      id: name,
      title: name,
      thread: name,
      claim: name,
      control: name,
      cases: z.array(
        z.strictObject({ name, observes: name, source: name, workload: z.unknown(), cells: z.array(cell).min(1) }),
      ),
    }),
  ),
  open: z.array(z.strictObject({ id: name, title: name, reason: name })),
});

const review = z.strictObject({
  schema: z.literal('pmapdiff.review/1'),
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
          lines: z.array(z.strictObject({ sign: z.string(), text: z.string() })),
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
  removeByPlace: z.strictObject({ exit: calls, exec: calls, other: calls }),
  replay: replayStats.nullable(),
  balance: z.strictObject({
    alive: count,
    left: z.array(z.strictObject({ what: name, start: count, end: count })),
  }),
  missed: z.array(z.unknown()),
  checked: z.boolean(),
  violations: z.array(z.unknown()),
  counters: counted,
});

const list = z.strictObject({
  schema: z.literal('pmapdiff.list/1'),
  revisions: titles,
  experiments: titles,
  catalog: titles,
  corpus: titles,
  machine: titles,
});

const conform = z.looseObject({
  schema: z.literal('pmapdiff.conform/1'),
  kind: name,
  files: count,
  checked: count,
  mismatches: z.array(z.unknown()),
  revisions: z.array(z.strictObject({ variant: name, checked: count, mismatches: count })).optional(),
});

export const documents = { explain, trace, probe, shares, findings, review, replay, list, conform } as const;
