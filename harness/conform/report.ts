/** What conform answers, by kind of recording. */

/** An answer that differs from the recording. */
export interface Mismatch {
  /** Base name of the file. */
  readonly file: string;
  /** Where in it, e.g. 'access 17' or 'op 3'. */
  readonly at: string;
  /** What was asked, in short. */
  readonly what: string;
  readonly expected: unknown;
  readonly got: unknown;
}

/** Of one op under one revision. */
export interface OpMismatch extends Mismatch {
  readonly variant: string;
  /** Index of the op in the file. */
  readonly op: number;
  /**
   * What differs. pmap: out, val, map, g, pm N or c.NAME. vm: out, val, n, calls, p, g, vm N.m, vm N.r, vm N.e START, o N or
   * c.NAME.
   */
  readonly key: string;
}

export interface ReplayMismatch extends Mismatch {
  /** absent: in the ops that the recording becomes, before any revision runs them */
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
  /** Recorded answers compared; of a replay, process rows. 0: nothing was checked. */
  readonly checked: number;
  readonly mismatches: readonly Found[];
}

export type MmuConformReport = Counted<'mmu', Mismatch>;

export interface VmConformReport extends Counted<'vm', OpMismatch> {
  /** Ops in the files: each is answered by every revision. */
  readonly ops: number;
  readonly revisions: readonly RevisionCount[];
}

export interface PmapConformReport extends Counted<'pmap', OpMismatch> {
  /** Ops in the files: each is answered by every revision. */
  readonly ops: number;
  readonly revisions: readonly RevisionCount[];
  /** What in these files can tell d33276 from landed. */
  readonly d33276: { readonly files: number; readonly ops: number };
}

export interface ReplayConformReport extends Counted<'replay', ReplayMismatch> {
  /** Of the process rows: those that are the same in every revision. */
  readonly rowsMatching: number;
  /** Numbers compared, those of the rows included. */
  readonly numbers: number;
  readonly revisions: readonly RevisionCount[];
}

export type ConformReport = PmapConformReport | VmConformReport | MmuConformReport | ReplayConformReport;
