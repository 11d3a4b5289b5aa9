/** Turns lines of strace -f into events of a Recording. */
import { quoted } from '../../workload/errors.ts';
import type { Clock } from './clock.ts';
import { FileNames } from './file-names.ts';
import type { ImportLog } from './log.ts';
import { Parentage } from './parentage.ts';
import type { ForkKind, Recording } from './recording.ts';
import { type StraceLine, callOf, descriptorOf, headOf, lineOf, unquoted } from './strace-line.ts';
import { mapFlagsOf, numberOf, protOf } from './values.ts';

type Call = Extract<StraceLine, { kind: 'call' }>;

const FORKS = new Set(['fork', 'vfork', 'clone', 'clone3']);
const EXECS = new Set(['execve', 'execveat']);
/** Calls that change an address space in a way that `vmtrace-1` cannot express. */
const NO_EVENT = new Set([
  'mlock',
  'mlock2',
  'munlock',
  'mlockall',
  'munlockall',
  'shmat',
  'shmdt',
  'remap_file_pages',
]);
const MESSAGE = /^(?:strace|\/.*strace): /;

export class StraceImporter {
  readonly #recording: Recording;
  readonly #report: ImportLog;
  readonly #clock: Clock;
  readonly #files = new FileNames();
  readonly #parentage: Parentage<string>;
  /** thread -> its process; a process's first thread has the process's number */
  readonly #threads = new Map<number, number>();
  /** process -> number of live threads, if more than one */
  readonly #alive = new Map<number, number>();
  readonly #unfinished = new Map<number, string>();
  readonly #exited = new Map<number, number>();
  #before = '';

