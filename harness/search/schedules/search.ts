/**
 * A search of the schedules of a workload for what they come to in two columns: all of them where that is possible, and
 * otherwise a sample, with what it promises. The same seed finds the same.
 */
import type { Workload } from '../../workload/ops.ts';
import { type Reached, explore } from './explore.ts';
import { type Outcome, classOf } from './outcome.ts';
import { type Played, Player } from './play.ts';
import type { Program } from './program.ts';
import { type Effort, type Move, effortOf, isEasier, scheduleOf } from './schedule.ts';
import { type Choose, missOf } from './strategies.ts';
import { type Scheduler, chunksOf } from './work.ts';

export interface SearchOptions {
  /** yield points, as indexes into STOP_POINTS */
  readonly points: readonly number[];
  /** most switches away from a process that can run on; Infinity: no limit */
  readonly preemptions: number;
  /** most runs of both columns to run all schedules, and most to draw some if these do not do */
  readonly budget: number;
  readonly seed: number;
  readonly isStopped: () => boolean;
  readonly progress: (runs: number) => void;
}

/**
 * Schedules drawn in one way. miss: probability that what takes `depth` ordered moves is not among them; null: unknown,
 * as within a limit of preemptions.
 */
export interface Sampled {
  readonly strategy: 'pct' | 'uniform';
  readonly depth: number | null;
  readonly schedules: number;
  readonly miss: number | null;
}

export interface FoundClass {
  readonly outcome: Outcome;
  /** schedules: of all, or of those drawn uniformly */
  readonly count: number;
  readonly share: number;
  readonly effort: Effort;
  /** an easiest schedule */
  readonly workload: Workload;
}

export interface Searched {
  readonly program: Program;
  readonly seed: number;
  readonly preemptions: number;
  readonly points: readonly number[];
  /** all schedules were run, or the one that stands for each */
  readonly isComplete: boolean;
  /** complete: schedules that there are within the limit of preemptions. Otherwise about as many as there are without. */
  readonly schedules: number;
  readonly runs: number;
  readonly states: number;
  /** moves at which two processes or more could run, at most */
  readonly decisions: number;
  readonly sampled: readonly Sampled[];
  /** the most frequent first */
  readonly classes: readonly FoundClass[];
  /** yield points that no schedule reached, and stops of the workload that did nothing in any, by op */
  readonly missedPoints: readonly number[];
  readonly missedStops: readonly number[];
}

const DEPTHS = [1, 2, 3];
/** Schedules drawn at a time, and in one piece of work, for any number of threads: what is learned comes in between. */
const ROUND = 256;
const DRAWS = 16;

/** As the workload has them. */
const asWritten =
  (program: Program): Choose =>
  ({ begun, stopped }, ready) =>
    ready.reduce((best, process) => {
      const at = (one: number): number => {
        const { steps } = program.processes[one];
        return steps[begun[one] - Number(stopped[one] !== null)].at;
      };
      return at(process) < at(best) ? process : best;
    });

export async function searchSchedules(scheduler: Scheduler, options: SearchOptions): Promise<Searched> {
  const { pair, program } = scheduler;
  const { points, budget } = options;
  const player = new Player(pair, program);
  const first = await player.play(() => asWritten(program));
  const classes = new Classes(program);
  const reached = { points: new Set<number>(), ops: new Set<number>() };
  const note = ({ moves, held }: Pick<Played, 'moves' | 'held'>): void => {
    for (const move of moves) for (const point of move.points) reached.points.add(point);
    for (const op of held) reached.ops.add(op);
  };
  note(first);
  const movesBy = countMoves(first.moves);
  const hasHope = options.preemptions < Infinity || leastStates(program, movesBy) <= budget;
  const explored = hasHope ? await explore(scheduler, options) : null;
  if (explored !== null) {
    for (const one of explored.classes) classes.add(one.outcome, one.moves, one.count);
    addAll(reached, explored.reached);
  }
  const isComplete = explored !== null && explored.isComplete;
  if (!isComplete && effortOf(program, first.moves).preemptions <= options.preemptions)
    classes.add(first.outcome, first.moves, 0);
  const sample = isComplete
    ? { sampled: [], decisions: first.decisions, runs: 0 }
    : await draw(scheduler, movesBy, first, options, (played, counts) => {
        classes.add(played.outcome, played.moves, Number(counts));
        note(played);
      });
  const { found, runs: easing } = await classes.finish(scheduler);
  const stops = program.processes.flatMap(({ steps }) =>
    steps.flatMap(({ stops: own, at }) => (own.length > 0 ? [at] : [])),
  );
  return {
    program,
    seed: options.seed,
    preemptions: options.preemptions,
    points,
    isComplete,
    schedules: isComplete
      ? found.reduce((sum, { count }) => sum + count, 0)
      : Math.round(Math.exp(logSchedules(program, movesBy))),
    states: explored?.states ?? 0,
    ...sample,
    runs: player.runs + (explored?.runs ?? 0) + sample.runs + easing,
    classes: found,
    missedPoints: points.filter((point) => !reached.points.has(point)),
    missedStops: stops.filter((op) => !reached.ops.has(op)),
  };
}

function addAll(to: { points: Set<number>; ops: Set<number> }, from: Reached): void {
  for (const point of from.points) to.points.add(point);
  for (const op of from.ops) to.ops.add(op);
}

/**
 * Draws a quarter of the budget uniformly, and a quarter by PCT for each depth. What PCT promises needs the most decisions
 * that there are in a schedule: those drawn while fewer were known are not counted on.
 */
