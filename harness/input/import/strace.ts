/** Turns lines of strace into events of a Recording. */
import { quoted } from '../../workload/errors.ts';
import { type Clock, isAbsolute } from './clock.ts';
import type { ImportLog } from './log.ts';
import { Parentage } from './parentage.ts';
import { END_UNKNOWN, type ForkKind, type Recording } from './recording.ts';
import { StraceCalls } from './strace-calls.ts';
import {
  type End,
  type EndedChild,
  type StraceCall,
  type StraceHead,
  type StraceLine,
  callOf,
  commandOf,
  descriptorOf,
  endedChildIn,
  forkKindOf,
  headOf,
  lineOf,
  openTextOf,
  stringOf,
  waitEndOf,
  withoutName,
} from './strace-line.ts';
import { StraceText } from './strace-text.ts';
import { numberOf } from './values.ts';

const FORKS = new Set(['fork', 'vfork', 'clone', 'clone3']);
const EXECS = new Set(['execve', 'execveat']);
const EXITS = new Set(['exit', 'exit_group']);
const WAITS = new Set(['wait4', 'waitid']);
/** The number of a first process whose lines do not say it. */
const UNNAMED = 1;

export class StraceImporter {
  readonly #recording: Recording;
  readonly #report: ImportLog;
  readonly #clock: Clock;
  readonly #calls: StraceCalls;
  readonly #text: StraceText;
  readonly #parentage: Parentage<string>;
  /** thread -> its process; a process's first thread has the process's number */
  readonly #threads = new Map<number, number>();
  /** process -> number of live threads, if more than one */
  readonly #alive = new Map<number, number>();
  /** calls without their end, and the lines where they began */
  readonly #unfinished = new Map<number, { readonly text: string; readonly at: number }>();
  /** threads whose exit is imported, and whose last line is to come */
  readonly #exited = new Set<number>();
  /** process -> what it has waited for: the child's own lines come before the process's next one */
  readonly #waited = new Map<number, (EndedChild & { readonly at: number })[]>();
  /** live process -> its parent */
  readonly #parents = new Map<number, number>();
  /** the number of a first process whose first lines do not say it; 0 = not known yet */
  #alias = 0;
  #overlaps = false;
  #before = '';
  /** Is told of each process that is about to get the program that it execs. */
  beforeExec: (pid: number) => void = () => {};

