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

export class StateDifferences {
  readonly #columns: readonly Column[];
  readonly #byPair = new Map<string, StateDifference>();

  constructor(columns: readonly Column[]) {
    this.#columns = columns;
  }

  get found(): StateDifference[] {
    return [...this.#byPair.values()];
  }

  async look({ name, pairs, opTexts }: WorkloadComparison, workload: Workload): Promise<void> {
    if (workload.ops.length > CLOSER_LOOK_OPS) return;
    for (const { reference, candidate, differences } of pairs) {
      const own = differences.find(
        ({ plane, standing }) => (plane === 'map' || plane === 'tables') && standing !== 'follows',
      );
      if (own === undefined) continue;
      const rows = async (id: string): Promise<readonly StateRow[]> => {
        const column = this.#columns.find(({ facts }) => facts.id === id)!;
        const { state } = await runColumn(column, workload, { stateAfter: own.op }, STATE_LIMIT_MS);
        return state === null ? [] : state.machine[own.plane as 'map' | 'tables'];
      };
      const changes = diffStates(await rows(reference), await rows(candidate));
      const key = `${reference} ${candidate}`;
      const best = this.#byPair.get(key);
      if (best !== undefined && best.rows <= changes.length) continue;
      const shown = changes.slice(0, MOST_CHANGES);
      const { spaces, references, others } = foldSpaces(changes);
      this.#byPair.set(key, {
        workload: name,
        reference,
        candidate,
        at: opTexts[own.op],
        rows: changes.length,
        changes: shown,
        spaces,
        references,
        otherRows: others.length,
        others: others.slice(0, MOST_CHANGES),
      });
    }
  }
}
