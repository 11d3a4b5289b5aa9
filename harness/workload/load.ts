/**
 * loadWorkload: a workload by name or by file. A file is told by its content: gzip or not, a trace begins with `{`,
 * everything else is workload text.
 */
import { CATALOG, catalogPath } from './catalog/index.ts';
import { CORPUS, corpusPath } from './corpus/index.ts';
import { WorkloadError } from './errors.ts';
import { readBlocks } from './input.ts';
import type { Workload } from './ops.ts';
import { formatSize } from './size.ts';
import { nearest } from './suggest.ts';
import { MAX_TEXT, parseWorkload } from './text/parse.ts';
import { type TraceOptions, TraceReader } from './trace/read.ts';

const TEXT_LIMIT = { total: MAX_TEXT, expected: `at most ${formatSize(MAX_TEXT)} of workload text` };
const NO_LIMIT = { total: Infinity, expected: '' };

/** Whether a file's first block is that of a trace. A byte order mark is neither. */
const looksLikeTrace = (block: string): boolean => block.trimStart().startsWith('{');

/**
 * The workload of that catalog or corpus name, else of that file.
 * Throws WorkloadError if it cannot be read; options apply to traces.
 */
export async function loadWorkload(nameOrPath: string, options: TraceOptions = {}): Promise<Workload> {
  if (Object.hasOwn(CATALOG, nameOrPath)) return loadFile(catalogPath(nameOrPath), nameOrPath, options);
  if (Object.hasOwn(CORPUS, nameOrPath)) return loadCorpus(nameOrPath, options);
  return loadFile(nameOrPath, baseName(nameOrPath), options);
}

/** A recorded program of the corpus. */
export async function loadCorpus(name: string, options: TraceOptions = {}): Promise<Workload> {
  const workload = await loadFile(corpusPath(name), name, options);
  return { ...workload, title: CORPUS[name] };
}

const baseName = (path: string): string => path.replace(/^.*\//, '').replace(/(\.(workload|jsonl|gz))+$/, '');

async function loadFile(path: string, name: string, options: TraceOptions): Promise<Workload> {
  let reader: TraceReader | undefined;
  const parts: string[] = [];
  try {
    for await (const block of readBlocks(path, (first) => (looksLikeTrace(first) ? NO_LIMIT : TEXT_LIMIT))) {
      if (reader === undefined && parts.length === 0 && looksLikeTrace(block)) reader = new TraceReader(path, options);
      if (reader === undefined) parts.push(block);
      else reader.block(block);
    }
  } catch (error) {
    throw error instanceof WorkloadError && error.line === 0 ? unknownName(error, path) : error;
  }
  return reader === undefined ? parseWorkload(parts.join(''), path, name) : reader.finish(name);
}

/** A name that is no file either may be a misspelt one. */
function unknownName(error: WorkloadError, path: string): WorkloadError {
  if (path.includes('/')) return error;
  const known = nearest(path, [...Object.keys(CATALOG), ...Object.keys(CORPUS)]);
  return new WorkloadError({ file: path }, 'a workload of the catalog or the corpus, or a file', error.found, known);
}
