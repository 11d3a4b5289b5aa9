/**
 * The columns of a comparison: built-in variants, run in this process on one machine, and users' variants, each in a process
 * of its own.
 */
import { fileURLToPath } from 'node:url';
import type { Machine, Variant } from '../../core/index.ts';
import * as face from '../../variants/index.ts';
import { checkers } from '../check/checker.ts';
import { intendedMeasure } from '../compare/declarations.ts';
import { type Facts, factsOf } from '../run/facts.ts';
import { DEFAULT_LIMITS, VariantProcess } from '../run/process.ts';
import { type Failure, type RunOptions, type RunRecord, failedRecord } from '../run/record.ts';
import { run } from '../run/run.ts';
import type { Workload } from '../workload/ops.ts';
import type { Progress } from './output.ts';
import type { Chosen } from './select.ts';

export type Column =
  | { readonly kind: 'built-in'; readonly facts: Facts; readonly variant: Variant }
  | { readonly kind: 'process'; readonly facts: Facts; readonly process: VariantProcess }
  | { readonly kind: 'failed'; readonly facts: Facts; readonly failure: Failure };

const builtIn = factsOf([...face.series, ...face.experiments], new Set(Object.keys(face)));

/** Open every column. A variant that cannot be used is a column too: it says why. */
export async function openColumns(chosen: readonly Chosen[], progress: Progress): Promise<Column[]> {
  const columns = await Promise.all(chosen.map((one) => openColumn(one, progress)));
  const ids = columns.map(({ facts }) => facts.id);
  return columns.map((column, i) => {
    const { kind, facts } = column;
    const isTaken = ids.indexOf(facts.id) !== i || builtIn.some(({ id }) => id === facts.id);
    if (kind === 'built-in' || !isTaken) return column;
    closeColumns([column]);
    return failedColumn(`${facts.id}#${i + 1}`, `id ${JSON.stringify(facts.id)} is taken by another variant`);
  });
}

async function openColumn(one: Chosen, progress: Progress): Promise<Column> {
  if (one.kind === 'built-in') {
    const { variant } = one;
    return { kind: 'built-in', facts: builtIn.find(({ id }) => id === variant.id)!, variant };
  }
  const name = one.name.replace(/^.*[/\\]/, '');
  const entry = fileURLToPath(new URL('../child.js', import.meta.url));
  const child = new VariantProcess(one.path, entry, DEFAULT_LIMITS, (text) => progress.note(prefixed(name, text)));
  const loaded = await child.load();
  if ('kind' in loaded) return { kind: 'failed', facts: noFacts(name), failure: loaded };
  try {
    for (const intent of loaded.intends) intendedMeasure(loaded.id, intent);
  } catch (error) {
    child.close();
    return failedColumn(loaded.id, (error as Error).message);
  }
  return { kind: 'process', facts: loaded, process: child };
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

/** The machine that built-in variants run on, one after the other. */
let machine: Machine | null = null;
const checker = checkers();

/** Run a workload in a column. wallMs limits a variant that has its own process. */
export async function runColumn(
  column: Column,
  workload: Workload,
  options: RunOptions,
  wallMs: number,
): Promise<RunRecord> {
  if (column.kind === 'process') return column.process.run(workload, column.facts.id, options, wallMs);
  if (column.kind === 'failed') return failedRecord(workload.name, column.facts.id, column.failure);
  const result = run(machine, workload, column.variant, options, { checker });
  ({ machine } = result);
  return result.record;
}

/** End what columns are running now. */
export function abortColumns(columns: readonly Column[]): void {
  for (const column of columns) if (column.kind === 'process') column.process.abort();
}

export function closeColumns(columns: readonly Column[]): void {
  for (const column of columns) if (column.kind === 'process') column.process.close();
}
