/**
 * The two machines before and after the op where their traces diverge: what each address space contains, and the rows
 * in which the states differ.
 */
import { type FoldedSpace, type StateChange, type StateRow, diffStates, foldSpaces } from '../compare/state-diff.ts';

/** Contents of one address space. */
export interface SpaceSummary {
  readonly vmspace: number;
  readonly refs: number;
  readonly entries: number;
  readonly mappings: number;
  readonly tables: number;
}

/** Both machines at the same point. */
export interface StatePair {
  readonly when: 'before' | 'after';
  /** null if that run did not reach it */
  readonly reference: readonly SpaceSummary[] | null;
  readonly candidate: readonly SpaceSummary[] | null;
  /**
   * number of rows that differ, ignoring renumbering; `changes` lists the first of them. Null unless both runs reached
   * it.
   */
  readonly rows: number | null;
  readonly changes: readonly StateChange[];
  /** the same, folded: address spaces that only one has, references, other rows and the first of them */
  readonly spaces: readonly FoldedSpace[];
  readonly references: number;
  readonly otherRows: number;
  readonly others: readonly StateChange[];
}

/** A state as taken by a run: rows of its two planes. Null if the run did not reach it. */
export type TakenState = Readonly<Record<'map' | 'tables', readonly StateRow[]>> | null;

const MOST_CHANGES = 50;

function summaries(state: TakenState): SpaceSummary[] | null {
  if (state === null) return null;
  const tables = (kind: string, vmspace: unknown): number =>
    state.tables.filter((row) => row.kind === kind && row.vmspace === vmspace).length;
  return state.map
    .filter(({ kind }) => kind === 'vmspace')
    .map(({ id, refcnt, nentries }) => ({
      vmspace: Number(id),
      refs: Number(refcnt),
      entries: Number(nentries),
      mappings: tables('leaf', id),
      tables: tables('table', id),
    }));
}

export function statePair(when: StatePair['when'], reference: TakenState, candidate: TakenState): StatePair {
  const changes =
    reference === null || candidate === null
      ? null
      : (['map', 'tables'] as const).flatMap((plane) => diffStates(reference[plane], candidate[plane]));
  const { spaces, references, others } = foldSpaces(changes ?? []);
  return {
    when,
    reference: summaries(reference),
    candidate: summaries(candidate),
    rows: changes?.length ?? null,
    changes: changes?.slice(0, MOST_CHANGES) ?? [],
    spaces,
    references,
    otherRows: others.length,
    others: others.slice(0, MOST_CHANGES),
  };
}
