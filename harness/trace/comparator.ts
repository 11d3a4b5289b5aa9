/**
 * Decides when two events of two runs are the same, in a way that depends on the comparator.
 *
 * exact: every word must match. no-cost: ignores whether pmap_remove returned early. isomorphic: pmaps, objects and
 * frames may have different numbers, mapped one to one. The mapping is permanent for a pmap or an object, since their
 * numbers are never reused; for a frame it lasts while the frame holds the same page. A page that stays in its frame in
 * one run but moves, or is replaced by another page, in the other is a difference. It is reported at the next call that
 * names the page, since calls do not tell when a frame is freed.
 */
import { EVENT_FRAME, EVENT_REMOVE_EARLY, EVENT_WORDS } from '../../core/events.ts';
import { EVENT_KINDS, type EventKind } from '../../core/places.ts';

export const COMPARATORS = ['exact', 'no-cost', 'isomorphic'] as const;
export type ComparatorName = (typeof COMPARATORS)[number];

const VALUE = 0;
const PMAP = 1;
const OBJECT = 2;
const COST = 3;
const FRAME = 4;

/** Words that are not plain values, by kind: [word, what it is]. The subject of most calls is a pmap. */
const SUBJECT: readonly [number, number] = [1, PMAP];
const OF_PAGE = [
  [2, OBJECT],
  [EVENT_FRAME, FRAME],
] as const;
const SPECIAL: Readonly<Record<EventKind, readonly (readonly [number, number])[]>> = {
  pinit: [SUBJECT],
  release: [SUBJECT],
  activate: [SUBJECT],
  remove_pages: [SUBJECT],
  remove: [SUBJECT, [EVENT_REMOVE_EARLY, COST]],
  protect: [SUBJECT],
  copy: [SUBJECT, [2, PMAP]],
  unwire: [SUBJECT],
  advise: [SUBJECT],
  enter: [SUBJECT, [5, OBJECT], [EVENT_FRAME, FRAME]],
  enter_quick: [SUBJECT, [4, OBJECT], [EVENT_FRAME, FRAME]],
  enter_object: [SUBJECT, [5, OBJECT], [EVENT_FRAME, FRAME]],
  copy_page: [
    [2, OBJECT],
    [4, OBJECT],
    [6, FRAME],
    [EVENT_FRAME, FRAME],
  ],
  remove_all: OF_PAGE,
  remove_write: OF_PAGE,
  clear_modify: OF_PAGE,
};

const TYPES = new Uint8Array(EVENT_KINDS.length * EVENT_WORDS);
/** Words that hold the object of the page in a frame, followed by its index; by kind and word, 0 for other words. */
const PAGE_OF = new Uint8Array(EVENT_KINDS.length * EVENT_WORDS);
EVENT_KINDS.forEach((name, kind) => {
  for (const [word, type] of SPECIAL[name]) TYPES[kind * EVENT_WORDS + word] = type;
  const objects = SPECIAL[name].filter(([, type]) => type === OBJECT);
  SPECIAL[name]
    .filter(([, type]) => type === FRAME)
    .forEach(([word], i) => (PAGE_OF[kind * EVENT_WORDS + word] = objects[i][0]));
});

/** A one-to-one mapping of numbers that grows as numbers are seen. 0 maps only to itself. */
class Renaming {
  #forth = new Int32Array(1024);
  #back = new Int32Array(1024);

  /** Does a map to b? If neither has been mapped yet, maps them to each other. */
  binds(a: number, b: number): boolean {
    if (a <= 0 || b <= 0) return a === b;
    const most = Math.max(a, b);
    if (most >= this.#forth.length) {
      this.#forth = grown(this.#forth, most);
      this.#back = grown(this.#back, most);
    }
    const [to, from] = [this.#forth[a], this.#back[b]];
    if (to === b) return true;
    if (to !== 0 || from !== 0) return false;
    this.#forth[a] = b;
    this.#back[b] = a;
    return true;
  }
}

/**
 * Which page (object and index, by their numbers in the first run) each frame of one run holds, according to the
 * events.
 */
class Residents {
  /** object of the page, plus one; 0 if the page is unknown */
  #object = new Int32Array(1024);
  #index = new Float64Array(1024);
  /** the frame of each of these pages: by object, by index */
  readonly #frames = new Map<number, Map<number, number>>();

