/**
 * A finding: one remark of the review in executable form. Data and pure functions over records; the runner runs them.
 */
import type { KnownDifference } from '../declare/declarations.ts';
import type { RunRecord } from '../run/record.ts';
import type { TouchPolicy } from '../workload/ops.ts';

/** An observation read from a record: a number, or a short word such as a signal's name. */
export type Observed = number | string;

/** The value that a variant must show, and whether that value means that the remark shows or does not. */
export interface ExpectedCell {
  readonly value: Observed;
  readonly shows: boolean;
  /** it shows, but not in the amount that the thread published */
  readonly otherwise?: true;
}

/** The remark shows in this variant, with this value. */
export const shows = (value: Observed): ExpectedCell => ({ value, shows: true });
/** The remark shows in this variant, but in another amount than the thread published. */
export const showsOtherwise = (value: Observed): ExpectedCell => ({ value, shows: true, otherwise: true });
/** The remark does not show in this variant, which has this value instead. */
export const absent = (value: Observed): ExpectedCell => ({ value, shows: false });

/** Every revision of the review, and D33276. */
export const everywhere = (cell: ExpectedCell): Readonly<Record<string, ExpectedCell>> => ({
  baseline: cell,
  'toplevel-accounting': cell,
  'double-count-fix': cell,
  'shared-page-unmap': cell,
  landed: cell,
  d33276: cell,
});

/** A recorded program, and which of its processes touch the shared page. */
export interface Recorded {
  readonly recording: string;
  readonly touch: TouchPolicy;
}

/**
 * What it means that a remark shows. fault: the variant is worse for it. claim: what its author or a reviewer says is
 * true there. observation: neither.
 */
export type RemarkKind = 'fault' | 'claim' | 'observation';

/** A remark that is not executable yet, and the reason. */
export interface OpenFinding {
  readonly id: string;
  readonly kind: RemarkKind;
  readonly title: string;
  readonly reason: string;
}

/** Something that a variant has or has not, and a workload that tells. */
export interface Subject {
  readonly workload: string;
  /** Asked of a run that came to the end. */
  readonly isThere: (record: RunRecord) => boolean;
}

/** One workload in which the remark can be seen. */
export interface FindingCase {
  readonly name: string;
  /**
   * Workload text, minimal in that no op can be removed (see harness/workload), or a recorded program of the corpus.
   */
  readonly workload: string | Recorded;
  /** A member of the seam that does nothing in this case, in every variant: a planted fault. */
  readonly without?: 'vmspaceClear';
  /** Every invariant is checked after each op: the record tells which do not hold. */
  readonly checked?: true;
  /** What each op counts is charged to the functions that count it, for a price. */
  readonly profiled?: true;
  /** The op, from 0, in which the case expects a panic, or looks for one. A run that panics elsewhere is not observed. */
  readonly panicsIn?: number;
  /** Description of what `observe` reads, with its unit. */
  readonly observes: string;
  /** A variant whose record `observe` also receives; if absent, it receives its own record twice. */
  readonly against?: string;
  /** Reads the observation from a record that has every op (see cameTo); null if the workload has none to read. */
  readonly observe: (record: RunRecord, against: RunRecord) => Observed | null;
  /** Does the remark show where this is observed? It judges a variant of which `expected` says nothing. */
  readonly isShownBy: (got: Observed) => boolean;
  /** What the remark is about: a variant that has it not cannot show the remark, whatever is observed. */
  readonly subject?: Subject;
  /** Per variant id. The controls in which the remark flips are among them. */
  readonly expected: Readonly<Record<string, ExpectedCell>>;
  /** Source of the expected values: a reference with its section, or a vector. */
  readonly source: string;
}

export interface Finding {
  readonly id: string;
  readonly kind: RemarkKind;
  readonly title: string;
  /** Who said it, and where in the thread. */
  readonly thread: string;
  readonly claim: string;
  readonly cases: readonly FindingCase[];
  /**
   * Variant whose cell differs from the one in which the remark shows (or, for a remark of harmlessness, from the
   * rest).
   */
  readonly control: string;
  /** Differences between variants that this finding explains: data for the comparison. */
  readonly known: readonly KnownDifference[];
  /**
   * Invariants that it breaks: what a run with checked invariants must show in addition. The accounting of a variant
   * excuses none of them.
   */
  readonly knownViolations?: readonly KnownDifference[];
}
