/**
 * A check of the model of contention from outside: threads with real locks on the cores of this machine do what the model
 * describes. The parts of a life are measured alone, in one thread; from them the model predicts how many lives threads
 * get through together, and that is measured too.
 */
import { availableParallelism } from 'node:os';
import { valuesOf } from '../cost/constants.ts';
import { type Station, solve } from '../cost/mva.ts';
import { NativeProgram } from './native.ts';
import { type Range, rangeOf } from './statistics.ts';

/** What a life counts: pages copied, and as many removed; holds in which they are copied; full calls of each variant. */
export interface LifeCounts {
  readonly pages: number;
  readonly holds: number;
  readonly calls: readonly [a: number, b: number];
}

/** ns, in one thread: own work; all holds; a full call; an update of a cache line, and what it costs more from a CPU to another. */
export interface Parts {
  readonly own: number;
  readonly holds: number;
  readonly call: number;
  readonly line: number;
  readonly transfer: number;
}

export interface ContentionRow {
  readonly threads: number;
  readonly frames: number;
  /** lives of `b` a second, of those of `a` */
  readonly ratio: { readonly measured: Range; readonly foretold: number };
  /** lives of `a` a second, of those of one thread */
  readonly speedup: { readonly measured: Range; readonly foretold: number };
}

export interface ContentionCheck {
  readonly compiler: string;
  readonly variants: readonly [a: string, b: string];
  readonly counts: LifeCounts;
  readonly parts: Parts;
  readonly rows: readonly ContentionRow[];
}

export interface ContentionOptions {
  readonly variants: readonly [a: string, b: string];
  readonly counts: LifeCounts;
  readonly rounds: number;
  readonly milliseconds: number;
  readonly progress: (text: string) => void;
}

/** Own work of a life, in ns: the typical price of a process life. */
const OWN_NS = Math.round(valuesOf('processLife', 'default')[1] / valuesOf('clock', 'default')[1]);
const MOST_THREADS = 64;
const FRAMES = [1, 4];
/** Lines that contend.c updates per page, and of the list of delayed invalidations per call. */
const LINES_PER_PAGE = 2;
const UPDATES_PER_CALL = 2;
/** Calls from which the price of one is taken. */
const CALLS = 100;

/** Lives per ns of so many threads. */
export function foretell(
  { own, holds, call, line, transfer }: Parts,
  pages: number,
  calls: number,
  threads: number,
  frames: number,
): number {
  const stations = (n: number): Station[] => {
    const moved = transfer * (1 - 1 / n);
    return [
      { demand: (holds + 2 * pages * LINES_PER_PAGE * moved) / frames, alike: frames },
      { demand: calls * UPDATES_PER_CALL * (line + moved), alike: 1 },
    ];
  };
  const think = stations(1).reduce((rest, { demand, alike }) => rest - demand * alike, own + holds + calls * call);
  return solve(think, stations(threads), threads).throughput;
}

/** ns of a round: of the parts, and of a life by threads, frames and variant. */
interface Round {
  readonly parts: Parts;
  readonly lives: readonly (readonly [a: number, b: number])[];
}

/** Throws NativeMissing; Error if the machine is too noisy to measure the parts. */
export async function checkContention(options: ContentionOptions): Promise<ContentionCheck> {
  const { variants, counts, rounds, milliseconds, progress } = options;
  const program = await NativeProgram.compile('contend');
  try {
    const cores = Math.min(availableParallelism(), MOST_THREADS);
    const cases = [...new Set([1, 2, cores])]
      .filter((threads) => threads <= cores)
      .flatMap((threads) => FRAMES.map((frames) => ({ threads, frames })));
    const { pages, holds, calls } = counts;
    const life = (threads: number, frames: number, some: number, full: number): Promise<number> =>
      program.contend(['lives', threads, milliseconds, frames, OWN_NS, holds, some, full]);
    const line = (threads: number): Promise<number> => program.contend(['line', threads, milliseconds]);
    const partsOf = async (): Promise<Parts> => {
      const [own, withPages, withCalls] = [
        await life(1, 1, 0, 0),
        await life(1, 1, pages, 0),
        await life(1, 1, 0, CALLS),
      ];
      const [alone, inTurn] = [await line(1), cores > 1 ? 2 * (await line(2)) : 0];
      const transfer = Math.max(0, inTurn - alone);
      return { own, holds: withPages - own, call: (withCalls - own) / CALLS, line: alone, transfer };
    };
    const taken: Round[] = [];
    for (let round = 0; round < rounds; round++) {
      progress(`round ${round + 1} of ${rounds}`);
      const parts = await partsOf();
      const lives: [number, number][] = [];
      for (const { threads, frames } of cases)
        lives.push([await life(threads, frames, pages, calls[0]), await life(threads, frames, pages, calls[1])]);
      taken.push({ parts, lives });
    }
    const parts = mediansOf(taken.map((round) => round.parts));
    const odd = (['own', 'holds', 'call', 'line'] as const).find((name) => parts[name] <= 0);
    if (odd !== undefined)
      throw new Error(`bench --contention: expected parts above 0 ns, got ${odd} ${Math.round(parts[odd])}: too noisy`);
    return {
      compiler: program.compiler,
      variants,
      counts,
      parts,
      rows: cases.map((one, at) => rowOf(one, at, taken, parts, counts, cases)),
    };
  } finally {
    program.close();
  }
}

function mediansOf(all: readonly Parts[]): Parts {
  const of = (name: keyof Parts): number => rangeOf(all.map((parts) => parts[name])).median;
  return { own: of('own'), holds: of('holds'), call: of('call'), line: of('line'), transfer: of('transfer') };
}

function rowOf(
  { threads, frames }: { readonly threads: number; readonly frames: number },
  at: number,
  taken: readonly Round[],
  parts: Parts,
  { pages, calls }: LifeCounts,
  cases: readonly { readonly threads: number; readonly frames: number }[],
): ContentionRow {
  const alone = cases.findIndex((other) => other.threads === 1 && other.frames === frames);
  const speed = (variant: 0 | 1, n: number): number => foretell(parts, pages, calls[variant], n, frames);
  return {
    threads,
    frames,
    ratio: {
      measured: rangeOf(taken.map(({ lives }) => lives[at][0] / lives[at][1])),
      foretold: speed(1, threads) / speed(0, threads),
    },
    speedup: {
      measured: rangeOf(taken.map(({ lives }) => lives[alone][0] / lives[at][0])),
      foretold: speed(0, threads) / speed(0, 1),
    },
  };
}
