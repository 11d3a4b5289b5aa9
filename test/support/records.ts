/** Hand-made records and facts: what a run could have recorded, op by op. */
import { COUNTER_COUNT, COUNTER_NAMES, type CounterName } from '../../core/counters.ts';
import { type PairComparison, comparePair } from '../../harness/compare/pair.ts';
import type { Declared, KnownDifference, VariantFacts } from '../../harness/declare/declarations.ts';
import { explanations } from '../../harness/declare/declarations.ts';
import { MEMBERS } from '../../harness/declare/planes.ts';
import type { Checkpoint, Ended, Killed, Leftover, Resumed, RunRecord, Violation } from '../../harness/run/record.ts';

export interface PlantedOp {
  readonly code?: number;
  readonly value?: number;
  readonly resident?: number;
  readonly wired?: number;
  readonly top?: number;
  readonly mapped?: number;
  readonly excess?: number;
  readonly adds?: Partial<Record<CounterName, number>>;
}

export interface Planted {
  readonly workload?: string;
  readonly ended?: Ended;
  readonly start?: Partial<Record<CounterName, number>>;
  readonly checkpoints?: readonly Checkpoint[];
  readonly resumed?: readonly Resumed[];
  readonly killed?: readonly Killed[];
  readonly left?: readonly Leftover[];
  readonly alive?: number;
  readonly violations?: readonly Violation[];
}

const counter = (name: string): number => (COUNTER_NAMES as readonly string[]).indexOf(name);

/** A record with these ops, as a run of `variant` would produce it. */
export function record(variant: string, ops: readonly PlantedOp[], planted: Planted = {}): RunRecord {
  const start = new Float64Array(COUNTER_COUNT);
  for (const [name, n] of Object.entries(planted.start ?? {})) start[counter(name)] = n;
  const totals = start.slice();
  const [from, index, delta]: [number[], number[], number[]] = [[0], [], []];
  for (const { adds = {} } of ops) {
    for (const [name, n] of Object.entries(adds)) {
      index.push(counter(name));
      delta.push(n);
      totals[counter(name)]! += n;
    }
    from.push(index.length);
  }
  const none = { calls: 0, early: 0 };
  return {
    workload: planted.workload ?? 'planted',
    variant,
    ended: planted.ended ?? { kind: 'done' },
    ops: ops.length,
    perOp: {
      code: Int32Array.from(ops, ({ code = 0 }) => code),
      value: Float64Array.from(ops, ({ value = 0 }) => value),
      residentCount: Int32Array.from(ops, ({ resident = 0 }) => resident),
      wiredCount: Int32Array.from(ops, ({ wired = 0 }) => wired),
      topPages: Uint8Array.from(ops, ({ top = 1 }) => top),
      mappedPages: Int32Array.from(ops, ({ mapped = 0 }) => mapped),
      excessPages: Int32Array.from(ops, ({ excess = 0 }) => excess),
      counterList: Uint32Array.from(ops, (_op, i) => i),
      counterFrom: Uint32Array.from(from),
      counterIndex: Uint8Array.from(index),
      counterDelta: Float64Array.from(delta),
    },
    start,
    totals,
    checkpoints: planted.checkpoints ?? [],
    resumed: planted.resumed ?? [],
    killed: planted.killed ?? [],
    removeByPlace: { exit: { ...none }, exec: { ...none }, other: { ...none } },
    balance: { alive: planted.alive ?? 0, left: planted.left ?? [] },
    replay: null,
    violations: planted.violations ?? [],
    state: null,
    events: null,
    profile: null,
  };
}

/** A variant that changes `members` of its predecessor. */
export function facts(
  id: string,
  after: string | null = null,
  intends: readonly Declared[] = [],
  members: readonly string[] = [],
): VariantFacts {
  return { id, after, title: id, intends, members: MEMBERS.map((name) => (members.includes(name) ? `${id}` : 'same')) };
}

export const intent = (what: string, by: string): Declared => ({ what, by, why: 'planted' });

/** Compares a record of `old` with one of `new`, its successor, which intends `intends`. */
export function pair(
  a: RunRecord,
  b: RunRecord,
  intends: readonly Declared[] = [],
  ledger: readonly KnownDifference[] = [],
  members: readonly string[] = ['removeIsNoop'],
): PairComparison {
  const reference = facts(a.variant);
  const candidate = facts(b.variant, a.variant, intends, members);
  const explained = explanations(a.variant, b.variant, [reference, candidate], ledger);
  return comparePair(a, b, explained, { reference, candidate });
}
