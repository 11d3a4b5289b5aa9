/**
 * What a patched core numbers differently. Counters, kinds of calls and places travel as numbers in a record; a child
 * says what its own numbers stand for, and its parts are renumbered here, by name. What only one side knows is kept apart:
 * it is never taken for something else.
 */
import { CHARGED_EXTRA, COUNTER_COUNT, COUNTER_NAMES, EVENT_KINDS, EVENT_WORDS } from '../../core/index.ts';
import { type CoreNames, coreNames } from '../run/load.ts';
import type { PerOp, Profile, RecordedEvents, RunEnd, RunPart } from '../run/record.ts';
import type { ColumnRun } from './column.ts';

/** Kinds of calls that only patched cores know: the same number for the same name in every column. */
const otherKinds: string[] = [];

function kindOf(name: string): number {
  const known = (EVENT_KINDS as readonly string[]).indexOf(name);
  if (known >= 0) return known;
  if (!otherKinds.includes(name)) otherKinds.push(name);
  return EVENT_KINDS.length + otherKinds.indexOf(name);
}

const UNKNOWN = -1;

export class Numbering {
  readonly #names: CoreNames;
  /** by the child's number: the number here, or UNKNOWN */
  readonly #counters: Int16Array;
  readonly #quantities: Int16Array;
  readonly #kinds: Int16Array;
  /** counters that only the child has, and those that it has not, or not as what they are here */
  readonly added: readonly string[];
  readonly missing: readonly string[];

  constructor(names: CoreNames) {
    this.#names = names;
    const own = coreNames();
    const isSame = (name: string): boolean =>
      own.gauges.includes(name) === names.gauges.includes(name) &&
      own.events.includes(name) === names.events.includes(name);
    const numbers = names.counters.map((name) => (isSame(name) ? own.counters.indexOf(name) : UNKNOWN));
    this.#counters = Int16Array.from(numbers);
    const extra = names.extra.map((name) => {
      const at = (CHARGED_EXTRA as readonly string[]).indexOf(name);
      return at < 0 ? UNKNOWN : COUNTER_COUNT + at;
    });
    this.#quantities = Int16Array.from([...numbers, ...extra]);
    this.#kinds = Int16Array.from(names.kinds, kindOf);
    this.added = names.counters.filter((_name, number) => numbers[number] === UNKNOWN);
    this.missing = COUNTER_NAMES.filter((_name, number) => !numbers.includes(number));
  }

  /** Null if every number means the same here. */
  static of(names: CoreNames): Numbering | null {
    return JSON.stringify(names) === JSON.stringify(coreNames()) ? null : new Numbering(names);
  }

  /** Why records cannot be renumbered; null if they can. */
  static refusal({ eventWords, counters }: CoreNames): string | null {
    if (eventWords !== EVENT_WORDS)
      return `expected records with events of ${EVENT_WORDS} words, as in this program, got ${eventWords}`;
    if (counters.length > 256) return `expected at most 256 counters, got ${counters.length}`;
    return null;
  }

  /** What a reader should know, a line each. */
  get notes(): string[] {
    const { stops } = coreNames();
    const { stops: theirs } = this.#names;
    return [
      ...stops.filter((point) => !theirs.includes(point)).map((point) => `yield point ${point} is gone`),
      ...theirs.filter((point) => !stops.includes(point)).map((point) => `yield point ${point} is new`),
    ];
  }

  part(part: RunPart): RunPart {
    const { perOp, start, events } = part;
    return {
      ...part,
      perOp: this.#perOp(perOp),
      start: this.#ofCounters(start),
      events: events && this.#events(events),
    };
  }

  end(end: RunEnd): RunEnd {
    const { start, totals, profile } = end;
    const counters = Object.fromEntries(
      this.added.map((name) => {
        const number = this.#names.counters.indexOf(name);
        return [name, (totals[number] ?? 0) - (start[number] ?? 0)];
      }),
    );
    return {
      ...end,
      start: this.#ofCounters(start),
      totals: this.#ofCounters(totals),
      profile: profile && this.#profile(profile),
      apart: { counters, missing: this.missing },
    };
  }

  /** A failed run has no counts. */
  #ofCounters(values: Float64Array): Float64Array {
    if (values.length === 0) return values;
    const renumbered = new Float64Array(COUNTER_COUNT);
    this.#counters.forEach((number, theirs) => {
      if (number !== UNKNOWN) renumbered[number] = values[theirs];
    });
    return renumbered;
  }

  /** Lists that were different in a counter that is not here are one list here. */
  #perOp(perOp: PerOp): PerOp {
    const { counterList, counterFrom, counterIndex, counterDelta } = perOp;
    const numbers = this.#counters;
    const lists = new Map<string, number>();
    const [from, index, delta]: [number[], number[], number[]] = [[0], [], []];
    const renumbered = new Uint32Array(counterFrom.length - 1);
    for (let list = 0; list < renumbered.length; list++) {
      const charged: [counter: number, delta: number][] = [];
      for (let k = counterFrom[list]; k < counterFrom[list + 1]; k++) {
        const counter = numbers[counterIndex[k]];
        if (counter !== UNKNOWN) charged.push([counter, counterDelta[k]]);
      }
      charged.sort(([a], [b]) => a - b);
      const key = charged.join(' ');
      const known = lists.get(key);
      renumbered[list] = known ?? lists.size;
      if (known !== undefined) continue;
      lists.set(key, lists.size);
      for (const [counter, added] of charged) {
        index.push(counter);
        delta.push(added);
      }
      from.push(index.length);
    }
    return {
      ...perOp,
      counterList: counterList.map((list) => renumbered[list]),
      counterFrom: Uint32Array.from(from),
      counterIndex: Uint8Array.from(index),
      counterDelta: Float64Array.from(delta),
    };
  }

  #profile(profile: Profile): Profile {
    const { from, node, what, delta } = profile;
    const kept = charges(from, what, this.#quantities);
    return {
      ...profile,
      from: kept.from,
      node: Uint16Array.from(kept.at, (k) => node[k]),
      what: Uint8Array.from(kept.at, (k) => this.#quantities[what[k]]),
      delta: Float64Array.from(kept.at, (k) => delta[k]),
    };
  }

  #events(events: RecordedEvents): RecordedEvents {
    const words = events.words.slice();
    for (let at = 0; at < words.length; at += EVENT_WORDS) words[at] = this.#kinds[words[at]];
    if (this.#kinds.every((kind) => kind < EVENT_KINDS.length)) return { ...events, words };
    return { ...events, words, kinds: [...EVENT_KINDS, ...otherKinds] };
  }
}

/** The charges whose quantity has a number here, and where those of each op begin. */
function charges(from: Uint32Array, what: Uint8Array, numbers: Int16Array): { from: Uint32Array; at: number[] } {
  const at: number[] = [];
  const starts = new Uint32Array(from.length);
  for (let op = 0; op + 1 < from.length; op++) {
    for (let k = from[op]; k < from[op + 1]; k++) if (numbers[what[k]] !== UNKNOWN) at.push(k);
    starts[op + 1] = at.length;
  }
  return { from: starts, at };
}

/** A run of another core: its parts and its end have the numbers of this program, and its end the column's id. */
export const numberedRun = (run: ColumnRun, variant: string, numbering: Numbering | null): ColumnRun => ({
  get end() {
    return run.end && { ...(numbering?.end(run.end) ?? run.end), variant };
  },
  take: async (piece, wallMs) => {
    const part = await run.take(piece, wallMs);
    return numbering?.part(part) ?? part;
  },
});
