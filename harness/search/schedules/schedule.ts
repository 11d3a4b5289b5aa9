/**
 * Schedules of a program: sequences of moves, each of which lets one process run, to the end of an op or to a yield
 * point. A schedule is a workload again, in which `stop` and `go` say how far each process gets.
 */
import { OpListBuilder } from '../../workload/oplist.ts';
import { OP_GO, OP_STOP, type Op, type Workload } from '../../workload/ops.ts';
import type { Program, Step } from './program.ts';

/** One process runs: the next op, or the rest of the call that it is in. */
export interface Move {
  readonly process: number;
  /** yield points at the first of which it stops, as indexes into STOP_POINTS; none: it does not */
  readonly points: readonly number[];
  /** the process does not exist any more: a schedule does not have the op */
  readonly isVoid: boolean;
}

/** How far each process of a program is. */
export interface Position {
  /** steps that it has begun */
  readonly begun: readonly number[];
  /** the points at one of which its last step is stopped; null: it is not */
  readonly stopped: readonly (readonly number[] | null)[];
}

export const startOf = ({ processes }: Program): Position => ({
  begun: processes.map(() => 0),
  stopped: processes.map(() => null),
});

const isOver = ({ begun, stopped }: Position, process: number, step: number, atPoint: number | null): boolean => {
  if (begun[process] !== step + 1) return begun[process] > step;
  const points = stopped[process];
  return points === null || (points.length === 1 && points[0] === atPoint);
};

/** The step that a process is in, or that comes next; undefined: it is at its end. */
export function stepAt({ processes }: Program, { begun, stopped }: Position, process: number): Step | undefined {
  return processes[process].steps[begun[process] - (stopped[process] === null ? 0 : 1)];
}

/** Can the process run? */
export function isReady(program: Program, position: Position, process: number): boolean {
  if (position.stopped[process] !== null) return true;
  const step = stepAt(program, position, process);
  return step !== undefined && step.after.every((one) => isOver(position, one.process, one.step, one.atPoint));
}

/** The processes that can run, in order. */
export const readyIn = (program: Program, position: Position): number[] =>
  program.processes.flatMap((_one, process) => (isReady(program, position, process) ? [process] : []));

export function after(position: Position, { process, points }: Move): Position {
  const isGo = position.stopped[process] !== null;
  return {
    begun: isGo ? position.begun : position.begun.with(process, position.begun[process] + 1),
    stopped: position.stopped.with(process, points.length > 0 ? points : null),
  };
}

export interface Schedule {
  readonly workload: Workload;
  /** by move: number of its op in the workload; -1: it has none */
  readonly ops: readonly number[];
}

const NO_OPERANDS = { addr: 0, len: 0, base: 0, origin: 0, expect: 0, line: 0 };

/**
 * The workload that a sequence of moves is. What it expects of outcomes is left out: that was of another order. arms: by
 * move, the points to stop at, where that is yet to be found out. goesOn: an op that does nothing follows, so that a
 * run does not end with the last move.
 */
export function scheduleOf(
  program: Program,
  moves: readonly Move[],
  arms: readonly (readonly number[])[] = moves.map(({ points }) => points),
  goesOn = false,
): Schedule {
  const builder = new OpListBuilder();
  const push = (op: Op): void => builder.pushOp({ ...op, expect: 0, line: 0 });
  for (const op of program.setUp) push(op);
  let position = startOf(program);
  const ops = moves.map((move, i) => {
    const { who } = stepAt(program, position, move.process)!.op;
    const { stops, op } = stepAt(program, position, move.process)!;
    const isGo = position.stopped[move.process] !== null;
    position = after(position, move);
    if (move.isVoid) return -1;
    if (!isGo) for (const stop of stops) push(stop);
    for (const point of arms[i]) push({ ...NO_OPERANDS, code: OP_STOP, who, arg: point });
    push(isGo ? { ...NO_OPERANDS, code: OP_GO, who, arg: 0 } : op);
    return builder.length - 1;
  });
  if (goesOn) {
    const { who } = program.processes[moves.at(-1)!.process].steps[0].op;
    push({ ...NO_OPERANDS, code: OP_STOP, who, arg: 0 });
  }
  return { workload: { ...program.workload, ops: builder.finish() }, ops };
}

/** How hard a schedule is to follow: switches from a process that can run on, then stops. */
export interface Effort {
  readonly preemptions: number;
  readonly stops: number;
}

export const isEasier = (a: Effort, b: Effort): boolean =>
  a.preemptions < b.preemptions || (a.preemptions === b.preemptions && a.stops < b.stops);

/** The process that ran last before a move, and could go on; -1: none. */
export const preempted = (program: Program, position: Position, last: number, process: number): number =>
  last >= 0 && last !== process && isReady(program, position, last) ? last : -1;

/** The number, among a program's processes, of the one that sets up; -1: none. */
export function firstOf({ workload, setUp, processes }: Program): number {
  const last = setUp.at(-1);
  return last === undefined ? -1 : processes.findIndex(({ index }) => index === workload.actors[last.who].process);
}

export function effortOf(program: Program, moves: readonly Move[]): Effort {
  let position = startOf(program);
  let last = firstOf(program);
  let preemptions = 0;
  let stops = 0;
  for (const move of moves) {
    if (!move.isVoid && preempted(program, position, last, move.process) >= 0) preemptions++;
    if (move.points.length > 0) stops++;
    position = after(position, move);
    if (!move.isVoid) last = move.process;
  }
  return { preemptions, stops };
}
