/**
 * Does a run answer what the workload's author wrote behind `=>`? A workload whose reference answers otherwise tests
 * something else than it says.
 */
import type { RunPart } from '../run/record.ts';
import { outcomeName } from '../workload/names.ts';
import type { Piece } from '../workload/pieces.ts';

export interface MissedExpectation {
  readonly op: number;
  /** line of the workload's source, 0 if it has none */
  readonly line: number;
  readonly expected: string;
  readonly got: string;
}

/** Of the next piece of a workload, in the part that a run made of it. */
export function missedExpectations({ from, chunks }: Piece, { ops, perOp }: RunPart): MissedExpectation[] {
  const missed: MissedExpectation[] = [];
  let first = 0;
  for (const { code, expect, line } of chunks) {
    const end = Math.min(code.length, ops - first);
    for (let at = 0; at < end; at++) {
      const expected = expect[at] - 1;
      const got = perOp.code[first + at];
      if (expected < 0 || got === expected) continue;
      missed.push({ op: from + first + at, line: line[at], expected: outcomeName(expected), got: outcomeName(got) });
    }
    first += code.length;
  }
  return missed;
}
