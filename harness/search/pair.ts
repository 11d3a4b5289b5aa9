/** Two columns that a hunt tells apart: runs a workload in both, and says which of the differences count. */
import { type Column, failureOf, runColumn } from '../columns/column.ts';
import { runLimitMs } from '../columns/run-limit.ts';
import {
  type Changes,
  type Difference,
  type PairComparison,
  type Verdict,
  changesBetween,
  comparePair,
  unreachedIn,
} from '../compare/pair.ts';
import type { Plan } from '../compare/plan.ts';
import { type OpOutcome, killedApart } from '../run/outcome.ts';
import type { Checkpoint, RunOptions, RunRecord } from '../run/record.ts';
import { OP_NAMES, type Workload, opAt } from '../workload/ops.ts';
import { printWorkload } from '../workload/text/print.ts';

/** Verdicts that one difference can get, by its plane. */
const VERDICT_OF: Readonly<Record<Difference['plane'], Verdict>> = {
  panic: 'panic',
  invariant: 'invariant-broken',
  outcome: 'behavioural',
  map: 'latent',
  mapping: 'latent',
  stats: 'stat-only',
  tables: 'cost-only',
  cost: 'cost-only',
};
export const HUNTED: readonly Verdict[] = [
  'panic',
  'invariant-broken',
  'behavioural',
  'latent',
  'stat-only',
  'cost-only',
];

/** Which differences count. */
export type Want =
  /** those that are neither declared nor known */
  | { readonly kind: 'unexpected' }
  /** of these verdicts, expected or not */
  | { readonly kind: 'verdicts'; readonly verdicts: readonly Verdict[] };

export interface Found {
  /**
   * what two workloads that show the same have in common: plane, statistic, and of what a process sees the op, the
   * outcomes, and of a death the signal, and whether it was the op's own process
   */
  readonly signature: string;
  readonly verdict: Verdict;
  readonly difference: Difference;
}

export interface Ran {
  readonly records: readonly [RunRecord, RunRecord];
  readonly found: readonly Found[];
  /** changed members and functions that the runs reached */
  readonly reached: readonly string[];
}

/** A variant whose own code failed. */
export interface CodeFailure {
  readonly variant: string;
  readonly message: string;
  /** text of the workload that it failed on */
  readonly workload: string;
}

class CodeFailed extends Error {
  readonly failure: CodeFailure;

  constructor(failure: CodeFailure) {
    super(`${failure.variant}: ${failure.message}`);
    this.failure = failure;
  }
}

/** What a caught error says of a variant's own code. Throws the error if it is about something else. */
export function failureIn(error: unknown): CodeFailure {
  if (error instanceof CodeFailed) return error.failure;
  throw error;
}

const RUNS_A_TURN = 64;

export class Pair {
  readonly columns: readonly [Column, Column];
  readonly #planned: Plan['pairs'][number];
  readonly #want: Want;
  readonly #changes: Changes;
  /** all that is changed between the two */
  readonly changed: readonly string[];
  readonly #turn: () => Promise<void>;
  #runs = 0;

