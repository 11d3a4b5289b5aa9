/**
 * A finding: one remark of the review made executable. Data and pure functions over records; the runner runs them.
 */
import type { KnownDifference } from '../declare/declarations.ts';
import type { RunRecord } from '../run/record.ts';
import type { TouchPolicy } from '../workload/ops.ts';

/** What is read off a record: a number, or a short word such as a signal's name. */
export type Observed = number | string;

/** What a variant must show, and whether that is the remark showing or its absence. */
export interface ExpectedCell {
  readonly value: Observed;
  readonly shows: boolean;
  /** it shows, but not in the amount that the thread published */
  readonly otherwise?: true;
}

/** The remark shows in this variant, with this value. */
export const shows = (value: Observed): ExpectedCell => ({ value, shows: true });
/** The remark shows in this variant, but another amount than the thread published. */
export const showsOtherwise = (value: Observed): ExpectedCell => ({ value, shows: true, otherwise: true });
/** The remark does not show in this variant; what is seen instead. */
export const absent = (value: Observed): ExpectedCell => ({ value, shows: false });

/** A recorded program, and who touches the shared page in it. */
export interface Recorded {
  readonly recording: string;
  readonly touch: TouchPolicy;
}

/** A remark that is not executable yet, and why. */
export interface OpenFinding {
  readonly id: string;
  readonly title: string;
  readonly reason: string;
}

/** One workload in which the remark can be seen. */
export interface FindingCase {
  readonly name: string;
  /** Workload text, from which no op can be taken away (see harness/workload), or a recorded program of the corpus. */
  readonly workload: string | Recorded;
  /** A member of the seam that does nothing in this case, whatever the variant: a fault planted in all of them alike. */
  readonly without?: 'vmspaceClear';
  /** Every invariant is checked after each op: the record says which do not hold. */
  readonly checked?: true;
  /** What `observe` reads, in words with its unit. */
  readonly observes: string;
  /** A variant whose record `observe` receives as well; absent: it receives the record itself twice. */
  readonly against?: string;
  /** Reads the observation off a record that ran to its end; null: the workload never came to it. */
  readonly observe: (record: RunRecord, against: RunRecord) => Observed | null;
  /** Per variant id. The controls in which the remark flips are among them. */
  readonly expected: Readonly<Record<string, ExpectedCell>>;
  /** Where the expected values come from: a reference with its section, or a vector. */
  readonly source: string;
}

export interface Finding {
  readonly id: string;
  readonly title: string;
  /** Who said it, where in the thread. */
  readonly thread: string;
  readonly claim: string;
  readonly cases: readonly FindingCase[];
  /** Variant whose cell is unlike the one in which the remark shows (or, for a remark of harmlessness, unlike the rest). */
  readonly control: string;
  /** Differences between variants that this finding explains: data for the comparison. */
  readonly known: readonly KnownDifference[];
  /**
   * Invariants that it breaks: what a run whose invariants are checked must show besides. The accounting of a variant excuses
   * none of them.
   */
  readonly knownViolations?: readonly KnownDifference[];
}
