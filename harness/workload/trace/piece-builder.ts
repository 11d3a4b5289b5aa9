/**
 * The ops of a recording as they are made, in pieces: whoever takes one makes room for what comes. The tables of a piece
 * hold the processes that ran when it began, those that began in it, and its own mappings.
 */
import { OpListBuilder } from '../oplist.ts';
import type { Actor, MmapOperands, Process } from '../ops.ts';
import type { Piece } from '../pieces.ts';

/** A process that runs. */
export interface Live {
  /** in the tables of the piece at hand */
  index: number;
  /** has exec'd a program with a dynamic loader */
  dynamic: boolean;
}

export class PieceBuilder {
  /** of the piece at hand */
  ops = new OpListBuilder();
  readonly live = new Map<number, Live>();
  /** ops before those of the piece at hand */
  #from = 0;
  #processes: Process[] = [];
  #actors: Actor[] = [];
  #mmaps: MmapOperands[] = [];
  /** processes that ran when the piece began, by their indices in the one before */
  #carried: number[] = [];

  /** Ops of all pieces. */
  get length(): number {
    return this.#from + this.ops.length;
  }

  /** A process begins: its index. Actors and processes have the same indices: threads act for their process. */
  begin(pid: number, parent: number): number {
    const index = this.#processes.length;
    this.#processes.push({ name: `p${pid}`, parent, pid });
    this.#actors.push({ process: index, thread: '', cpu: 0 });
    this.live.set(pid, { index, dynamic: false });
    return index;
  }

  /** Index of the operands of an mmap. */
  mmap(operands: MmapOperands): number {
    return this.#mmaps.push(operands) - 1;
  }

  /** The ops since the last piece. */
  take(): Piece {
    const { length, chunks } = this.ops.finish();
    const [processes, actors, mmaps] = [this.#processes, this.#actors, this.#mmaps];
    const carried = Int32Array.from(processes, (_process, i) => this.#carried[i] ?? -1);
    const piece: Piece = { from: this.#from, length, chunks, processes, actors, mmaps, carried };
    this.#from += length;
    this.ops = new OpListBuilder();
    this.#mmaps = [];
    const left = [...this.live.values()].toSorted((a, b) => a.index - b.index);
    this.#carried = left.map(({ index }) => index);
    this.#processes = this.#carried.map((index) => processes[index]);
    this.#actors = left.map((live, i) => {
      live.index = i;
      return { ...actors[this.#carried[i]], process: i };
    });
    return piece;
  }
}