  /** plan: of these two columns, the candidate against the reference. turn: lets an interrupt in. */
  constructor(columns: readonly [Column, Column], plan: Plan, want: Want, turn: () => Promise<void>) {
    this.columns = columns;
    this.#turn = turn;
    [this.#planned] = plan.pairs;
    this.#want = want;
    this.#changes = changesBetween(this.#planned.reference, this.#planned.candidate);
    this.changed = [...this.#changes.members, ...this.#changes.functions];
  }

  /** Runs the workload in each. Throws an Error when a column's own code fails. */
  async both(workload: Workload, options: RunOptions): Promise<[RunRecord, RunRecord]> {
    if (++this.#runs % RUNS_A_TURN === 0) await this.#turn();
    const limit = runLimitMs(workload.ops.length);
    const [a, b] = await Promise.all(this.columns.map((column) => runColumn(column, workload, options, limit)));
    const failure = failureOf([a, b]);
    if (failure !== null)
      throw new CodeFailed({
        variant: failure.variant,
        message: failure.ended.message,
        workload: printWorkload(workload),
      });
    return [a, b];
  }

  compare(a: RunRecord, b: RunRecord): PairComparison {
    return comparePair(a, b, this.#planned.explained, this.#planned);
  }

  /**
   * digests false: maps and page tables are compared at snapshots only. checkEach: invariants are too, after one op in so
   * many; 0: nowhere. Throws an Error when a column's own code fails.
   */
  async run(workload: Workload, digests: boolean, checkEach = 0): Promise<Ran> {
    const [a, b] = await this.both(workload, {
      digests: digests || 'snapshots',
      ...(checkEach === 0 ? {} : { check: true, checkEach }),
    });
    const unreached = unreachedIn(this.#changes, a, b);
    const reached = this.changed.filter((name) => !unreached.includes(name));
    if (!digests && isAlike(a, b)) return { records: [a, b], found: [], reached };
    const { differences } = this.compare(a, b);
    const found = differences.flatMap((difference) => this.#found(difference, workload));
    return { records: [a, b], found, reached };
  }

  #found(difference: Difference, workload: Workload): Found[] {
    const { standing, plane } = difference;
    const verdict = VERDICT_OF[plane];
    const counts =
      this.#want.kind === 'unexpected'
        ? standing === 'unexpected'
        : standing !== 'follows' && this.#want.verdicts.includes(verdict);
    return counts ? [{ signature: signatureOf(difference, workload), verdict, difference }] : [];
  }
}

/** Whole runs with the same outcomes, deaths, statistics, totals and digests: saves most of a comparison. */
function isAlike(a: RunRecord, b: RunRecord): boolean {
  if (a.ended.kind !== 'done' || b.ended.kind !== 'done' || (a.apart ?? b.apart) !== undefined) return false;
  for (let counter = 0; counter < a.totals.length; counter++)
    if (a.totals[counter] - a.start[counter] !== b.totals[counter] - b.start[counter]) return false;
  if (killedApart(a.killed, b.killed).size > 0) return false;
  if (a.checkpoints.length !== b.checkpoints.length) return false;
  if (!a.checkpoints.every((point, i) => isSamePoint(point, b.checkpoints[i]))) return false;
  const [x, y] = [a.perOp, b.perOp];
  for (let op = 0; op < a.ops; op++) {
    if (x.code[op] !== y.code[op] || x.value[op] !== y.value[op]) return false;
    if (x.residentCount[op] !== y.residentCount[op] || x.wiredCount[op] !== y.wiredCount[op]) return false;
  }
  return true;
}

const isSamePoint = (a: Checkpoint, b: Checkpoint): boolean =>
  a.map === b.map && a.tables === b.tables && a.pmaps.every((field, i) => field === b.pmaps[i]);

/** actor: the process of the op; null: there is no op. */
function sideOf(outcome: OpOutcome, actor: string | null): string {
  switch (outcome.kind) {
    case 'outcome':
      return outcome.name;
    case 'killed':
      return `${outcome.process === actor ? '' : 'another '}killed by ${outcome.signal}`;
    case 'panic':
      return `panic in ${outcome.where}: ${outcome.reason}`;
    case 'done':
      return outcome.kind;
  }
}

/** Amounts are left out, and names: the same fault shows in other amounts elsewhere, and in other processes. */
function signatureOf({ plane, what, op, outcomes }: Difference, { ops, actors, processes }: Workload): string {
  if (outcomes === null) return plane === what ? plane : `${plane} ${what}`;
  const at = op < ops.length ? opAt(ops, op) : null;
  const verb = at === null ? 'end' : OP_NAMES[at.code];
  const actor = at === null ? null : processes[actors[at.who].process].name;
  return `${plane} ${verb}: ${sideOf(outcomes.reference, actor)} -> ${sideOf(outcomes.candidate, actor)}`;
}
