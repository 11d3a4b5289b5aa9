/** `pmapdiff page`, and `compare --html`: the comparison as one file that runs. */
import { readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { bundledColumn } from '../bundle/spawn.ts';
import { builtInVariants } from '../columns/built-in.ts';
import { type Chosen, type ChosenPatch, isPatch, sourceOf } from '../columns/chosen.ts';
import type { Column } from '../columns/column.ts';
import { type Facts, builtInFacts, factsAround } from '../columns/facts.ts';
import type { Finding } from '../findings/finding.ts';
import { ledger } from '../findings/index.ts';
import { runFindings } from '../findings/runner.ts';
import { InputError } from '../input-error.ts';
import { openWorkload } from '../input/load.ts';
import { packagePath } from '../input/paths.ts';
import { wholeBytes } from '../input/source.ts';
import type { OutputFile } from '../output-file.ts';
import {
  type Change,
  type MachineData,
  type PageData,
  type PageInput,
  type ShownText,
  pageData,
  shownOps,
} from '../page/data.ts';
import { type PageParts, pageDocument } from '../page/document.tsx';
import { savedData } from '../page/saved.ts';
import type { CompareReport } from '../report/compare/model.ts';
import { type Reviewed, interdiff } from '../review/interdiff.ts';
import { unpackResults } from '../saved/document.ts';
import { CATALOG, catalogText } from '../workload/catalog/index.ts';
import { type PiecedWorkload, firstOps } from '../workload/pieces.ts';
import { printWorkload } from '../workload/text/print.ts';
import type { TraceOptions } from '../workload/trace/read.ts';
import type { Input } from './compare-run.ts';
import { changedSources, patchBlocks } from './review-patch.ts';
import { builtInOf, reviewContext, reviewedFile } from './review.ts';

export interface PageSource {
  readonly report: CompareReport;
  readonly columns: readonly Column[];
  /** where each column comes from */
  readonly chosen: readonly Chosen[];
  readonly inputs: readonly Input[];
  /** how recordings are read */
  readonly reading: TraceOptions;
  /** time that a variant of a user's has at least for each workload, in ms */
  readonly leastMs: number;
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

/** The remarks, asked of columns that are not built in. */
async function askedOf({ columns, leastMs }: PageSource, own: readonly Own[]): Promise<PageInput['asked']> {
  const ids = own
    .map(({ id }) => id)
    .filter((id) => ledger.every(({ cases }) => cases.every(({ expected }) => !(id in expected))));
  if (ids.length === 0) return NOBODY;
  const asked = columns.filter(({ facts }) => ids.includes(facts.id));
  return { ids, findings: await runFindings(ledger, { asked, cellsOf: [], leastMs }) };
}

/** What the build made of the page's sources. */
function pageParts(own: readonly string[]): PageParts {
  const read = (name: string): string => readFileSync(packagePath('dist', 'page', name), 'utf8');
  return { app: read('app.js'), worker: read('worker.js'), own, style: read('style.css') };
}

/** Writes the page of a comparison to a file. */
export async function writePage(output: OutputFile, source: PageSource): Promise<void> {
  const { report } = source;
  const texts = await textsOf(source);
  const own = await ownColumns(source);
  const text = await pageDocument(
    pageData({
      report,
      textOf: (name) => texts.get(name) ?? null,
      ledger,
      asked: await askedOf(source, own),
      interdiffs: interdiffsOf(source, own),
      machine: machineOf(own),
    }),
    pageParts(own.map(({ code }) => code)),
  );
  await output.write((path) => writeFileSync(path, text));
}

/** Texts as they are written, and of recordings what there is room for, by the workload's name. */
async function textsOf({ report, inputs, reading }: PageSource): Promise<ReadonlyMap<string, ShownText>> {
  const texts = new Map<string, ShownText>();
  for (const [i, { workload: compared }] of report.rows.entries()) {
    if (inputs[i] === undefined) continue;
    const { name: input, text: given, opened } = inputs[i];
    const { name, recorded } = compared;
    const written = given ?? (Object.hasOwn(CATALOG, input) ? catalogText(input) : null);
    const text = recorded
      ? await firstOpsOf(opened ?? (await openWorkload(input, reading)), shownOps(compared))
      : written === null
        ? null
        : { text: written, first: null };
    if (text !== null) texts.set(name, text);
  }
  return texts;
}

/** Null: it has none. */
async function firstOpsOf({ head, pieces }: PiecedWorkload, ops: number): Promise<ShownText | null> {
  for await (const piece of pieces()) {
    const workload = firstOps(head, piece, ops);
    const { length } = workload.ops;
    return { text: printWorkload(workload), first: length < head.length ? length : null };
  }
  return null;
}

/** Writes the page of what `compare` has kept with --save, or printed with --json. Throws InputError. */
export async function writeSavedPage(output: OutputFile, from: string): Promise<void> {
  const bytes = wholeBytes(from, `--from ${from}`);
  const isPacked = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const data = isPacked ? await savedPage(`--from ${from}`, bytes) : await documentPage(`--from ${from}`, bytes);
  const text = await pageDocument(data, pageParts([]));
  await output.write((path) => writeFileSync(path, text));
}

async function savedPage(name: string, bytes: Uint8Array): Promise<PageData> {
  const titles = Object.fromEntries(builtInVariants.map(({ id, title }) => [id, title]));
  return savedData(await unpackResults(name, bytes), titles);
}

async function documentPage(name: string, bytes: Uint8Array): Promise<PageData> {
  const { documentFault, documentReport } = await import('../page/compared.ts');
  const refuse = (found: string): never => {
    throw new InputError(`${name}: expected what compare --save or --json writes, got ${found}`);
  };
  let body: unknown;
  try {
    body = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    refuse((error as Error).message.replaceAll(/\s+/g, ' ').slice(0, 160));
  }
  const fault = documentFault(body);
  if (fault !== null) refuse(fault);
  const report = documentReport(body, titlesOf(ledger));
  return pageData({ report, textOf: () => null, ledger, asked: NOBODY, interdiffs: [], machine: null });
}

const NOBODY = { ids: [], findings: [] } as const;

const titlesOf = (findings: readonly Finding[]): CompareReport['findingTitles'] =>
  Object.fromEntries(findings.map(({ id, title }) => [id, title]));

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

/** Of every pair in the matrix whose code can be shown. */
function interdiffsOf({ report, columns, chosen }: PageSource, own: readonly Own[]): Change[] {
  const reviewed = (id: string): Reviewed | null => {
    const variant = builtInVariants.find((one) => one.id === id);
    if (variant !== undefined) return builtInOf(variant);
    const found = own.find((one) => one.id === id);
    return found === undefined || found.path === null ? null : reviewedFile(found.facts, found.path);
  };
  const patchOf = (id: string): ChosenPatch | null => {
    const one = chosen[columns.findIndex(({ facts }) => facts.id === id)];
    return one !== undefined && isPatch(one) ? one : null;
  };
  /** Whose hunks a column runs. */
  const hunksOf = (id: string): Reviewed | null => {
    const patch = patchOf(id);
    if (patch === null) return reviewed(id);
    return patch.base.kind === 'built-in' ? builtInOf(patch.base.variant) : null;
  };
  const context = reviewContext(own.flatMap(({ id }) => reviewed(id) ?? []));
  return report.columns.flatMap(({ ids, reference }) =>
    reference === null
      ? []
      : ids.flatMap((candidate): Change[] => {
          const [before, after] = [hunksOf(reference), hunksOf(candidate)];
          if (before === null || after === null) return [];
          const members = interdiff(before, after, context);
          const [was, is] = [patchOf(reference), patchOf(candidate)];
          if (was === null && is === null) return [members];
          const sources = changedSources(was?.patched.overlay ?? null, is?.patched.overlay ?? null);
          const blocks = [...members.blocks, ...patchBlocks(sources)];
          return [{ reference, candidate, title: report.titles[candidate], notes: members.notes, blocks }];
        }),
  );
}
