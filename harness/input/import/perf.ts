/**
 * Page faults of `perf script` to go with strace: parses the lines, and delivers each fault at its place among the
 * calls.
 */
import { WorkloadError, quoted } from '../../workload/errors.ts';
import type { ImportLog } from './log.ts';
import type { Access, Recording } from './recording.ts';

export interface PerfFault {
  readonly pid: number;
  /** seconds */
  readonly time: number;
  readonly addr: number;
  readonly access: Access;
  readonly kernel: boolean;
  readonly present: boolean;
}

const LINE =
  /^ *.*? +(\d+)(?:\/\d+)? +(?:\[\d+\] +)?(?:[a-zA-Z.]+ +)?(\d+\.\d+): +(?:\d+ +)?(?:exceptions:)?page_fault_(user|kernel): +address=(?:0x)?([0-9a-f]+) .*error_code=(0x[0-9a-f]+)/;
const COMMENT = /^ *(#|$)/;

/** Bits of the x86 page-fault error code. */
const PRESENT = 1;
const WRITE = 2;
const INSTRUCTION = 16;
const MAX_HELD = 100_000;
const USER_END = 2 ** 47;

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
  readonly #held = new Map<number, PerfFault[]>();
  #count = 0;
  #last = 0;
  #line = 0;
  #before = '';

  constructor(recording: Recording, report: ImportLog, file: string) {
    this.#recording = recording;
    this.#report = report;
    this.#file = file;
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
    if (text === this.#before) {
      this.#report.repaired(`the line before again (${this.#file}): left out`, this.#line);
      return null;
    }
    this.#before = text;
    if (fault.time < this.#last)
      throw new WorkloadError(
        { file: this.#file, line: this.#line },
        `a time of at least ${this.#last}`,
        `${fault.time}`,
      );
    this.#last = fault.time;
    return fault;
  }

  /** `loading`: the process is in an exec whose success is not known yet. */
  fault(fault: PerfFault, loading: boolean): void {
    if (fault.addr >= USER_END) this.#report.noEffect('fault at an address of the kernel');
    else if (this.#recording.has(fault.pid) && !(loading && fault.access === 'w')) this.#deliver(fault);
    else if (this.#count < MAX_HELD) this.#hold(fault);
    else this.#report.noEffect('fault of a process that is not in the recording');
  }

  /** Delivers what was held back for processes that can take it now. */
  flush(loading: (pid: number) => boolean): void {
    for (const [pid, faults] of this.#held) {
      if (!this.#recording.has(pid) || loading(pid)) continue;
      this.#held.delete(pid);
      this.#count -= faults.length;
      for (const fault of faults) this.#deliver(fault);
    }
  }

  finish(): void {
    for (const faults of this.#held.values())
      for (const _ of faults) this.#report.noEffect('fault of a process that is not in the recording');
  }

  #hold(fault: PerfFault): void {
    const faults = this.#held.get(fault.pid) ?? [];
    faults.push(fault);
    this.#held.set(fault.pid, faults);
    this.#count++;
  }

  #deliver({ pid, addr, access, kernel, present }: PerfFault): void {
    this.#recording.fault(pid, addr, access, { ...(kernel ? { k: 1 } : {}), ...(present ? { p: 1 } : {}) });
  }
}
