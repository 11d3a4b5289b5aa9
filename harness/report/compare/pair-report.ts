/** One candidate on one workload, as a reader opens it from the matrix. */
import type { EarlyEnd } from '../../compare/pair.ts';
import { type Cell, type CompareReport, type Reason, pairOf, reasonsOf } from './model.ts';
import { type Total, totalsOf } from './totals.ts';

export interface PairReport {
  readonly reference: string;
  readonly candidate: string;
  readonly cell: Cell;
  readonly reasons: readonly Reason[];
  /** differences that are not judged, as they follow from others */
  readonly following: number;
  /** statistics and counters of this workload that differ before the machines part */
  readonly totals: readonly Pick<Total, 'what' | 'kind' | 'sum' | 'largest'>[];
  /** from this op on the two machines are not in the same state; null: they are to the end */
  readonly parted: number | null;
  readonly incomplete: EarlyEnd | null;
}

/** Of one row of the matrix, in the order of its columns; null: a reference. */
export function pairReports({ rows, columns }: CompareReport, row: number): (PairReport | null)[] {
  const { workload, cells } = rows[row];
  return columns.map((column, i) => {
    const [pair, cell] = [pairOf(workload, column), cells[i]];
    if (pair === null || cell === null) return null;
    const { reference, candidate, differences, parted, incomplete } = pair;
    const found = differences.map((difference) => ({ workload, difference }));
    return {
      reference,
      candidate,
      cell,
      reasons: reasonsOf(found),
      following: differences.filter(({ standing }) => standing === 'follows').length,
      totals: totalsOf([{ workload, pair }]).map(({ what, kind, sum, largest }) => ({ what, kind, sum, largest })),
      parted,
      incomplete,
    };
  });
}
