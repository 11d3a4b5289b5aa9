/** `pmapdiff page`, and `compare --html`: the comparison as one file that runs. */
import { readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { bundledColumn } from '../bundle/spawn.ts';
import { builtInVariants } from '../columns/built-in.ts';
import { type Chosen, isPatch, sourceOf } from '../columns/chosen.ts';
import type { Column } from '../columns/column.ts';
import { type Facts, builtInFacts, factsAround } from '../columns/facts.ts';
import { ledger } from '../findings/index.ts';
import { InputError } from '../input-error.ts';
import { packagePath } from '../input/paths.ts';
import { wholeBytes } from '../input/source.ts';
import type { OutputFile } from '../output-file.ts';
import { type MachineData, pageData } from '../page/data.ts';
import { type PageParts, pageDocument } from '../page/document.tsx';
import { savedData } from '../page/saved.ts';
import type { CompareReport } from '../report/compare/model.ts';
import { type Interdiff, type Reviewed, interdiff } from '../review/interdiff.ts';
import { unpackResults } from '../saved/document.ts';
import { CATALOG, catalogText } from '../workload/catalog/index.ts';
import type { Input } from './compare-run.ts';
import { builtInOf, reviewContext, reviewedFile } from './review.ts';

export interface PageSource {
  readonly report: CompareReport;
  readonly columns: readonly Column[];
  /** where each column comes from */
  readonly chosen: readonly Chosen[];
  readonly inputs: readonly Input[];
}

/** A column that is not built in, and its code for a page. */
interface Own {
  readonly id: string;
  /** of its file or patch, without its folder */
  readonly name: string;
  readonly facts: Facts;
  /** null: a patch, which has no members of its own to show */
  readonly path: string | null;
  readonly code: string;
}

/** Columns that could be loaded. Throws InputError for one that cannot be bundled for a page. */
async function ownColumns({ columns, chosen }: PageSource): Promise<Own[]> {
  const found: Own[] = [];
  for (const [i, one] of chosen.entries()) {
    const facts = columns[i].facts as Facts;
    if (one.kind === 'built-in' || facts.members.length === 0) continue;
    const bundle = await bundledColumn(sourceOf(one), 'page', { cache: isPatch(one) ? one.how.cache : null });
    const name = basename(isPatch(one) ? one.patched.name : one.name);
    if (bundle.kind === 'refused') throw new InputError(`${name}: ${bundle.message}`);
    found.push({ id: facts.id, name, facts, path: isPatch(one) ? null : one.path, code: bundle.code });
  }
  return found;
}

/** What the build made of the page's sources. */
export function pageParts(own: readonly string[]): PageParts {
  const read = (name: string): string => readFileSync(packagePath('dist', 'page', name), 'utf8');
  return { app: read('app.js'), worker: read('worker.js'), own, style: read('style.css') };
}

/** Writes the page of a comparison to a file. */
export async function writePage(output: OutputFile, source: PageSource): Promise<void> {
  const { report, inputs } = source;
  const texts = textsOf(inputs);
  const own = await ownColumns(source);
  const text = await pageDocument(
    pageData({
      report,
      textOf: (name) => texts.get(name) ?? (Object.hasOwn(CATALOG, name) ? catalogText(name) : null),
      ledger,
      interdiffs: interdiffsOf(report, own),
      machine: machineOf(own),
    }),
    pageParts(own.map(({ code }) => code)),
  );
  await output.write((path) => writeFileSync(path, text));
}

/** Workload text as it is written, by the workload's name; recordings have none. */
const textsOf = (inputs: readonly Input[]): ReadonlyMap<string, string> =>
  new Map(
    inputs.flatMap(({ opened }) => (opened === null || opened.text === null ? [] : [[opened.head.name, opened.text]])),
  );

/** Writes the page of results that `compare --save` kept. Throws InputError. */
export async function writeSavedPage(output: OutputFile, from: string): Promise<void> {
  const results = await unpackResults(`--from ${from}`, wholeBytes(from, `--from ${from}`));
  const titles = Object.fromEntries(builtInVariants.map(({ id, title }) => [id, title]));
  const text = await pageDocument(savedData(results, titles), pageParts([]));
  await output.write((path) => writeFileSync(path, text));
}

/** The page needs of the facts only which members are the same. */
function machineOf(own: readonly Own[]): MachineData {
  const numbers = new Map<string, string>();
  const numberOf = (meaning: string): string => {
    const known = numbers.get(meaning) ?? String(numbers.size);
    numbers.set(meaning, known);
    return known;
  };
  return {
    facts: factsAround(own.map(({ facts }) => facts)).map((facts) => {
      const { id, after, title, intends, members, functions, counters } = facts;
      return {
        id,
        after,
        title,
        intends,
        members: members.map(numberOf),
        ...(functions === undefined ? {} : { functions }),
        ...(counters === undefined ? {} : { counters }),
      };
    }),
    ids: [...builtInFacts.map(({ id }) => id), ...own.map(({ id }) => id)],
    own: own.map(({ id, name }) => ({ id, name })),
  };
}

/** Of every pair in the matrix whose members can be shown. */
function interdiffsOf({ columns }: CompareReport, own: readonly Own[]): Interdiff[] {
  const reviewed = (id: string): Reviewed | null => {
    const variant = builtInVariants.find((one) => one.id === id);
    if (variant !== undefined) return builtInOf(variant);
    const found = own.find((one) => one.id === id);
    return found === undefined || found.path === null ? null : reviewedFile(found.facts, found.path);
  };
  const context = reviewContext(own.flatMap(({ id }) => reviewed(id) ?? []));
  return columns.flatMap(({ ids, reference }) => {
    const before = reference === null ? null : reviewed(reference);
    return ids.flatMap((id) => {
      const after = reviewed(id);
      return before === null || after === null ? [] : [interdiff(before, after, context)];
    });
  });
}
