import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../../../harness/workload/random.ts';
import { cliFile, plainEnv } from '../../support/command.ts';
import { root } from '../../support/layers.ts';
import { VariantFiles } from '../../support/variant-files.ts';

const TIMES = Number(process.env.PMAPDIFF_SIGNALS ?? 50);
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGKILL'] as const;
/** ms after the start, at most: from Node's own start to the middle of a run */
const LATEST = 4000;

const files = new VariantFiles();
beforeAll(() => void cliFile());
afterAll(() => files.dispose());

/** A name that no other process has in its arguments. */
const id = `endless-${process.pid}`;
const endless = files.variant(id, 'exitBeforeVmspaceExit() { for (;;); }');
const endlessLoad = files.write(`load-${process.pid}.ts`, 'for (;;);');
const own = [`${id}.ts`, `load-${process.pid}.ts`, files.folder];
const temporary = join(files.folder, 'tmp');
mkdirSync(temporary);
const recording = join(root, 'test/fixtures/import/pipes.strace.txt.gz');

const w = ['-w', 'exit-touched'];
const COMMANDS: readonly (readonly string[])[] = [
  ['compare', '--variants', 'landed', '--variant', endless, ...w],
  ['compare', '--variants', 'landed', '--variant', endlessLoad, ...w],
  ['replay', 'exit-touched', '--variant', endless],
  ['explain', 'landed', endless, ...w],
  ['trace', 'landed', endless, ...w],
  ['probe', 'pmap_remove:entry', '--variant', endless, ...w],
  ['cost', w[1]!, '--variants', 'landed', '--variant', endless],
  ['shares', '--variant', endless],
  ['findings', '--variant', endless],
  ['review', endless],
  ['bench', '--variants', 'landed', '--rounds', '2'],
  ['bench', '--variants', 'landed', '--variant', endless, '--no-native', '-t', 'exit-cycle'],
  ['conform', 'vm', join(root, 'test/fixtures/vectors/vm')],
  ['import', 'strace', recording, '-o', join(temporary, 'made.jsonl')],
];

/** Arguments of the living processes that this test is the cause of. */
const left = (): string[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && name !== String(process.pid))
    .flatMap((pid) => {
      try {
        const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return own.some((name) => args.includes(name)) ? [args.slice(-200)] : [];
      } catch {
        return [];
      }
    });

describe.runIf(process.platform === 'linux')('a command that gets a signal', () => {
  const random = new Random(25);
  const cases = Array.from({ length: TIMES }, (_, i) => ({
    command: COMMANDS[i % COMMANDS.length]!,
    signal: SIGNALS[random.word() % SIGNALS.length]!,
    after: random.word() % LATEST,
  }));

  it.each(cases)('$signal after $after ms: $command', async ({ command, signal, after }) => {
    const env = { ...plainEnv, TMPDIR: temporary };
    const child = spawn(process.execPath, [cliFile(), ...command], { env, stdio: 'ignore' });
    const ended = new Promise((resolve) => child.once('exit', (code, by) => resolve(by ?? code)));
    await wait(after);
    const isSent = child.kill(signal);
    const end = await ended;
    if (isSent && child.signalCode === null) expect([0, 1, 3, 130]).toContain(end);
    await wait(1000);
    expect(left()).toEqual([]);
    expect(readdirSync(temporary).filter((name) => name !== 'made.jsonl')).toEqual([]);
  });
});
