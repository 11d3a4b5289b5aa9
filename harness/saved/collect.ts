/** Takes from the runs of a comparison, as they run, what is saved of them. */
import { type Hash, createHash } from 'node:crypto';
import { COUNTER_NAMES } from '../../core/counters.ts';
import type { Column, ColumnRun } from '../columns/column.ts';
import type { WorkloadComparison } from '../compare/plan.ts';
import type { PerOp, RunEnd, RunPart } from '../run/record.ts';
import { OP_BY_OP } from './compare.ts';
import { SAVED_SCHEMA, type SavedResults, type SavedRun } from './document.ts';

/** Hexadecimal digits of a digest: 64 bits. */
const DIGITS = 16;

export const digestOf = (...parts: readonly (string | Uint8Array)[]): string => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex').slice(0, DIGITS);
};

/** What is the same only if it is the same after each op, or at each checkpoint. */
const DIGESTS = [
  'outcomes',
  'maps',
  'page tables',
  'statistics of the acting pmap',
  'statistics of all pmaps',
  OP_BY_OP,
  'invariants',
  'deaths',
] as const;

/** Numbers of a run besides its counters; null: a run that is no recording has none of them. */
const COUNTS: readonly (readonly [name: string, of: (end: RunEnd) => number | undefined])[] = [
  ['ops', ({ ops }) => ops],
  ['alive', ({ balance }) => balance.alive],
  ...(['exit', 'exec', 'other'] as const).flatMap((place) =>
    (['calls', 'early'] as const).map(
      (what) =>
        [`pmap_remove in ${place}: ${what}`, ({ removeByPlace }: RunEnd) => removeByPlace[place][what]] as const,
    ),
  ),
  ...(
    [
      'accesses',
      'hits',
      'faulted',
      'signals',
      'recordedFaults',
      'recordedFaultsPresent',
      'mappedAlready',
      'extraFaults',
      'failedOps',
    ] as const
  ).map((what) => [`replay ${what}`, ({ replay }: RunEnd) => replay?.[what]] as const),
];

export class Collector {
  /** by workload, then by variant */
  readonly #runs = new Map<string, Map<string, RunDigest>>();

  /** The column, and what it runs to the end of is noted. */
  noting(column: Column): Column {
    return {
      ...column,
      begin: (head, options) => {
        const run = column.begin(head, options);
        // A look at one op's state is no run of the comparison.
        if (options.stateAfter !== undefined || options.until !== undefined) return run;
        const digest = new RunDigest();
        const ofWorkload = this.#runs.get(head.name) ?? new Map<string, RunDigest>();
        this.#runs.set(head.name, ofWorkload.set(column.facts.id, digest));
        return noted(run, digest);
      },
    };
  }

  /** columns: those that are shown. hashes: of the workloads, by name. */
  results(
    columns: readonly { readonly id: string; readonly hash: string }[],
    compared: readonly Pick<WorkloadComparison, 'name' | 'pairs'>[],
    {
      core,
      checked,
      hashes,
    }: { readonly core: string; readonly checked: boolean; readonly hashes: ReadonlyMap<string, string> },
  ): SavedResults {
    const runs: SavedRun[] = [];
    const numbers = new Map<string, number>();
    const numberOf = (run: SavedRun): number => {
      const key = JSON.stringify(run);
      const known = numbers.get(key) ?? runs.push(run) - 1;
      numbers.set(key, known);
      return known;
    };
    const workloads = compared.map(({ name, pairs }) => ({
      name,
      hash: hashes.get(name)!,
      runs: columns.map(({ id }) => numberOf(this.#runs.get(name)!.get(id)!.saved())),
      pairs: pairs.map(({ reference, candidate, verdict, standing }) => ({ reference, candidate, verdict, standing })),
    }));
    return {
      schema: SAVED_SCHEMA,
      core,
      checked,
      counts: [...COUNTER_NAMES, ...COUNTS.map(([name]) => name)],
      digests: DIGESTS,
      columns: columns.map(({ id, hash }) => ({ id, hash })),
      runs,
      workloads,
    };
  }
}

/** The run, with what it yields noted. */
const noted = (run: ColumnRun, digest: RunDigest): ColumnRun => ({
  get end() {
    return run.end;
  },
  take: async (piece, wallMs) => {
    const part = await run.take(piece, wallMs);
    digest.take(part);
    if (run.end !== null) digest.end = run.end;
    return part;
  },
});

type Numbers = Int32Array | Uint32Array | Uint8Array | Float64Array;

/** One row an op, a number of each list. */
function rowsOf(lists: readonly Numbers[]): Uint8Array {
  const rows = new Float64Array(lists[0].length * lists.length);
  for (const [column, list] of lists.entries())
    for (let i = 0, at = column; i < list.length; i++, at += lists.length) rows[at] = list[i];
  return new Uint8Array(rows.buffer);
}

/** One row an op: how many counters it changed, then each and by how much. */
function counterRows({ counterList, counterFrom, counterIndex, counterDelta }: PerOp): Uint8Array {
  let length = counterList.length;
  for (const list of counterList) length += 2 * (counterFrom[list + 1] - counterFrom[list]);
  const rows = new Float64Array(length);
  let at = 0;
  for (const list of counterList) {
    const [from, to] = [counterFrom[list], counterFrom[list + 1]];
    rows[at++] = to - from;
    for (let k = from; k < to; k++) {
      rows[at++] = RANKS[counterIndex[k]];
      rows[at++] = counterDelta[k];
    }
  }
  return new Uint8Array(rows.buffer);
}

/** By counter, its place among their names in order: a digest does not depend on how they are numbered. */
const RANKS = Uint8Array.from(COUNTER_NAMES, (name) => COUNTER_NAMES.toSorted().indexOf(name));

class RunDigest {
  readonly #hashes: readonly Hash[] = DIGESTS.map(() => createHash('sha256'));
  end: RunEnd | null = null;

  /** Digests do not depend on the pieces in which a workload is run. */
  take({ perOp, checkpoints, violations, killed }: RunPart): void {
    const [outcomes, maps, tables, acting, all, counters, invariants, deaths] = this.#hashes;
    const { code, value, residentCount, wiredCount, topPages, mappedPages, excessPages } = perOp;
    outcomes.update(rowsOf([code, value]));
    acting.update(rowsOf([residentCount, wiredCount, topPages, mappedPages, excessPages]));
    counters.update(counterRows(perOp));
    for (const { op, map, tables: table, pmaps, isMidCall } of checkpoints) {
      maps.update(`${op} ${map}\n`);
      tables.update(`${op} ${table} ${isMidCall}\n`);
      all.update(`${op} ${pmaps.join()}\n`);
    }
    for (const { op, process, signal } of killed) deaths.update(`${op} ${process} ${signal}\n`);
    for (const violation of violations) invariants.update(`${JSON.stringify(violation)}\n`);
  }

  saved(): SavedRun {
    const end = this.end!;
    return {
      ended: endedText(end),
      counts: [...COUNTER_NAMES.map((_name, i) => end.totals[i] ?? null), ...COUNTS.map(([, of]) => of(end) ?? null)],
      digests: this.#hashes.map((hash) => hash.copy().digest('hex').slice(0, DIGITS)),
    };
  }
}

function endedText({ ended }: RunEnd): string {
  if (ended.kind === 'done') return 'done';
  if (ended.kind === 'failed') return `failed (${ended.how})`;
  return `panic: ${ended.where}: ${ended.reason} (op ${ended.op})`;
}
