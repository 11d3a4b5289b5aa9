/** Results of running the ledger. */
import type { Observed } from './finding.ts';

/**
 * reproduced: the remark shows, as its source says. absent: it does not show, as its source says. not exercised: the
 * workload never got there, or its run failed. differs: the observation differs from the source.
 */
export type CellStatus = 'reproduced' | 'absent' | 'not exercised' | 'differs';

export interface Cell {
  readonly variant: string;
  readonly status: CellStatus;
  readonly expected: Observed;
  readonly got: Observed | null;
}

export interface CaseResult {
  readonly name: string;
  readonly observes: string;
  readonly source: string;
  readonly workload: string;
  readonly cells: readonly Cell[];
}

export interface FindingResult {
  readonly id: string;
  readonly title: string;
  readonly thread: string;
  readonly claim: string;
  readonly control: string;
  readonly cases: readonly CaseResult[];
}

/** Does the cell contradict its source? */
export const isWrong = ({ status }: Pick<Cell, 'status'>): boolean =>
  status === 'differs' || status === 'not exercised';

/** Does every cell agree with its source? */
export const holds = ({ cases }: FindingResult): boolean =>
  cases.length > 0 && cases.every(({ cells }) => cells.length > 0 && !cells.some(isWrong));
