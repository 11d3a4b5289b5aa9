/** Turns kdump's ktrace records into events of a Recording. */
import { quoted } from '../../workload/errors.ts';
import { reportOther } from './calls.ts';
import type { Clock } from './clock.ts';
import { type Call, EXECS, FORKS, FreebsdCalls, changesSpace, forkKind } from './freebsd-calls.ts';
import {
  type KdumpLine,
  type Return,
  callOf,
  faultOf,
  goesOn,
  isData,
  isDropped,
  kdumpLineOf,
  returnOf,
} from './kdump-line.ts';
import type { ImportLog } from './log.ts';
import { Parentage } from './parentage.ts';
import type { Access, Recording } from './recording.ts';
import { numberOf } from './values.ts';

interface Fault {
  readonly addr: number;
  readonly access: Access;
  /** the line where it began */
  readonly at: number;
}

/** What is in progress in a thread, or in a process if the recording does not distinguish threads. */
interface Thread {
  readonly calls: Map<string, Call & { readonly names: string[]; readonly at: number }>;
  fault: Fault | null;
  /** writes during an exec: by the kernel, into the new program */
  readonly loading: Fault[];
}

/** Records that never change an address space. */
const NO_EFFECT = new Set([
  'CSW',
  'USER',
  'STRU',
  'SCTL',
  'CAP',
  'ARGS',
  'ENVS',
  'PCTR',
  'PDTR',
  'XTND',
  'FAIL',
  'GIO',
]);
const SURVIVED = new Set([
  'SIGCHLD',
  'SIGURG',
  'SIGWINCH',
  'SIGCONT',
  'SIGINFO',
  'SIGIO',
  'SIGSTOP',
  'SIGTSTP',
  'SIGTTIN',
  'SIGTTOU',
  'SIGTHR',
]);
/** Characters of a record that goes on; no name is longer. */
const MAX_RECORD = 2 ** 16;
/** Return value of fork in the child. */
const IN_CHILD = 0;

export class KdumpImporter {
  readonly #recording: Recording;
  readonly #report: ImportLog;
  readonly #clock: Clock;
  readonly #calls: FreebsdCalls;
  readonly #parentage: Parentage<KdumpLine>;
  readonly #threads = new Map<string, Thread>();
  readonly #exited = new Set<number>();
  #before = '';
  #inData = false;
  /** the record that goes on, and where it began */
  #begun: KdumpLine | null = null;
  #begunAt = 0;

