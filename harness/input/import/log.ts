/** What an import could not use: every line is imported, known to have no effect, repaired, or counted here by kind. */
import { WorkloadError, quoted } from '../../workload/errors.ts';

/** How often something occurred, and where first. */
export interface Tally {
  count: number;
  readonly line: number;
}

export interface ImportCounts {
  readonly lines: number;
  readonly events: number;
  /** Programs with page faults whose shared page may be elsewhere than is supposed: none of their faults is at it. */
  readonly withoutSharedPage: number;
  /** Lines that were not understood, or that report missing data: an import with `strict` stops at the first. */
  readonly unknown: ReadonlyMap<string, Tally>;
  /** Lines that were understood but had to be corrected. */
  readonly repairs: ReadonlyMap<string, Tally>;
  /** Lines without an effect on any address space. */
  readonly ignored: ReadonlyMap<string, Tally>;
}

/** Number of kinds listed separately; further kinds are counted together. */
const MAX_KINDS = 100;
const OTHER = 'other kinds';

export class ImportLog {
  readonly file: string;
  readonly #strict: boolean;
  readonly unknown = new Map<string, Tally>();
  readonly repairs = new Map<string, Tally>();
  readonly ignored = new Map<string, Tally>();
  /** The line being read. */
  line = 0;

  constructor(file: string, strict: boolean) {
    this.file = file;
    this.#strict = strict;
  }

  /** Counts a line, or part of one, that is not understood. Throws with `strict`. */
  notUnderstood(kind: string, found: string, line = this.line, file = this.file): void {
    if (this.#strict)
      throw new WorkloadError({ file, line }, 'a line that is understood (--strict)', `${kind}: ${found}`);
    tally(this.unknown, file === this.file ? kind : `${kind} (${file})`, line);
  }

  /** Counts what of a call's arguments a replay does not follow, though it follows the call. */
  leftOut(name: string, lost: readonly string[], args: readonly string[]): void {
    for (const word of lost) this.notUnderstood(`${word} of ${name}, which no replay follows`, quoted(args.join(', ')));
  }

  repaired(kind: string, line = this.line): void {
    tally(this.repairs, kind, line);
  }

  noEffect(kind: string): void {
    tally(this.ignored, kind, this.line);
  }

  /** Throws for something that can be neither read nor corrected. */
  fail(expected: string, found: string, line = this.line): never {
    throw new WorkloadError({ file: this.file, line }, expected, found);
  }
}

function tally(into: Map<string, Tally>, kind: string, line: number): void {
  const known = into.get(kind);
  if (known !== undefined) known.count++;
  else if (into.size < MAX_KINDS || kind === OTHER) into.set(kind, { count: 1, line });
  else tally(into, OTHER, line);
}
