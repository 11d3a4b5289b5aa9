/** Turns lines of truss into events of a Recording. truss prints a call when it returns, and no page faults. */
import { quoted } from '../../workload/errors.ts';
import { MAX_LINE } from '../../workload/lines.ts';
import type { Clock } from './clock.ts';
import { type Call, EXECS, FORKS, FreebsdCalls, changesSpace, forkKind } from './freebsd-calls.ts';
import type { ImportLog } from './log.ts';
import { Parentage } from './parentage.ts';
import type { Recording } from './recording.ts';
import { type TrussLine, type TrussResult, trussArguments, trussHeadOf, trussLineOf } from './truss-line.ts';

interface Line {
  readonly pid: number;
  readonly text: string;
  readonly line: TrussLine;
}

/** A call whose strings have line breaks, as far as it was read. */
interface Begun {
  readonly pid: number;
  readonly at: number;
  readonly name: string;
  text: string;
}

const NOT_TRUSS = 'a line that is not one of truss';

export class TrussImporter {
  readonly #recording: Recording;
  readonly #report: ImportLog;
  readonly #clock: Clock;
  readonly #calls: FreebsdCalls;
  readonly #parentage: Parentage<Line>;
  /** names of the signals that were seen, by number */
  readonly #signals = new Map<number, string>();
  #begun: Begun | null = null;
  /** Every line has a head if one has; what has none is not of truss, or is more of a string. */
  #headed = false;
  #before = '';

  constructor(recording: Recording, report: ImportLog, clock: Clock) {
    this.#recording = recording;
    this.#report = report;
    this.#clock = clock;
    this.#calls = new FreebsdCalls(recording, report, false, (child) => this.#exit(child, 0));
    this.#parentage = new Parentage(
      recording,
      report,
      (line) => this.#record(line),
      (child, parent) => this.#calls.forked(parent, child),
    );
  }

  line(text: string): void {
    const { pid, time, head, rest } = trussHeadOf(text);
    const line = trussLineOf(rest);
    if (line.kind === 'unknown' || (head === '' && this.#headed && line.kind !== 'unknown call')) {
      this.#continue(text);
      return;
    }
    this.#cut();
    this.#headed ||= head !== '';
    if (time !== '' && text === this.#before) {
      this.#report.repaired('the line before again: left out');
      return;
    }
    this.#before = text;
    if (time === '') this.#clock.tick();
    else if (this.#clock.set(time)) this.#report.repaired('a time before the last one: kept in the order of lines');
    if (line.kind === 'begun') this.#begun = { pid, at: this.#report.line, name: line.name, text: rest };
    else this.#record({ pid, text, line });
  }

  finish(): void {
    this.#cut();
    this.#parentage.finish();
  }

  /** Takes a line that begins like no record: more of a string, or something else. */
  #continue(text: string): void {
    const begun = this.#begun;
    if (begun === null) {
      this.#report.notUnderstood(NOT_TRUSS, quoted(text));
      return;
    }
    begun.text += `\n${text}`;
    const line = trussLineOf(begun.text);
    if (line.kind === 'begun' && begun.text.length < MAX_LINE) return;
    if (line.kind === 'begun') {
      this.#cut();
      return;
    }
    this.#begun = null;
    const now = this.#report.line;
    this.#report.line = begun.at;
    this.#record({ pid: begun.pid, text: begun.text, line });
    this.#report.line = now;
  }

  /** Counts the call that began and did not end. */
  #cut(): void {
    const begun = this.#begun;
    this.#begun = null;
    if (begun !== null) this.#report.notUnderstood(`${begun.name} that does not end`, quoted(begun.text), begun.at);
  }

  #record(line: Line): void {
    const { pid } = line;
    if (line.line.kind === 'unknown call') {
      this.#report.notUnderstood('a call that truss does not know', quoted(line.text));
      return;
    }
    if (line.line.kind === 'disagreeing') {
      this.#report.notUnderstood(`a result of ${line.line.name} that is two numbers`, quoted(line.text));
      return;
    }
    if (this.#recording.empty) this.#recording.begin(pid);
    if (this.#recording.has(pid)) this.#event(line);
    else this.#parentage.keep(pid, line);
  }

  #event({ pid, line }: Line): void {
    switch (line.kind) {
      case 'call':
        this.#call(pid, line.name, line.call, line.result);
        return;
      case 'exited':
        this.#exit(pid, line.code);
        return;
      case 'killed':
        this.#exit(pid, 0, this.#signals.get(line.signal) ?? `SIG${line.signal}`);
        return;
      case 'signal':
        this.#signals.set(line.number, line.name);
        this.#report.noEffect('SIGNAL');
        return;
      default:
        this.#report.noEffect(`new or ended ${line.kind}`);
    }
  }

  #exit(pid: number, code: number, signal?: string): void {
    this.#calls.forget(pid);
    this.#recording.exit(pid, code, signal);
  }

  #call(pid: number, name: string, text: string, result: TrussResult): void {
    const { args, path } = trussArguments(name, text);
    const call = { name, args, names: path === undefined ? [] : [path] };
    if (result.restart) this.#report.noEffect(`failed ${name}`);
    else if (/^_?exit$/.test(name))
      this.#report.noEffect(name); // the line 'process exit' is the event
    else if (FORKS.has(name)) this.#forked(pid, call, result);
    else if (EXECS.has(name)) this.#executed(pid, call, result);
    else if (Number.isNaN(result.value) && result.errno === 0 && changesSpace(name))
      this.#report.notUnderstood(`${name} without a result`, quoted(text));
    else this.#calls.returned(pid, call, result);
  }

  /** The child's own lines may have come before: they wait for this one. */
  #forked(pid: number, { name, args }: Call, { value, errno }: TrussResult): void {
    const kind = forkKind(name, args);
    if (errno !== 0 || kind === null) this.#report.noEffect(errno === 0 ? name : `failed ${name}`);
    else if (value > 0) this.#parentage.end(pid, pid, kind, value);
    else this.#report.noEffect(`${name} in the child`);
  }

  #executed(pid: number, call: Call, { errno }: TrussResult): void {
    if (errno === 0) this.#calls.executed(pid, call);
    else this.#calls.execFailed(pid, call, errno);
  }
}
