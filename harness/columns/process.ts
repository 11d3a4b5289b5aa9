/**
 * A user's variant in its own process: whatever it does affects only its own column.
 *
 * Rules: one request at a time, and at most as many at work as there are cores. A process that dies, exceeds its limits
 * or says what it must not is killed and reported as such; the next request starts a new one. What the variant prints
 * goes to `onOutput`, never to the results. See harness/sandbox for what it can reach.
 */
import { COUNTER_COUNT } from '../../core/index.ts';
import { type Answered, GuardedProcess, type Heard, type Loss } from '../process/guarded.ts';
import { turns } from '../process/turns.ts';
import type { Introduced } from '../run/load.ts';
import { readMessage } from '../run/message.ts';
import type { FromChild, ToChild } from '../run/protocol.ts';
import {
  type Failure,
  type RunEnd,
  type RunOptions,
  type RunPart,
  type RunRecord,
  emptyPart,
  failedEnd,
} from '../run/record.ts';
import type { Workload } from '../workload/ops.ts';
import { type Piece, type WorkloadHead, headOf, pieceOf } from '../workload/pieces.ts';

export interface ProcessLimits {
  /** for loading the variant, ms of CPU time */
  readonly loadMs: number;
  /** of the V8 heap, MiB */
  readonly heapMiB: number;
  /** of the whole process, bytes */
  readonly residentBytes: number;
}

export const DEFAULT_LIMITS: ProcessLimits = { loadMs: 10_000, heapMiB: 1024, residentBytes: 1536 * 2 ** 20 };

/** Number of processes that a variant may lose before its remaining workloads are skipped. */
export const MAX_LOSSES = 3;

/** What is said of those. */
export const NOT_TRIED: Failure = {
  kind: 'failed',
  how: 'killed',
  op: null,
  message: `not tried: its process was lost ${MAX_LOSSES} times before`,
};

type Part = Extract<FromChild, { kind: 'part' }>;
type Answer = Extract<FromChild, { kind: 'loaded' | 'refused' | 'part' }>;

/** Asks for the next piece of a run. limitMs: what is left of its time. ms: what it took. */
type AskPiece = (
  piece: Piece,
  isFirst: boolean,
  limitMs: number,
) => Promise<{ readonly answer: Part | Failure; readonly ms: number }>;

/** A run in another process. */
export class ProcessRun {
  readonly #workload: string;
  readonly #variant: string;
  readonly #ask: AskPiece;
  #isFirst = true;
  #spentMs = 0;
  /** null while the run continues */
  end: RunEnd | null = null;

  constructor(workload: string, variant: string, ask: AskPiece) {
    this.#workload = workload;
    this.#variant = variant;
    this.#ask = ask;
  }

  /**
   * Runs the ops of the next piece. limitMs: CPU time of the run so far and of this piece together. A failure of the
   * variant ends the run; its part is then empty.
   */
  async take(piece: Piece, limitMs: number): Promise<RunPart> {
    if (this.end !== null) return emptyPart();
    const { answer, ms } = await this.#ask(piece, this.#isFirst, limitMs - this.#spentMs);
    this.#isFirst = false;
    this.#spentMs += ms;
    if (answer.kind === 'failed') {
      this.end = failedEnd(this.#workload, this.#variant, answer);
      return emptyPart();
    }
    this.end = answer.end;
    return answer.part;
  }
}

export class VariantProcess {
  readonly #file: string;
  readonly #code: string;
  readonly #limits: ProcessLimits;
  readonly #onOutput: (text: string) => void;
  #child: GuardedProcess | null = null;
  #losses = 0;
  /** the last op that the run announced */
  #op: number | null = null;
  #isAborted = false;
  /** of the core that is bundled with the variant */
  #counters = COUNTER_COUNT;

  /** file: name of the variant's file. code: its bundle (bundle/column.ts, kind 'run'). */
  constructor(file: string, code: string, limits: ProcessLimits, onOutput: (text: string) => void) {
    this.#file = file;
    this.#code = code;
    this.#limits = limits;
    this.#onOutput = onOutput;
  }

