/** Saved results against those of today, cell by cell: one variant, one workload. */
import type { SavedPair, SavedResults, SavedRun } from './document.ts';

/** Something that differs. Of a digest or a verdict there are no numbers. */
export type SavedChange =
  | { readonly kind: 'count'; readonly what: string; readonly before: number | null; readonly after: number | null }
  | { readonly kind: 'text'; readonly what: string; readonly before: string; readonly after: string }
  | { readonly kind: 'digest'; readonly what: string };

export type CellState =
  | { readonly kind: 'same' }
  | { readonly kind: 'changed'; readonly changes: readonly SavedChange[] }
  /** only one side has its workload or its variant */
  | { readonly kind: 'new' | 'gone' }
  /** what is run is not what was run */
  | { readonly kind: 'not comparable'; readonly because: readonly ('workload' | 'variant' | 'checked')[] };

export interface SavedCell {
  readonly workload: string;
  readonly variant: string;
  readonly state: CellState;
}

export interface SavedComparison {
  /** the file, as it was given */
  readonly name: string;
  readonly cells: readonly SavedCell[];
  /** the sources of `core` are the same, but for comments */
  readonly isSameCore: boolean;
  /** counters that only one side has: they are not compared */
  readonly counters: { readonly added: readonly string[]; readonly gone: readonly string[] };
}

export function compareSaved(name: string, before: SavedResults, after: SavedResults): SavedComparison {
  const missing = (from: SavedResults, of: SavedResults): string[] =>
    of.counts.filter((one) => !from.counts.includes(one));
  const counters = { added: missing(before, after), gone: missing(after, before) };
  const cells = after.workloads.flatMap(({ name: workload }) =>
    after.columns.map(({ id: variant }): SavedCell => ({
      workload,
      variant,
      state: stateOf(workload, variant, before, after),
    })),
  );
  const isThere = ({ workload, variant }: Omit<SavedCell, 'state'>): boolean =>
    cells.some((cell) => cell.workload === workload && cell.variant === variant);
  const gone = before.workloads.flatMap(({ name: workload }) =>
    before.columns
      .map(({ id: variant }): SavedCell => ({ workload, variant, state: { kind: 'gone' } }))
      .filter((cell) => !isThere(cell)),
  );
  return { name, cells: [...cells, ...gone], isSameCore: before.core === after.core, counters };
}

/** A cell of one side. */
interface Side {
  readonly workload: string;
  readonly variant: string;
  readonly run: SavedRun;
  readonly pair: SavedPair | null;
}

function sideOf(workload: string, variant: string, { workloads, columns, runs }: SavedResults): Side | null {
  const of = workloads.find(({ name }) => name === workload);
  const column = columns.findIndex(({ id }) => id === variant);
  if (of === undefined || column < 0) return null;
  return {
    workload: of.hash,
    variant: columns[column].hash,
    run: runs[of.runs[column]],
    pair: of.pairs.find(({ candidate }) => candidate === variant) ?? null,
  };
}

function stateOf(workload: string, variant: string, before: SavedResults, after: SavedResults): CellState {
  const [was, is] = [before, after].map((results) => sideOf(workload, variant, results));
  if (was === null || is === null) return { kind: was === null ? 'new' : 'gone' };
  const because = (['workload', 'variant'] as const).filter((what) => was[what] !== is[what]);
  if (because.length > 0) return { kind: 'not comparable', because };
  if (before.checked !== after.checked) return { kind: 'not comparable', because: ['checked'] };
  const changes = [...runChanges(was.run, is.run, before, after), ...verdictChanges(was.pair, is.pair)];
  return changes.length === 0 ? { kind: 'same' } : { kind: 'changed', changes };
}

function runChanges(was: SavedRun, is: SavedRun, before: SavedResults, after: SavedResults): SavedChange[] {
  const ended: SavedChange[] =
    was.ended === is.ended ? [] : [{ kind: 'text', what: 'end', before: was.ended, after: is.ended }];
  const counts = after.counts.flatMap((what, i): SavedChange[] => {
    const at = before.counts.indexOf(what);
    if (at < 0 || was.counts[at] === is.counts[i]) return [];
    return [{ kind: 'count', what, before: was.counts[at], after: is.counts[i] }];
  });
  // What each op added is one digest of all counters: of other counters it is another digest.
  const isSameSet =
    before.counts.length === after.counts.length && after.counts.every((one) => before.counts.includes(one));
  const digests = after.digests.flatMap((what, i): SavedChange[] => {
    const at = before.digests.indexOf(what);
    if (at < 0 || was.digests[at] === is.digests[i] || (!isSameSet && what === OP_BY_OP)) return [];
    return [{ kind: 'digest', what }];
  });
  return [...ended, ...counts, ...digests];
}

/** The digest of what each op added to the counters. */
export const OP_BY_OP = 'counters op by op';

/** A verdict against another variant says nothing of the same. */
function verdictChanges(was: SavedPair | null, is: SavedPair | null): SavedChange[] {
  if (was === null || is === null || was.reference !== is.reference) return [];
  const [before, after] = [was, is].map(
    ({ verdict, standing }) => `${verdict}${standing === null ? '' : ` ${standing}`}`,
  );
  return before === after ? [] : [{ kind: 'text', what: `verdict against ${is.reference}`, before, after }];
}
