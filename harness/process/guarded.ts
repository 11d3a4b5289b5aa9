/**
 * A process that runs a stranger's code, guarded: it is asked one thing at a time, within limits of CPU time and memory,
 * and killed when it exceeds them or sends an invalid message. Of what it prints, only lines of text get out, and it
 * never outlives this program.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { shown, shownLines } from '../run/shown.ts';
import { endsWithUs } from './cleanup.ts';
import { type Usage, usageOf } from './usage.ts';

/** Maximum number of characters shown of what a variant prints. */
const MAX_OUTPUT = 65_536;
const LOOK_MS = 100;
/** For starting, before any code of the stranger runs. CPU time. */
const START_MS = 60_000;
/** A process that works gets some CPU time in this time, ms, however busy the machine is. */
const STUCK_MS = 10_000;

export interface GuardedCode {
  /** name of the variant's file */
  readonly file: string;
  /** its bundle (bundle/column.ts) */
  readonly code: string;
}

export interface Guards {
  readonly v8Options: readonly string[];
  /** arguments of the program */
  readonly args: readonly string[];
  /** of the whole process, bytes */
  readonly residentBytes: number;
  /** what the stranger prints */
  readonly onOutput: (text: string) => void;
}

export interface Loss {
  readonly kind: 'lost';
  readonly how: 'limit' | 'memory' | 'killed';
  readonly message: string;
}

/** What an answer took. */
export interface Answered<T> {
  readonly answer: T | Loss;
  /** CPU time if the system tells it, otherwise wall time */
  readonly ms: number;
}

/** What a message means: an answer, the beginning of the stranger's code, a note in passing, or nonsense. */
export type Heard<T> =
  | { readonly kind: 'answer'; readonly answer: T }
  | { readonly kind: 'started' | 'noted' }
  | { readonly kind: 'invalid'; readonly where: string };

const PERMISSION = process.allowedNodeEnvironmentFlags.has('--permission')
  ? '--permission'
  : '--experimental-permission';

export class GuardedProcess {
  readonly #child: ChildProcess;
  readonly #guards: Guards;
  #printed = 0;
  /** first line of the engine's last words */
  #crash: string | null = null;
  #isStarted = false;
  #end: Loss | null = null;
  /** of the question that waits for its answer */
  #onMessage: ((message: unknown) => void) | null = null;
  #onEnd: ((end: Loss) => void) | null = null;

