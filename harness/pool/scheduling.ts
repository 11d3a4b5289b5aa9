/** Jobs of a search of the schedules of a workload, in two columns. */
import type { Pair } from '../search/pair.ts';
import type { Outcome } from '../search/schedules/outcome.ts';
import { type Program, programOf } from '../search/schedules/program.ts';
import type { Move } from '../search/schedules/schedule.ts';
import {
  type DrawInput,
  type Drawn,
  type EaseInput,
  type Eased,
  type Tried,
  draw as drawn,
  ease as eased,
  end,
  follow as followed,
} from '../search/schedules/work.ts';
import { parseWorkload } from '../workload/text/parse.ts';
import { type PairSpec, withPair } from './hunting.ts';

/** The two columns, and the workload with where its calls stop. */
export interface ProgramSpec extends PairSpec {
  readonly name: string;
  readonly text: string;
  /** yield points, as indexes into STOP_POINTS */
  readonly points: readonly number[];
}

export interface MovesJob extends ProgramSpec {
  readonly all: readonly (readonly Move[])[];
}

export interface DrawJob extends ProgramSpec {
  readonly input: DrawInput;
}

export interface EaseJob extends ProgramSpec {
  readonly input: EaseInput;
}

const withProgram = <T>(job: ProgramSpec, body: (pair: Pair, program: Program) => Promise<T>): Promise<T> =>
  withPair(job, (pair) => body(pair, programOf(parseWorkload(job.text, job.name, job.name), job.points)));

async function each<Result>(job: MovesJob, work: (moves: readonly Move[]) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  for (const moves of job.all) results.push(await work(moves));
  return results;
}

export const follow = (job: MovesJob): Promise<Tried[]> =>
  withProgram(job, (pair, program) => each(job, (moves) => followed(pair, program, moves)));

export const finish = (job: MovesJob): Promise<Outcome[]> =>
  withProgram(job, (pair, program) => each(job, (moves) => end(pair, program, moves)));

export const draw = (job: DrawJob): Promise<Drawn> =>
  withProgram(job, (pair, program) => drawn(pair, program, job.input));

export const ease = (job: EaseJob): Promise<Eased> =>
  withProgram(job, (pair, program) => eased(pair, program, job.input));