  /** Was the page in this frame, with no other page in it since? From now on it is in this frame only. */
  stays(frame: number, object: number, index: number): boolean {
    if (frame >= this.#object.length) this.#widen(frame);
    const was = this.#object[frame];
    if (was === object + 1 && this.#index[frame] === index) return true;
    if (was !== 0) this.#leave(was - 1, this.#index[frame]);
    const pages = this.#frames.get(object);
    const before = pages?.get(index);
    if (before !== undefined) this.#object[before] = 0;
    this.#object[frame] = object + 1;
    this.#index[frame] = index;
    if (pages === undefined) this.#frames.set(object, new Map([[index, frame]]));
    else pages.set(index, frame);
    return false;
  }

  #leave(object: number, index: number): void {
    const pages = this.#frames.get(object)!;
    pages.delete(index);
    if (pages.size === 0) this.#frames.delete(object);
  }

  #widen(frame: number): void {
    this.#object = grown(this.#object, frame);
    const wider = new Float64Array(this.#object.length);
    wider.set(this.#index);
    this.#index = wider;
  }
}

/**
 * Maps frames for as long as each holds one page: what stays in one run must stay in the other, so neither has two
 * names.
 */
class FrameRenaming {
  readonly #a = new Residents();
  readonly #b = new Residents();

  binds(a: number, b: number, object: number, index: number): boolean {
    if (a <= 0 || b <= 0) return a === b;
    const [inA, inB] = [this.#a.stays(a, object, index), this.#b.stays(b, object, index)];
    return inA === inB;
  }
}

function grown(from: Int32Array, index: number): Int32Array<ArrayBuffer> {
  const to = new Int32Array(Math.max(index + 1, from.length * 2));
  to.set(from);
  return to;
}

export class Comparator {
  readonly name: ComparatorName;
  readonly #pmaps = new Renaming();
  readonly #objects = new Renaming();
  readonly #frames = new FrameRenaming();

  constructor(name: ComparatorName) {
    this.name = name;
  }

  /**
   * Compares event `i` of a with event `j` of b; an isomorphic comparator records the numbers they name. Call in time
   * order.
   */
  same(a: Float64Array, i: number, b: Float64Array, j: number): boolean {
    const [atA, atB] = [i * EVENT_WORDS, j * EVENT_WORDS];
    const kind = a[atA];
    if (kind !== b[atB]) return false;
    const { name } = this;
    if (name === 'isomorphic') return this.#renames(a, atA, b, atB, kind);
    for (let word = 1; word < EVENT_WORDS; word++)
      if (a[atA + word] !== b[atB + word] && (name === 'exact' || TYPES[kind * EVENT_WORDS + word] !== COST))
        return false;
    return true;
  }

  #renames(a: Float64Array, atA: number, b: Float64Array, atB: number, kind: number): boolean {
    const types = kind * EVENT_WORDS;
    for (let word = 1; word < EVENT_WORDS; word++) {
      const [x, y] = [a[atA + word], b[atB + word]];
      const type = TYPES[types + word];
      if (type === PMAP) {
        if (!this.#pmaps.binds(x, y)) return false;
      } else if (type === OBJECT) {
        if (!this.#objects.binds(x, y)) return false;
      } else if (type !== FRAME && x !== y) return false;
    }
    for (let word = 1; word < EVENT_WORDS; word++) {
      if (TYPES[types + word] !== FRAME) continue;
      const page = PAGE_OF[types + word];
      if (!this.#frames.binds(a[atA + word], b[atB + word], a[atA + page], a[atA + page + 1])) return false;
    }
    return true;
  }

  /**
   * Like same, but ignores numbers that may differ: used to match the events of an op once the streams have diverged.
   */
  alike(a: Float64Array, i: number, b: Float64Array, j: number): boolean {
    const [atA, atB] = [i * EVENT_WORDS, j * EVENT_WORDS];
    const kind = a[atA];
    if (kind !== b[atB]) return false;
    const { name } = this;
    for (let word = 1; word < EVENT_WORDS; word++) {
      if (a[atA + word] === b[atB + word]) continue;
      const type = TYPES[kind * EVENT_WORDS + word];
      const mayDiffer = name === 'exact' ? false : name === 'no-cost' ? type === COST : type !== VALUE && type !== COST;
      if (!mayDiffer) return false;
    }
    return true;
  }
}
