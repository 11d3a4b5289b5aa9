/** What the page and the machine in it, which runs in a worker, say to each other. All of it is plain data. */
import type { CostReport } from '../cost/cost.ts';
import type { Explanation } from '../explain/explain.ts';
import type { PairReport } from '../report/compare/pair-report.ts';
import type { Both, MachineView } from './machine-view.ts';

/** A workload as it stands in the page, and the two revisions that are looked at. */
export interface Subject {
  readonly name: string;
  readonly text: string;
  readonly reference: string;
  readonly candidate: string;
}

export type Ask =
  /** Every column against the reference. */
  | {
      readonly kind: 'compare';
      readonly name: string;
      readonly text: string;
      readonly columns: readonly string[];
      readonly against: string;
    }
  /** The ops of a workload and in which of them two runs differ. */
  | { readonly kind: 'timeline'; readonly subject: Subject }
  /** Both machines after each of some ops. */
  | { readonly kind: 'look'; readonly subject: Subject; readonly from: number; readonly to: number }
  | { readonly kind: 'explain'; readonly subject: Subject }
  /** What it would take on real processors. */
  | { readonly kind: 'cost'; readonly subject: Subject };

/** An op in both runs. */
export interface OpView {
  readonly text: string;
  readonly line: number;
  readonly outcomes: Both<string>;
  /** what differs of it */
  readonly differs: readonly string[];
  readonly residentCount: Both<number>;
}

export interface Timeline {
  readonly ops: readonly OpView[];
  /** how each run ended, if not after the last op */
  readonly ended: Both<string>;
}

export interface ComparedText {
  /** of each column that was asked for but the reference */
  readonly pairs: readonly PairReport[];
  /** `pmapdiff.compare/1` */
  readonly document: string;
}

export interface Answers {
  readonly compare: ComparedText;
  readonly timeline: Timeline;
  readonly look: readonly MachineView[];
  readonly explain: readonly Explanation[];
  /** a string: why there is none */
  readonly cost: CostReport | string;
}

/** A message to the worker, and what comes back under its number. */
export interface Request {
  readonly number: number;
  readonly ask: Ask;
}

/** Where a workload's text is wrong; 0: no line, no column. */
export interface Refusal {
  readonly message: string;
  readonly line: number;
  readonly column: number;
}

export type Reply =
  | { readonly number: number; readonly answer: Answers[keyof Answers] }
  | { readonly number: number; readonly refused: Refusal };
