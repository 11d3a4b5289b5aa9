/**
 * Does a run answer what the workload's author wrote behind `=>`? A workload whose reference answers otherwise tests
 * something else than it says.
 */
import type { RunEnd, RunPart, RunRecord } from '../run/record.ts';
import { OUTCOME_NOT_RUN, OUTCOME_PANIC, outcomeName } from '../workload/names.ts';
import type { Workload } from '../workload/ops.ts';
import { type Piece, locate, pieceOf } from '../workload/pieces.ts';

const NOT_RUN = outcomeName(OUTCOME_NOT_RUN);

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

/**
 * The missed expectations that no known fault of the reference explains. outcomes: per fault, those it may lead to; null:
 * any. answers: outcomes of an op in the runs without these faults, empty if there is no such run. If one of them is as
 * expected, the comparison with that run judges the difference. Without such a run, a fault explains the outcomes that it
 * may lead to, and the later ops of a process that it killed.
 */
export function unexplained(
  missed: readonly MissedExpectation[],
  outcomes: readonly (readonly string[] | null)[],
  answers: (op: number) => readonly string[],
): readonly MissedExpectation[] {
  if (outcomes.length === 0) return missed;
  const mayLeadTo = (got: string): boolean => outcomes.some((some) => some === null || some.includes(got));
  return missed.filter(({ op, expected, got }) => {
    const others = answers(op);
    return others.length > 0 ? !others.includes(expected) : got !== NOT_RUN && !mayLeadTo(got);
  });
}

/** An op, and what the workload's author wrote behind it. */
interface Expectation {
  readonly op: number;
  readonly line: number;
  /** outcome code, -1: nothing */
  readonly expected: number;
}

/** What is expected of the op in which a run ends early: a panic may be meant. */
export class ExpectedEnd {
  #at: Expectation | null = null;

  /** The next piece, and what the run made of it. */
  take(piece: Piece, { ops }: Pick<RunPart, 'ops'>): void {
    if (this.#at !== null || ops >= piece.length) return;
    const { chunk, at } = locate(piece, piece.from + ops)!;
    this.#at = { op: piece.from + ops, line: chunk.line[at], expected: chunk.expect[at] - 1 };
  }

  /** The run ended in a panic, at an op where one is expected. */
  isMet({ ended }: Pick<RunEnd, 'ended'>): boolean {
    return ended.kind === 'panic' && this.#at?.expected === OUTCOME_PANIC;
  }

  /** The run ended in a panic where something else is expected. */
  missed({ ended }: Pick<RunEnd, 'ended'>): MissedExpectation[] {
    if (ended.kind !== 'panic' || this.#at === null) return [];
    const { op, line, expected } = this.#at;
    if (expected < 0 || expected === OUTCOME_PANIC) return [];
    return [{ op, line, expected: outcomeName(expected), got: outcomeName(OUTCOME_PANIC) }];
  }
}

/** A run of a whole workload ended in a panic that the workload does not expect there. */
export function endsEarly(workload: Workload, run: RunRecord): boolean {
  const expected = new ExpectedEnd();
  expected.take(pieceOf(workload), run);
  return run.ended.kind === 'panic' && !expected.isMet(run);
}
