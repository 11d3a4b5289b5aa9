/**
 * What a process that runs a stranger's code keeps of Node: only these functions lead outside. They are taken before
 * close() makes Node unreachable, which comes before that code loads.
 */
import { writeSync } from 'node:fs';
import { formatWithOptions } from 'node:util';
import { type Realm, closeRealm } from './realm.ts';

const host = process;
const STDOUT = 1;

/** Sends a message to the parent. */
export const send = (message: unknown): void => void host.send?.(message);

export const residentBytes = (): number => host.memoryUsage.rss();

const { performance } = globalThis;
/** ms since some moment; for the measurements of the harness. */
export const now = (): number => performance.now();

/** argument `index` of the program, from 0 */
export const argument = (index: number): string => host.argv[2 + index];

/** `listener` is called with each message of the parent. */
export const receive = <Message>(listener: (message: Message) => void): void =>
  void host.on('message', listener as (message: unknown) => void);

export const onUncaught = (listener: (error: unknown) => void): void => void host.on('uncaughtException', listener);

// Ctrl-C is for the parent, which then ends this process if it wants to.
host.on('SIGINT', () => {});
// The parent went away: nobody waits for an answer.
host.on('disconnect', () => host.exit());

let isMuted = false;

/** What the stranger's code prints meanwhile is dropped: it has been printed before. */
export function muted<T>(body: () => T): T {
  isMuted = true;
  try {
    return body();
  } finally {
    isMuted = false;
  }
}

/** Call it once, when everything but the stranger's code has loaded. */
export const close = (): Realm =>
  closeRealm((values) => {
    if (!isMuted) writeSync(STDOUT, `${formatWithOptions({ customInspect: false }, ...values)}\n`);
  });
