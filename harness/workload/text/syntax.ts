/** One op as written, before names are resolved: a `repeat` elaborates it again on each iteration. */
import type { MmapKind, MmapWish } from '../mmap.ts';

/** A word that names something, and its position. */
export interface NameNode {
  readonly name: string;
  readonly column: number;
}

/** `base` as written, '' for an absolute address; `offset` in bytes. */
export interface AddressNode {
  readonly base: string;
  readonly offset: number;
  readonly column: number;
}

export interface MmapNode {
  readonly kind: MmapKind;
  readonly prot: number;
  readonly maxProt: number;
  readonly shared: boolean;
  readonly wishes: readonly MmapWish[];
  readonly fixed: boolean;
  /** '' if it does not map a file */
  readonly file: string;
  readonly off: number;
}

export interface OpNode {
  line: number;
  readonly column: number;
  readonly who: string;
  readonly thread: string;
  /** -1: where the thread last ran */
  readonly cpu: number;
  code: number;
  /** First address, or null if the op has none. */
  address: AddressNode | null;
  /** Address after `..`, the end of the span; both addresses then determine len. */
  end: AddressNode | null;
  len: number;
  arg: number;
  program: NameNode | null;
  /** The target process of wait and kill. */
  target: NameNode | null;
  /** The name after `->`. */
  result: NameNode | null;
  mmap: MmapNode | null;
  /** Outcome code + 1, 0 if none is expected. */
  expect: number;
}
