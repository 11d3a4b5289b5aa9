/** Stores inferred maps by exec number, in files, so that a long recording does not fill memory. */
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeFolder, removeFolder } from '../../process/cleanup.ts';
import { type Inferred, NOTHING_INFERRED } from './image.ts';

const SLOT = 16;

/** How a vfork child has left the address space of its parent, as later lines say. */
export type Departure = { readonly path: string } | { readonly code: number; readonly sig?: string };

export interface StoredImage extends Inferred {
  /** of an image that a vfork child got when its parent's vfork returned */
  readonly departure?: Departure;
}

export class ImageStore {
  readonly #folder: string;
  readonly #index: number;
  readonly #data: number;
  readonly #slot = new Float64Array(2);
  #end = 0;

  constructor() {
    this.#folder = makeFolder(join(tmpdir(), 'pmapdiff-import-'));
    this.#index = openSync(join(this.#folder, 'index'), 'w+');
    this.#data = openSync(join(this.#folder, 'data'), 'w+');
  }

  put(exec: number, image: StoredImage): void {
    const bytes = Buffer.from(JSON.stringify(image));
    writeSync(this.#data, bytes, 0, bytes.length, this.#end);
    this.#slot.set([this.#end, bytes.length]);
    writeSync(this.#index, this.#slot, 0, SLOT, exec * SLOT);
    this.#end += bytes.length;
  }

  /** Returns what was stored for that exec; no maps if nothing was. */
  get(exec: number): StoredImage {
    this.#slot.fill(0);
    readSync(this.#index, this.#slot, 0, SLOT, exec * SLOT);
    const [at, length] = this.#slot;
    if (length === 0) return NOTHING_INFERRED;
    const bytes = Buffer.alloc(length);
    readSync(this.#data, bytes, 0, length, at);
    return JSON.parse(bytes.toString()) as StoredImage;
  }

  dispose(): void {
    closeSync(this.#index);
    closeSync(this.#data);
    removeFolder(this.#folder);
  }
}
