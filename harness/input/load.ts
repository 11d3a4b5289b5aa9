/**
 * loadWorkload, openWorkload: open a workload by name or file, in memory or piece by piece. A file's content determines
 * its type: gzip or not; a trace begins with `{`; everything else is workload text.
 */
import { nearest } from '../../core/suggest.ts';
import { CATALOG, catalogText } from '../workload/catalog/index.ts';
import { CORPUS } from '../workload/corpus/index.ts';
import { WorkloadError } from '../workload/errors.ts';
import { CHUNK_OPS, type Workload } from '../workload/ops.ts';
import { type Piece, type PiecedWorkload, type WorkloadHead, cut, headOf } from '../workload/pieces.ts';
import { formatSize } from '../workload/size.ts';
import { MAX_TEXT, parseWorkload } from '../workload/text/parse.ts';
import { printWorkload } from '../workload/text/print.ts';
import { type TraceOptions, TraceReader } from '../workload/trace/read.ts';
import { readBlocks } from './blocks.ts';
import { corpusPath } from './paths.ts';
import { isReadOnce } from './source.ts';

const TEXT_LIMIT = { total: MAX_TEXT, expected: `at most ${formatSize(MAX_TEXT)} of workload text` };
const NO_LIMIT = { total: Infinity, expected: '' };

/** Does a file's first block look like a trace? */
const looksLikeTrace = (block: string): boolean => block.trimStart().startsWith('{');

/**
 * Maximum number of ops of a recording that are held in memory, some 37 bytes each. A longer one is read twice: for its
 * files and its length, and to run it. Of what can be read only once all is held.
 */
const HELD_OPS = 64 * CHUNK_OPS;
/** Number of ops that are run, and then compared, at a time. */
const PIECE_OPS = CHUNK_OPS;

export interface OpenOptions extends TraceOptions {
  /** Maximum number of ops held in memory. @default 4,194,304 */
  readonly held?: number;
  /** of a file, what it is called. @default the name of the file without its folder and suffix */
  readonly name?: string;
  /** a copy of the file, to be read instead */
  readonly from?: string | undefined;
  /** called at intervals while a recording is read */
  readonly onLines?: (lines: number) => void;
}

export interface OpenedWorkload extends PiecedWorkload {
  /** workload text as written; null: it is a recording */
  readonly text: string | null;
}

/**
 * Returns the workload with that catalog or corpus name, otherwise the one in that file. Throws WorkloadError if it
 * cannot be read; options apply to traces.
 */
export async function loadWorkload(nameOrPath: string, options: OpenOptions = {}): Promise<Workload> {
  return (await openWorkload(nameOrPath, { ...options, held: Infinity })).whole!;
}

/** Like loadWorkload, with its text: as written, or printed if it is a recording. */
export async function loadText(nameOrPath: string): Promise<{ readonly workload: Workload; readonly text: string }> {
  const { whole, text } = await openWorkload(nameOrPath, { held: Infinity });
  return { workload: whole!, text: text ?? printWorkload(whole!) };
}

/** Like loadWorkload, but holds no more ops than that: memory does not grow with the length of a recording. */
export async function openWorkload(nameOrPath: string, options: OpenOptions = {}): Promise<OpenedWorkload> {
  if (Object.hasOwn(CATALOG, nameOrPath)) {
    refuseMachine(options, nameOrPath);
    const text = catalogText(nameOrPath);
    return held(parseWorkload(text, `${nameOrPath}.workload`, nameOrPath), text);
  }
  if (!Object.hasOwn(CORPUS, nameOrPath)) return openFile(nameOrPath, options.name ?? baseName(nameOrPath), options);
  return openFile(corpusPath(nameOrPath), nameOrPath, options, CORPUS[nameOrPath]);
}

/** Loads a recorded program of the corpus. */
export async function loadCorpus(name: string, options: TraceOptions = {}): Promise<Workload> {
  return (await openFile(corpusPath(name), name, { ...options, held: Infinity }, CORPUS[name])).whole!;
}