  constructor({ code }: GuardedCode, guards: Guards) {
    this.#guards = guards;
    const options = [
      ...guards.v8Options,
      PERMISSION,
      '--disallow-code-generation-from-strings',
      '--enable-source-maps',
      '--disable-warning=ExperimentalWarning',
      '--disable-warning=SecurityWarning',
      '--input-type=module',
    ];
    const child = spawn(process.execPath, [...options, '-', ...guards.args], {
      serialization: 'advanced',
      stdio: ['pipe', 'pipe', 'pipe', 'ipc'],
      env: { PATH: process.env.PATH, NO_COLOR: '1' },
    });
    endsWithUs(child);
    this.#child = child;
    child.on('message', (message: unknown) => this.#onMessage?.(message));
    // 'close', not 'exit': by then all of its output has arrived.
    child.on('close', (exitCode, signal) => this.#over(...this.#endOf(exitCode, signal)));
    child.on('error', (error) => this.#over('killed', error.message));
    // The code is sent through stdin, so that the child needs no file at all. A child that is gone closes the pipe.
    child.stdin?.on('error', () => {});
    child.stdin?.end(code);
    child.stdout?.setEncoding('utf8').on('data', (text: string) => this.#print(text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => this.#hear(text));
  }

  #print(text: string): void {
    const room = MAX_OUTPUT - this.#printed;
    if (room <= 0) return;
    this.#printed += text.length;
    this.#guards.onOutput(shownLines(text.length < room ? text : `${text.slice(0, room)}\n… (cut)\n`));
  }

  /** Only Node itself writes to stderr. */
  #hear(text: string): void {
    this.#crash ??= /(?:FATAL ERROR|Fatal [^:\n]*error[^:\n]*|Fatal error[^:\n]*): ?(.*)/.exec(text)?.[0] ?? null;
  }

  /** The first reason stays. */
  #over(how: Loss['how'], message: string): void {
    this.#end ??= { kind: 'lost', how, message };
    this.#onEnd?.(this.#end);
  }

  /** Ends the process; whoever waits for an answer learns that it was killed. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }

  /**
   * Sends a request, if there is one, and waits for an answer, the end of the process, or a limit. limitMs: CPU time
   * from the moment when the stranger's code begins. After a loss the process is dead, or dies.
   */
  ask<T>(request: object | null, limitMs: number, hear: (message: unknown) => Heard<T>): Promise<Answered<T>> {
    const child = this.#child;
    const { pid } = child;
    const { residentBytes: most } = this.#guards;
    if (this.#end !== null) return Promise.resolve({ answer: this.#end, ms: 0 });
    return new Promise((resolve) => {
      const meter = new Meter(() => (pid === undefined ? null : usageOf(pid)));
      const settle = (answer: T | Loss): void => {
        clearInterval(watch);
        this.#onMessage = null;
        this.#onEnd = null;
        resolve({ answer, ms: meter.spentMs });
      };
      const fail = (how: Loss['how'], message: string): void => {
        this.#over(how, message);
        this.kill();
      };
      const look = (): void => {
        const residentBytes = meter.look();
        const limit = this.#isStarted ? limitMs : START_MS;
        if (residentBytes > most) fail('memory', `used more than ${most / 2 ** 20} MiB of memory`);
        else if (meter.spentMs >= limit) fail('limit', `took longer than ${limit / 1000} s`);
        else if (meter.idleMs >= Math.max(limit, STUCK_MS))
          fail('limit', `did nothing for ${Math.round(meter.idleMs / 1000)} s and did not answer`);
      };
      const watch = setInterval(look, LOOK_MS);
      this.#onEnd = settle;
      this.#onMessage = (message) => {
        const heard = hear(message);
        if (heard.kind === 'started') {
          this.#isStarted = true;
          meter.begin();
        } else if (heard.kind === 'invalid')
          fail('killed', `sent a message without a valid ${shown(heard.where, 100)}`);
        else if (heard.kind === 'answer') {
          meter.look();
          settle(heard.answer);
        }
      };
      // A process that is gone closes the channel: its end says why.
      if (request !== null) child.send(request, () => {});
    });
  }

  #endOf(code: number | null, signal: string | null): [Loss['how'], string] {
    if (this.#crash !== null) {
      const isHeap = this.#crash.includes('heap');
      return [isHeap ? 'memory' : 'killed', `ended its process: ${shown(this.#crash, 200)}`];
    }
    if (signal !== null) return ['killed', `its process was killed by ${signal}`];
    return ['killed', `ended its process with exit(${code})`];
  }
}

/** What a process has used since a moment. */
class Meter {
  readonly #usage: () => Usage | null;
  /** whether the system tells CPU time; otherwise wall time counts */
  readonly #tells: boolean;
  #base: number;
  #last: number;
  #movedAt = performance.now();
  /** ms */
  spentMs = 0;

  constructor(usage: () => Usage | null) {
    this.#usage = usage;
    const first = usage();
    this.#tells = first !== null;
    this.#base = first?.cpuMs ?? performance.now();
    this.#last = this.#base;
  }

  begin(): void {
    this.look();
    this.#base = this.#last;
    this.spentMs = 0;
  }

  /** Returns the resident memory in bytes; 0 if it is not known. */
  look(): number {
    const usage = this.#usage();
    const time = this.#tells ? (usage?.cpuMs ?? this.#last) : performance.now();
    if (time !== this.#last) this.#movedAt = performance.now();
    this.#last = time;
    this.spentMs = time - this.#base;
    return usage?.residentBytes ?? 0;
  }

  /** Wall time since the process last got CPU time. */
  get idleMs(): number {
    return performance.now() - this.#movedAt;
  }
}
