/** Schedules of the same class that are easier to follow: fewer preemptions, then fewer stops. */
import { classOf } from './outcome.ts';
import type { Player } from './play.ts';
import type { Program } from './program.ts';
import { type Move, after, effortOf, firstOf, isEasier, isReady, startOf } from './schedule.ts';

/** Schedules that are tried for a class at most. */
const MOST_TRIED = 300;

/** The rest of a call directly behind its stop: it does not stop. */
function withoutStops(moves: readonly Move[]): Move[][] {
  return moves.flatMap((move, i) => {
    const next = moves[i + 1];
    if (move.points.length === 0 || next === undefined || next.process !== move.process || next.isVoid) return [];
    return [[...moves.slice(0, i), next, ...moves.slice(i + 2)]];
  });
}

/** A process that was preempted runs on, for one move or all that it has left. */
function withoutSwitches(program: Program, moves: readonly Move[]): Move[][] {
  return moves.flatMap(({ process }, i) => {
    const last = i === 0 ? firstOf(program) : moves[i - 1].process;
    if (last === process) return [];
    const later = moves.slice(i);
    const own = later.filter((move) => move.process === last);
    return [...new Set([own.length, 1])].flatMap((count) => {
      const pulled = own.slice(0, count);
      if (pulled.length === 0) return [];
      return [[...moves.slice(0, i), ...pulled, ...later.filter((move) => !pulled.includes(move))]];
    });
  });
}

/** Does each move begin where its process can run? */
function isOrder(program: Program, moves: readonly Move[]): boolean {
  let position = startOf(program);
  return moves.every((move) => {
    const ready = isReady(program, position, move.process);
    if (ready) position = after(position, move);
    return ready;
  });
}

export async function eased(
  player: Player,
  program: Program,
  from: readonly Move[],
  name: string,
): Promise<readonly Move[]> {
  let moves = from;
  let tried = 0;
  for (;;) {
    const effort = effortOf(program, moves);
    let easier: readonly Move[] | undefined;
    for (const candidate of [...withoutSwitches(program, moves), ...withoutStops(moves)]) {
      if (tried === MOST_TRIED) return moves;
      if (!isOrder(program, candidate) || !isEasier(effortOf(program, candidate), effort)) continue;
      tried++;
      const outcome = await player.replay(candidate);
      if (outcome === null || classOf(outcome) !== name) continue;
      easier = candidate;
      break;
    }
    if (easier === undefined) return moves;
    moves = easier;
  }
}
