/**
 * The columns of a comparison: built-in variants, run in this process on one machine, and users' variants, each in a process
 * of its own.
 */
import type { Machine, Variant } from '../../core/index.ts';
import { bundledColumn } from '../bundle/spawn.ts';
import { checkers } from '../check/checker.ts';
import { type Facts, builtInFacts, factsOf, variantSources } from '../columns/facts.ts';
import { intendedMeasure } from '../compare/declarations.ts';
import { DEFAULT_LIMITS, VariantProcess } from '../run/process.ts';
import {
  type Failure,
  type RunEnd,
  type RunOptions,
  type RunPart,
  type RunRecord,
  emptyPart,
  failedEnd,
} from '../run/record.ts';
import { type MakeChecker, Session, type SessionSpec } from '../run/session.ts';
import type { Workload } from '../workload/ops.ts';
import { type Piece, type WorkloadHead, headOf, pieceOf } from '../workload/pieces.ts';
import type { Progress } from './output.ts';
import type { Chosen } from './select.ts';

export type Column =
  | { readonly kind: 'built-in'; readonly facts: Facts; readonly variant: Variant }
  | { readonly kind: 'process'; readonly facts: Facts; readonly process: VariantProcess }
  | { readonly kind: 'failed'; readonly facts: Facts; readonly failure: Failure };

const sources = variantSources();
const builtIn = builtInFacts(sources);

/** Open every column. A variant that cannot be used is a column too: it says why. */
export async function openColumns(chosen: readonly Chosen[], progress: Progress): Promise<Column[]> {
  const columns = await Promise.all(chosen.map((one) => openColumn(one, progress)));
  const ids = columns.map(({ facts }) => facts.id);
  return columns.map((column, i) => {
    const { kind, facts } = column;
    const isTaken = ids.indexOf(facts.id) !== i || builtIn.some(({ id }) => id === facts.id);
    if (kind !== 'process') return column;
    if (isTaken) {
      closeColumns([column]);
      return failedColumn(`${facts.id}#${i + 1}`, `id ${JSON.stringify(facts.id)} is taken by another variant`);
    }
    const { after } = facts;
    if (after === null || ids.includes(after) || builtIn.some(({ id }) => id === after)) return column;
    closeColumns([column]);
    return failedColumn(
      facts.id,
      `after: expected null or the id of a variant that is built in or compared, got ${JSON.stringify(after)}`,
    );
  });
}

async function openColumn(one: Chosen, progress: Progress): Promise<Column> {
  if (one.kind === 'built-in') {
    const { variant } = one;
    return { kind: 'built-in', facts: builtIn.find(({ id }) => id === variant.id)!, variant };
  }
  const name = one.name.replace(/^.*[/\\]/s, '').replaceAll(/\p{Cc}/gu, '?');
  const bundle = await bundledColumn(one.path, 'run');
  if (bundle.kind === 'refused') return failedColumn(name, bundle.message);
  const child = new VariantProcess(name, bundle.code, DEFAULT_LIMITS, (text) => progress.note(prefixed(name, text)));
  const loaded = await child.load();
  if ('kind' in loaded) return { kind: 'failed', facts: noFacts(name), failure: loaded };
  try {
    for (const intent of loaded.intends) intendedMeasure(loaded.id, intent);
  } catch (error) {
    child.close();
    return failedColumn(loaded.id, (error as Error).message);
  }
  return { kind: 'process', facts: factsOf(loaded, one.path, sources), process: child };
}

const noFacts = (id: string): Facts => ({ id, after: null, title: id, intends: [], members: [], compiled: [] });

const failedColumn = (id: string, message: string): Column => ({
  kind: 'failed',
  facts: noFacts(id),
  failure: { kind: 'failed', how: 'load', op: null, message },
});

const prefixed = (name: string, text: string): string => text.replaceAll(/^(?=.)/gm, `[${name}] `);

/** Facts of the columns, and of every built-in variant that may lie between two of them. */
export function factsAround(columns: readonly Column[]): Facts[] {
  const own = columns.map(({ facts }) => facts);
  return [...own, ...builtIn.filter(({ id }) => !own.some((facts) => facts.id === id))];
}

/** A run of a column, piece by piece. */
export interface ColumnRun {
  /** null while the run goes on */
  readonly end: RunEnd | null;
  /** Run the ops of the next piece; none once the run is over. wallMs limits a variant that has its own process. */
  readonly take: (piece: Piece, wallMs: number) => Promise<RunPart>;
}

/** What a built-in variant runs on. Those whose runs are over are used again. */
interface Seat {
  readonly machine: Machine | null;
  readonly checker: MakeChecker;
}
const seats: Seat[] = [];

class BuiltInRun implements ColumnRun {
  readonly #spec: Omit<SessionSpec, 'watch'>;
  #session: Session | null = null;
  #checker: MakeChecker | null = null;
  end: RunEnd | null = null;

  constructor(spec: Omit<SessionSpec, 'watch'>) {
    this.#spec = spec;
  }

  async take(piece: Piece): Promise<RunPart> {
    if (this.end !== null) return emptyPart();
    const session = (this.#session ??= this.#begin(piece));
    const part = session.take(piece);
    if (!session.isOver) return part;
    this.end = session.end();
    this.#session = null;
    seats.push({ machine: session.machine, checker: this.#checker! });
    return part;
  }

  #begin(first: Piece): Session {
    const { ram } = this.#spec.head.machine;
    const at = seats.findLastIndex(({ machine }) => machine === null || machine.config.ram === ram);
    const { machine, checker } = at < 0 ? { machine: null, checker: checkers() } : seats.splice(at, 1)[0];
    this.#checker = checker;
    return new Session(machine, { ...this.#spec, watch: { checker } }, first);
  }
}

/** Begin to run a workload in a column; variants with a process of their own have one run at a time. */
export function beginRun(column: Column, head: WorkloadHead, options: RunOptions): ColumnRun {
  const { facts } = column;
  if (column.kind === 'process') return column.process.begin(head, facts.id, options);
  if (column.kind === 'built-in') return new BuiltInRun({ head, variant: column.variant, options });
  return { end: failedEnd(head.name, facts.id, column.failure), take: async () => emptyPart() };
}

/** Run a whole workload in a column. wallMs limits a variant that has its own process. */
export async function runColumn(
  column: Column,
  workload: Workload,
  options: RunOptions,
  wallMs: number,
): Promise<RunRecord> {
  const run = beginRun(column, headOf(workload), options);
  const part = await run.take(pieceOf(workload), wallMs);
  return { ...part, ...run.end! };
}

/** End what columns are running now. */
export function abortColumns(columns: readonly Column[]): void {
  for (const column of columns) if (column.kind === 'process') column.process.abort();
}

export function closeColumns(columns: readonly Column[]): void {
  for (const column of columns) if (column.kind === 'process') column.process.close();
}
