/** Runs of the beginnings of schedules: what a move comes to, and what state the machines are in after it. */
import type { RunRecord } from '../../run/record.ts';
import { ASLEEP, ERRNOS, OUTCOME_NOT_RUN, OUTCOME_STOPPED } from '../../workload/names.ts';
import type { Pair } from '../pair.ts';
import type { Program } from './program.ts';
import { type Move, type Position, after, scheduleOf, startOf, stepAt } from './schedule.ts';

export interface Trial {
  /** as it turned out: with the points where columns stopped, void if the op was run in none */
  readonly move: Move;
  /** a column stopped where the workload itself says so */
  readonly isHeld: boolean;
  /** no column can go on with the op until another process has run: it sleeps in vfork, or would in wait */
  readonly isAsleep: boolean;
  /** a column has panicked: nothing follows */
  readonly isOver: boolean;
  /** equal for two beginnings that any continuation ends alike */
  readonly state: string;
}

/** What a move of a schedule came to, where its op is `op`. */
export function turnedOut(
  records: readonly RunRecord[],
  op: number,
  { process, points }: Move,
): Pick<Trial, 'move' | 'isHeld' | 'isAsleep'> {
  const run = records.filter(({ ops }) => op < ops);
  const stopped = run.filter(({ perOp }) => perOp.code[op] === OUTCOME_STOPPED);
  const at = [...new Set(stopped.map(({ perOp }) => perOp.value[op] - 1))];
  const isVoid = run.length === records.length && run.every(({ perOp }) => perOp.code[op] === OUTCOME_NOT_RUN);
  return {
    move: { process, points: points.length === 0 ? [] : at.toSorted((a, b) => a - b), isVoid },
    isHeld: points.length === 0 && at.length > 0,
    isAsleep: isVoid
      ? run.some(({ perOp }) => perOp.value[op] === ASLEEP)
      : run.every(({ perOp }) => perOp.code[op] === ERRNOS.EAGAIN),
  };
}

/** Has one of them panicked? */
export const isOver = (records: readonly RunRecord[]): boolean => records.some(({ ended }) => ended.kind !== 'done');

/** Runs the moves, which are known, and then the process. */
export async function tryMove(
  pair: Pair,
  program: Program,
  moves: readonly Move[],
  position: Position,
  process: number,
): Promise<Trial> {
  const { points } = stepAt(program, position, process)!;
  const tried: Move = { process, points, isVoid: false };
  const { workload, ops } = scheduleOf(program, [...moves, tried], undefined, true);
  const records = await pair.both(workload, {});
  const { move, isHeld, isAsleep } = turnedOut(records, ops.at(-1)!, tried);
  const state = stateOf(program, [...moves, move], ops, records);
  return { move, isHeld, isAsleep, isOver: isOver(records), state: `${state}\n${verdictOf(pair, records)}` };
}

/** What tells the two apart so far. What is looked at only because the run ends is left out. */
function verdictOf(pair: Pair, [a, b]: readonly [RunRecord, RunRecord]): string {
  const { verdict, differences } = pair.compare(soFar(a), soFar(b));
  return [verdict, ...differences.map(({ plane, what, standing }) => `${plane} ${what} ${standing}`)].join('|');
}

const soFar = (record: RunRecord): RunRecord =>
  record.ended.kind === 'done'
    ? { ...record, ops: record.ops - 1, checkpoints: record.checkpoints.slice(0, -1) }
    : record;

/**
 * Digests leave out statistics, which process is on which CPU, and how things are laid out in memory: so the state also
 * has what all ops have answered so far and what they have counted. How the two were judged on the way goes with it.
 */
function stateOf(
  program: Program,
  moves: readonly Move[],
  ops: readonly number[],
  records: readonly [RunRecord, RunRecord],
): string {
  const { processes, workload } = program;
  let position = startOf(program);
  const onCpu: number[] = workload.actors.map(() => -1);
  const answers: string[][] = processes.map(() => []);
  let last = -1;
  moves.forEach((move, i) => {
    const { cpu } = workload.actors[stepAt(program, position, move.process)!.op.who];
    position = after(position, move);
    if (move.isVoid) return;
    onCpu[cpu] = move.process;
    last = move.process;
    for (const { perOp, ops: done } of records)
      answers[move.process].push(ops[i] < done ? `${perOp.code[ops[i]]} ${perOp.value[ops[i]]}` : '-');
  });
  const machines = records.map(({ checkpoints, totals, ended }) => {
    const digest = checkpoints.at(-1);
    const end = ended.kind === 'panic' ? `${ended.where} ${ended.reason}` : ended.kind;
    return [digest?.map, digest?.tables, digest?.pmaps.join(' '), totals.join(' '), end].join('|');
  });
  const begun = processes.map((_one, process) => `${position.begun[process]}${isHeld(position, process)}`);
  const on = onCpu.filter((_one, cpu) => cpu < workload.machine.cpus);
  return [begun.join(' '), last, on.join(' '), answers.join('/'), ...machines].join('\n');
}

const isHeld = ({ stopped }: Position, process: number): string =>
  stopped[process] === null ? '' : `@${stopped[process].join('+')}`;

export const isAtEnd = (program: Program, position: Position): boolean =>
  program.processes.every((_one, process) => stepAt(program, position, process) === undefined);
