/** Results of conform, by kind of recording. */

/** An answer that differs from the recording. */
export interface Mismatch {
  /** Base name of the file. */
  readonly file: string;
  /** Position in the file, e.g. 'access 17' or 'op 3'. */
  readonly at: string;
  /** The question, in short. */
  readonly what: string;
  readonly expected: unknown;
  readonly got: unknown;
}

/** A mismatch of one op under one revision. */
export interface OpMismatch extends Mismatch {
  readonly variant: string;
  /** Index of the op in the file. */
  readonly op: number;
  /**
   * What differs. pmap: out, val, map, g, pm N or c.NAME. vm: out, val, n, calls, p, g, vm N.m, vm N.r, vm N.e START, o
   * N or c.NAME.
   */
  readonly key: string;
}

export interface ReplayMismatch extends Mismatch {
  /** absent for a mismatch in the ops made from the recording, before any revision runs them */
  readonly variant?: string;
}

export interface RevisionCount {
  readonly variant: string;
  readonly checked: number;
  readonly mismatches: number;
}

interface Counted<Kind extends string, Found extends Mismatch> {
  readonly schema: 'pmapdiff.conform/1';
  readonly kind: Kind;
  readonly files: number;
  /** Number of recorded answers compared; for a replay, of process rows. 0: nothing was checked. */
  readonly checked: number;
  readonly mismatches: readonly Found[];
}

export type MmuConformReport = Counted<'mmu', Mismatch>;

export interface VmConformReport extends Counted<'vm', OpMismatch> {
  /** Number of ops in the files; every revision answers each. */
  readonly ops: number;
  readonly revisions: readonly RevisionCount[];
}

export interface PmapConformReport extends Counted<'pmap', OpMismatch> {
  /** Number of ops in the files; every revision answers each. */
  readonly ops: number;
  readonly revisions: readonly RevisionCount[];
  /** The part of these files that can distinguish d33276 from landed. */
  readonly d33276: { readonly files: number; readonly ops: number };
}

export interface ReplayConformReport extends Counted<'replay', ReplayMismatch> {
  /** Number of process rows that are the same in every revision. */
  readonly rowsMatching: number;
  /** Count of numbers compared, including those in the rows. */
  readonly numbers: number;
  readonly revisions: readonly RevisionCount[];
}

export type ConformReport = PmapConformReport | VmConformReport | MmuConformReport | ReplayConformReport;
