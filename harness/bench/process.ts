/**
 * One variant at one task, in a process of its own that lives for all rounds.
 */
import { type ChildProcess, fork } from 'node:child_process';
import type { FromBench, ToBench } from './protocol.ts';

/** For starting and loading; for anything else, beyond the time that the measurement itself may take. */
const ANSWER_MS = 60_000;

type Request = ToBench | { readonly kind: 'load'; readonly file: string; readonly alike: readonly string[] };
type Answer = FromBench | { readonly kind: string; readonly message?: string };

/** Why a process could not answer. */
export class BenchFailure extends Error {}

export class BenchProcess {
  readonly #child: ChildProcess;

  /** entry: the compiled child.js. What the variant prints goes to onOutput, never to the results. */
  constructor(entry: string, onOutput: (text: string) => void) {
    this.#child = fork(entry, [], {
      serialization: 'advanced',
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { PATH: process.env.PATH, NO_COLOR: '1' },
    });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.on('data', (data: Buffer) => onOutput(data.toString()));
  }

  /** Throws BenchFailure if the process refuses, fails, dies or does not answer in time. */
  ask(request: Request): Promise<FromBench> {
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
      const onMessage = (answer: Answer): void => {
        if (answer.kind === 'ready' || answer.kind === 'at') return;
        if (answer.kind === 'refused' || answer.kind === 'bench-failed') return fail(answer.message ?? 'failed');
        settle();
        resolve(answer as FromBench);
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
