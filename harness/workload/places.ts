/** Where an op stands in its workload, and who makes which call. */
import { OP_NAMES, type Workload } from './ops.ts';
import { type Piece, locate, pieceOf } from './pieces.ts';

export interface CallPlace {
  readonly op: number;
  /** line of the workload's source; 0: it has none */
  readonly line: number;
  readonly process: string;
  readonly call: string;
}

/** Null: the op is in another piece. */
export function placeIn(piece: Piece, op: number): CallPlace | null {
  const found = locate(piece, op);
  if (found === null) return null;
  const { chunk, at } = found;
  const { code, line, who } = chunk;
  const { process, thread } = piece.actors[who[at]] ?? { process: -1, thread: '' };
  const name = (piece.processes[process]?.name ?? '?') + (thread === '' ? '' : `/${thread}`);
  return { op, line: line[at], process: name, call: OP_NAMES[code[at]] };
}

/** Null: the workload has no such op. */
export const callPlace = (workload: Workload, op: number): CallPlace | null => placeIn(pieceOf(workload), op);