  /** Starts a process and loads the variant in it. Returns its description, or why it failed. */
  async load(): Promise<Introduced | Failure> {
    const { answer } = await this.#ask(null, this.#limits.loadMs);
    if (answer.kind === 'loaded') {
      this.#counters = answer.variant.names.counters.length;
      return answer.variant;
    }
    this.close();
    if (answer.kind === 'lost') return { ...this.#failure(answer), message: `while loading: ${answer.message}` };
    const message = answer.kind === 'refused' ? answer.message : `sent a ${answer.kind} before it was asked for it`;
    return { kind: 'failed', how: 'load', op: null, message };
  }

  /** Runs a whole workload within `limitMs`. A failure of the variant is reported in the record. */
  async run(workload: Workload, variant: string, options: RunOptions, limitMs: number): Promise<RunRecord> {
    const run = this.begin(headOf(workload), variant, options);
    const part = await run.take(pieceOf(workload), limitMs);
    return { ...part, ...run.end! };
  }

  /** Starts a run, piece by piece. Only one can be in progress at a time. */
  begin(head: WorkloadHead, variant: string, options: RunOptions): ProcessRun {
    return new ProcessRun(head.name, variant, async (piece, isFirst, limitMs) => {
      if (!isFirst) return this.#take({ kind: 'take', begin: null, piece }, limitMs);
      if (this.#losses >= MAX_LOSSES) return { answer: NOT_TRIED, ms: 0 };
      if (this.#child === null) {
        const loaded = await this.load();
        if ('kind' in loaded) {
          this.#losses++;
          return { answer: loaded, ms: 0 };
        }
      }
      return this.#take({ kind: 'take', begin: { head, options }, piece }, limitMs);
    });
  }

  async #take(request: ToChild, limitMs: number): Promise<{ readonly answer: Part | Failure; readonly ms: number }> {
    const { answer, ms } = await this.#ask(request, limitMs);
    if (answer.kind === 'part') return { answer, ms };
    this.close();
    this.#losses++;
    if (answer.kind === 'lost') return { answer: this.#failure(answer), ms };
    const message = answer.kind === 'refused' ? answer.message : `sent ${answer.kind}, was asked for a part`;
    return { answer: { kind: 'failed', how: 'throw', op: this.#op, message }, ms };
  }

  #failure({ how, message }: Loss): Failure {
    return { kind: 'failed', how, op: this.#op, message };
  }

  /** Aborts the current run, which is reported as killed, and those that wait for their turn. */
  abort(): void {
    this.#isAborted = true;
    this.#child?.kill();
  }

  /** whether it has died, or was killed for what it did */
  get hasLost(): boolean {
    return this.#losses > 0;
  }

  close(): void {
    this.#child?.kill();
    this.#child = null;
  }

  #start(): GuardedProcess {
    const { heapMiB, residentBytes } = this.#limits;
    return new GuardedProcess(
      { file: this.#file, code: this.#code },
      {
        v8Options: [`--max-old-space-size=${heapMiB}`],
        args: [this.#file, String(residentBytes)],
        residentBytes,
        onOutput: this.#onOutput,
      },
    );
  }

  #ask(request: ToChild | null, limitMs: number): Promise<Answered<Answer>> {
    return turns.take(async () => {
      this.#op = null;
      if (this.#isAborted) return { answer: { kind: 'lost', how: 'killed', message: 'was interrupted' }, ms: 0 };
      return (this.#child ??= this.#start()).ask(request, limitMs, (message) => this.#hear(message));
    });
  }

  #hear(message: unknown): Heard<Answer> {
    const read = readMessage(message, this.#counters);
    if (read.kind === 'invalid') return read;
    if (read.kind === 'started') return { kind: 'started' };
    if (read.kind !== 'at') return { kind: 'answer', answer: read };
    this.#op = read.op;
    return { kind: 'noted' };
  }
}
