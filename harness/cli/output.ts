/**
 * Where output goes: results to stdout, everything else to stderr.
 */
import { writeSync } from 'node:fs';
import type { WriteStream } from 'node:tty';

const STDERR = 2;

/** Colour precedence: NO_COLOR (not empty), FORCE_COLOR (0 = off), then whether a terminal that can do it listens. */
export function wantsColor(stream: Pick<WriteStream, 'isTTY'>, env: NodeJS.ProcessEnv): boolean {
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== '') return false;
  if (env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== '') return env.FORCE_COLOR !== '0';
  return stream.isTTY === true && env.TERM !== 'dumb';
}

/**
 * A reader that went away (`| head`) ends the program quietly; output that cannot be written, as on a full disk, ends it
 * with that code and the reason on stderr.
 */
export function endWhenOutputFails(exitCode: number): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit();
    writeSync(STDERR, `pmapdiff: standard output: expected to be written, got ${error.message}\n`);
    process.exit(exitCode);
  });
}
