/** One op as written, before names are resolved: what a `repeat` elaborates again on each turn. */
import type { MmapKind } from '../ops.ts';

/** A word that names something, and where it stands. */
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
  readonly fixed: boolean;
  /** '' unless of a file */
  readonly file: string;
  readonly off: number;
}

export interface OpNode {
  readonly line: number;
  readonly column: number;
  readonly who: string;
  readonly thread: string;
  /** -1: where the thread ran last */
  readonly cpu: number;
  code: number;
  /** First address, or null for an op without. */
  address: AddressNode | null;
  /** `..` end of the span; len then follows from both. */
  end: AddressNode | null;
  len: number;
  arg: number;
  program: NameNode | null;
  /** The process that wait and kill name. */
  target: NameNode | null;
  /** What follows `->`. */
  result: NameNode | null;
  mmap: MmapNode | null;
  /** Outcome code + 1, 0 if none is expected. */
  expect: number;
}
