/**
 * A user's variant in its own process: whatever it does affects only its own column.
 *
 * Rules: one request at a time. A process that dies, exceeds its time limit or grows too large is killed and reported
 * as such; the next request starts a new one. What the variant prints goes to `onOutput`, never to the results. Node's
 * permission model denies it files and processes; it does not deny the network.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Introduced } from '../run/load.ts';
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
import { residentBytes } from './memory.ts';

export interface ProcessLimits {
  /** for starting and loading, ms */
  readonly loadMs: number;
  /** of the V8 heap, MiB */
  readonly heapMiB: number;
  /** of the whole process, bytes */
  readonly residentBytes: number;
}

export const DEFAULT_LIMITS: ProcessLimits = { loadMs: 10_000, heapMiB: 1024, residentBytes: 1536 * 2 ** 20 };

/** Number of processes that a variant may lose before its remaining workloads are skipped. */
const MAX_LOSSES = 3;
/** Maximum number of characters shown of what a variant prints. */
const MAX_OUTPUT = 65_536;

type PartOrEnd = Extract<FromChild, { kind: 'part' }> | Failure;

/** A run in another process. */
export class ProcessRun {
  readonly #workload: string;
  readonly #variant: string;
  readonly #ask: (piece: Piece, isFirst: boolean, wallMs: number) => Promise<PartOrEnd>;
  #isFirst = true;
  /** null while the run continues */
  end: RunEnd | null = null;

  constructor(
    workload: string,
    variant: string,
    ask: (piece: Piece, isFirst: boolean, wallMs: number) => Promise<PartOrEnd>,
  ) {
    this.#workload = workload;
    this.#variant = variant;
    this.#ask = ask;
  }

  /** Runs the ops of the next piece within `wallMs`. A failure of the variant ends the run; its part is then empty. */
  async take(piece: Piece, wallMs: number): Promise<RunPart> {
    if (this.end !== null) return emptyPart();
    const answer = await this.#ask(piece, this.#isFirst, wallMs);
    this.#isFirst = false;
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
  #child: ChildProcess | null = null;
  #losses = 0;
  /** the last op that the run announced */
  #op: number | null = null;
  #printed = 0;
  #outOfHeap = false;

  /** file: name of the variant's file. code: its bundle (bundle/column.ts, kind 'run'). */
  constructor(file: string, code: string, limits: ProcessLimits, onOutput: (text: string) => void) {
    this.#file = file;
    this.#code = code;
    this.#limits = limits;
    this.#onOutput = onOutput;
  }

  /** Starts a process and loads the variant in it. Returns its description, or why it failed. */
  async load(): Promise<Introduced | Failure> {
    const { loadMs } = this.#limits;
    this.#op = null;
    const answer = await this.#ask(null, loadMs);
    if (answer.kind === 'loaded') return answer.variant;
    this.close();
    if (answer.kind === 'refused') return { kind: 'failed', how: 'load', op: null, message: answer.message };
    if (answer.kind === 'failed') return { ...answer, message: `while loading: ${answer.message}` };
    throw new Error(`child process: expected an answer to load, got ${answer.kind}`);
  }

  /** Runs a whole workload within `wallMs`. A failure of the variant is reported in the record. */
  async run(workload: Workload, variant: string, options: RunOptions, wallMs: number): Promise<RunRecord> {
    const run = this.begin(headOf(workload), variant, options);
    const part = await run.take(pieceOf(workload), wallMs);
    return { ...part, ...run.end! };
  }

  /** Starts a run, piece by piece. Only one can be in progress at a time. */
  begin(head: WorkloadHead, variant: string, options: RunOptions): ProcessRun {
    return new ProcessRun(head.name, variant, async (piece, isFirst, wallMs) => {
      if (!isFirst) return this.#take({ kind: 'take', begin: null, piece }, wallMs);
      if (this.#losses >= MAX_LOSSES) {
        const message = `not tried: its process was lost ${MAX_LOSSES} times before`;
        return { kind: 'failed', how: 'killed', op: null, message };
      }
      if (this.#child === null) {
        const loaded = await this.load();
        if ('kind' in loaded) {
          this.#losses++;
          return loaded;
        }
      }
      this.#op = null;
      return this.#take({ kind: 'take', begin: { head, options }, piece }, wallMs);
    });
  }

  async #take(request: ToChild, wallMs: number): Promise<PartOrEnd> {
    const answer = await this.#ask(request, wallMs);
    if (answer.kind === 'part') return answer;
    if (answer.kind !== 'failed') throw new Error(`child process: expected a part, got ${answer.kind}`);
    this.#losses++;
    return answer;
  }

