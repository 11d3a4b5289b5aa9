/**
 * The composition root of a child process: one variant, loaded from a file, run on one machine that is used again.
 *
 * It answers the requests of run/process.ts. Nothing that the variant does here reaches the other columns.
 */
import { type Machine, type Variant } from '../core/index.ts';
import * as face from '../variants/index.ts';
import type { BenchChild } from './bench/child-tasks.ts';
import type { FromBench, ToBench } from './bench/protocol.ts';
import { checkers } from './check/checker.ts';
import { factsOf } from './run/facts.ts';
import { LoadError, describeError, loadVariant } from './run/load.ts';
import type { FromChild, ToChild } from './run/protocol.ts';
import { RunLimit, Session } from './run/session.ts';
import { withoutClock } from './run/traps.ts';

const say = (message: FromChild | FromBench): void => {
  process.send?.(message);
};

/** Every op at first, so that an endless loop in a short workload can be placed; then one in 4,096, with a look at memory. */
const announce = (op: number): void => {
  if (op >= 64 && op % 4096 !== 0) return;
  say({ kind: 'at', op });
  if (process.memoryUsage.rss() > residentLimit)
    throw new RunLimit(`used more than ${residentLimit / 2 ** 20} MiB of memory`);
};

/** Bytes; given by the parent. */
const residentLimit = Number(process.argv[2]);

let file = '';
let variant: Variant | null = null;
let machine: Machine | null = null;
const checker = checkers();

async function load(path: string, alike?: readonly string[]): Promise<FromChild> {
  try {
    file = path;
    variant = await loadVariant(path, face, alike);
    const all = [...face.series, ...face.experiments, variant];
    return { kind: 'loaded', facts: factsOf(all, face).at(-1)! };
  } catch (error) {
    return { kind: 'refused', message: error instanceof LoadError ? error.message : describeError(error, path) };
  }
}

/** The run that goes on. */
let session: Session | null = null;

function takeHere({ begin, piece }: Extract<ToChild, { kind: 'take' }>): FromChild {
  return withoutClock((): FromChild => {
    if (begin !== null) {
      const watch = { announce, describe: (error: unknown) => describeError(error, file), checker };
      session = new Session(machine, { ...begin, variant: variant!, watch }, piece);
    }
    const running = session!;
    const part = running.take(piece);
    if (!running.isOver) return { kind: 'part', part, end: null };
    ({ machine } = running);
    session = null;
    return { kind: 'part', part, end: running.end() };
  });
}

/** The one task that this process measures, if it does. */
let bench: BenchChild | null = null;

async function benchHere(request: ToBench): Promise<FromBench> {
  const { BenchChild } = await import('./bench/child-tasks.ts');
  bench ??= new BenchChild(variant!);
  return bench.answer(request);
}

process.on('message', (request: ToChild | ToBench) => {
  if (request.kind === 'load') void load(request.file, request.alike).then(say);
  else if (request.kind === 'take') say(takeHere(request));
  else void benchHere(request).then(say);
});
// Ctrl-C is for the parent, which then ends this process if it wants to.
process.on('SIGINT', () => {});
// The parent went away: nobody waits for an answer.
process.on('disconnect', () => process.exit());