  constructor(recording: Recording, report: ImportLog, clock: Clock) {
    this.#recording = recording;
    this.#report = report;
    this.#clock = clock;
    this.#calls = new StraceCalls(recording, report);
    this.#text = new StraceText(report);
    this.#parentage = new Parentage(
      recording,
      report,
      (text) => this.#read(text, headOf(text)),
      (child, parent, kind) => this.#born(child, parent, kind),
    );
  }

  /** The process of a pid or thread of the system that was recorded; 0 if it is not known. */
  processOf(id: number): number {
    return this.#threads.get(id === this.#alias && id > 0 ? UNNAMED : id) ?? 0;
  }

  /** Returns a line of a process as a whole, before it is read; null for any other line, and for a first part. */
  wholeLine(text: string): string | null {
    return this.#text.whole(text);
  }

  line(given: string): void {
    if (given === '') {
      this.#report.notUnderstood('an empty line', "''");
      return;
    }
    const text = this.#text.take(given);
    if (text === null) return;
    const head = headOf(text);
    if (text === this.#before && /:.*\.|^\d{9,}\./.test(head.time)) {
      this.#report.repaired('the line before again: left out');
      return;
    }
    this.#before = text;
    const line = lineOf(head.rest);
    this.#overlaps ||= line.kind === 'unfinished' || line.kind === 'resumed';
    this.#time(head.time);
    this.#read(text, head, line);
  }

  finish(): void {
    for (const pid of this.#waited.keys()) this.#settle(pid);
    this.#parentage.finish();
    this.#text.finish();
    for (const { text, at } of this.#unfinished.values()) {
      if (!text.startsWith('wait') && !text.startsWith('exit'))
        this.#report.repaired(`${/^\w+/.exec(text)?.[0]} that never returned: left out`, at);
    }
  }

  #time(time: string): void {
    if (time === '') this.#clock.tick();
    else if (!time.includes(':') && !isAbsolute(time)) this.#clock.advance(time);
    else if (!this.#clock.set(time)) return;
    // With -z a line is written where its call ends, and has the time of its beginning.
    else if (this.#overlaps) this.#report.fail('times that do not go back', `${time}`);
    else this.#report.repaired('a time before the last one: kept in the order of lines');
  }

  #read(text: string, head: StraceHead, line = lineOf(head.rest)): void {
    const thread = this.#threadOf(head, line);
    if (line.kind === 'unknown' || thread < 1 || thread >= 2 ** 31) {
      this.#report.notUnderstood('a line that is not one of strace', quoted(text));
      return;
    }
    const pid = this.#processFor(thread, line);
    if (pid === 0) {
      this.#parentage.keep(thread, text);
      return;
    }
    if (pid < 0) {
      this.#report.notUnderstood('a line of a process that has exited', quoted(text));
      return;
    }
    this.#settle(pid);
    this.#event(pid, thread, line);
  }

  /**
   * The thread of a line. Without -o, strace writes no pid while there is one thread only: the first one, or the one
   * that is left. Returns 0 if it cannot be told.
   */
  #threadOf({ pid }: StraceHead, line: StraceLine): number {
    if (pid === 0) {
      const firstLives = this.#threads.has(UNNAMED) || this.#exited.has(UNNAMED);
      if (firstLives || this.#recording.empty) return UNNAMED;
      const left = this.#threads.size === 0 ? [...this.#exited] : [...this.#threads.keys()];
      return left.length === 1 ? left[0] : 0;
    }
    if (this.#alias === 0 && line.kind !== 'unknown' && this.#isFirst(pid, line)) this.#alias = pid;
    return pid === this.#alias ? UNNAMED : pid;
  }

  /** Is a pid that has not been seen the number of the first process, whose lines so far did not say it? */
  #isFirst(pid: number, line: StraceLine): boolean {
    if (!this.#threads.has(UNNAMED) || this.#threads.has(pid) || this.#exited.has(pid)) return false;
    const open = this.#unfinished.get(UNNAMED);
    if (line.kind === 'resumed') return open?.text.startsWith(`${line.name}(`) === true;
    if (this.#text.attached.size > 0) return !this.#text.attached.has(pid);
    return open === undefined && !this.#parentage.expecting;
  }

  /** 0 = not known yet, -1 = gone. */
  #processFor(thread: number, line: StraceLine): number {
    const known = this.#threads.get(thread);
    if (known !== undefined) return known;
    if (this.#recording.empty) {
      if (thread === UNNAMED) this.#alias = this.#text.attachedFirst;
      this.#recording.begin(thread);
      if (line.kind === 'call' && line.name === 'execve') this.#recording.command(commandOf(line.args[1]));
      this.#threads.set(thread, thread);
      return thread;
    }
    if (this.#exited.has(thread) && (line.kind === 'ended' || line.kind === 'resumed')) return thread;
    if (this.#parentage.adopt(thread)) return this.#threads.get(thread) ?? -1;
    return this.#exited.has(thread) ? -1 : 0;
  }

  #born(child: number, parent: number, kind: ForkKind): void {
    this.#exited.delete(child);
    this.#threads.set(child, kind === 'thread' ? parent : child);
    if (kind === 'thread') this.#alive.set(parent, (this.#alive.get(parent) ?? 1) + 1);
    else {
      this.#parents.set(child, parent);
      this.#calls.forked(parent, child);
    }
  }

  #event(pid: number, thread: number, line: StraceLine): void {
    switch (line.kind) {
      case 'call':
        this.#call(pid, thread, line);
        return;
      case 'unfinished':
        this.#unfinishedCall(pid, thread, line.name, line.text);
        return;
      case 'resumed':
        this.#resumed(pid, thread, line.name, line.text);
        return;
      case 'ended':
        this.#gone(pid, thread, line.end);
        return;
      case 'superseded':
        this.#superseded(pid, line.by);
        return;
      case 'child ended':
        this.#childEnded(pid, line.child, line.end);
        this.#report.noEffect('signal');
        return;
      case 'mode':
        this.#report.notUnderstood(`a process in ${line.mode} mode, of which only 64 bit is read`, `pid ${pid}`);
        return;
      default:
        this.#report.noEffect('signal');
    }
  }

  #unfinishedCall(pid: number, thread: number, name: string, text: string): void {
    if (this.#unfinished.has(thread))
      this.#report.fail('the end of the unfinished call of this thread', `another call, ${name}`);
    const args = text.slice(name.length + 1);
    if (FORKS.has(name)) {
      const kind = forkKindOf(name, args);
      if (kind !== null) this.#parentage.begin(thread, pid, kind);
    } else if (EXITS.has(name)) {
      this.#exitCall(pid, thread, name, args);
    }
    this.#unfinished.set(thread, { text, at: this.#report.line });
  }

  #resumed(pid: number, thread: number, name: string, text: string): void {
    if (EXECS.has(name) && !this.#unfinished.has(thread)) this.#takeExec(pid);
    const begun = this.#unfinished.get(thread);
    this.#unfinished.delete(thread);
    if (begun === undefined || !begun.text.startsWith(`${name}(`)) {
      if (FORKS.has(name) || EXECS.has(name)) this.#report.fail(`the beginning of this ${name}`, 'none');
      this.#report.notUnderstood('the end of a call without its beginning', quoted(name));
      return;
    }
    const open = openTextOf(text);
    if (open !== null) {
      this.#unfinished.set(thread, { ...begun, text: begun.text + open });
      return;
    }
    const call = callOf(name, begun.text + text);
    if (call !== null) this.#call(pid, thread, call);
    else this.#report.notUnderstood('the end of a call that does not fit its beginning', quoted(text));
  }

  /** An exec goes on that none of this thread has begun: another thread's, if strace -qqq has left out that it has. */
  #takeExec(pid: number): void {
    for (const [thread, of] of this.#threads)
      if (of === pid && this.#unfinished.get(thread)?.text.startsWith('execve') === true) this.#superseded(pid, thread);
  }

  /** A thread's exec ends the other threads; it continues under the process's number. */
  #superseded(pid: number, by: number): void {
    if (!this.#threads.has(by) && by !== pid && !this.#recording.has(by)) this.#parentage.found(by, pid, 'thread');
    if (this.#threads.get(by) !== pid || by === pid) {
      this.#report.notUnderstood('an exec of a thread that is not one of the process', `pid ${by}`);
      return;
    }
    const begun = this.#unfinished.get(by);
    for (const [thread, process] of this.#threads) if (process === pid && thread !== pid) this.#forget(thread);
    this.#alive.delete(pid);
    this.#parentage.fail(pid);
    if (begun === undefined) this.#unfinished.delete(pid);
    else this.#unfinished.set(pid, begun);
  }

  /** The first thread of a process is the last one whose end is told. */
  #gone(pid: number, thread: number, end: End): void {
    this.#unfinished.delete(thread);
    this.#parentage.fail(thread);
    if (this.#exited.delete(thread)) return;
    const alive = this.#alive.get(pid) ?? 1;
    if (alive > 1 && thread !== pid) {
      this.#alive.set(pid, alive - 1);
      this.#threads.delete(thread);
      this.#recording.threadExit(pid, thread);
    } else {
      this.#exit(pid, end);
    }
  }

  #exit(pid: number, { code, signal }: End): void {
    this.#settle(pid);
    this.#parents.delete(pid);
    if ((this.#alive.get(pid) ?? 1) > 1) for (const [thread, of] of this.#threads) if (of === pid) this.#forget(thread);
    this.#alive.delete(pid);
    this.#forget(pid);
    this.#calls.forget(pid);
    this.#recording.exit(pid, code, signal);
  }

  #forget(thread: number): void {
    this.#threads.delete(thread);
    this.#unfinished.delete(thread);
    this.#parentage.fail(thread);
  }

  /** Imports the end of a child that its parent was told of, unless its own lines have told it. */
  #childEnded(pid: number, child: number, end: End, at = this.#report.line): void {
    if (this.#parents.get(child) !== pid || this.#threads.get(child) !== child) return;
    if (!this.#recording.hasEnded(child)) this.#report.repaired(END_UNKNOWN, at);
    this.#exit(child, end);
    this.#exited.add(child);
  }

  /** Imports what a process has waited for. */
  #settle(pid: number): void {
    const waited = this.#waited.get(pid);
    if (waited === undefined) return;
    this.#waited.delete(pid);
    for (const { child, end, at } of waited) {
      this.#childEnded(pid, child, end, at);
      this.#recording.wait(pid, child);
    }
  }

  /**
   * This call releases the address space, before a vfork parent continues; with threads, the exit of the last one does.
   */
  #exitCall(pid: number, thread: number, name: string, code: string | undefined): void {
    if (this.#exited.has(thread) || (this.#alive.get(pid) ?? 1) > 1) return;
    const status = numberOf(/^[^),]*/.exec(code ?? '')?.[0]);
    if (Number.isNaN(status)) this.#report.notUnderstood(`arguments of ${name}`, quoted(code ?? ''));
    this.#exit(pid, { code: (status || 0) & 0xff });
    this.#exited.add(thread);
  }

  #call(pid: number, thread: number, call: StraceCall): void {
    const { name, value, error } = call;
    const args = call.args.map(withoutName);
    if (FORKS.has(name)) {
      this.#forked(pid, thread, call);
    } else if (EXITS.has(name)) {
      this.#exitCall(pid, thread, name, args[0]);
    } else if (Number.isNaN(value)) {
      this.#report.noEffect(`interrupted ${name}`);
    } else if (EXECS.has(name)) {
      this.#executed(pid, name, args, error);
    } else if (WAITS.has(name)) {
      if (error === null) this.#waitedFor(pid, name, args, value);
    } else {
      this.#calls.call(pid, { ...call, args });
    }
  }

  #executed(pid: number, name: string, args: readonly string[], error: string | null): void {
    const named = stringOf(args[name === 'execve' ? 0 : 1] ?? '');
    const path = named === '' && name === 'execveat' ? descriptorOf(args[0])?.path : named;
    if (error === null) {
      this.beforeExec(pid);
      this.#calls.forget(pid);
      this.#recording.exec(pid, { path: path ?? UNKNOWN_PATH, loader: undefined });
    } else {
      this.#recording.execFailed(pid, error, path ?? UNKNOWN_PATH);
    }
  }

  #forked(pid: number, thread: number, { name, args, value }: StraceCall): void {
    const kind = forkKindOf(name, args.join(', '));
    if (value > 0 && kind === null) {
      this.#report.notUnderstood(`${name} that does not show its flags`, quoted(args.join(', ')));
    } else if (value > 0) {
      this.#parentage.end(thread, pid, kind!, value);
    } else {
      this.#parentage.fail(thread);
      this.#report.noEffect(`failed ${name}`);
    }
  }

  #waitedFor(pid: number, name: string, args: readonly string[], value: number): void {
    const told =
      name === 'waitid' ? endedChildIn(args[2] ?? '') : { child: value, end: waitEndOf(args[1] ?? '', args[2] ?? '') };
    if (told === null || !(told.child > 0)) return;
    const { child, end } = told;
    if (end === null || !this.#recording.has(child)) this.#recording.wait(pid, child);
    else this.#waited.set(pid, [...(this.#waited.get(pid) ?? []), { child, end, at: this.#report.line }]);
  }
}

const UNKNOWN_PATH = '(unknown)';
