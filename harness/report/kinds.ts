/**
 * What the processes of a recording did to pmap_remove, by the kind of the process when it exits or execs.
 */
import { type ByKind, PROCESS_KINDS, type ProcessKind, type RemoveCalls } from '../run/record.ts';

const CHILDREN = { forked: 'fork child', vforked: 'vfork child' } as const;

/** What a process of that kind is called when it exits, or execs. */
export function kindName({ kind, place }: Pick<KindRow, 'kind' | 'place'>): string {
  if (kind === 'execed') return "exec'd program";
  return `${CHILDREN[kind]} that ${place === 'exec' ? 'execs' : "never exec'd"}`;
}

export interface KindRow {
  readonly place: 'exit' | 'exec';
  readonly kind: ProcessKind;
  /** how many exit or exec so, and how many of them have read the shared page: in the first run */
  readonly processes: number;
  readonly touched: number;
  /** per run */
  readonly cells: readonly RemoveCalls[];
}

/** Rows of one recording under several variants; those of no process left out. */
export function kindRows(runs: readonly ByKind[]): KindRow[] {
  return (['exit', 'exec'] as const).flatMap((place) =>
    PROCESS_KINDS.flatMap((kind) => {
      const { processes, touched } = runs[0][kind][place];
      const cells = runs.map((byKind) => byKind[kind][place]);
      return cells.some((cell) => cell.processes > 0) ? [{ place, kind, processes, touched, cells }] : [];
    }),
  );
}
