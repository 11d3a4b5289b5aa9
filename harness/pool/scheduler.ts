/** A search of schedules that has its work done in a pool. */
import type { Pair } from '../search/pair.ts';
import type { Program } from '../search/schedules/program.ts';
import { type Scheduler, chunksOf, schedulerHere } from '../search/schedules/work.ts';
import type { Pool } from './pool.ts';
import type { ProgramSpec } from './scheduling.ts';

/** Runs of a job: tens of milliseconds, a hundred times what it takes to hand it over. */
const CHUNK = 8;

/** What is one job is done here: a small search starts no thread. */
export function schedulerIn(
  pool: Pool,
  { pair, program, spec, signal }: { pair: Pair; program: Program; spec: ProgramSpec; signal: AbortSignal },
): Scheduler {
  const here = schedulerHere(pair, program, () => signal.aborted);
  const ofMoves = <Moves>(all: readonly Moves[]) => chunksOf(all, CHUNK).map((some) => ({ ...spec, all: some }));
  const ofInputs = <Input>(inputs: readonly Input[]) => inputs.map((input) => ({ ...spec, input }));
  return {
    pair,
    program,
    follow: async (beginnings) => {
      if (beginnings.length <= CHUNK) return here.follow(beginnings);
      return (await pool.run('follow', ofMoves(beginnings), { signal })).flat();
    },
    end: async (schedules) => {
      if (schedules.length <= CHUNK) return here.end(schedules);
      return (await pool.run('finish', ofMoves(schedules), { signal })).flat();
    },
    draw: (inputs) => (inputs.length === 1 ? here.draw(inputs) : pool.run('draw', ofInputs(inputs), { signal })),
    ease: (inputs) => (inputs.length === 1 ? here.ease(inputs) : pool.run('ease', ofInputs(inputs), { signal })),
  };
}
