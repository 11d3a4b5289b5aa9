/**
 * One variant at one task, in a process of its own that lives for all rounds.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { FromBench, ToBench } from './protocol.ts';

/** For starting and loading; for anything else, beyond the time that the measurement itself may take. */
const ANSWER_MS = 60_000;

/**
 * What is measured runs for long, so the compiler may take longer over it: it inlines more than it would by default, in all
 * columns alike. A whole kernel gets less than a loop of calls: beyond this it is compiled for most of the time.
 * (Measured, by default / as here: enter and remove of a page 55 / 31 ns, sparse 146 / 59 ns, the exit cycle 8.2 / 4.9 us;
 * 31,000 / 50,000 loops of fork a second, and as many with what loops of calls get, but make12 at half the speed.)
 */
export const V8_OPTIONS = {
  calls: [
    '--max-inlined-bytecode-size=1000',
    '--max-inlined-bytecode-size-cumulative=12000',
    '--max-inlined-bytecode-size-absolute=30000',
  ],
  workload: ['--max-inlined-bytecode-size=700', '--max-inlined-bytecode-size-cumulative=4000'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** What runs in a process: calls of the machine itself, or a workload. */
export type Measures = keyof typeof V8_OPTIONS;

/** Why a process could not answer. */
export class BenchFailure extends Error {}

export interface BenchCode {
  readonly file: string;
  readonly code: string;
}

export class BenchProcess {
  readonly #child: ChildProcess;

  /**
   * file: name of the variant's file. code: what it was bundled to (bundle/column.ts, kind 'bench'). What the variant
   * prints goes to onOutput, never to the results.
   */
  constructor({ file, code }: BenchCode, measures: Measures, onOutput: (text: string) => void) {
    this.#child = spawn(process.execPath, [...V8_OPTIONS[measures], '--input-type=module', '-', file], {
      serialization: 'advanced',
      stdio: ['pipe', 'pipe', 'pipe', 'ipc'],
      env: { PATH: process.env.PATH, NO_COLOR: '1' },
    });
    this.#child.stdin?.on('error', () => {});
    this.#child.stdin?.end(code);
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.on('data', (data: Buffer) => onOutput(data.toString()));
  }

  /** Throws BenchFailure if the process refuses, fails, dies or does not answer in time. */
  ask(request: ToBench): Promise<FromBench> {
    const child = this.#child;
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        clearTimeout(timer);
        child.off('message', onMessage).off('exit', onExit).off('error', onError);
      };
      const fail = (message: string): void => {
        settle();
        reject(new BenchFailure(message));
      };
      const onMessage = (answer: FromBench): void => {
        if (answer.kind === 'bench-failed') return fail(answer.message);
        settle();
        resolve(answer);
      };
      const onExit = (code: number | null, signal: string | null): void =>
        fail(signal === null ? `ended its process with exit(${code})` : `its process was killed by ${signal}`);
      const onError = (error: Error): void => fail(error.message);
      const timer = setTimeout(() => {
        child.kill('SIGKILL');
        fail(`took longer than ${ANSWER_MS / 1000} s`);
      }, ANSWER_MS);
      child.on('message', onMessage).on('exit', onExit).on('error', onError);
      child.send(request, (error) => error !== null && fail(error.message));
    });
  }

  close(): void {
    this.#child.removeAllListeners().on('error', () => {});
    this.#child.kill('SIGKILL');
  }
}
