/**
 * The runs of a search of schedules. Each piece of work depends on nothing but what it is given, so it can be done
 * anywhere and in any order.
 */
import { Random } from '../../workload/random.ts';
import type { Pair } from '../pair.ts';
import { eased } from './ease.ts';
import { type Outcome, classOf, outcomeOf } from './outcome.ts';
import { type Played, Player } from './play.ts';
import type { Program } from './program.ts';
import { type Move, after, readyIn, scheduleOf, startOf } from './schedule.ts';
import { pct, uniform } from './strategies.ts';
import { type Trial, tryMove } from './trial.ts';

/** What can follow some moves. */
export interface Tried {
  readonly trials: readonly Trial[];
  readonly runs: number;
}

/** Schedules to draw. */
export interface DrawInput {
  /** of PCT; null: uniformly */
  readonly depth: number | null;
  /** moves at which two processes or more could run, as far as is known */
  readonly decisions: number;
  /** most switches away from a process that can run on */
  readonly preemptions: number;
  /** by process and step: moves that it takes */
  readonly movesOf: readonly (readonly number[])[];
  /** a seed for each */
  readonly seeds: readonly number[];
}

export interface Drawn {
  readonly played: readonly Played[];
  readonly runs: number;
}

export interface EaseInput {
  readonly moves: readonly Move[];
  readonly outcome: Outcome;
}

export interface Eased {
  readonly moves: readonly Move[];
  readonly runs: number;
}

/** Does the work of a search. Results are in the order of what was asked; fewer: it was stopped. */
export interface Scheduler {
  readonly pair: Pair;
  readonly program: Program;
  /** beginnings: each with processes that can run after it */
  readonly follow: (beginnings: readonly (readonly Move[])[]) => Promise<readonly Tried[]>;
  /** whole schedules, whose moves are known */
  readonly end: (schedules: readonly (readonly Move[])[]) => Promise<readonly Outcome[]>;
  readonly draw: (inputs: readonly DrawInput[]) => Promise<readonly Drawn[]>;
  readonly ease: (inputs: readonly EaseInput[]) => Promise<readonly Eased[]>;
}

/** In their order, the last one may be shorter. */
export const chunksOf = <One>(all: readonly One[], size: number): One[][] =>
  Array.from({ length: Math.ceil(all.length / size) }, (_one, i) => all.slice(i * size, (i + 1) * size));

export function schedulerHere(pair: Pair, program: Program, isStopped: () => boolean): Scheduler {
  const whileRunning = async <Input, Result>(inputs: readonly Input[], work: (input: Input) => Promise<Result>) => {
    const results: Result[] = [];
    for (const input of inputs) if (!isStopped()) results.push(await work(input));
    return results;
  };
  return {
    pair,
    program,
    follow: (beginnings) => whileRunning(beginnings, (moves) => follow(pair, program, moves)),
    end: (schedules) => whileRunning(schedules, (moves) => end(pair, program, moves)),
    draw: (inputs) => whileRunning(inputs, (input) => draw(pair, program, input)),
    ease: (inputs) => whileRunning(inputs, (input) => ease(pair, program, input)),
  };
}

export async function follow(pair: Pair, program: Program, moves: readonly Move[]): Promise<Tried> {
  const position = moves.reduce(after, startOf(program));
  const trials: Trial[] = [];
  const ready = readyIn(program, position);
  for (const [i, process] of ready.entries()) {
    const trial = await tryMove(pair, program, moves, position, process);
    // Nobody can tell when it did not happen.
    if (trial.move.isVoid && !trial.isAsleep) return { trials: [trial], runs: i + 1 };
    trials.push(trial);
  }
  const awake = trials.filter(({ isAsleep }) => !isAsleep);
  // If all sleep, nobody will wake them.
  return { trials: awake.length > 0 ? awake : trials.slice(0, 1), runs: ready.length };
}

export async function end(pair: Pair, program: Program, moves: readonly Move[]): Promise<Outcome> {
  const schedule = scheduleOf(program, moves);
  const records = await pair.both(schedule.workload, {});
  return outcomeOf(program, moves, schedule, records, pair.compare(...records));
}

export async function draw(
  pair: Pair,
  program: Program,
  { depth, decisions, preemptions, movesOf, seeds }: DrawInput,
): Promise<Drawn> {
  const player = new Player(pair, program, preemptions);
  const played: Played[] = [];
  for (const seed of seeds) {
    const choose = () => {
      const random = new Random(seed);
      if (depth !== null) return pct(random, program.processes.length, decisions, depth);
      return uniform(random, program, (process, step) => movesOf[process][step]);
    };
    played.push(await player.play(choose));
  }
  return { played, runs: player.runs };
}

export async function ease(pair: Pair, program: Program, { moves, outcome }: EaseInput): Promise<Eased> {
  const player = new Player(pair, program);
  const easiest = await eased(player, program, moves, classOf(outcome));
  return { moves: easiest, runs: player.runs };
}
