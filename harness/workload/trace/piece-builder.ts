/**
 * Collects a recording's ops into pieces; taking a piece frees its memory. The tables of a piece hold the processes
 * that were running when it began, those that started in it, and its own mappings.
 */
import type { MmapOperands } from '../mmap.ts';
import { OpListBuilder } from '../oplist.ts';
import type { Actor, Process } from '../ops.ts';
import type { Piece } from '../pieces.ts';

/** A running process. */
export interface Live {
  /** index in the tables of the current piece */
  index: number;
  /** has exec'd a program with a dynamic loader */
  dynamic: boolean;
}

export class PieceBuilder {
  /** ops of the current piece */
  ops = new OpListBuilder();
  readonly live = new Map<number, Live>();
  /** number of ops before the current piece */
  #from = 0;
  #processes: Process[] = [];
  #actors: Actor[] = [];
  #mmaps: MmapOperands[] = [];
  /** processes that were running when the piece began, by their indices in the previous one */
  #carried: number[] = [];

  /** Number of ops in all pieces. */
  get length(): number {
    return this.#from + this.ops.length;
  }

  /**
   * Starts a process and returns its index. Actors and processes have the same indices: threads act for their process.
   */
  begin(pid: number, parent: number): number {
    const index = this.#processes.length;
    this.#processes.push({ name: `p${pid}`, parent, pid });
    this.#actors.push({ process: index, thread: '', cpu: 0 });
    this.live.set(pid, { index, dynamic: false });
    return index;
  }

  /** Stores the operands of an mmap and returns their index. */
  mmap(operands: MmapOperands): number {
    return this.#mmaps.push(operands) - 1;
  }

  /** Returns the ops since the last piece. */
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
