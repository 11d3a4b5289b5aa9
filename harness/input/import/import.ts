/**
 * Imports a recording of strace or kdump as a `vmtrace-1` file. The input is read twice, line by line; memory grows
 * with the number of live processes, not with the length. The output file appears complete or not at all.
 */
import { closeSync, createReadStream, createWriteStream, openSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { makeFolder, removeFolder } from '../../process/cleanup.ts';
import { WorkloadError } from '../../workload/errors.ts';
import { linesOf } from '../../workload/lines.ts';
import { printWorkload } from '../../workload/text/print.ts';
import { readBlocks } from '../blocks.ts';
import { loadWorkload } from '../load.ts';
import { Clock } from './clock.ts';
import { ImageStore } from './image-store.ts';
import { KdumpImporter } from './kdump.ts';
import { type ImportCounts, ImportLog } from './log.ts';
import { FaultFeed, type PerfFault } from './perf.ts';
import { readProcstat } from './procstat.ts';
import { type GivenMaps, Recording } from './recording.ts';
import { spanOf } from './strace-line.ts';
import { StraceImporter } from './strace.ts';

export type ImportFormat = 'strace' | 'kdump';

export interface ImportOptions {
  readonly format: ImportFormat;
  /** Output of `perf script` with page faults, in addition to strace. */
  readonly faults?: string | undefined;
  /** Output of `procstat -v`, in addition to kdump. */
  readonly procstat?: string | undefined;
  /** Reject the first line that is not understood. */
  readonly strict?: boolean | undefined;
}

/** Characters per write. */
const BLOCK = 2 ** 16;
const NO_LIMIT = { total: Infinity, expected: '' };

/** Input of one pass. */
interface Pass {
  readonly images: ImageStore;
  readonly given: GivenMaps | null;
  readonly write: ((line: string) => void) | null;
}

/** Calls `write` with each line of the trace. Throws WorkloadError, with file and line, if something cannot be read. */
async function importLines(file: string, options: ImportOptions, write: (line: string) => void): Promise<ImportCounts> {
  if (!isRegular(file)) throw new WorkloadError({ file }, 'a regular file (it is read twice)', 'something else');
  const given = options.procstat === undefined ? null : await readProcstat(options.procstat);
  const images = new ImageStore();
  try {
    await onePass(file, options, { images, given, write: null });
    return await onePass(file, options, { images, given, write });
  } finally {
    images.dispose();
  }
}

/** Returns true for a missing file too: the reader reports it. */
function isRegular(file: string): boolean {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat === undefined || stat.isFile() || stat.isDirectory();
}

async function onePass(file: string, options: ImportOptions, { images, given, write }: Pass): Promise<ImportCounts> {
  const clock = new Clock();
  const report = new ImportLog(file, options.strict === true);
  const name = basename(file).replace(/(\.(gz|txt|strace|kdump|out|log))+$/, '');
  const note = `imported from ${options.format}${options.faults === undefined ? '' : ' and perf'}`;
  const recording = new Recording({ name, note, clock, report, images, given, write });
  const importer =
    options.format === 'strace'
      ? new StraceImporter(recording, report, clock)
      : new KdumpImporter(recording, report, clock);
  const faults = options.faults === undefined ? null : new FaultMerge(recording, report, options.faults);
  let lines = 0;
  for await (const block of readBlocks(file, () => NO_LIMIT)) {
    for (const raw of linesOf(block)) {
      report.line = ++lines;
      const text = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
      await faults?.before(text);
      importer.line(text);
      faults?.behind(text);
    }
  }
  importer.finish();
  await faults?.finish();
  recording.finish();
  if (recording.empty)
    throw new WorkloadError({ file, line: Math.max(lines, 1) }, `lines of ${options.format}`, 'none');
  const { unknown, repairs, ignored } = report;
  return { lines, events: recording.events, unknown, repairs, ignored };
}

/** Inserts the faults of a second file between the lines of strace. */
class FaultMerge {
  readonly #feed: FaultFeed;
  readonly #lines: AsyncGenerator<PerfFault>;
  #next: PerfFault | undefined;
  #started = false;
  /** processes in an exec */
  readonly #loading = new Set<number>();

  constructor(recording: Recording, report: ImportLog, file: string) {
    this.#feed = new FaultFeed(recording, report, file);
    this.#lines = faultsOf(file, this.#feed);
  }

  /** Delivers the faults that precede the effect of the call in this line. */
  async before(text: string): Promise<void> {
    const { pid, end, exec } = spanOf(text);
    if (exec === 'begins' || exec === 'whole') this.#loading.add(pid);
    await this.#until(end);
  }

  behind(text: string): void {
    const { pid, exec } = spanOf(text);
    if (exec === 'ends' || exec === 'whole') this.#loading.delete(pid);
    this.#feed.flush((held) => this.#loading.has(held));
  }

  async finish(): Promise<void> {
    this.#loading.clear();
    await this.#until(Infinity);
    this.#feed.flush(() => false);
    this.#feed.finish();
  }

  async #until(time: number): Promise<void> {
    if (!this.#started) await this.#advance();
    this.#started = true;
    while (this.#next !== undefined && this.#next.time <= time) {
      this.#feed.fault(this.#next, this.#loading.has(this.#next.pid));
      await this.#advance();
    }
  }

  async #advance(): Promise<void> {
    const { value, done } = await this.#lines.next();
    this.#next = done === true ? undefined : value;
  }
}

