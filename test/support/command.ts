/** The compiled command, run the way a user runs it. */
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { builtFile } from './built.ts';

/** Neither requests nor forbids colour. */
const { NO_COLOR: _no, FORCE_COLOR: _force, ...environment } = process.env;
export const plainEnv: NodeJS.ProcessEnv = environment;

let built: string | undefined;

/** Path of the program; the first call may build it. */
export const cliFile = (): string => (built ??= builtFile('harness/cli.js'));

export const pmapdiff = (...args: string[]): SpawnSyncReturns<string> =>
  spawnSync(process.execPath, [cliFile(), ...args], { encoding: 'utf8', env: plainEnv, maxBuffer: 2 ** 26 });
