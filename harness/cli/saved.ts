/** `compare --save FILE` and `--baseline FILE`: the results as they are now, and as they were. */
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { type Chosen, isPatch, sourceOf } from '../columns/chosen.ts';
import type { Column } from '../columns/column.ts';
import type { Compared } from '../compare/run-comparison.ts';
import type { VariantFacts } from '../declare/declarations.ts';
import { MEMBERS } from '../declare/planes.ts';
import { readBlocks } from '../input/blocks.ts';
import { corpusPath, packagePath } from '../input/paths.ts';
import { isReadOnce, wholeBytes } from '../input/source.ts';
import { OutputFile } from '../output-file.ts';
import { canonical } from '../review/syntax.ts';
import { Collector, digestOf } from '../saved/collect.ts';
import { type SavedComparison, compareSaved } from '../saved/compare.ts';
import { type SavedResults, packResults, unpackResults } from '../saved/document.ts';
import { CATALOG, catalogText } from '../workload/catalog/index.ts';
import { CORPUS } from '../workload/corpus/index.ts';
import { UsageError } from './errors.ts';

export interface SavedOptions {
  readonly save?: string;
  readonly baseline?: string;
}

/** How workloads were read: --touch and --machine. */
export type Reading = object;

export class SavedRuns {
  readonly #options: SavedOptions;
  readonly #output: OutputFile | null;
  readonly #before: SavedResults | null;
  readonly #collector = new Collector();

  constructor(options: SavedOptions, output: OutputFile | null, before: SavedResults | null) {
    this.#options = options;
    this.#output = output;
    this.#before = before;
  }

  noting(columns: readonly Column[]): Column[] {
    return columns.map((column) => this.#collector.noting(column));
  }

  /**
   * Compares what was run with the baseline, and saves it. names: of the workloads as they were given, in the order of their
   * comparisons. Throws UsageError, InputError.
   */
  async finish(
    compared: Compared,
    {
      columns,
      chosen,
      names,
      reading,
      checked,
    }: {
      readonly columns: readonly Column[];
      readonly chosen: readonly Chosen[];
      readonly names: readonly string[];
      readonly reading: Reading;
      readonly checked: boolean;
    },
  ): Promise<SavedComparison | null> {
    const { save, baseline } = this.#options;
    const { workloads } = compared;
    const hashes = new Map<string, string>();
    for (const [i, { name }] of workloads.entries()) hashes.set(name, await workloadHash(names[i], reading));
    const identified = columns.map(({ facts }, i) => ({ id: facts.id, hash: columnHash(facts, chosen[i]) }));
    const results = this.#collector.results(identified, workloads, { core: coreHash(), checked, hashes });
    if (this.#output !== null) {
      const failed = workloads.flatMap(({ runs }) => runs).find(({ ended }) => ended.kind === 'failed');
      if (!compared.complete || failed !== undefined)
        throw new UsageError(
          `--save ${save}: expected every run to end, ${failed === undefined ? 'got an interrupt' : `${failed.variant} failed`}; nothing is saved`,
        );
      const bytes = packResults(results);
      await this.#output.write((path) => writeFileSync(path, bytes));
    }
    return this.#before === null ? null : compareSaved(baseline!, this.#before, results);
  }
}

/**
 * Null if the options ask for nothing. Reads the baseline before anything is run; it may be what is saved too. `inputs`
 * are the other files that the command reads. Throws InputError.
 */
export async function openSaved(options: SavedOptions, inputs: readonly string[]): Promise<SavedRuns | null> {
  const { save, baseline } = options;
  if (save === undefined && baseline === undefined) return null;
  const output = save === undefined ? null : new OutputFile(save, inputs, `--save ${save}`);
  if (baseline === undefined) return new SavedRuns(options, output, null);
  const label = `--baseline ${baseline}`;
  return new SavedRuns(options, output, await unpackResults(label, wholeBytes(baseline, label)));
}

/** What is run: the text without comments and layout, or the recording; and how it is read. */
async function workloadHash(name: string, reading: Reading): Promise<string> {
  if (Object.hasOwn(CATALOG, name)) return digestOf(plain(catalogText(name)));
  const path = Object.hasOwn(CORPUS, name) ? corpusPath(name) : name;
  if (isReadOnce(path)) throw new UsageError(`--save, --baseline: expected workloads in files, got ${name}`);
  const recording = createHash('sha256');
  let text: string | null = null;
  for await (const block of readBlocks(path, () => ({ total: Infinity, expected: '' }))) {
    // A recording begins with an object, and may be too long to be held.
    text ??= block.trimStart().startsWith('{') ? null : '';
    if (text === null) recording.update(block);
    else text += block;
  }
  return text === null ? digestOf(recording.digest(), JSON.stringify(reading)) : digestOf(plain(text));
}

const plain = (text: string): string =>
  text
    .split('\n')
    .map((line) => line.replace(/#.*$/, '').trim().replaceAll(/\s+/g, ' '))
    .filter((line) => line !== '')
    .join('\n');

/**
 * What the members of the seam do, and the sources that a patch changes, without comments and layout; of a file whose
 * members cannot be read as written, all of it.
 */
export function columnHash({ id, members }: Pick<VariantFacts, 'id' | 'members'>, chosen: Chosen): string {
  const { file, isBuiltIn, overlay } = sourceOf(chosen);
  const isUnread = !isBuiltIn && members.some((text, i) => text === `${MEMBERS[i]} of ${id}`);
  const changed = [...(overlay ?? [])]
    .map(([path, text]) => [path, text === null ? null : canonical(text)])
    .toSorted(([a], [b]) => (a! < b! ? -1 : 1));
  return digestOf(JSON.stringify(isPatch(chosen) ? [members, changed] : members), isUnread ? readFileSync(file) : '');
}

/** Of the sources of `core` that ship with the program. */
function coreHash(): string {
  const files = readdirSync(packagePath('core'), { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => file.endsWith('.ts'))
    .toSorted();
  return digestOf(
    ...files.flatMap((file) => [file, canonical(readFileSync(packagePath('core', ...file.split('/')), 'utf8'))]),
  );
}
