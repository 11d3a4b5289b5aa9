/** Puts lines of strace together that a message has cut in two, and takes out what is not of a process. */
import { quoted } from '../../workload/errors.ts';
import type { ImportLog } from './log.ts';

/** Until strace 4.7 without its name. */
const MESSAGE =
  /^(?:(?:strace|\/\S*strace): (?:Process (\d+) attached)?|Process (\d+) (?:at|de)tached|Process \d+ (?:suspended|resumed)$)/;
/** On a terminal a message stands behind the part of a line that strace has written so far, but not within a string. */
const IN_THE_MIDDLE =
  /^((?:[^"]|"(?:[^"\\]|\\.)*")+?)((?:(?:strace|\/\S*strace): )?Process \d+ (?:attached|detached|suspended|resumed)(?: \([^()]*\))?)$/;
/** The first part of a line that a message has cut, and the message; null for any other text. */
const cutBy = (text: string): RegExpExecArray | null =>
  text.includes('Process ') && !MESSAGE.test(text) ? IN_THE_MIDDLE.exec(text) : null;
/** What -k, and -e read and write, print below a call. */
const BELOW = [
  [/^ > /, 'stack of a call'],
  [/^ \| [\da-f]{5,} /, 'data of a call'],
] as const;
/** The table of -C. */
const SUMMARY = /^% time |^System call usage summary/;
const SUMMARY_ROW = /^[-\s\d.%]*[a-z_0-9/ ]*$/;

export class StraceText {
  readonly #report: ImportLog;
  /** The pids that strace has said it attached to. */
  readonly attached = new Set<number>();
  /** the first part of a line that a message has cut in two, and where it is */
  #cut = '';
  #cutAt = 0;
  #inSummary = false;

  constructor(report: ImportLog) {
    this.#report = report;
  }

  /** The first of `attached`; 0 if there is none. */
  get attachedFirst(): number {
    const [first = 0] = this.attached;
    return first;
  }

  /** Returns the line of a process that ends with this text; null for any other text, and for a first part. */
  whole(text: string): string | null {
    if (text === '' || MESSAGE.test(text) || cutBy(text) !== null) return null;
    if (this.#cut !== '') return this.#cut + text;
    return BELOW.some(([form]) => form.test(text)) || this.#isSummary(text) ? null : text;
  }

  /** As `whole`, and takes the text: what it is, if not of a process, is counted. */
  take(text: string): string | null {
    const whole = this.whole(text);
    if (whole === null) {
      this.#aside(text);
    } else {
      this.#cut = '';
      this.#inSummary = false;
    }
    return whole;
  }

  /** Call after the last line. */
  finish(): void {
    if (this.#cut !== '') this.#report.notUnderstood('a line without its end', quoted(this.#cut), this.#cutAt);
  }

  #aside(text: string): void {
    const [, begun = '', said = text] = cutBy(text) ?? [];
    if (this.#cut === '') this.#cutAt = this.#report.line;
    this.#cut += begun;
    const message = MESSAGE.exec(said);
    if (message !== null) {
      this.#report.noEffect('message of strace');
      const pid = message[1] ?? message[2];
      if (pid !== undefined && !said.includes('detached')) this.attached.add(Number(pid));
      return;
    }
    const below = BELOW.find(([form]) => form.test(text));
    this.#inSummary ||= below === undefined;
    this.#report.noEffect(below === undefined ? 'summary of strace' : below[1]);
  }

  #isSummary(text: string): boolean {
    return SUMMARY.test(text) || (this.#inSummary && SUMMARY_ROW.test(text));
  }
}