  constructor(recording: Recording, report: ImportLog, clock: Clock) {
    this.#recording = recording;
    this.#report = report;
    this.#clock = clock;
    this.#calls = new FreebsdCalls(recording, report, true, (child) => this.#exit(child, 0));
    this.#parentage = new Parentage(
      recording,
      report,
      (line) => this.#record(line),
      (child, parent) => {
        this.#exited.delete(child);
        this.#calls.forked(parent, child);
      },
    );
  }

  line(text: string): void {
    if (isDropped(text)) {
      this.#report.notUnderstood('Events dropped: the recording has gaps', quoted(text));
      return;
    }
    const line = kdumpLineOf(text);
    if (line === null) {
      if (this.#inData && isData(text)) this.#report.noEffect('data of GIO');
      else if (this.#begun !== null) this.#continue(this.#begun, text);
      else this.#report.notUnderstood('a line that is not one of kdump', quoted(text));
      return;
    }
    this.#endRecord();
    this.#inData = line.type === 'GIO';
    if (line.time !== '' && text === this.#before && line.type !== 'GIO') {
      this.#report.repaired('the line before again: left out');
      return;
    }
    this.#before = text;
    if (line.time === '') this.#clock.tick();
    else if (this.#clock.set(line.time))
      this.#report.repaired('a time before the last one: kept in the order of lines');
    if (goesOn(line)) [this.#begun, this.#begunAt] = [line, this.#report.line];
    else this.#record(line);
  }

  finish(): void {
    this.#endRecord();
    this.#parentage.finish();
    for (const { calls, fault } of this.#threads.values()) {
      for (const { name, at } of calls.values()) if (changesSpace(name)) this.#report.repaired(noReturn(name), at);
      if (fault !== null) this.#report.repaired(noReturn('a fault'), fault.at);
    }
  }

  #continue(begun: KdumpLine, more: string): void {
    const line = { ...begun, text: `${begun.text}\n${more}` };
    this.#begun = line;
    if (!goesOn(line)) this.#endRecord();
    else if (line.text.length > MAX_RECORD) {
      this.#begun = null;
      this.#report.notUnderstood(`${line.type} that does not end`, quoted(line.text), this.#begunAt);
    }
  }

  /** Takes the record that went on, if there is one. */
  #endRecord(): void {
    const line = this.#begun;
    this.#begun = null;
    if (line === null) return;
    const now = this.#report.line;
    this.#report.line = this.#begunAt;
    if (line.type !== 'STRU' && goesOn(line))
      this.#report.notUnderstood(`${line.type} that does not end`, quoted(line.text));
    else this.#record(line);
    this.#report.line = now;
  }

  #record(line: KdumpLine): void {
    const { pid, type, text } = line;
    if (!this.#known(line)) return;
    const thread = this.#thread(line);
    switch (type) {
      case 'CALL':
        this.#call(line, thread);
        return;
      case 'RET':
        this.#return(line, thread);
        return;
      case 'NAMI':
        for (const call of thread.calls.values()) call.names.push(text.replace(/^"(.*)"$/s, '$1'));
        return;
      case 'PFLT':
        this.#fault(thread, text);
        return;
      case 'PRET':
        this.#faultEnd(pid, thread, text);
        return;
      case 'PSIG':
        this.#signal(pid, text);
        return;
      default:
        if (NO_EFFECT.has(type)) this.#report.noEffect(type);
        else this.#report.notUnderstood(`record of type ${type}`, quoted(text));
    }
  }

  #fault(thread: Thread, text: string): void {
    if (thread.fault !== null) this.#report.repaired(noReturn('a fault'), thread.fault.at);
    const fault = faultOf(text);
    thread.fault = fault === null ? null : { ...fault, at: this.#report.line };
    if (fault === null) this.#report.notUnderstood('PFLT', quoted(text));
  }

  #known(line: KdumpLine): boolean {
    const { pid, type, text } = line;
    if (this.#recording.has(pid)) return true;
    if (this.#recording.empty) {
      this.#recording.begin(pid);
      return true;
    }
    if (this.#exited.has(pid) && !this.#parentage.adopt(pid)) {
      if (type === 'CALL' || type === 'PFLT')
        this.#report.notUnderstood('a line of a process that has exited', quoted(text));
      else this.#report.noEffect('the end of a process');
      return false;
    }
    if (this.#recording.has(pid) || this.#parentage.adopt(pid)) return true;
    this.#parentage.keep(pid, line);
    return false;
  }

  #thread({ pid, tid }: KdumpLine): Thread {
    const key = `${pid}:${tid}`;
    const known = this.#threads.get(key);
    if (known !== undefined) return known;
    const thread: Thread = { calls: new Map(), fault: null, loading: [] };
    this.#threads.set(key, thread);
    return thread;
  }

  #call({ pid, tid, text }: KdumpLine, thread: Thread): void {
    const call = callOf(text);
    if (call === null) {
      this.#report.notUnderstood('CALL', quoted(text));
      return;
    }
    const { name, args } = call;
    const before = thread.calls.get(name);
    if (before !== undefined && changesSpace(name)) this.#report.repaired(noReturn(name), before.at);
    thread.calls.set(name, { name, args, names: [], at: this.#report.line });
    if (FORKS.has(name)) {
      const kind = forkKind(name, args);
      if (kind !== null) this.#parentage.begin(threadKey(pid, tid), pid, kind);
    } else if (name === 'exit' || name === '_exit' || name === 'sys_exit') {
      this.#exit(pid, numberOf(args[0]) || 0);
    }
  }

  #return(line: KdumpLine, thread: Thread): void {
    const result = returnOf(line.text);
    if (result === null) {
      this.#report.notUnderstood('RET', quoted(line.text));
      return;
    }
    const { name } = result;
    const call = thread.calls.get(name);
    thread.calls.delete(name);
    if (FORKS.has(name)) {
      this.#forked(line, call, result);
    } else if (EXECS.has(name)) {
      this.#executed(line.pid, thread, call, result);
    } else if (call === undefined) {
      if (changesSpace(name)) this.#report.notUnderstood(`RET of ${name} without its CALL`, quoted(line.text));
      else reportOther(this.#report, name, []);
    } else if (result.restart) {
      this.#report.noEffect(`failed ${name}`);
    } else {
      this.#calls.returned(line.pid, call, result);
    }
  }

  #forked({ pid, tid, text }: KdumpLine, call: Call | undefined, { name, value, errno }: Return): void {
    const thread = threadKey(pid, tid);
    const kind = forkKind(name, call?.args ?? []);
    if (call === undefined && (value === IN_CHILD || kind === null)) return;
    if (call === undefined) this.#report.repaired(`RET of ${name} without its CALL: taken as a ${name}`);
    if (errno !== 0 || Number.isNaN(value)) {
      this.#parentage.fail(thread);
      this.#report.noEffect(`failed ${name}`);
      return;
    }
    if (value > 0 && kind !== null) this.#parentage.end(thread, pid, kind, value);
    else if (kind !== null) this.#report.notUnderstood(`${name} that does not tell its child`, quoted(text));
  }

  #executed(pid: number, thread: Thread, call: Call | undefined, { name, value, errno }: Return): void {
    if (errno !== 0) {
      for (const { addr, access } of thread.loading.splice(0)) this.#recording.fault(pid, addr, access);
      this.#calls.execFailed(pid, call, errno);
      return;
    }
    if (call === undefined) this.#report.repaired(`RET of ${name} without its CALL: the program is not known`);
    if (!Number.isNaN(value) && value !== 0) this.#report.notUnderstood(`RET of ${name}`, `${value}`);
    this.#calls.executed(pid, call);
    for (const { addr, access } of thread.loading.splice(0)) this.#recording.fault(pid, addr, access);
  }

  #faultEnd(pid: number, thread: Thread, text: string): void {
    const { fault } = thread;
    thread.fault = null;
    if (fault === null) {
      this.#report.notUnderstood('PRET without its PFLT', quoted(text));
    } else if (text.trim() !== 'KERN_SUCCESS') {
      if (/^KERN_\w+$|^<?unknown/.test(text.trim())) this.#report.noEffect(`fault with ${text.trim()}`);
      else this.#report.notUnderstood('PRET', quoted(text));
    } else if (fault.access === 'w' && [...EXECS].some((name) => thread.calls.has(name))) {
      thread.loading.push(fault);
    } else {
      this.#recording.fault(pid, fault.addr, fault.access);
    }
  }

  #signal(pid: number, text: string): void {
    const match = /^(SIG\w+) (SIG_DFL|caught|SIG_IGN)/.exec(text);
    if (match === null) this.#report.notUnderstood('PSIG', quoted(text));
    else if (match[2] === 'SIG_DFL' && !SURVIVED.has(match[1])) this.#exit(pid, 0, match[1]);
    else this.#report.noEffect('PSIG');
  }

  #exit(pid: number, code: number, signal?: string): void {
    this.#calls.forget(pid);
    for (const key of this.#threads.keys()) if (key.startsWith(`${pid}:`)) this.#threads.delete(key);
    this.#exited.add(pid);
    this.#recording.exit(pid, code, signal);
  }
}

const noReturn = (what: string): string => `${what} that never returned: left out`;

/** Thread numbers are higher than process numbers. */
const threadKey = (pid: number, tid: number): number => (tid === 0 ? pid : tid);