export const baseName = (path: string): string =>
  path === '-' ? 'stdin' : path.replace(/^.*\//, '').replace(/(\.(workload|jsonl|gz))+$/, '');

/** title: replaces the file's own. */
async function openFile(path: string, name: string, options: OpenOptions, title?: string): Promise<OpenedWorkload> {
  const { from = path, held: asked = HELD_OPS, onLines, name: _name, ...traceOptions } = options;
  const most = isReadOnce(from) ? Infinity : asked;
  let reader: TraceReader | undefined;
  let isHeld = true;
  const parts: string[] = [];
  try {
    for await (const block of readBlocks(path, (first) => (looksLikeTrace(first) ? NO_LIMIT : TEXT_LIMIT), from)) {
      if (reader === undefined && parts.length === 0 && looksLikeTrace(block))
        reader = new TraceReader(path, traceOptions);
      if (reader === undefined) {
        parts.push(block);
        continue;
      }
      reader.block(block);
      onLines?.(reader.lines);
      if (reader.held <= most) continue;
      isHeld = false;
      reader.take();
    }
  } catch (error) {
    throw error instanceof WorkloadError && error.line === 0 ? unknownName(error, path) : error;
  }
  if (reader !== undefined && !isHeld) {
    const head = { ...reader.end(name), ...(title === undefined ? {} : { title }) };
    return { head, pieces: () => readPieces(path, from, head, traceOptions), whole: null, text: null };
  }
  if (reader === undefined) refuseMachine(options, path);
  const text = reader === undefined ? parts.join('') : null;
  const read = reader === undefined ? parseWorkload(text!, path, name) : reader.finish(name);
  return held(title === undefined ? read : { ...read, title }, text);
}

/** Workload text says itself what machine it is for. */
function refuseMachine({ machine }: TraceOptions, file: string): void {
  if (machine !== undefined)
    throw new WorkloadError(
      { file },
      'a recording where --machine is given',
      'workload text, which has a machine line',
    );
}

const held = (whole: Workload, text: string | null): OpenedWorkload => ({
  head: headOf(whole),
  pieces: () => cut(whole, PIECE_OPS),
  whole,
  text,
});

/** Workload text that has been read. */
export interface WorkloadText {
  readonly name: string;
  readonly text: string;
}

/** Throws WorkloadError. */
export const openText = ({ name, text }: WorkloadText): OpenedWorkload => held(parseWorkload(text, name, name), text);

/** Throws WorkloadError: a recording that is read again is not what it was. */
export function refuseChanged(file: string, ops: number, found: number | string, line = 0): never {
  throw new WorkloadError({ file, line }, `the ${ops} ops that it had when it was read first`, `${found}`);
}

/** Rereads a recording, piece by piece. */
async function* readPieces(
  path: string,
  from: string,
  head: WorkloadHead,
  options: TraceOptions,
): AsyncGenerator<Piece> {
  const reader = new TraceReader(path, options);
  const next = (): Piece => {
    const piece = reader.take();
    const end = piece.from + piece.length;
    if (end > head.length) refuseChanged(path, head.length, `op ${end}`, reader.lines);
    return piece;
  };
  for await (const block of readBlocks(path, () => NO_LIMIT, from)) {
    reader.block(block);
    if (reader.held >= PIECE_OPS) yield next();
  }
  const { length } = reader.end(head.name);
  if (length !== head.length) refuseChanged(path, head.length, length, reader.lines);
  yield next();
}

/** A name that is not a file may be a misspelt one: adds a suggestion. */
function unknownName(error: WorkloadError, path: string): WorkloadError {
  if (path.includes('/')) return error;
  const known = nearest(path, [...Object.keys(CATALOG), ...Object.keys(CORPUS)]);
  return new WorkloadError({ file: path }, 'a workload of the catalog or the corpus, or a file', error.found, known);
}
