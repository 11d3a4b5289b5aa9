/** Inserts the page faults of a second file between the lines of strace. */
import { WorkloadError, quoted } from '../../workload/errors.ts';
import { linesOf } from '../../workload/lines.ts';
import { readBlocks } from '../blocks.ts';
import { isAbsolute } from './clock.ts';
import type { ImportLog } from './log.ts';
import { FaultFeed, type PerfFault } from './perf.ts';
import type { Recording } from './recording.ts';
import { type StraceSpan, spanOf } from './strace-line.ts';
import type { StraceImporter } from './strace.ts';

const NO_LIMIT = { total: Infinity, expected: '' };

export class FaultMerge {
  readonly #report: ImportLog;
  readonly #importer: StraceImporter;
  readonly #file: string;
  readonly #feed: FaultFeed;
  readonly #lines: AsyncGenerator<PerfFault>;
  #next: PerfFault | undefined;
  #started = false;
  /** processes in an exec, and when it began, in seconds */
  readonly #loading = new Map<number, number>();
  #span: StraceSpan | null = null;
  /** seconds, of the first line and of the last one */
  #first = NaN;
  #last = NaN;
  /** seconds, of the first fault and of the last one that was taken */
  #firstFault = NaN;
  #lastFault = NaN;
  /** number of faults between the first line and the last one */
  #between = 0;

  /** `from` is read instead of the file, if it is given. */
  constructor(recording: Recording, report: ImportLog, importer: StraceImporter, file: string, from?: string) {
    this.#report = report;
    this.#importer = importer;
    this.#file = file;
    this.#feed = new FaultFeed(recording, report, file, (pid) => importer.processOf(pid));
    this.#lines = faultsOf(file, from, this.#feed);
    importer.beforeExec = (pid) => this.#feed.flushBefore(pid, this.#loading.get(pid) ?? -Infinity);
  }

  /** Delivers the faults that precede the effect of the call in this line. */
  async before(text: string): Promise<void> {
    const whole = this.#importer.wholeLine(text);
    this.#span = whole === null ? null : spanOf(whole);
    if (this.#span === null) return;
    const { time, duration, exec } = this.#span;
    if (!isAbsolute(time))
      this.#report.fail('a time in seconds since 1970, as strace -ttt writes it (for --faults)', quoted(time));
    if (Number.isNaN(this.#first)) this.#first = Number(time);
    if (exec === 'begins' || exec === 'whole') this.#loading.set(this.#process(this.#span), Number(time));
    this.#last = Number(time) + duration;
    await this.#until(this.#last);
  }

  behind(): void {
    if (this.#span === null) return;
    const { exec } = this.#span;
    if (exec === 'ends' || exec === 'whole') this.#loading.delete(this.#process(this.#span));
    this.#feed.flush((pid) => this.#loading.has(pid));
  }

  /** Call after the last line. Throws if the faults do not belong to the lines. */
  async finish(): Promise<void> {
    this.#loading.clear();
    const between = this.#between;
    await this.#until(Infinity);
    if (Number.isNaN(this.#firstFault))
      this.#fail('lines of perf script with exceptions:page_fault_user or page_fault_kernel', 'none');
    if (between === 0) {
      const times = `times from ${this.#firstFault} to ${this.#lastFault} (another clock?)`;
      this.#fail(`page faults from ${this.#first} to ${this.#last}, the times of ${this.#report.file}`, times);
    }
    this.#feed.flush(() => false);
    this.#feed.finish();
    if (this.#feed.delivered === 0)
      this.#fail(`page faults of the processes in ${this.#report.file}`, 'those of others only');
  }

  /** The process of a line; before the first line is read, its thread. */
  #process({ pid }: StraceSpan): number {
    return this.#importer.processOf(pid) || pid;
  }

  async #until(time: number): Promise<void> {
    if (!this.#started) await this.#advance();
    this.#started = true;
    while (this.#next !== undefined && this.#next.time <= time) {
      if (Number.isNaN(this.#firstFault)) this.#firstFault = this.#next.time;
      this.#lastFault = this.#next.time;
      if (this.#next.time < this.#first) {
        this.#report.noEffect('fault before the first call');
      } else {
        this.#between++;
        this.#feed.fault(this.#next, (pid) => this.#loading.has(pid));
      }
      await this.#advance();
    }
  }

  async #advance(): Promise<void> {
    const { value, done } = await this.#lines.next();
    this.#next = done === true ? undefined : value;
  }

  #fail(expected: string, found: string): never {
    throw new WorkloadError({ file: this.#file }, expected, found);
  }
}

async function* faultsOf(file: string, from: string | undefined, feed: FaultFeed): AsyncGenerator<PerfFault> {
  for await (const block of readBlocks(file, () => NO_LIMIT, from)) {
    for (const line of linesOf(block)) {
      const fault = feed.read(line);
      if (fault !== null) yield fault;
    }
  }
}
