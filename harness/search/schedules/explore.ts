/**
 * All schedules of a program. Two beginnings after which the machines are in the same state, and which have counted the
 * same, end alike: what follows is explored once and counted for both.
 */
import type { Pair } from '../pair.ts';
import { type Outcome, classOf, outcomeOf } from './outcome.ts';
import type { Program } from './program.ts';
import {
  type Effort,
  type Move,
  type Position,
  after,
  effortOf,
  firstOf,
  isEasier,
  preempted,
  readyIn,
  scheduleOf,
  startOf,
  stepAt,
} from './schedule.ts';
import { type Trial, isAtEnd, tryMove } from './trial.ts';

export interface ExploreOptions {
  /** most switches away from a process that can run on; Infinity: no limit */
  readonly preemptions: number;
  /** most runs of both columns */
  readonly budget: number;
  /** false: equal states are explored as often as they are reached */
  readonly merges?: boolean;
  readonly isStopped: () => boolean;
  readonly progress: (runs: number) => void;
}

/** Schedules that come to the same. */
export interface ScheduleClass {
  readonly outcome: Outcome;
  /** schedules that were counted or drawn */
  readonly count: number;
  /** one that is easiest to follow */
  readonly moves: readonly Move[];
  readonly effort: Effort;
}

/** Yield points at which some schedule has stopped. */
export interface Reached {
  /** indexes into STOP_POINTS */
  readonly points: ReadonlySet<number>;
  /** numbers of ops of the workload that it stops itself */
  readonly ops: ReadonlySet<number>;
}

export interface Explored {
  readonly classes: readonly ScheduleClass[];
  /** runs of both columns, and states that they came to */
  readonly runs: number;
  readonly states: number;
  /** false: the budget did not do, or it was stopped */
  readonly isComplete: boolean;
  readonly reached: Reached;
}

/** What follows a state, of one class. */
interface Way {
  count: number;
  effort: Effort;
  readonly move: Move | null;
  readonly next: Node | null;
}
type Node = Map<string, Way>;

class Explorer {
  readonly #pair: Pair;
  readonly #program: Program;
  readonly #options: ExploreOptions;
  readonly #nodes = new Map<string, Node>();
  readonly outcomes = new Map<string, Outcome>();
  readonly reached = { points: new Set<number>(), ops: new Set<number>() };
  runs = 0;
  isComplete = true;

  constructor(pair: Pair, program: Program, options: ExploreOptions) {
    this.#pair = pair;
    this.#program = program;
    this.#options = options;
  }

  get states(): number {
    return this.#nodes.size;
  }

  get #isOver(): boolean {
    const over = this.#options.isStopped() || this.runs >= this.#options.budget;
    if (over) this.isComplete = false;
    return over;
  }

  /** last: the process that ran last. left: preemptions that are still allowed. */
  async follow(moves: readonly Move[], position: Position, last: number, left: number): Promise<Node> {
    if (isAtEnd(this.#program, position)) return this.#end(moves);
    const node: Node = new Map();
    const trials: Trial[] = [];
    for (const process of readyIn(this.#program, position)) {
      if (this.#isOver) return node;
      this.runs++;
      if (this.runs % 64 === 0) this.#options.progress(this.runs);
      const trial = await tryMove(this.#pair, this.#program, moves, position, process);
      if (trial.move.isVoid) {
        // Nobody can tell when it did not happen.
        trials.splice(0, trials.length, trial);
        break;
      }
      trials.push(trial);
    }
    for (const { move, isOver, isHeld, state } of trials) {
      const isPreemption = !move.isVoid && preempted(this.#program, position, last, move.process) >= 0;
      const rest = left - Number(isPreemption);
      if (rest < 0) continue;
      for (const point of move.points) this.reached.points.add(point);
      if (isHeld) this.reached.ops.add(stepAt(this.#program, position, move.process)!.at);
      const key = Number.isFinite(rest) ? `${rest}\n${state}` : state;
      let next = this.#options.merges === false ? undefined : this.#nodes.get(key);
      if (next === undefined) {
        const followed = [...moves, move];
        next = isOver
          ? await this.#end(followed)
          : await this.follow(followed, after(position, move), move.isVoid ? last : move.process, rest);
        this.#nodes.set(key, next);
      }
      add(node, move, next, isPreemption);
    }
    return node;
  }

  async #end(moves: readonly Move[]): Promise<Node> {
    const schedule = scheduleOf(this.#program, moves);
    this.runs++;
    const records = await this.#pair.both(schedule.workload, {});
    const outcome = outcomeOf(this.#program, moves, schedule, records, this.#pair.compare(...records));
    const name = classOf(outcome);
    this.outcomes.set(name, outcome);
    return new Map([[name, { count: 1, effort: { preemptions: 0, stops: 0 }, move: null, next: null }]]);
  }
}

/** Adds to what follows a state all that follows one of its moves. */
function add(node: Node, move: Move, next: Node, isPreemption: boolean): void {
  for (const [name, { count, effort: rest, move: last }] of next) {
    const effort = {
      preemptions: rest.preemptions + Number(isPreemption),
      // A stop is none where the same process goes on.
      stops: rest.stops + Number(move.points.length > 0 && last?.process !== move.process),
    };
    const way = node.get(name);
    if (way === undefined || isEasier(effort, way.effort))
      node.set(name, { count: count + (way?.count ?? 0), effort, move, next });
    else way.count += count;
  }
}

function movesOf(node: Node, name: string): Move[] {
  const moves: Move[] = [];
  for (let way = node.get(name)!; way.move !== null; way = way.next!.get(name)!) moves.push(way.move);
  return moves;
}

export async function explore(pair: Pair, program: Program, options: ExploreOptions): Promise<Explored> {
  const explorer = new Explorer(pair, program, options);
  const root = await explorer.follow([], startOf(program), firstOf(program), options.preemptions);
  const classes = [...root].map(([name, { count }]): ScheduleClass => {
    const moves = movesOf(root, name);
    return { outcome: explorer.outcomes.get(name)!, count, moves, effort: effortOf(program, moves) };
  });
  const { runs, states, isComplete, reached } = explorer;
  return { classes, runs, states, isComplete, reached };
}
