/** What came of the ledger when it was run. */
import type { Observed } from './finding.ts';

/**
 * reproduced: the remark shows, as its source says. absent: it does not, as its source says. not exercised: the workload
 * never came to it, or its run failed. differs: something else was observed than the source says.
 */
export type CellStatus = 'reproduced' | 'absent' | 'not exercised' | 'differs';

export interface Cell {
  readonly variant: string;
  readonly status: CellStatus;
  readonly expected: Observed;
  readonly got: Observed | null;
  /** reproduced, but not in the amount that the thread published */
  readonly otherwise?: true;
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

/** Not as its source says. */
export const isWrong = ({ status }: Pick<Cell, 'status'>): boolean =>
  status === 'differs' || status === 'not exercised';

/** Whether every cell is as its source says. */
export const holds = ({ cases }: FindingResult): boolean =>
  cases.length > 0 && cases.every(({ cells }) => cells.length > 0 && !cells.some(isWrong));
