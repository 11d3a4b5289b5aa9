/**
 * One variant at one task, in a process of its own that lives for all rounds.
 */
import { type GuardedCode, GuardedProcess, type Heard } from '../process/guarded.ts';
import { shown } from '../run/shown.ts';
import type { FromBench, ToBench } from './protocol.ts';

/** CPU time of an answer, beyond the time that the measurement itself may take. */
const ANSWER_MS = 60_000;
const RESIDENT_BYTES = 2 ** 32;

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

const ANSWERS: readonly unknown[] = [
  'bench-ready',
  'bench-measured',
  'bench-memory-measured',
  'bench-failed',
  'refused',
];

export class BenchProcess {
  readonly #start: () => GuardedProcess;
  #child: GuardedProcess | null = null;

  /**
   * file: name of the variant's file. code: what it was bundled to (bundle/column.ts, kind 'bench'). What the variant
   * prints goes to onOutput, never to the results. The process starts with the first question.
   */
  constructor(code: GuardedCode, measures: Measures, onOutput: (text: string) => void) {
    const guards = { v8Options: V8_OPTIONS[measures], args: [code.file], residentBytes: RESIDENT_BYTES, onOutput };
    this.#start = () => new GuardedProcess(code, guards);
  }

  /** Throws BenchFailure if the process refuses, fails, dies or does not answer in time. */
  async ask(request: ToBench): Promise<FromBench> {
    const { answer } = await (this.#child ??= this.#start()).ask<FromBench>(request, ANSWER_MS, hear);
    if ('message' in answer) throw new BenchFailure(shown(answer.message));
    return answer;
  }

  close(): void {
    this.#child?.kill();
  }
}

/** Numbers, and a message if it failed. */
function hear(message: unknown): Heard<FromBench> {
  if (typeof message !== 'object' || message === null) return { kind: 'invalid', where: 'kind' };
  const { kind, ...rest } = message as Readonly<Record<string, unknown>>;
  if (kind === 'started') return { kind };
  if (!ANSWERS.includes(kind)) return { kind: 'invalid', where: 'kind' };
  const type = kind === 'bench-failed' || kind === 'refused' ? 'string' : 'number';
  const wrong = Object.keys(rest).find((name) => typeof rest[name] !== type);
  return wrong === undefined ? { kind: 'answer', answer: message as FromBench } : { kind: 'invalid', where: wrong };
}
