/** What a schedule came to in both columns: what a reader tells schedules apart by. */
import type { PairComparison, Verdict } from '../../compare/pair.ts';
import type { Standing } from '../../compare/track.ts';
import { PLACES, type RunRecord } from '../../run/record.ts';
import { OUTCOME_NOT_RUN, OUTCOME_OK, OUTCOME_STOPPED, outcomeName } from '../../workload/names.ts';
import { callPlace } from '../../workload/places.ts';
import type { Program } from './program.ts';
import { type Move, type Schedule, after, startOf, stepAt } from './schedule.ts';

/** An op of a process that did not end as it should, or in a panic. */
export interface OddOp {
  readonly process: string;
  readonly call: string;
  /** line of the workload; 0: none */
  readonly line: number;
  readonly outcome: string;
}

/** Of one column. */
export interface SideOutcome {
  /** null: it ran to its end */
  readonly panic: { readonly where: string; readonly reason: string } | null;
  /** calls of pmap_remove, and those that left at the first test */
  readonly calls: number;
  readonly early: number;
  /** ops that ended otherwise than ok, by process, in its order */
  readonly odd: readonly OddOp[];
  /** gauges that were not back where they began when no process was left */
  readonly left: readonly string[];
}

export interface Outcome {
  readonly sides: readonly [SideOutcome, SideOutcome];
  readonly verdict: Verdict;
  readonly standing: Exclude<Standing, 'follows'> | null;
  /** statistics, counters and planes of unexpected differences, in the order of their names */
  readonly unexpected: readonly string[];
}

export function outcomeOf(
  program: Program,
  moves: readonly Move[],
  { ops }: Schedule,
  records: readonly [RunRecord, RunRecord],
  { verdict, standing, differences }: PairComparison,
): Outcome {
  const steps = stepsOf(program, moves);
  const unexpected = differences.flatMap((one) => (one.standing === 'unexpected' ? [one.what] : []));
  // What no column ran is the same as what a schedule leaves out.
  const isRun = (op: number): boolean =>
    records.some(({ perOp, ops: done }) => op >= done || perOp.code[op] !== OUTCOME_NOT_RUN);
  const ran = ops.map((op) => (op >= 0 && isRun(op) ? op : -1));
  const [a, b] = records.map((record) => sideOf(program, steps, ran, record));
  return { sides: [a, b], verdict, standing, unexpected: [...new Set(unexpected)].toSorted() };
}

interface Stepped {
  readonly process: number;
  readonly at: number;
}

/** By move: whose step it is, and the number of its op in the workload. */
function stepsOf(program: Program, moves: readonly Move[]): Stepped[] {
  let position = startOf(program);
  return moves.map((move) => {
    const { at } = stepAt(program, position, move.process)!;
    position = after(position, move);
    return { process: move.process, at };
  });
}

function sideOf(
  { workload, processes }: Program,
  steps: readonly Stepped[],
  ops: readonly number[],
  { ended, removeByPlace, balance, perOp, ops: done }: RunRecord,
): SideOutcome {
  const sum = (what: 'calls' | 'early'): number => PLACES.reduce((all, place) => all + removeByPlace[place][what], 0);
  const odd = processes.flatMap(({ name }, process) => {
    /** of a call that a stop parts, what its first part came to */
    let before = '';
    return steps.flatMap((step, i): OddOp[] => {
      const op = ops[i];
      if (step.process !== process || op < 0) return [];
      const isLast = ended.kind === 'panic' && op === ended.op;
      const code = op < done ? perOp.code[op] : OUTCOME_OK;
      if (!isLast && (code === OUTCOME_OK || code === OUTCOME_STOPPED)) return [];
      const place = callPlace(workload, step.at)!;
      const outcome = isLast ? 'panic' : outcomeName(code);
      const key = `${step.at} ${outcome}`;
      if (key === before) return [];
      before = key;
      return [{ process: name, call: place.call, line: place.line, outcome }];
    });
  });
  return {
    panic: ended.kind === 'panic' ? { where: ended.where, reason: ended.reason } : null,
    calls: sum('calls'),
    early: sum('early'),
    odd,
    left: balance.left.map(({ what }) => what),
  };
}

/** Equal for two schedules of the same class. */
export const classOf = (outcome: Outcome): string => JSON.stringify(outcome);
