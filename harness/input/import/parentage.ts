/**
 * Determines the parent of a new pid. A child's first lines may precede the line with its parent's result: they belong
 * to the only fork in progress, or wait until some fork names their pid.
 */
import type { ImportLog } from './log.ts';
import type { Births, ForkKind, Recording } from './recording.ts';

/** The lines of another process were read as those of a child. The next pass knows better. */
export class WrongChild extends Error {}

interface UnderWay {
  /** the line where it begins */
  readonly at: number;
  readonly parent: number;
  readonly kind: ForkKind;
  /** 0 = not known yet */
  child: number;
}

interface Waiting<Line> {
  readonly at: number;
  readonly line: Line;
}

/** Maximum number of lines kept for pids without a parent, in total. */
const MAX_WAITING = 100_000;
const ORPHAN = 'a line of a process whose start is not in the recording';

export class Parentage<Line> {
  readonly #recording: Recording;
  readonly #report: ImportLog;
  readonly #read: (line: Line) => void;
  readonly #onBorn: (child: number, parent: number, kind: ForkKind) => void;
  readonly #births: Births;
  readonly #underWay = new Map<number, UnderWay>();
  readonly #waiting = new Map<number, Waiting<Line>[]>();
  #kept = 0;

  /** `read` receives the kept lines, after `born` was told of their process. */
  constructor(
    recording: Recording,
    report: ImportLog,
    read: (line: Line) => void,
    born: (child: number, parent: number, kind: ForkKind) => void,
  ) {
    this.#recording = recording;
    this.#report = report;
    this.#read = read;
    this.#onBorn = born;
    this.#births = recording.births;
  }

  /** A thread has called fork or a similar call. */
  begin(thread: number, parent: number, kind: ForkKind): void {
    this.#underWay.set(thread, { at: this.#report.line, parent, kind, child: 0 });
  }

  /** Has anyone called fork without a result or a child so far? */
  get expecting(): boolean {
    return [...this.#underWay.values()].some(({ child }) => child === 0);
  }

  /** The call has failed, or its thread has ended. */
  fail(thread: number): void {
    this.#underWay.delete(thread);
  }

  /** The call has returned in the parent. Throws WrongChild. */
  end(thread: number, parent: number, kind: ForkKind, child: number): void {
    const call = this.#underWay.get(thread);
    this.#underWay.delete(thread);
    if (call === undefined || call.child === 0) this.#born(parent, child, kind, call?.at ?? 0);
    else if (call.child !== child) {
      this.#births.set(call.at, child);
      throw new WrongChild();
    }
    if (kind === 'vfork') this.#recording.vforkDone(parent, child);
  }

  /** Returns whether the pid's parent is now known. */
  adopt(pid: number): boolean {
    let only: UnderWay | null = null;
    const seen = this.#waiting.get(pid)?.at(0)?.at ?? Infinity;
    for (const call of this.#underWay.values()) {
      if (call.child !== 0 || !this.#recording.has(call.parent)) continue;
      // It is another's child, or was there before the call.
      if (seen < call.at || (this.#births.get(call.at) ?? pid) !== pid) continue;
      if (only !== null) return false;
      only = call;
    }
    if (only === null) return false;
    only.child = pid;
    this.#born(only.parent, pid, only.kind, only.at);
    return true;
  }

  /** A line of its parent's tells of a child whose fork was not understood. */
  found(child: number, parent: number, kind: ForkKind): void {
    this.#born(parent, child, kind, 0);
  }

  /** Keeps a line of a pid without a parent. */
  keep(pid: number, line: Line): void {
    if (this.#kept++ >= MAX_WAITING) {
      this.#report.notUnderstood(ORPHAN, `pid ${pid}`);
      return;
    }
    const lines = this.#waiting.get(pid) ?? [];
    lines.push({ at: this.#report.line, line });
    this.#waiting.set(pid, lines);
  }

  /** Counts what is still waiting after the last line. */
  finish(): void {
    for (const [pid, lines] of this.#waiting) this.#forsake(pid, lines);
  }

  #forsake(pid: number, lines: readonly Waiting<Line>[]): void {
    for (const { at } of lines) this.#report.notUnderstood(ORPHAN, `pid ${pid}`, at);
  }

  /** since: the line where its fork began. Lines before that are of another process that had its pid. */
  #born(parent: number, child: number, kind: ForkKind, since: number): void {
    this.#recording.fork(parent, child, kind);
    this.#onBorn(child, parent, kind);
    const lines = this.#waiting.get(child);
    if (lines === undefined) return;
    this.#waiting.delete(child);
    this.#kept -= lines.length;
    const now = this.#report.line;
    const own = lines.filter(({ at }) => at >= since);
    this.#forsake(child, lines.slice(0, lines.length - own.length));
    for (const { at, line } of own) {
      this.#report.line = at;
      this.#read(line);
    }
    this.#report.line = now;
  }
}
