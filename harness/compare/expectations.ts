/**
 * Does a run answer what the workload's author wrote behind `=>`? A workload whose reference answers otherwise tests
 * something else than it says.
 */
import { outcomeName } from '../workload/names.ts';
import { CHUNK_OPS, type Workload } from '../workload/ops.ts';
import type { RunRecord } from '../run/record.ts';

export interface MissedExpectation {
  readonly op: number;
  /** line of the workload's source, 0 if it has none */
  readonly line: number;
  readonly expected: string;
  readonly got: string;
}

export function missedExpectations({ ops }: Workload, record: RunRecord): MissedExpectation[] {
  const missed: MissedExpectation[] = [];
  const ended = Math.min(ops.length, record.ops);
  for (const [index, chunk] of ops.chunks.entries()) {
    for (let at = 0; at < chunk.code.length && index * CHUNK_OPS + at < ended; at++) {
      const expected = chunk.expect[at] - 1;
      const op = index * CHUNK_OPS + at;
      const got = record.perOp.code[op];
      if (expected < 0 || got === expected) continue;
      missed.push({ op, line: chunk.line[at], expected: outcomeName(expected), got: outcomeName(got) });
    }
  }
  return missed;
}
