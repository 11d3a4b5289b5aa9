/** Runs whole schedules that are made move by move. */
import type { RunRecord } from '../../run/record.ts';
import type { Pair } from '../pair.ts';
import { type Outcome, outcomeOf } from './outcome.ts';
import type { Program } from './program.ts';
import {
  type Move,
  type Position,
  type Schedule,
  after,
  firstOf,
  preempted,
  readyIn,
  scheduleOf,
  startOf,
  stepAt,
} from './schedule.ts';
import type { Choose } from './strategies.ts';
import { isOver, turnedOut } from './trial.ts';

export interface Played {
  readonly moves: readonly Move[];
  readonly outcome: Outcome;
  /** moves at which two or more processes could run */
  readonly decisions: number;
  /** numbers of ops of the workload that it stops itself, and that stopped */
  readonly held: readonly number[];
}

/** Knows where calls stopped in the runs before: it is then seldom that a schedule has to be made again. */
export class Player {
  readonly #pair: Pair;
  readonly #program: Program;
  /** by process, step and where it is stopped: where it stopped next */
  readonly #habits = new Map<string, readonly number[]>();
  readonly #preemptions: number;
  runs = 0;

  /** preemptions: most switches away from a process that can run on, in a schedule that is chosen. */
  constructor(pair: Pair, program: Program, preemptions = Infinity) {
    this.#pair = pair;
    this.#program = program;
    this.#preemptions = preemptions;
  }

  /** choose: makes the same choices each time that it is called. */
  async play(choose: () => Choose): Promise<Played> {
    const known: Move[] = [];
    /** by move: processes that were asleep there */
    const asleep = new Map<number, number[]>();
    for (;;) {
      const { moves, arms, decisions } = this.#make(choose(), known, asleep);
      const schedule = scheduleOf(this.#program, moves, arms);
      const records = await this.#run(schedule);
      const { actual, held, wrong, sleeper } = this.#check(moves, arms, schedule.ops, records, asleep);
      if (sleeper >= 0) asleep.set(wrong, [...(asleep.get(wrong) ?? []), sleeper]);
      if (wrong < 0) {
        const played = isOver(records) ? actual.slice(0, ranOf(schedule.ops, records)) : actual;
        return { moves: played, outcome: this.#outcome(moves, schedule, records), decisions, held };
      }
      known.splice(0, known.length, ...actual);
    }
  }

  /** Null: the moves turn out otherwise. */
  async replay(moves: readonly Move[]): Promise<Outcome | null> {
    const schedule = scheduleOf(this.#program, moves);
    const records = await this.#run(schedule);
    const arms = moves.map(({ points }) => points);
    if (this.#check(moves, arms, schedule.ops, records).wrong >= 0) return null;
    return this.#outcome(moves, schedule, records);
  }

  #run({ workload }: Schedule): Promise<[RunRecord, RunRecord]> {
    this.runs++;
    return this.#pair.both(workload, {});
  }

  #outcome(moves: readonly Move[], schedule: Schedule, records: readonly [RunRecord, RunRecord]): Outcome {
    return outcomeOf(this.#program, moves, schedule, records, this.#pair.compare(...records));
  }

  /** known: moves that have been seen to turn out like this. arms: where calls may stop, so that it shows if they do. */
  #make(choose: Choose, known: readonly Move[], asleep: ReadonlyMap<number, readonly number[]>) {
    const moves: Move[] = [];
    const arms: (readonly number[])[] = [];
    let decisions = 0;
    let position = startOf(this.#program);
    let last = firstOf(this.#program);
    let left = this.#preemptions;
    for (;;) {
      const able = awakeIn(this.#program, position, asleep.get(moves.length));
      if (able.length === 0) return { moves, arms, decisions };
      const ready = left === 0 && able.includes(last) ? [last] : able;
      if (ready.length > 1) decisions++;
      const process = ready.length > 1 ? choose(position, ready) : ready[0];
      const { points: all } = stepAt(this.#program, position, process)!;
      const points = known[moves.length]?.points ?? this.#guess(position, process, all);
      if (preempted(this.#program, position, last, process) >= 0) left--;
      last = process;
      // What is void has no op, and could not be seen to be void again: it stays in the schedule.
      const move: Move = { process, points, isVoid: false };
      moves.push(move);
      arms.push(all);
      position = after(position, move);
    }
  }

  /** A call that is stopped is taken to end, unless it has been seen to stop again. */
  #guess(position: Position, process: number, all: readonly number[]): readonly number[] {
    if (all.length === 0) return all;
    return this.#habits.get(habitOf(position, process)) ?? (position.stopped[process] === null ? all : []);
  }

  /**
   * wrong: the first move that turned out otherwise; -1: none. Moves behind a panic are as they were made. sleeper: the
   * process of the wrong move, if it is asleep there while others can run; -1: it is not.
   */
  #check(
    moves: readonly Move[],
    arms: readonly (readonly number[])[],
    ops: readonly number[],
    records: readonly RunRecord[],
    asleep: ReadonlyMap<number, readonly number[]> = new Map(),
  ) {
    let position = startOf(this.#program);
    const actual: Move[] = [];
    const held: number[] = [];
    const ran = ranOf(ops, records);
    for (const [i, move] of moves.entries()) {
      if (i >= ran) {
        actual.push(move);
        continue;
      }
      const { at, points } = stepAt(this.#program, position, move.process)!;
      if (move.isVoid) {
        actual.push(move);
        position = after(position, move);
        continue;
      }
      const turned = turnedOut(records, ops[i], { ...move, points: arms[i] });
      if (turned.isAsleep && awakeIn(this.#program, position, asleep.get(i)).length > 1)
        return { actual, held, wrong: i, sleeper: move.process };
      if (turned.isHeld) held.push(at);
      actual.push(turned.move);
      if (points.length > 0) this.#habits.set(habitOf(position, move.process), turned.move.points);
      if (turned.move.points.join() !== move.points.join()) return { actual, held, wrong: i, sleeper: -1 };
      position = after(position, move);
    }
    return { actual, held, wrong: -1, sleeper: -1 };
  }
}

/** The processes that can run; all that sleep, if nobody will wake them. */
function awakeIn(program: Program, position: Position, asleep: readonly number[] = []): number[] {
  const ready = readyIn(program, position);
  const awake = ready.filter((process) => !asleep.includes(process));
  return awake.length > 0 ? awake : ready;
}

const habitOf = ({ begun, stopped }: Position, process: number): string =>
  `${process} ${begun[process]} ${stopped[process] === null ? '' : stopped[process].join('+')}`;

/** Moves up to one in which a run ended, if one did. */
function ranOf(ops: readonly number[], records: readonly RunRecord[]): number {
  const ended = Math.min(...records.map(({ ended: { kind }, ops: done }) => (kind === 'done' ? Infinity : done)));
  const first = ops.findIndex((op) => op >= ended);
  return first < 0 ? ops.length : first + 1;
}