async function draw(
  { program, draw: drawn }: Scheduler,
  movesBy: Moves,
  first: Played,
  { preemptions, budget, seed, isStopped, progress }: SearchOptions,
  take: (played: Played, counts: boolean) => void,
): Promise<Pick<Searched, 'sampled' | 'decisions' | 'runs'>> {
  const { processes } = program;
  const movesOf = processes.map(({ steps }, process) =>
    steps.map((_step, step) => movesBy.get(keyOf(process, step)) ?? 1),
  );
  const each = Math.max(1, Math.floor(budget / (DEPTHS.length + 1)));
  let decisions = Math.max(1, first.decisions);
  let runs = 0;
  const run = async (depth: number | null) => {
    const start = (seed * (DEPTHS.length + 1) + (depth ?? 0)) * 2 ** 20;
    const known: number[] = [];
    while (known.length < each && !isStopped()) {
      const longest = decisions;
      const round = Array.from({ length: Math.min(ROUND, each - known.length) }, (_one, i) => start + known.length + i);
      const inputs = chunksOf(round, DRAWS).map((seeds) => ({
        depth,
        decisions: longest,
        preemptions,
        movesOf,
        seeds,
      }));
      for (const result of await drawn(inputs)) {
        runs += result.runs;
        for (const played of result.played) {
          known.push(longest);
          decisions = Math.max(decisions, played.decisions);
          take(played, depth === null);
        }
      }
      progress(runs);
    }
    return { depth, known };
  };
  const uniformly = await run(null);
  const withDepths: (typeof uniformly)[] = [];
  for (const depth of DEPTHS) withDepths.push(await run(depth));
  const sampled = [...withDepths, uniformly].map(({ depth, known }): Sampled => ({
    strategy: depth === null ? 'uniform' : 'pct',
    depth,
    schedules: known.length,
    miss:
      depth === null || preemptions < Infinity
        ? null
        : missOf(processes.length, decisions, depth, known.filter((longest) => longest === decisions).length),
  }));
  return { sampled, decisions, runs };
}

/** By process and step: moves that it took. */
type Moves = ReadonlyMap<string, number>;
const keyOf = (process: number, step: number): string => `${process} ${step}`;

function countMoves(moves: readonly Move[]): Moves {
  const counts = new Map<string, number>();
  const at = new Map<number, number>();
  for (const { process, points } of moves) {
    const step = at.get(process) ?? 0;
    const key = keyOf(process, step);
    counts.set(key, (counts.get(key) ?? 0) + 1);
    if (points.length === 0) at.set(process, step + 1);
  }
  return counts;
}

const movesOf = ({ processes }: Program, movesBy: Moves, process: number): number =>
  processes[process].steps.reduce((sum, _step, step) => sum + (movesBy.get(keyOf(process, step)) ?? 1), 0);

/** Positions that processes can be in together: there are at least about as many states. */
const leastStates = (program: Program, movesBy: Moves): number =>
  program.processes.reduce((product, _one, process) => product * (movesOf(program, movesBy, process) + 1), 1);

/**
 * Logarithm of the number of interleavings: all orders of the moves, divided by the moves that each of them precedes. It
 * leaves out who waits for whom, but for the making of processes.
 */
function logSchedules(program: Program, movesBy: Moves): number {
  const makers = program.processes.map(({ steps }) => steps[0].after.at(0));
  const sizes: number[] = [];
  const sizeFrom = (process: number, step: number): number => {
    const { steps } = program.processes[process];
    if (step >= steps.length) return 0;
    const rest = sizeFrom(process, step + 1);
    const children = makers.reduce(
      (sum, maker, child) => sum + (maker?.process === process && maker.step === step ? sizeFrom(child, 0) : 0),
      0,
    );
    const own = movesBy.get(keyOf(process, step)) ?? 1;
    for (let i = 1; i <= own; i++) sizes.push(rest + children + i);
    return rest + children + own;
  };
  let all = 0;
  makers.forEach((maker, process) => {
    if (maker === undefined) all += sizeFrom(process, 0);
  });
  let log = 0;
  for (let i = 2; i <= all; i++) log += Math.log(i);
  return sizes.reduce((sum, size) => sum - Math.log(size), log);
}

/** Classes of schedules, with an easiest one of each. */
class Classes {
  readonly #program: Program;
  readonly #found = new Map<string, { outcome: Outcome; count: number; moves: readonly Move[]; effort: Effort }>();

  constructor(program: Program) {
    this.#program = program;
  }

  add(outcome: Outcome, moves: readonly Move[], count: number): void {
    const name = classOf(outcome);
    const effort = effortOf(this.#program, moves);
    const found = this.#found.get(name);
    if (found === undefined) this.#found.set(name, { outcome, count, moves, effort });
    else {
      found.count += count;
      if (isEasier(effort, found.effort)) Object.assign(found, { moves, effort });
    }
  }

  /** Where it is stopped, schedules stay as they were found. */
  async finish({ ease }: Scheduler): Promise<{ readonly found: FoundClass[]; readonly runs: number }> {
    const all = [...this.#found.values()];
    const total = all.reduce((sum, { count }) => sum + count, 0);
    const easier = await ease(all);
    const found = all.map(({ outcome, count, moves }, i): FoundClass => {
      const easiest = easier.at(i)?.moves ?? moves;
      const { workload } = scheduleOf(this.#program, easiest);
      const effort = effortOf(this.#program, easiest);
      return { outcome, count, share: total === 0 ? 0 : count / total, effort, workload };
    });
    return {
      found: found.toSorted((a, b) => b.count - a.count || (isEasier(a.effort, b.effort) ? -1 : 1)),
      runs: easier.reduce((sum, { runs }) => sum + runs, 0),
    };
  }
}
