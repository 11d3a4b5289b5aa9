/**
 * What a process notices of an op in two runs: where the outcomes first part, and in what.
 */
import { OUTCOME_STOPPED, outcomeName } from '../workload/names.ts';
import type { Ended, Killed, RunEnd, RunPart, RunRecord } from './record.ts';

/**
 * What one run made of an op. killed: a signal killed that process during the op, but not in the other run; the op may be
 * another process's. done: it went past the end of the other run, in no op of its own.
 */
export type OpOutcome =
  | {
      readonly kind: 'outcome';
      /** `ok`, an errno, a signal, `stopped`, `not-run` */
      readonly name: string;
      /** what the op returned or read; of `not-run`, the signal that its process had died of; null: not a number */
      readonly value: number | null;
    }
  | { readonly kind: 'killed'; readonly process: string; readonly signal: string }
  | Extract<Ended, { readonly kind: 'panic' }>
  | { readonly kind: 'done' };

/** Both runs at one op. */
export interface Outcomes {
  readonly reference: OpOutcome;
  readonly candidate: OpOutcome;
}

/** The op in which two runs part, in what processes see or in a panic. */
export interface Parting extends Outcomes {
  readonly op: number;
}

const outcomeAt = ({ code, value }: RunPart['perOp'], at: number): OpOutcome => ({
  kind: 'outcome',
  name: outcomeName(code[at]),
  value: Number.isNaN(value[at]) ? null : value[at],
});

const keyOf = ({ op, process, signal }: Killed): string => `${op} ${signal} ${process}`;

/** By op: for each run, the first process that a signal killed there but not in the other run. */
export function killedApart(a: readonly Killed[], b: readonly Killed[]): ReadonlyMap<number, Partial<Outcomes>> {
  const found = new Map<number, Partial<Outcomes>>();
  if (a.length === 0 && b.length === 0) return found;
  const [inA, inB] = [new Set(a.map(keyOf)), new Set(b.map(keyOf))];
  const take = (killed: readonly Killed[], others: ReadonlySet<string>, side: keyof Outcomes): void => {
    for (const one of killed) {
      const { op, process, signal } = one;
      if (!others.has(keyOf(one))) found.set(op, { [side]: { kind: 'killed', process, signal }, ...found.get(op) });
    }
  };
  take(a, inB, 'reference');
  take(b, inA, 'candidate');
  return found;
}

/** Where process-visible outcomes differ. */
export class OutcomeComparer {
  /** first op that differs, Infinity: none; and how many do */
  op = Infinity;
  ops = 0;
  /** of the first op that differs */
  outcomes: Outcomes | null = null;
  /** of the run that went on, what it made of the op in which the other ended */
  #beyond: OpOutcome | null = null;

  /** Compare the first `count` ops of the next parts, which begin with op `first`. */
  take(one: RunPart, other: RunPart, first: number, count: number): void {
    const [a, b] = [one.perOp, other.perOp];
    const killed = killedApart(one.killed, other.killed);
    for (let i = 0; i < count; i++) {
      const op = first + i;
      const isAlike =
        a.code[i] === b.code[i] &&
        (a.value[i] === b.value[i] ||
          a.code[i] === OUTCOME_STOPPED ||
          (a.value[i] !== a.value[i] && b.value[i] !== b.value[i]));
      if (isAlike && (killed.size === 0 || !killed.has(op))) continue;
      if (this.ops++ > 0) continue;
      this.op = op;
      this.outcomes = { reference: outcomeAt(a, i), candidate: outcomeAt(b, i), ...(isAlike && killed.get(op)) };
    }
    if (one.ops !== other.ops) this.#beyond ??= outcomeAt((one.ops > other.ops ? one : other).perOp, count);
  }

  /** How two runs panicked, null if neither did. Alike: at the same op, in the same function, for the same reason. */
  panics(a: RunEnd, b: RunEnd): (Parting & { readonly alike: boolean }) | null {
    const [first, second] = [a.ended, b.ended];
    const at = [first, second].flatMap((ended) => (ended.kind === 'panic' ? [ended.op] : []));
    if (at.length === 0) return null;
    const op = Math.min(...at);
    const side = (ended: Ended): OpOutcome =>
      ended.kind === 'panic' && ended.op === op ? ended : (this.#beyond ?? { kind: 'done' });
    const alike =
      first.kind === 'panic' &&
      second.kind === 'panic' &&
      first.op === second.op &&
      first.where === second.where &&
      first.reason === second.reason;
    return { op, reference: side(first), candidate: side(second), alike };
  }
}

/** What happened differently in two whole runs: the first outcome that parts, then a panic that only one of them has. */
export function partings(a: RunRecord, b: RunRecord): Parting[] {
  const comparer = new OutcomeComparer();
  comparer.take(a, b, 0, Math.min(a.ops, b.ops));
  const { op, outcomes } = comparer;
  const panics = comparer.panics(a, b);
  return [
    ...(outcomes === null ? [] : [{ op, ...outcomes }]),
    ...(panics === null || panics.alike
      ? []
      : [{ op: panics.op, reference: panics.reference, candidate: panics.candidate }]),
  ];
}
