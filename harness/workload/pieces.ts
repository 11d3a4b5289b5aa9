/**
 * A workload in pieces: a run and a comparison need the ops in order, never all at once.
 *
 * Each piece brings the tables that its ops index, so that what is over (exited processes, completed mmaps) can be
 * forgotten. A whole workload is one piece.
 */
import type { MmapOperands } from './mmap.ts';
import { CHUNK_OPS, type Actor, type OpChunk, type Process, type Workload } from './ops.ts';

/** The tables that op operands index, as in Workload. */
export interface Tables {
  readonly processes: readonly Process[];
  readonly actors: readonly Actor[];
  readonly mmaps: readonly MmapOperands[];
}

/** Consecutive ops. */
export interface Piece extends Tables {
  /** number of its first op in the workload */
  readonly from: number;
  /** number of ops; may be 0 */
  readonly length: number;
  /** chunks of any length */
  readonly chunks: readonly OpChunk[];
  /**
   * per process, its index in the previous piece, or -1 if it is new; null: the tables are those of the previous piece
   */
  readonly carried: Int32Array | null;
}

/** A workload without its ops and their tables. */
export interface WorkloadHead extends Omit<Workload, 'ops' | keyof Tables> {
  /** ops in all pieces */
  readonly length: number;
}

/** A workload that yields its ops in order. It either holds all of them, or rereads them each time. */
export interface PiecedWorkload {
  readonly head: WorkloadHead;
  /** At least one piece. Throws WorkloadError if the ops cannot be read. */
  readonly pieces: () => AsyncIterable<Piece> | Iterable<Piece>;
  /** null if it is too long to be held in memory */
  readonly whole: Workload | null;
}

export function headOf(workload: Workload): WorkloadHead {
  const { name, title, machine, signals, files, programs, results, trace, ops } = workload;
  return { name, title, machine, signals, files, programs, results, trace, length: ops.length };
}

/** A whole workload as one piece. */
export function pieceOf({ ops, processes, actors, mmaps }: Workload): Piece {
  return { from: 0, length: ops.length, chunks: ops.chunks, processes, actors, mmaps, carried: null };
}

/** A workload in pieces of `size` ops. */
export function* cut(workload: Workload, size: number): Generator<Piece> {
  const whole = pieceOf(workload);
  const { length, chunks } = whole;
  if (length <= size) yield whole;
  else
    for (let from = 0; from < length; from += size) {
      const to = Math.min(length, from + size);
      yield { ...whole, from, length: to - from, chunks: between(chunks, from, to) };
    }
}

/** Ops from .. to of a list; whole chunks are not copied. */
function between(chunks: readonly OpChunk[], from: number, to: number): OpChunk[] {
  const parts: OpChunk[] = [];
  for (let at = from; at < to;) {
    const chunk = chunks[Math.floor(at / CHUNK_OPS)];
    const first = at % CHUNK_OPS;
    const end = Math.min(chunk.code.length, first + to - at);
    parts.push(first === 0 && end === chunk.code.length ? chunk : part(chunk, first, end));
    at += end - first;
  }
  return parts;
}

const part = (
  { code, origin, expect, base, who, arg, line, addr, len }: OpChunk,
  from: number,
  to: number,
): OpChunk => ({
  code: code.slice(from, to),
  origin: origin.slice(from, to),
  expect: expect.slice(from, to),
  base: base.slice(from, to),
  who: who.slice(from, to),
  arg: arg.slice(from, to),
  line: line.slice(from, to),
  addr: addr.slice(from, to),
  len: len.slice(from, to),
});

/** The first ops of a workload, as one of its own: of its first piece, and of that the first chunk at most. */
export function firstOps(head: WorkloadHead, { processes, actors, mmaps, chunks }: Piece, ops: number): Workload {
  const { length: _length, ...rest } = head;
  const length = Math.min(ops, chunks[0]?.code.length ?? 0);
  return {
    ...rest,
    processes,
    actors,
    mmaps,
    ops: { length, chunks: length === 0 ? [] : [part(chunks[0], 0, length)] },
  };
}

/**
 * Finds an op of a piece by its number in the workload: its chunk and its index there. Null if it is in another piece.
 */
export function locate({ from, length, chunks }: Piece, op: number): { chunk: OpChunk; at: number } | null {
  let at = op - from;
  if (at < 0 || at >= length) return null;
  for (const chunk of chunks) {
    if (at < chunk.code.length) return { chunk, at };
    at -= chunk.code.length;
  }
  throw new Error(`piece at op ${from}: expected ${length} ops in its chunks, got fewer`);
}
