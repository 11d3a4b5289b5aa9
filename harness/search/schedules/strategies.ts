/**
 * Which process runs next, where not all schedules can be run. Probabilistic concurrency testing (PCT) finds a bug
 * of depth d with a probability that is known beforehand; drawing uniformly gives the share of each outcome.
 */
import type { Random } from '../../workload/random.ts';
import { below } from '../input.ts';
import type { Program } from './program.ts';
import type { Position } from './schedule.ts';

/** Chooses one of the processes that can run; there are two or more. */
export type Choose = (position: Position, ready: readonly number[]) => number;

/**
 * Distinct random priorities, and depth - 1 of `decisions` decisions at which the process that would run gets one below
 * all of these. The lower of two such priorities can come first: a process that is held up twice as long can be the one
 * that was held up earlier. Burckhardt et al., A Randomized Scheduler with Probabilistic Guarantees of Finding Bugs (2010)
 */
export function pct(random: Random, processes: number, decisions: number, depth: number): Choose {
  const priority = shuffled(random, processes);
  /** by decision: the new priority */
  const changes = new Map<number, number>();
  while (changes.size < Math.min(depth - 1, decisions)) {
    const at = below(random, decisions);
    if (!changes.has(at)) changes.set(at, -1 - changes.size);
  }
  let decision = 0;
  return (_position, ready) => {
    const first = (): number => ready.reduce((best, process) => (priority[process] > priority[best] ? process : best));
    const change = changes.get(decision++);
    if (change !== undefined) priority[first()] = change;
    return first();
  };
}

function shuffled(random: Random, count: number): number[] {
  const all = Array.from({ length: count }, (_one, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = below(random, i + 1);
    [all[i], all[j]] = [all[j], all[i]];
  }
  return all;
}

/** Runs of PCT miss what takes `depth` ordered moves with at most this probability. */
export const missOf = (processes: number, decisions: number, depth: number, runs: number): number =>
  (1 - 1 / (processes * Math.max(1, decisions) ** (depth - 1))) ** runs;

/**
 * Each schedule is as likely as any other, if each step takes as many moves as `movesOf` says: a process is drawn by the
 * moves that it, and those that it has yet to make, still have before them. Waits for others make it an approximation.
 */
export function uniform(random: Random, program: Program, movesOf: (process: number, step: number) => number): Choose {
  const { processes } = program;
  const own = processes.map(({ steps }, process) => steps.map((_step, step) => movesOf(process, step)));
  const makers = processes.map(({ steps }) => steps[0].after.at(0));
  return ({ begun, stopped }, ready) => {
    const left = (process: number): number => {
      const rest = own[process].slice(begun[process]).reduce((sum, moves) => sum + moves, 0);
      const children = makers.reduce((sum, maker, child) => {
        const isUnborn = maker?.process === process && begun[process] <= maker.step;
        return sum + (isUnborn ? left(child) : 0);
      }, 0);
      return rest + children + Number(stopped[process] !== null);
    };
    const weights = ready.map(left);
    let drawn = below(
      random,
      weights.reduce((sum, weight) => sum + weight, 0),
    );
    return ready[weights.findIndex((weight) => (drawn -= weight) < 0)];
  };
}
