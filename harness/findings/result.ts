/** What came of the ledger when it was run. */
import type { Failure } from '../run/record.ts';
import type { Observed, RemarkKind } from './finding.ts';

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
  /** reproduced, but not in the amount that the thread published */
  readonly otherwise?: true;
}

/**
 * What a variant does of which the ledger says nothing: the remark shows by its criterion, or does not, or the workload
 * never came to it, or the variant's own code failed.
 */
export interface Answer {
  readonly variant: string;
  readonly status: 'shows' | 'absent' | 'not exercised' | 'failed';
  readonly got: Observed | null;
  /** variants of which the ledger says the same, with the same value */
  readonly like: readonly string[];
  readonly failure: Pick<Failure, 'how' | 'message'> | null;
}

export interface CaseResult {
  readonly name: string;
  readonly observes: string;
  readonly source: string;
  readonly workload: string;
  readonly cells: readonly Cell[];
  /** of variants that were asked besides */
  readonly answers: readonly Answer[];
}

export interface FindingResult {
  readonly id: string;
  readonly kind: RemarkKind;
  readonly title: string;
  readonly thread: string;
  readonly claim: string;
  readonly control: string;
  readonly cases: readonly CaseResult[];
}

/** Does the cell contradict its source? */
export const isWrong = ({ status }: Pick<Cell, 'status'>): boolean =>
  status === 'differs' || status === 'not exercised';

/** Whether every cell is as its source says. A case that only answers for others has none. */
export const holds = ({ cases }: FindingResult): boolean =>
  cases.length > 0 && cases.every(({ cells, answers }) => cells.length + answers.length > 0 && !cells.some(isWrong));

/** Answers of variants that were asked, of all cases. */
export const answersIn = (findings: readonly FindingResult[]): Answer[] =>
  findings.flatMap(({ cases }) => cases.flatMap(({ answers }) => answers));