  /** Aborts the current run; it is reported as killed. */
  abort(): void {
    this.#child?.kill('SIGKILL');
  }

  close(): void {
    const child = this.#child;
    this.#child = null;
    this.#outOfHeap = false;
    if (child === null) return;
    child.removeAllListeners();
    child.on('error', () => {});
    child.kill('SIGKILL');
  }

  #start(): ChildProcess {
    const permission = process.allowedNodeEnvironmentFlags.has('--permission')
      ? '--permission'
      : '--experimental-permission';
    const options = [
      `--max-old-space-size=${this.#limits.heapMiB}`,
      permission,
      '--enable-source-maps',
      '--disable-warning=ExperimentalWarning',
      '--disable-warning=SecurityWarning',
      '--input-type=module',
    ];
    const child = spawn(process.execPath, [...options, '-', String(this.#limits.residentBytes), this.#file], {
      serialization: 'advanced',
      stdio: ['pipe', 'pipe', 'pipe', 'ipc'],
      env: { PATH: process.env.PATH, NO_COLOR: '1' },
    });
    // The code is sent through stdin, so that the child needs no file at all. A child that is gone closes the pipe.
    child.stdin?.on('error', () => {});
    child.stdin?.end(this.#code);
    child.stdout?.on('data', (data: Buffer) => this.#print(data));
    child.stderr?.on('data', (data: Buffer) => {
      if (data.includes('heap out of memory')) this.#outOfHeap = true;
      this.#print(data);
    });
    return child;
  }

  #print(data: Buffer): void {
    const room = MAX_OUTPUT - this.#printed;
    if (room <= 0) return;
    this.#printed += data.length;
    this.#onOutput(data.length < room ? data.toString() : `${data.toString('utf8', 0, room)}\n… (cut)\n`);
  }

  /** Sends a request, if there is one, and waits for an answer, the end of the process, or a limit. */
  #ask(request: ToChild | null, wallMs: number): Promise<FromChild | Failure> {
    const child = (this.#child ??= this.#start());
    const { residentBytes: most } = this.#limits;
    return new Promise((resolve) => {
      const settle = (answer: FromChild | Failure): void => {
        clearTimeout(timer);
        clearInterval(watch);
        child.removeAllListeners('message').removeAllListeners('close').removeAllListeners('error');
        child.on('error', () => {});
        resolve(answer);
      };
      const fail = (how: Failure['how'], message: string): void => {
        this.close();
        settle({ kind: 'failed', how, op: this.#op, message });
      };
      const timer = setTimeout(() => fail('limit', `took longer than ${wallMs / 1000} s`), wallMs);
      const watch = setInterval(() => {
        if (child.pid !== undefined && residentBytes(child.pid) > most)
          fail('memory', `used more than ${most / 2 ** 20} MiB of memory`);
      }, 100);
      child.on('error', (error) => fail('killed', error.message));
      // 'close', not 'exit': by then all of its output has arrived.
      child.on('close', (code, signal) => {
        if (this.#outOfHeap) fail('memory', `ran out of its heap of ${this.#limits.heapMiB} MiB`);
        else
          fail(
            'killed',
            signal === null ? `ended its process with exit(${code})` : `its process was killed by ${signal}`,
          );
      });
      child.on('message', (message: FromChild) => {
        if (message.kind === 'at') this.#op = message.op;
        else settle(message);
      });
      if (request !== null) child.send(request, (error) => error !== null && fail('killed', error.message));
    });
  }
}
