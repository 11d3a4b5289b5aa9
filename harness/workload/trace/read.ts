/** Reads a `vmtrace-1` file into a Workload, line by line. */
import type { z } from 'zod';
import { nearest } from '../../../core/suggest.ts';
import { WorkloadError, quoted } from '../errors.ts';
import { MAX_LINE, linesOf } from '../lines.ts';
import { DEFAULT_MACHINE } from '../machine.ts';
import type { MachineSettings, TouchPolicy, Workload } from '../ops.ts';
import type { Piece, WorkloadHead } from '../pieces.ts';
import { formatSize } from '../size.ts';
import { ReplayRule } from './replay-rule.ts';
import { EVENTS, type EventKind, META, type TraceEvent } from './schema.ts';

export interface TraceOptions {
  /** Which processes read the shared page. @default 'recorded' */
  readonly touch?: TouchPolicy;
  /** Settings other than the default machine's. Memory grows with what the recording needs unless it is among them. */
  readonly machine?: Partial<MachineSettings>;
}

const KINDS = Object.keys(EVENTS);

/**
 * Matches the lines that make up nearly all of a recording, in the form that recorders write: a match is a valid fault
 * event, and reading it this way is four times as fast. Any other form goes through JSON and the schema.
 */
const PLAIN_FAULT =
  /^\{"t":(\d{1,15}),"pid":([1-9]\d{0,8}),"ev":"fault","addr":"(0x[0-9a-f]{1,16})","access":"([rwx])"(,"k":1)?(,"p":1)?(?:,"tid":\d{1,9})?\}$/;

/** Takes the lines of a trace one by one; a line is either accepted whole or rejected with a WorkloadError. */
export class TraceReader {
  readonly #file: string;
  readonly #options: TraceOptions;
  #rule: ReplayRule | null = null;
  #line = 0;
  #time = -Infinity;

  constructor(file: string, options: TraceOptions = {}) {
    this.#file = file;
    this.#options = options;
  }

  /** Reads a block of whole lines. */
  block(text: string): void {
    for (const line of linesOf(text)) this.#read(line);
  }

  /** Number of ops read since the last piece was taken. */
  get held(): number {
    return this.#rule?.held ?? 0;
  }

  /** Returns the ops read since the last piece was taken. */
  take(): Piece {
    return this.#begun().take();
  }

  /** Call after the last line: returns the workload without its ops. Throws if there was no line at all. */
  end(name: string): WorkloadHead {
    this.#begun().end(this.#line);
    return { ...this.#begun().head(this.#line), name };
  }

  /** Returns the whole workload, if no piece was taken. Throws if there was no line at all. */
  finish(name: string): Workload {
    const { length, ...head } = this.end(name);
    const { chunks, processes, actors, mmaps } = this.take();
    return { ...head, processes, actors, mmaps, ops: { length, chunks } };
  }

  /** Number of lines read so far. */
  get lines(): number {
    return this.#line;
  }

  #begun(): ReplayRule {
    return this.#rule ?? this.#fail("a line of 'meta' first", 'an empty file', 1);
  }

  #read(text: string): void {
    this.#line++;
    if (text.length > MAX_LINE) this.#fail(`a line of at most ${formatSize(MAX_LINE)}`, `${text.length} characters`);
    const fault = this.#rule === null ? null : PLAIN_FAULT.exec(text);
    if (fault !== null) {
      const [, t, pid, addr, access, , present] = fault;
      const p = Number(present !== undefined);
      this.#event({ ev: 'fault', t: +t, pid: +pid, addr, access: access as 'r' | 'w' | 'x', p });
      return;
    }
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      this.#fail('a line of JSON', text.trim() === '' ? 'an empty line' : quoted(text));
    }
    if (this.#rule === null) {
      this.#begin(value);
      return;
    }
    this.#event(this.#validated(value));
  }

  #event(event: TraceEvent): void {
    if (event.t < this.#time) this.#fail(`a time (t) of at least ${this.#time}`, `${event.t}`);
    this.#time = event.t;
    const refusal = this.#rule!.event(event, this.#line);
    if (refusal !== null) this.#fail(refusal[0], refusal[1]);
  }

  #begin(value: unknown): void {
    const kind = kindOf(value);
    if (kind !== 'meta') this.#fail("a line of 'meta' first", kind === undefined ? 'something else' : quoted(kind));
    const meta = META.safeParse(value);
    if (!meta.success) this.#failSchema('meta', meta.error);
    const { touch = 'recorded', machine = {} } = this.#options;
    const grows = machine.ram === undefined;
    this.#rule = new ReplayRule(meta.data, { touch, machine: { ...DEFAULT_MACHINE, ...machine }, grows });
  }

  #validated(value: unknown): TraceEvent {
    const kind = kindOf(value);
    const schema = kind !== undefined && Object.hasOwn(EVENTS, kind) ? EVENTS[kind as EventKind] : undefined;
    if (schema === undefined) {
      const known = kind === undefined ? '' : nearest(kind, KINDS);
      this.#fail(
        `an event (${KINDS.join(', ')})`,
        kind === undefined ? 'something else' : quoted(kind),
        this.#line,
        known,
      );
    }
    const event = schema.safeParse(value);
    if (!event.success) this.#failSchema(kind!, event.error);
    return event.data;
  }

  #failSchema(kind: string, error: z.ZodError): never {
    const [{ path, message }] = error.issues;
    this.#fail(`a valid ${kind} event`, path.length === 0 ? message : `in '${path.join('.')}': ${message}`);
  }

  #fail(expected: string, found: string, line = this.#line, suggestion = ''): never {
    throw new WorkloadError({ file: this.#file, line }, expected, found, suggestion);
  }
}

function kindOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || !('ev' in value)) return undefined;
  return typeof value.ev === 'string' ? value.ev : undefined;
}
