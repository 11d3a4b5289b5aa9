/**
 * Yield points at which a workload stops a process: a stop that no run ever came to tests nothing.
 */
import type { RunPart } from '../run/record.ts';
import { OUTCOME_STOPPED } from '../workload/names.ts';
import { OP_STOP, STOP_POINTS } from '../workload/ops.ts';
import type { Piece } from '../workload/pieces.ts';

/** A yield point that no run reached: the call after `stop` ran to its end. */
export interface MissedStop {
  readonly op: number;
  readonly line: number;
  readonly process: string;
  readonly point: string;
}

/** Sees which yield points are reached, piece by piece. */
export class StopWatch {
  /** by process: the stops that wait for its next op, which stops at one of them */
  #armed = new Map<number, MissedStop[]>();
  readonly #missed: MissedStop[] = [];

  take({ from, chunks, actors, processes, carried }: Piece, parts: readonly RunPart[]): void {
    // Processes have other numbers: only recordings do that, and they hold no stop.
    if (carried !== null && from > 0) this.#armed = new Map();
    let first = 0;
    for (const { code, who, arg, line } of chunks) {
      for (let at = 0; at < code.length; at++) {
        const { process } = actors[who[at]];
        const armed = this.#armed.get(process);
        const isStop = code[at] === OP_STOP;
        if (armed !== undefined && !isStop) {
          this.#armed.delete(process);
          const reached = parts.some(
            ({ ops, perOp }) => first + at < ops && perOp.code[first + at] === OUTCOME_STOPPED,
          );
          if (!reached) this.#missed.push(...armed);
        }
        if (!isStop) continue;
        const [name, point] = [processes[process].name, STOP_POINTS[arg[at]]];
        const stop = { op: from + first + at, line: line[at], process: name, point };
        this.#armed.set(process, [...(armed ?? []), stop]);
      }
      first += code.length;
    }
  }

  /** Stops without a next op were never reached either. */
  finish(): readonly MissedStop[] {
    return [...this.#missed, ...[...this.#armed.values()].flat()].toSorted((a, b) => a.op - b.op);
  }
}
