/**
 * The event stream: while the machine records, every call into the pmap layer and every outcome worth comparing, in
 * order.
 *
 * When not recording, the only cost is the test for it, which was too small to measure. An event is EVENT_WORDS numbers
 * in a growing Float64Array: kind, subject, up to six operands (unused ones are 0), and the frame it concerns (0 if
 * none). Emitting an event enters the place of that call (calls.ts); leavePlace() ends the call.
 */
import { CallTree } from './calls.ts';
import { Instances } from './instances.ts';

export const EVENT_WORDS = 9;
/** Index of the word that holds an event's frame. */
export const EVENT_FRAME = 8;
/** Index of the word of a pmap_remove event that tells whether the call returned early. */
export const EVENT_REMOVE_EARLY = 4;

/** A growing stream of events. `length` counts events; event i is words[i * EVENT_WORDS ..]. */
export class EventLog {
  words = new Float64Array(1024 * EVENT_WORDS);
  length = 0;
  /** While set, calls are entered but emit no event: one pmap function is calling another. */
  muted = false;
  readonly calls = new CallTree();
  readonly instances = new Instances();

  clear(): void {
    this.length = 0;
    this.muted = false;
    this.calls.clear();
    this.instances.clear();
  }

  /** Forgets the events but keeps the places. */
  forget(): void {
    this.length = 0;
  }

  /** Ends the innermost call. */
  leave(): void {
    this.calls.leave();
  }

  emit(kind: number, subject: number, a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, frame = 0): void {
    this.calls.enter(kind);
    if (this.muted) return;
    const at = this.length * EVENT_WORDS;
    if (at === this.words.length) {
      const wider = new Float64Array(this.words.length * 2);
      wider.set(this.words);
      this.words = wider;
    }
    const { words } = this;
    words[at] = kind;
    words[at + 1] = subject;
    words[at + 2] = a;
    words[at + 3] = b;
    words[at + 4] = c;
    words[at + 5] = d;
    words[at + 6] = e;
    words[at + 7] = f;
    words[at + 8] = frame;
    this.length++;
  }
}

/** The part of a machine that recording needs. */
export interface Recorder {
  readonly recording: boolean;
  readonly events: EventLog;
}

/** Enters a kernel function (an IN_ number of places.ts). */
export function enterPlace(m: Recorder, place: number): void {
  if (m.recording) m.events.calls.enter(place);
}

/**
 * Enters a pmap call and emits its event. If operands have to be looked up, the caller tests m.recording and emits the
 * event itself.
 */
export function enterCall(m: Recorder, kind: number, subject: number, a = 0, b = 0, c = 0): void {
  if (m.recording) m.events.emit(kind, subject, a, b, c);
}

/** Records the outcome of the first test in the current pmap_remove call. isEmpty: resident_count was 0. */
export function noteRemove({ recording, events }: Recorder, isEmpty: boolean, early: boolean): void {
  if (!recording) return;
  if (isEmpty) events.calls.foundEmpty(early);
  if (early && !events.muted) events.words[(events.length - 1) * EVENT_WORDS + EVENT_REMOVE_EARLY] = 1;
}

/** Leaves the function or pmap call entered last. */
export function leavePlace(m: Recorder): void {
  if (m.recording) m.events.leave();
}
