/**
 * Page faults of `perf script` to go with strace: parses the lines, and delivers each fault at its place among the
 * calls.
 */
import { WorkloadError, quoted } from '../../workload/errors.ts';
import type { ImportLog } from './log.ts';
import type { Access, Recording } from './recording.ts';
import { USER_END } from './values.ts';

export interface PerfFault {
  /** process or thread, as perf was told to print */
  readonly pid: number;
  /** seconds */
  readonly time: number;
  readonly addr: number;
  readonly access: Access;
  readonly kernel: boolean;
  readonly present: boolean;
}

/** `comm pid/tid [cpu] flags time: period event: trace`; comm may have blanks, and -F leaves out all but pid, time, event. */
const LINE =
  /^(?:.*? )??(\d+)(?:\/\d+)? +(?:\[\d+\] +)?(?:[\w.]{4,6} +)?(\d+\.\d+): +(?:\d+ +)?(?:exceptions:)?page_fault_(user|kernel): +address=(?:0x)?([0-9a-f]+)\b.*error_code=(0x[0-9a-f]+)/;
/** Comments, and a fault's call chain (-g): an address, a symbol and a file in a line each, and an empty line. */
const COMMENT = /^\s*(?:#|$|(?!.*\d\.\d+: )[0-9a-f]+ .*\(.*\)$)/;

/** Bits of the x86 page-fault error code. */
const PRESENT = 1;
const WRITE = 2;
const INSTRUCTION = 16;
const MAX_HELD = 100_000;

/** Returns a fault; null for a comment or an empty line; undefined if the line is not understood. */
function perfFaultOf(text: string): PerfFault | null | undefined {
  const match = LINE.exec(text);
  if (match === null) return COMMENT.test(text) ? null : undefined;
  const code = Number(match[5]);
  return {
    pid: Number(match[1]),
    time: Number(match[2]),
    addr: parseInt(match[4], 16),
    access: code & INSTRUCTION ? 'x' : code & WRITE ? 'w' : 'r',
    kernel: match[3] === 'kernel',
    present: (code & PRESENT) !== 0,
  };
}

/**
 * Takes lines of perf and of strace in time order. What a process does before its fork is shown is held back; so are
 * the kernel's writes into a program being loaded.
 */
export class FaultFeed {
  readonly #recording: Recording;
  readonly #report: ImportLog;
  readonly #file: string;
  readonly #processOf: (id: number) => number;
  readonly #held = new Map<number, PerfFault[]>();
  #count = 0;
  #last = 0;
  #line = 0;
  delivered = 0;

  /** `processOf` gives the process of a pid or thread, 0 if it is not known. */
  constructor(recording: Recording, report: ImportLog, file: string, processOf: (id: number) => number) {
    this.#recording = recording;
    this.#report = report;
    this.#file = file;
    this.#processOf = processOf;
  }

  /** Returns the fault in a line, if there is one. */
  read(text: string): PerfFault | null {
    this.#line++;
    const fault = perfFaultOf(text);
    if (fault === null) return null;
    if (fault === undefined) {
      this.#report.notUnderstood('a line that is no page fault', quoted(text), this.#line, this.#file);
      return null;
    }
    if (fault.time < this.#last)
      throw new WorkloadError(
        { file: this.#file, line: this.#line },
        `a time of at least ${this.#last}`,
        `${fault.time}`,
      );
    this.#last = fault.time;
    return fault;
  }

  /** `loading`: is a process in an exec whose success is not known yet? */
  fault(fault: PerfFault, loading: (pid: number) => boolean): void {
    const pid = this.#processOf(fault.pid);
    if (fault.addr >= USER_END) this.#report.noEffect('fault at an address of the kernel');
    else if (pid > 0 && !(fault.access === 'w' && loading(pid))) this.#deliver(pid, fault);
    else this.#hold(fault);
  }

  /** Delivers what was held back for processes that can take it now. */
  flush(loading: (pid: number) => boolean): void {
    for (const [id, faults] of this.#held) {
      const pid = this.#processOf(id);
      if (pid === 0 || loading(pid)) continue;
      this.#held.delete(id);
      this.#count -= faults.length;
      for (const fault of faults) this.#deliver(pid, fault);
    }
  }

  /** Delivers what was held back for a process and happened before that time, in seconds. */
  flushBefore(pid: number, time: number): void {
    for (const [id, faults] of this.#held) {
      if (this.#processOf(id) !== pid) continue;
      const later = faults.findIndex((fault) => fault.time >= time);
      const due = faults.splice(0, later < 0 ? faults.length : later);
      this.#count -= due.length;
      for (const fault of due) this.#deliver(pid, fault);
    }
  }

  finish(): void {
    for (const id of this.#held.keys()) this.#forsake(id);
  }

  #forsake(id: number): void {
    const faults = this.#held.get(id)!;
    this.#held.delete(id);
    this.#count -= faults.length;
    for (const _ of faults) this.#report.noEffect('fault of a process that is not in the recording');
  }

  /** perf can see all processes of a system: those that have waited longest are not in the recording. */
  #hold(fault: PerfFault): void {
    if (this.#count >= MAX_HELD) this.#forsake(this.#held.keys().next().value!);
    const faults = this.#held.get(fault.pid) ?? [];
    faults.push(fault);
    this.#held.set(fault.pid, faults);
    this.#count++;
  }

  #deliver(pid: number, { addr, access, kernel, present }: PerfFault): void {
    this.delivered++;
    this.#recording.fault(pid, addr, access, { ...(kernel ? { k: 1 } : {}), ...(present ? { p: 1 } : {}) });
  }
}
