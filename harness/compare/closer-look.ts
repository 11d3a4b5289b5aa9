/**
 * What the maps or tables of two columns differ in where they first do: both are run again up to that op. Of each pair the
 * workload with the fewest changes is kept, as the one that is easiest to read.
 */
import { type Column, runColumn } from '../columns/column.ts';
import type { Workload } from '../workload/ops.ts';
import type { WorkloadComparison } from './plan.ts';
import { type FoldedSpace, type StateChange, type StateRow, diffStates, foldSpaces } from './state-diff.ts';

/** What the first difference of map or tables between two columns consists of. */
export interface StateDifference {
  readonly workload: string;
  readonly reference: string;
  readonly candidate: string;
  /** the op after which both states were taken, in words */
  readonly at: string;
  /** rows that differ, and the first of them */
  readonly rows: number;
  readonly changes: readonly StateChange[];
  /** the same, folded: address spaces that only one has, references, other rows and the first of them */
  readonly spaces: readonly FoldedSpace[];
  readonly references: number;
  readonly otherRows: number;
  readonly others: readonly StateChange[];
}

/** Wall limit of a run that only takes a state. */
const STATE_LIMIT_MS = 60_000;
/** A workload longer than this is not run again for a closer look. */
const CLOSER_LOOK_OPS = 20_000;
/** Rows of a state that a report holds. */
const MOST_CHANGES = 50;

/** What the maps or tables of the compared columns differ in on one workload. */
export async function stateDifferences(
  columns: readonly Column[],
  { name, pairs, opTexts }: WorkloadComparison,
  workload: Workload,
): Promise<StateDifference[]> {
  if (workload.ops.length > CLOSER_LOOK_OPS) return [];
  const found: StateDifference[] = [];
  for (const { reference, candidate, differences } of pairs) {
    const own = differences.find(
      ({ plane, standing }) => (plane === 'map' || plane === 'tables') && standing !== 'follows',
    );
    if (own === undefined) continue;
    const rows = async (id: string): Promise<readonly StateRow[]> => {
      const column = columns.find(({ facts }) => facts.id === id)!;
      const { state } = await runColumn(column, workload, { stateAfter: own.op }, STATE_LIMIT_MS);
      return state === null ? [] : state.machine[own.plane as 'map' | 'tables'];
    };
    const changes = diffStates(await rows(reference), await rows(candidate));
    const { spaces, references, others } = foldSpaces(changes);
    found.push({
      workload: name,
      reference,
      candidate,
      at: opTexts[own.op],
      rows: changes.length,
      changes: changes.slice(0, MOST_CHANGES),
      spaces,
      references,
      otherRows: others.length,
      others: others.slice(0, MOST_CHANGES),
    });
  }
  return found;
}

/** Of each pair the first with the fewest rows. */
export function easiest(all: readonly StateDifference[]): StateDifference[] {
  const byPair = new Map<string, StateDifference>();
  for (const one of all) {
    const key = `${one.reference} ${one.candidate}`;
    const best = byPair.get(key);
    if (best === undefined || one.rows < best.rows) byPair.set(key, one);
  }
  return [...byPair.values()];
}
