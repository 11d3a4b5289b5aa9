/**
 * The composition root of a process that runs one variant: bundled with that variant into one text, which is all that the
 * process reads. It answers the requests of columns/process.ts. Nothing that the variant does here reaches the other columns.
 */
import type { Machine, Variant } from '../core/index.ts';
import { experiments, series } from '../variants/index.ts';
import { checkers } from './check/checker.ts';
import { LoadError, describeError, exportedVariant, introduce } from './run/load.ts';
import type { FromChild, ToChild } from './run/protocol.ts';
import type { Entered } from './run/record.ts';
import { RunLimit, Session } from './run/session.ts';
import { withoutClock } from './run/traps.ts';

const say = (message: FromChild): void => {
  process.send?.(message);
};

/** Bytes, and the name of the variant's file; given by the parent. */
const residentLimit = Number(process.argv[2]);
const file = process.argv[3];

/** Every op at first, so that an endless loop in a short workload can be placed; then one in 4,096, with a look at memory. */
const announce = (op: number): void => {
  if (op >= 64 && op % 4096 !== 0) return;
  say({ kind: 'at', op });
  if (process.memoryUsage.rss() > residentLimit)
    throw new RunLimit(`used more than ${residentLimit / 2 ** 20} MiB of memory`);
};

/** The functions that a patch changes, by number, and how often each was entered. */
export interface Entries {
  readonly names: readonly string[];
  readonly counts: Float64Array;
}

let entries: Entries | null = null;
/** by number: entered while this file or a machine was made ready */
const atBoot = new Set<number>();

/** Counts begin again: what was entered so far came before the first op. */
function boot(): void {
  entries?.counts.forEach((count, number) => count > 0 && atBoot.add(number));
  entries?.counts.fill(0);
}

const entered = ({ names, counts }: Entries): Entered => ({
  calls: Object.fromEntries(names.map((name, number) => [name, counts[number]])),
  atBoot: names.filter((_name, number) => atBoot.has(number)),
});

let variant: Variant | null = null;
let machine: Machine | null = null;
const checker = checkers();

/** The run that goes on. */
let session: Session | null = null;

function takeHere({ begin, piece }: Extract<ToChild, { kind: 'take' }>): FromChild {
  return withoutClock((): FromChild => {
    if (begin !== null) {
      const watch = { announce, describe: (error: unknown) => describeError(error, file), checker };
      entries?.counts.fill(0);
      session = new Session(machine, { ...begin, variant: variant!, watch }, piece);
      boot();
    }
    const running = session!;
    const part = running.take(piece);
    if (!running.isOver) return { kind: 'part', part, end: null };
    ({ machine } = running);
    session = null;
    const end = running.end();
    return { kind: 'part', part, end: entries === null ? end : { ...end, entered: entered(entries) } };
  });
}

const refuse = (error: unknown): void => {
  say({ kind: 'refused', message: error instanceof LoadError ? error.message : describeError(error, file) });
};

// The variant's own code runs next: what it throws while it is loaded ends up here.
process.on('uncaughtException', refuse);
// Ctrl-C is for the parent, which then ends this process if it wants to.
process.on('SIGINT', () => {});
// The parent went away: nobody waits for an answer.
process.on('disconnect', () => process.exit());

/** exported: what the variant's file exports. counted: absent if no patch changes anything. */
export function serve(exported: Readonly<Record<string, unknown>>, counted: Entries | null = null): void {
  entries = counted;
  boot();
  process.off('uncaughtException', refuse);
  try {
    variant = exportedVariant(exported, file);
  } catch (error) {
    refuse(error);
    return;
  }
  say({ kind: 'loaded', variant: introduce(variant, [...series, ...experiments]) });
  process.on('message', (request: ToChild) => say(takeHere(request)));
}