async function* faultsOf(file: string, feed: FaultFeed): AsyncGenerator<PerfFault> {
  for await (const block of readBlocks(file, () => NO_LIMIT)) {
    for (const line of linesOf(block)) {
      const fault = feed.read(line);
      if (fault !== null) yield fault;
    }
  }
}

/**
 * Imports `file` into `out`, or to stdout if `out` is null. `*.workload` is written as workload text, `*.gz` gzipped,
 * everything else as JSON lines. On an error nothing is written, and an existing file stays unchanged.
 */
export async function importRecording(file: string, out: string | null, options: ImportOptions): Promise<ImportCounts> {
  const folder = folderFor(out);
  try {
    const trace = join(folder, 'trace.jsonl');
    const lines = new LineFile(trace);
    const counts = await importLines(file, options, (line) => lines.write(line)).finally(() => lines.close());
    await deliver(trace, out);
    return counts;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'ENOSPC' && code !== 'EFBIG') throw error;
    throw new Error(`${out ?? folder}: expected room for the recording, got ${message}`, { cause: error });
  } finally {
    removeFolder(folder);
  }
}

/** A new file, written in blocks. */
class LineFile {
  readonly #handle: number;
  #block = '';

  constructor(path: string) {
    this.#handle = openSync(path, 'wx');
  }

  write(text: string): void {
    this.#block += text;
    if (this.#block.length >= BLOCK) this.#flush();
  }

  close(): void {
    try {
      this.#flush();
    } finally {
      closeSync(this.#handle);
    }
  }

  #flush(): void {
    const block = this.#block;
    this.#block = '';
    writeFileSync(this.#handle, block);
  }
}

/** Creates the folder for the new file, next to its final location. */
function folderFor(out: string | null): string {
  if (out !== null && statSync(out, { throwIfNoEntry: false })?.isDirectory() === true)
    throw new WorkloadError({ file: out }, 'a file to write', 'a directory');
  try {
    return makeFolder(join(out === null ? tmpdir() : dirname(out), '.pmapdiff-import-'));
  } catch (error) {
    if (out === null) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    const found = code === 'ENOENT' ? 'none' : (code ?? message);
    throw new WorkloadError({ file: out }, 'a folder that can be written to', found);
  }
}

async function deliver(trace: string, out: string | null): Promise<void> {
  if (out === null) {
    await pipeline(createReadStream(trace), process.stdout, { end: false });
    return;
  }
  const made = `${trace}.out`;
  if (out.endsWith('.workload')) {
    const text = printWorkload(await loadWorkload(trace));
    await pipeline([text], createWriteStream(made));
  } else if (out.endsWith('.gz')) {
    await pipeline(createReadStream(trace), createGzip(), createWriteStream(made));
  } else {
    renameSync(trace, made);
  }
  renameSync(made, out);
}
