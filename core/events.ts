/**
 * The event stream: every call into the pmap layer and every outcome worth comparing, in order, while the machine records.
 *
 * Otherwise the only cost is the test for it, which was not measurable. An event is EVENT_WORDS numbers in a growing
 * Float64Array: kind, subject, then up to six operands, unused ones 0, and the frame that it is about, 0 if none. Emitting
 * an event enters the place of that call (calls.ts); the call ends with leavePlace().
 */
import { CallTree } from './calls.ts';

export const EVENT_WORDS = 9;
/** Word of an event that holds its frame. */
export const EVENT_FRAME = 8;
/** Word of a pmap_remove event that says whether the call left early. */
export const EVENT_REMOVE_EARLY = 4;

/** A growing stream of events. `length` counts events; event i is words[i * EVENT_WORDS ..]. */
export class EventLog {
  words = new Float64Array(1024 * EVENT_WORDS);
  length = 0;
  /** Calls are entered, but make no event: they are those of a pmap function to another. */
  muted = false;
  readonly calls = new CallTree();

  clear(): void {
    this.length = 0;
    this.muted = false;
    this.calls.clear();
  }

  /** Forgets the events, not the places. */
  forget(): void {
    this.length = 0;
  }

  /** The call of the last event that has not ended ends. */
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

/** A machine, as far as its calls are recorded. */
export interface Recorder {
  readonly recording: boolean;
  readonly events: EventLog;
}

/** The running code enters a kernel function (an IN_ number of calls.ts). */
export function enterPlace(m: Recorder, place: number): void {
  if (m.recording) m.events.calls.enter(place);
}

/**
 * The running code enters a pmap call: emits its event. Where operands have to be looked up, the caller tests m.recording
 * and emits the event itself.
 */
export function enterCall(m: Recorder, kind: number, subject: number, a = 0, b = 0, c = 0): void {
  if (m.recording) m.events.emit(kind, subject, a, b, c);
}

/** What the first test of the pmap_remove call entered last came to. isEmpty: it found resident_count 0. */
export function noteRemove({ recording, events }: Recorder, isEmpty: boolean, early: boolean): void {
  if (!recording) return;
  if (isEmpty) events.calls.foundEmpty(early);
  if (early && !events.muted) events.words[(events.length - 1) * EVENT_WORDS + EVENT_REMOVE_EARLY] = 1;
}

/** It leaves the function, or the pmap call, that it entered last. */
export function leavePlace(m: Recorder): void {
  if (m.recording) m.events.leave();
}
