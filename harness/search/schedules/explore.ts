/**
 * All schedules of a program. Two beginnings after which the machines are in the same state, and which have counted the
 * same, end alike: what follows is explored once and counted for both.
 */
import { type Outcome, classOf } from './outcome.ts';
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
  startOf,
  stepAt,
} from './schedule.ts';
import { isAtEnd } from './trial.ts';
import type { Scheduler } from './work.ts';

export interface ExploreOptions {
  /** most switches away from a process that can run on; Infinity: no limit */
  readonly preemptions: number;
  /** most runs of both columns; without that many, there are no classes */
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

/** A state that some moves lead to. */
interface State {
  readonly moves: readonly Move[];
  readonly position: Position;
  /** the process that ran last */
  readonly last: number;
  /** preemptions that are still allowed */
  readonly left: number;
  /** nothing follows */
  readonly isEnd: boolean;
  readonly steps: { readonly move: Move; readonly isPreemption: boolean; readonly next: State }[];
  readonly ways: Node;
}

/** Goes through the states by the number of moves that lead there: equal ones have the same. */
class Explorer {
  readonly #scheduler: Scheduler;
  readonly #options: ExploreOptions;
  readonly outcomes = new Map<string, Outcome>();
  readonly reached = { points: new Set<number>(), ops: new Set<number>() };
  runs = 0;
  states = 0;

  constructor(scheduler: Scheduler, options: ExploreOptions) {
    this.#scheduler = scheduler;
    this.#options = options;
  }

  /** Null: the budget did not do, or it was stopped. */
  async root(): Promise<Node | null> {
    const { program } = this.#scheduler;
    const { preemptions } = this.#options;
    const start = stateOf(program, [], startOf(program), firstOf(program), preemptions, false);
    const layers: State[][] = [[start]];
    for (let layer = layers[0]; layer.length > 0; layer = layers.at(-1)!) {
      const next = await this.#layerAfter(layer.filter(({ isEnd }) => !isEnd));
      if (next === null) return null;
      layers.push(next);
    }
    const ends = layers.flat().filter(({ isEnd }) => isEnd);
    if (!(await this.#finish(ends))) return null;
    for (const { steps, ways } of layers.toReversed().flat())
      for (const { move, isPreemption, next } of steps) add(ways, move, next.ways, isPreemption);
    return start.ways;
  }

  /** It was stopped, or so many more runs are beyond the budget. */
  #isOver(more: number): boolean {
    this.#options.progress(this.runs);
    return this.#options.isStopped() || this.runs + more > this.#options.budget;
  }

  async #layerAfter(layer: readonly State[]): Promise<State[] | null> {
    const { program } = this.#scheduler;
    if (this.#isOver(layer.reduce((sum, { position }) => sum + readyIn(program, position).length, 0))) return null;
    const tried = await this.#scheduler.follow(layer.map(({ moves }) => moves));
    if (tried.length < layer.length) return null;
    const known = new Map<string, State>();
    const states: State[] = [];
    layer.forEach((from, i) => {
      this.runs += tried[i].runs;
      for (const trial of tried[i].trials) {
        const { move, isHeld, isOver, state } = trial;
        const { position, last, moves } = from;
        const isPreemption = !move.isVoid && preempted(program, position, last, move.process) >= 0;
        const left = from.left - Number(isPreemption);
        if (left < 0) continue;
        for (const point of move.points) this.reached.points.add(point);
        if (isHeld) this.reached.ops.add(stepAt(program, position, move.process)!.at);
        const key = Number.isFinite(left) ? `${left}\n${state}` : state;
        let next = this.#options.merges === false ? undefined : known.get(key);
        if (next === undefined) {
          const ran = move.isVoid ? last : move.process;
          next = stateOf(program, [...moves, move], after(position, move), ran, left, isOver);
          known.set(key, next);
          states.push(next);
        }
        from.steps.push({ move, isPreemption, next });
      }
    });
    this.states += states.length;
    return states;
  }

  /** false: it was stopped, or the budget did not do. */
  async #finish(ends: readonly State[]): Promise<boolean> {
    if (this.#isOver(ends.length)) return false;
    const outcomes = await this.#scheduler.end(ends.map(({ moves }) => moves));
    this.runs += outcomes.length;
    if (outcomes.length < ends.length) return false;
    outcomes.forEach((outcome, i) => {
      const name = classOf(outcome);
      this.outcomes.set(name, outcome);
      ends[i].ways.set(name, { count: 1, effort: { preemptions: 0, stops: 0 }, move: null, next: null });
    });
    return true;
  }
}

const stateOf = (
  program: Program,
  moves: readonly Move[],
  position: Position,
  last: number,
  left: number,
  isOver: boolean,
): State => ({
  moves,
  position,
  last,
  left,
  isEnd: isOver || isAtEnd(program, position),
  steps: [],
  ways: new Map(),
});

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

export async function explore(scheduler: Scheduler, options: ExploreOptions): Promise<Explored> {
  const { program } = scheduler;
  const explorer = new Explorer(scheduler, options);
  const root = await explorer.root();
  const classes = [...(root ?? [])].map(([name, { count }]): ScheduleClass => {
    const moves = movesOf(root!, name);
    return { outcome: explorer.outcomes.get(name)!, count, moves, effort: effortOf(program, moves) };
  });
  const { runs, states, reached } = explorer;
  return { classes, runs, states, isComplete: root !== null, reached };
}