  constructor(recording: Recording, report: ImportLog, clock: Clock) {
    this.#recording = recording;
    this.#report = report;
    this.#clock = clock;
    this.#parentage = new Parentage(
      recording,
      report,
      (text) => this.#read(text),
      (child, parent, kind) => this.#born(child, parent, kind),
    );
  }

  line(text: string): void {
    if (text === '') {
      this.#report.notUnderstood('an empty line', "''");
      return;
    }
    if (MESSAGE.test(text)) {
      this.#report.noEffect('message of strace');
      return;
    }
    const { time } = headOf(text);
    if (text === this.#before && time !== '') {
      this.#report.repaired('the line before again: left out');
      return;
    }
    this.#before = text;
    if (time === '') this.#clock.tick();
    else if (this.#clock.set(time)) this.#report.fail('times that do not go back', `${time}`);
    this.#read(text);
  }

  finish(): void {
    this.#parentage.finish();
    for (const text of this.#unfinished.values()) {
      if (!text.startsWith('wait') && !text.startsWith('exit'))
        this.#report.repaired(`${/^\w+/.exec(text)?.[0]} that never returned: left out`);
    }
  }

  #read(text: string): void {
    const { pid: thread, rest } = headOf(text);
    const line = lineOf(rest);
    if (line.kind === 'unknown' || thread < 1 || thread >= 2 ** 31) {
      this.#report.notUnderstood('a line that is not one of strace', quoted(text));
      return;
    }
    const pid = this.#processOf(thread, line);
    if (pid === 0) {
      this.#parentage.keep(thread, text);
      return;
    }
    if (pid < 0) {
      this.#report.notUnderstood('a line of a process that has exited', quoted(text));
      return;
    }
    this.#event(pid, thread, line);
  }

  /** 0 = not known yet, -1 = gone. */
  #processOf(thread: number, line: StraceLine): number {
    const known = this.#threads.get(thread);
    if (known !== undefined) return known;
    if (this.#recording.empty) {
      this.#recording.begin(thread);
      if (line.kind === 'call' && line.name === 'execve') this.#recording.command(commandOf(line.args[1]));
      this.#threads.set(thread, thread);
      return thread;
    }
    if (this.#exited.has(thread) && (line.kind === 'exited' || line.kind === 'resumed' || line.kind === 'killed'))
      return thread;
    if (this.#parentage.adopt(thread)) return this.#threads.get(thread)!;
    return this.#exited.has(thread) ? -1 : 0;
  }

  #born(child: number, parent: number, kind: ForkKind): void {
    this.#exited.delete(child);
    this.#threads.set(child, kind === 'thread' ? parent : child);
    if (kind === 'thread') this.#alive.set(parent, (this.#alive.get(parent) ?? 1) + 1);
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
      case 'exited':
        this.#gone(pid, thread, line.code);
        return;
      case 'killed':
        this.#gone(pid, thread, 0, line.signal);
        return;
      case 'superseded':
        this.#superseded(pid, line.by);
        return;
      default:
        this.#report.noEffect('signal');
    }
  }

  #unfinishedCall(pid: number, thread: number, name: string, text: string): void {
    if (this.#unfinished.has(thread))
      this.#report.fail('the end of the unfinished call of this thread', `another call, ${name}`);
    this.#unfinished.set(thread, text);
    if (FORKS.has(name)) this.#parentage.begin(thread, pid, forkKind(name, text));
    else if (name === 'exit_group') this.#exitGroup(pid, thread, text);
  }

  #resumed(pid: number, thread: number, name: string, text: string): void {
    const begun = this.#unfinished.get(thread);
    this.#unfinished.delete(thread);
    if (begun === undefined || !begun.startsWith(`${name}(`)) {
      if (FORKS.has(name) || EXECS.has(name)) this.#report.fail(`the beginning of this ${name}`, 'none');
      this.#report.notUnderstood('the end of a call without its beginning', quoted(name));
      return;
    }
    const call = callOf(name, begun + text);
    if (call?.kind === 'call') this.#call(pid, thread, call);
    else this.#report.notUnderstood('the end of a call that does not fit its beginning', quoted(text));
  }

  /** A thread's exec ends the other threads; it continues under the process's number. */
  #superseded(pid: number, by: number): void {
    const begun = this.#unfinished.get(by);
    if (begun !== undefined) this.#unfinished.set(pid, begun);
    this.#unfinished.delete(by);
    this.#threads.delete(by);
    this.#alive.delete(pid);
  }

  #gone(pid: number, thread: number, code: number, signal?: string): void {
    this.#unfinished.delete(thread);
    if (this.#exited.has(thread)) {
      this.#exited.delete(thread);
      return;
    }
    const alive = this.#alive.get(pid) ?? 1;
    if (alive > 1) {
      this.#alive.set(pid, alive - 1);
      if (thread === pid) return;
      this.#threads.delete(thread);
      this.#recording.threadExit(pid, thread);
      return;
    }
    this.#exit(pid, code, signal);
    this.#threads.delete(thread);
  }

  #exit(pid: number, code: number, signal?: string): void {
    this.#alive.delete(pid);
    this.#threads.delete(pid);
    this.#files.forget(pid);
    this.#recording.exit(pid, code, signal);
  }

  /**
   * This call releases the address space, before a vfork parent continues; with threads, the exit of the last one does.
   */
  #exitGroup(pid: number, thread: number, text: string): void {
    if ((this.#alive.get(pid) ?? 1) > 1) return;
    this.#exit(pid, Number(/\((\d+)/.exec(text)?.[1] ?? 0));
    this.#threads.delete(thread);
    this.#exited.set(thread, pid);
  }

  #call(pid: number, thread: number, call: Call): void {
    const { name, args, result } = call;
    const failed = result.startsWith('-1') ? (/^-1 (E\w+)/.exec(result)?.[1] ?? 'error') : null;
    if (FORKS.has(name)) {
      this.#forked(pid, thread, call);
    } else if (EXECS.has(name)) {
      const path = unquoted(args[name === 'execve' ? 0 : 1] ?? '');
      if (failed === null && result.startsWith('?')) this.#report.noEffect(`interrupted ${name}`);
      else if (failed === null) this.#recording.exec(pid, { path, loader: undefined });
      else this.#recording.execFailed(pid, failed, path);
    } else if (name === 'exit_group' || name === 'exit') {
      if (name === 'exit_group' && !this.#exited.has(thread)) this.#exitGroup(pid, thread, `(${args[0]}`);
    } else if (name === 'wait4' || name === 'waitid') {
      if (Number(result) > 0) this.#recording.wait(pid, Number(result));
    } else if (NO_EVENT.has(name)) {
      if (failed === null)
        this.#report.notUnderstood(`${name}, for which vmtrace-1 has no event`, quoted(args.join(', ')));
    } else if (failed !== null && name !== 'mmap') {
      this.#report.noEffect(`failed ${name}`);
    } else if (!this.#space(pid, call, failed)) {
      this.#report.notUnderstood(`arguments of ${name}`, quoted(args.join(', ')));
    }
  }

  #forked(pid: number, thread: number, { name, args, result }: Call): void {
    const child = numberOf(result);
    if (child > 0) {
      this.#parentage.end(thread, pid, forkKind(name, args.join(',')), child);
    } else {
      this.#parentage.fail(thread);
      this.#report.noEffect(`failed ${name}`);
    }
  }

  /** Handles calls that change the space; returns false if their arguments are not understood. */
  #space(pid: number, { name, args, result }: Call, failed: string | null): boolean {
    const [addr, len] = [numberOf(args[0]), numberOf(args[1])];
    const value = numberOf(result);
    const known = !Number.isNaN(addr) && !Number.isNaN(len);
    switch (name) {
      case 'mmap':
        return this.#mmap(pid, args, value, failed);
      case 'munmap':
        if (known) this.#recording.munmap(pid, addr, len);
        return known;
      case 'mprotect':
      case 'pkey_mprotect': {
        const prot = protOf(args[2] ?? '');
        if (known && prot !== null) this.#recording.mprotect(pid, addr, len, prot);
        return known && prot !== null;
      }
      case 'madvise': {
        const advice = /^MADV_(\w+)$/.exec(args[2] ?? '')?.[1];
        if (known && advice !== undefined) this.#recording.madvise(pid, addr, len, advice);
        return known && advice !== undefined;
      }
      case 'mremap': {
        const newLen = numberOf(args[2]);
        const ok = known && newLen >= 0 && value > 0;
        if (ok) this.#recording.mremap(pid, addr, len, newLen, value);
        return ok;
      }
      case 'brk':
        if (value > 0) this.#recording.brk(pid, value);
        return value > 0;
      default:
        this.#report.noEffect(name);
        return true;
    }
  }

  #mmap(pid: number, args: readonly string[], result: number, failed: string | null): boolean {
    const [len, off] = [numberOf(args[1]), numberOf(args[5])];
    const [prot, flags] = [protOf(args[2] ?? ''), mapFlagsOf(args[3] ?? '')];
    const descriptor = descriptorOf(args[4] ?? '');
    if (prot === null || flags === null || descriptor === null || !(len >= 0) || Number.isNaN(off)) return false;
    if (failed === null && !(result >= 0)) return false;
    const { fd, path } = descriptor;
    const file = fd < 0 || flags.includes('ANON') ? null : (path ?? this.#files.mapped(pid, fd, off));
    const call = { addr: result, len, prot, flags, file, off };
    if (failed === null) this.#recording.mmap(pid, call);
    else this.#recording.mmapFailed(pid, call, failed);
    return true;
  }
}

function forkKind(name: string, text: string): ForkKind {
  if (name === 'fork' || name === 'vfork') return name;
  if (text.includes('CLONE_THREAD')) return 'thread';
  if (!text.includes('CLONE_VM')) return 'fork';
  return text.includes('CLONE_VFORK') ? 'vfork' : 'clone_vm';
}

/** `["sh", "-c", …]` as words. */
function commandOf(argv = ''): string {
  const words = argv.replace(/^\[|\]$/g, '').match(/"(?:[^"\\]|\\.)*"/g) ?? [];
  return words.map((word) => unquoted(word)).join(' ');
}
