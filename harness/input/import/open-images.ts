/**
 * The images of the programs that run at one point of a recording. In the first pass the maps of each are inferred when
 * nobody uses it any more, and stored; in the second they are read.
 */
import type { Departure, ImageStore, StoredImage } from './image-store.ts';
import { type ImageMap, type ImageNames, inferMaps, tidied } from './image.ts';
import { PageEvidence, RangeSet } from './ranges.ts';

/** Maps that a user supplied for a process, without its own mappings, and the location of its shared page. */
export interface GivenImage {
  readonly maps: readonly ImageMap[];
  readonly sharedPage: number | null;
}

export interface GivenMaps {
  /** Null if no maps of the process were supplied. */
  forPid(pid: number, mapped: RangeSet, evidence: PageEvidence): GivenImage | null;
}

/** One exec's image, shared by the processes forked from it. */
export interface Image {
  readonly exec: number;
  readonly pid: number;
  names: ImageNames;
  readonly evidence: PageEvidence;
  readonly mapped: RangeSet;
  /** it has mapped code itself, as only a run-time linker does */
  linked: boolean;
  inferred: StoredImage | null;
  /** Of one given to a vfork child when its parent's vfork returned: by an exit, until a line shows that it was an exec. */
  departure: Departure | null;
  executed: boolean;
  faulted: boolean;
  /** the process that exec'd it has exec'd again */
  superseded: boolean;
  users: number;
}

export class OpenImages {
  readonly #store: ImageStore;
  readonly #given: GivenMaps | null;
  readonly #infers: boolean;
  readonly #open = new Set<Image>();
  #execs = 0;

  /** infers: in the first pass. */
  constructor(store: ImageStore, given: GivenMaps | null, infers: boolean) {
    this.#store = store;
    this.#given = given;
    this.#infers = infers;
  }

  /** The image of the next exec, used by one process. */
  load(pid: number, names: ImageNames, departure: Departure | null): Image {
    const exec = this.#execs++;
    const image: Image = {
      exec,
      pid,
      names,
      evidence: new PageEvidence(),
      mapped: new RangeSet(),
      linked: false,
      inferred: this.#infers ? null : this.#store.get(exec),
      departure,
      executed: false,
      faulted: false,
      superseded: false,
      users: 1,
    };
    if (this.#infers) this.#open.add(image);
    return image;
  }

  /** One process less uses it. */
  release(image: Image): void {
    if (--image.users === 0) this.#close(image);
  }

  /** Call once, after the last line. */
  finish(): void {
    for (const image of this.#open) this.#close(image);
  }

  #close(image: Image): void {
    if (!this.#infers) return;
    const { evidence, mapped, names, exec, pid, superseded, linked, departure } = image;
    const inferred = inferMaps(evidence, mapped, names, linked);
    const given = superseded ? null : (this.#given?.forPid(pid, mapped, evidence) ?? null);
    const best = { ...inferred, ...given };
    this.#store.put(exec, { ...best, maps: tidied(best.maps), ...(departure !== null && { departure }) });
    this.#open.delete(image);
  }
}
