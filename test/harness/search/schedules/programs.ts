/** Workloads whose schedules are searched. */
import { expect } from 'vitest';
import type { Pair } from '../../../../harness/search/pair.ts';
import { type Explored, explore } from '../../../../harness/search/schedules/explore.ts';
import { classOf } from '../../../../harness/search/schedules/outcome.ts';
import { type Program, programOf } from '../../../../harness/search/schedules/program.ts';
import { schedulerHere } from '../../../../harness/search/schedules/work.ts';
import { STOP_POINTS } from '../../../../harness/workload/ops.ts';
import { Random } from '../../../../harness/workload/random.ts';
import { parseWorkload } from '../../../../harness/workload/text/parse.ts';
import { pairOf } from '../pairs.ts';

export const never = (): boolean => false;
export const ALL = STOP_POINTS.map((_name, point) => point);
export const REFCNT_TESTED = [STOP_POINTS.indexOf('refcnt-tested')];

export const program = (text: string, points: readonly number[] = REFCNT_TESTED): Program =>
  programOf(parseWorkload(text, 'w'), points);

interface How {
  readonly merges?: boolean;
  readonly preemptions?: number;
  readonly budget?: number;
}

export const exploreAll = (
  pair: Pair,
  of: Program,
  { merges = true, preemptions = Infinity, budget = 100_000 }: How = {},
): Promise<Explored> =>
  explore(schedulerHere(pair, of, never), { preemptions, budget, merges, isStopped: never, progress: () => {} });

/** What all schedules come to, and how many come to each. */
export const countsOf = ({ classes }: Explored): Record<string, number> =>
  Object.fromEntries(classes.map(({ outcome, count }) => [classOf(outcome), count] as const).toSorted());

const NAMES = [...'abcdefgh'];

/** n processes that share an address space, in which the shared page is mapped, and exit. */
export function sharers(n: number): string {
  const others = NAMES.slice(1, n);
  const exits = ['a', ...others].map((name) => `${name}: exit\n`).join('');
  return `a: exec sh60\n${others.map((name) => `a: rfork mem -> ${name}\n`).join('')}a: clock\n${exits}`;
}

/** Three processes that share memory in one way or another, do something and exit. */
export function threeProcesses(seed: number): string {
  const random = new Random(seed);
  const pick = <T>(from: readonly T[]): T => from[random.word() % from.length]!;
  const make = ['rfork mem', 'rfork mem', 'fork', 'rfork thread', 'vfork'];
  const ops = [
    'clock',
    'touch-shared',
    'write 0x40000000 2p',
    'munmap 0x40000000 1p',
    'munmap shared 1p',
    'mprotect 0x40000000 2p r',
    'mmap anon 2p rw fixed 0x40000000',
    'madvise 0x40000000 2p free',
    'mlock 0x40000000 1p',
    'unshare',
    'exec bare',
    'execfail ENOMEM late',
    'handler SIGUSR1',
    'kill a SIGUSR1',
    'kill b SIGWINCH',
    'kill c SIGTERM',
  ];
  const b = pick(make);
  const maker = b === 'vfork' ? 'b' : pick(['a', 'b']);
  const lines = [
    `machine ram=16M cpus=${pick([1, 1, 2])} pti=${pick(['on', 'off'])}`,
    'a: exec bare',
    'a: mmap anon 2p rw fixed 0x40000000',
    `a: ${pick(['clock', 'write 0x40000000 2p'])}`,
    `a: ${b} -> b`,
    `${maker}: ${pick(make.slice(0, 3))} -> c`,
  ];
  const rest = (name: string, most: number): void => {
    const own = Array.from({ length: random.word() % (most + 1) }, () => `${name}: ${pick(ops)}`);
    const dies = own.findIndex((line) => line.endsWith('late'));
    lines.push(...(dies < 0 ? [...own, `${name}: exit`] : own.slice(0, dies + 1)));
  };
  rest('b', 1);
  rest('c', 0);
  rest('a', 1);
  return `${lines.join('\n')}\n`;
}

/** Three processes, one of them with two threads, that send each other signals, sleep in vfork and wait. */
export function signallers(seed: number): string {
  const random = new Random(seed);
  const pick = <T>(from: readonly T[]): T => from[random.word() % from.length]!;
  const ops = [
    'clock',
    'write 0x40000000 1p',
    'read 0x10',
    'munmap shared 1p',
    'handler SIGCHLD',
    'handler SIGWINCH',
    'kill a SIGUSR1',
    'kill a SIGWINCH',
    'kill a SIGTERM',
    'kill b SIGTERM',
    'kill c SIGUSR1',
    'exec bare',
    'execfail ENOENT late',
    'exit',
  ];
  const lines = ['machine ram=16M cpus=4', 'a: exec bare', 'a: mmap anon 2p rw fixed 0x40000000', 'a: handler SIGUSR1'];
  lines.push('a: clock', `a: ${pick(['fork', 'fork', 'rfork mem'])} -> c`);
  lines.push(`a: ${pick(['vfork', 'vfork', 'fork', 'rfork mem', 'rfork thread'])} -> b`);
  const gone = new Set<string>();
  for (let left = 3 + (random.word() % 3); left > 0; left--) {
    const who = pick(['a', 'a/2@2', 'b', 'c@1']);
    if (gone.has(who[0]!)) continue;
    const op = pick(ops);
    if (op === 'exit' || op.endsWith('late')) gone.add(who[0]!);
    lines.push(`${who}: ${op}`);
  }
  for (const child of ['b', 'c'])
    if (gone.has(child) && !gone.has('a') && pick([0, 1]) === 0) lines.push(`a: wait ${child}`);
  return `${lines.join('\n')}\n`;
}

/** Moves that a program takes, if its calls stop wherever they can. */
const movesIn = ({ processes }: Program): number =>
  processes.reduce((sum, { steps }) => sum + steps.reduce((own, { points }) => own + 1 + points.length, 0), 0);

/**
 * Explores workloads of at most so many moves with and without the merging of states: the same schedules come to the same
 * classes. Returns how many workloads have more than one class.
 */
export async function sameWithout(workloads: number, moves: number): Promise<number> {
  const pair = pairOf('double-count-fix', 'landed');
  let several = 0;
  for (let seed = 1, compared = 0; compared < workloads; seed++) {
    const points = [ALL, ...ALL.map((point) => [point])][seed % (ALL.length + 1)]!;
    const of = program(threeProcesses(seed), points);
    if (of.processes.length < 3 || movesIn(of) > moves) continue;
    compared++;
    const explored = await exploreAll(pair, of);
    if (explored.classes.length > 1) several++;
    expect([seed, countsOf(await exploreAll(pair, of, { merges: false }))]).toEqual([seed, countsOf(explored)]);
  }
  return several;
}
