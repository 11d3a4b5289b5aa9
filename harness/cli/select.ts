/**
 * What a command line selects: revisions by name, variant files, workloads by name or file.
 */
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Variant } from '../../core/index.ts';
import { didYouMean, nearest } from '../../core/suggest.ts';
import { experiments, series, variantById } from '../../variants/index.ts';
import type { ChosenVariant } from '../columns/chosen.ts';
import { FAIL_CLASSES } from '../compare/gate.ts';
import type { Verdict } from '../compare/pair.ts';
import { type Against, inOrder } from '../compare/plan.ts';
import type { VariantFacts } from '../declare/declarations.ts';
import { baseName, loadWorkload, openWorkload } from '../input/load.ts';
import { CATALOG } from '../workload/catalog/index.ts';
import { CORPUS } from '../workload/corpus/index.ts';
import { TOUCH_POLICIES, type TouchPolicy, type Workload } from '../workload/ops.ts';
import type { PiecedWorkload } from '../workload/pieces.ts';
import { parseMachine } from '../workload/text/parse.ts';
import type { TraceOptions } from '../workload/trace/read.ts';
import { UsageError, wordOf, wordsOf } from './errors.ts';

export const builtInIds = (): string[] => [...series, ...experiments].map(({ id }) => id);

function builtIn(id: string, where: string): Variant {
  const variant = variantById(id);
  if (variant !== undefined) return variant;
  throw new UsageError(`${where}unknown variant ${JSON.stringify(id)}: ${didYouMean(id, builtInIds())}`);
}

/** `X` of --variant: a name, or a path to a TypeScript file. where: in front of a message. Throws UsageError. */
export function chooseVariant(text: string, where = ''): ChosenVariant {
  const variant = variantById(text);
  if (variant !== undefined) return { kind: 'built-in', variant };
  const path = resolve(text);
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat?.isFile() === true) return { kind: 'file', path, name: text };
  if (stat !== undefined && !stat.isDirectory())
    throw new UsageError(`${where}${text}: expected a variant in a regular file, beside what it imports`);
  if (/[/\\.]/.test(text)) throw new UsageError(`${where}${text}: no such variant file`);
  return { kind: 'built-in', variant: builtIn(text, where) };
}

/** Columns of a comparison: --variants, by name or file (the series if absent), then each --variant. Throws UsageError. */
export function chooseVariants(names: string | undefined, files: readonly string[]): ChosenVariant[] {
  const ids = names === undefined ? series.map(({ id }) => id) : names.split(',').map((id) => id.trim());
  const chosen = [...ids, ...files].map((text) => chooseVariant(text));
  const keys = chosen.map((one) => (one.kind === 'file' ? one.path : one.variant.id));
  refuseTwice('variant', keys, [...ids, ...files]);
  return chosen;
}

/** Throws UsageError: two have the same key. */
function refuseTwice(what: string, keys: readonly string[], given: readonly string[]): void {
  const twice = keys.findIndex((key, i) => keys.indexOf(key) !== i);
  if (twice >= 0) throw new UsageError(`expected each ${what} once, got ${given[twice]} twice`);
}

/** baseline if it is absent, or the first of the columns in the order of `facts`. */
export function chooseAgainst(
  text: string | undefined,
  columns: readonly string[],
  facts: readonly VariantFacts[],
): Against {
  if (text === 'previous') return { kind: 'previous' };
  const id = text ?? (columns.includes('baseline') ? 'baseline' : inOrder(columns, facts)[0]);
  return { kind: 'variant', id: columnNamed(id, columns, ['previous']) };
}

/** `X` of --against if a column has that id. others: words that may be meant as well. Throws UsageError. */
export function columnNamed(id: string, columns: readonly string[], others: readonly string[] = []): string {
  if (columns.includes(id)) return id;
  const near = builtInIds().includes(id) ? id : nearest(id, [...columns, ...others, ...builtInIds()]);
  const isColumn = columns.includes(near) || others.includes(near);
  const advice = [
    ...(near === '' || near === id ? [] : [`; did you mean ${near}?`]),
    ...(near === '' || isColumn ? [] : [near === id ? '; add it to --variants' : ' Add it to --variants']),
  ];
  throw new UsageError(`--against ${id}: not among the compared variants (${columns.join(', ')})${advice.join('')}`);
}

export const chooseTouch = (text = 'recorded'): TouchPolicy => wordOf('--touch', text, TOUCH_POLICIES);

/** `--machine KEY=VALUE…`, of recordings; as in a machine line of workload text. */
export function chooseMachine(words: readonly string[] | undefined): Pick<TraceOptions, 'machine'> {
  return words === undefined ? {} : { machine: parseMachine(words.join(' '), '--machine') };
}

export const allWorkloadNames = (): string[] => [...Object.keys(CATALOG), ...Object.keys(CORPUS)];

/** A workload by name or file, and what it is called. */
export interface NamedWorkload {
  readonly given: string;
  readonly name: string;
}

/** What the workloads of a command are called: a file whose name is taken, `NAME#2`. Throws UsageError: one is there twice. */
export function nameWorkloads(given: readonly string[]): NamedWorkload[] {
  const ofProgram = new Set(allWorkloadNames());
  const isFile = (one: string): boolean => !ofProgram.has(one);
  refuseTwice(
    'workload',
    given.map((one) => (isFile(one) && one !== '-' ? resolve(one) : one)),
    given,
  );
  const taken = new Set(given.filter((one) => !isFile(one)));
  return given.map((one) => {
    if (!isFile(one)) return { given: one, name: one };
    let name = baseName(one);
    for (let n = 2; taken.has(name); n++) name = `${baseName(one)}#${n}`;
    taken.add(name);
    return { given: one, name };
  });
}

/** Each workload by name or file, in the order given; all of catalog and corpus when none is. */
export async function chooseWorkloads(names: readonly string[], options: TraceOptions): Promise<PiecedWorkload[]> {
  const workloads: PiecedWorkload[] = [];
  for (const { given, name } of nameWorkloads(names.length > 0 ? names : allWorkloadNames()))
    workloads.push(await openWorkload(given, { ...options, name }));
  return workloads;
}

/** `--fail-on`: everything if it is absent. */
export function chooseFailOn(text: string | undefined): readonly Verdict[] {
  if (text === undefined) return FAIL_CLASSES;
  return wordsOf('--fail-on', text, FAIL_CLASSES);
}

/** A workload to hold two columns against each other on. */
export async function chooseWorkload({
  workload,
  name = baseName(workload),
  touch,
  machine,
}: {
  readonly workload: string;
  /** what it is called, if it is a file */
  readonly name?: string;
  readonly touch?: string;
  readonly machine?: readonly string[];
}): Promise<Workload> {
  const loaded = await loadWorkload(workload, { name, touch: chooseTouch(touch), ...chooseMachine(machine) });
  if (loaded.ops.length === 0) throw new Error(`${loaded.name}: no ops, nothing was run`);
  return loaded;
}
