/**
 * Imports a recording of strace, kdump or truss as a `vmtrace-1` file. The input is read twice, line by line; memory grows
 * with the number of live processes, not with the length. The output file appears complete or not at all.
 */
import { closeSync, createReadStream, createWriteStream, openSync, renameSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { OutputFile } from '../../output-file.ts';
import { WorkloadError } from '../../workload/errors.ts';
import { linesOf } from '../../workload/lines.ts';
import { printWorkload } from '../../workload/text/print.ts';
import { readBlocks } from '../blocks.ts';
import { loadWorkload } from '../load.ts';
import { HeldCopies } from '../source.ts';
import { Clock } from './clock.ts';
import { FaultMerge } from './fault-merge.ts';
import { ImageStore } from './image-store.ts';
import { KdumpImporter } from './kdump.ts';
import { type ImportCounts, ImportLog } from './log.ts';
import type { GivenMaps } from './open-images.ts';
import { WrongChild } from './parentage.ts';
import { readProcstat } from './procstat.ts';
import { type Births, Recording } from './recording.ts';
import { StraceImporter } from './strace.ts';
import { TrussImporter } from './truss.ts';

const IMPORTERS = { strace: StraceImporter, kdump: KdumpImporter, truss: TrussImporter } as const;

export type ImportFormat = keyof typeof IMPORTERS;
export const IMPORT_FORMATS = Object.keys(IMPORTERS) as readonly ImportFormat[];

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
/** First passes that are done again at most. */
const MAX_CORRECTIONS = 50;
const NO_LIMIT = { total: Infinity, expected: '' };

/** Input of one pass. */
interface Pass {
  readonly images: ImageStore;
  readonly given: GivenMaps | null;
  /** of the recording and the page faults: both are read in each pass */
  readonly copies: HeldCopies;
  readonly births: Births;
  readonly write: ((line: string) => void) | null;
}

/** Calls `write` with each line of the trace. Throws WorkloadError, with file and line, if something cannot be read. */
async function importLines(file: string, options: ImportOptions, write: (line: string) => void): Promise<ImportCounts> {
  const given = options.procstat === undefined ? null : await readProcstat(options.procstat);
  const images = new ImageStore();
  const copies = new HeldCopies();
  const births: Births = new Map();
  const pass = { images, given, copies, births };
  try {
    while (!(await isLearned(() => onePass(file, options, { ...pass, write: null })))) {
      if (births.size > MAX_CORRECTIONS)
        throw new WorkloadError(
          { file, line: Math.max(...births.keys()) },
          `at most ${MAX_CORRECTIONS} processes that appear while another one forks and are not its child`,
          'more',
        );
    }
    return await onePass(file, options, { ...pass, write });
  } finally {
    copies.dispose();
    images.dispose();
  }
}

/** Returns false if the pass has to be done again. */
async function isLearned(pass: () => Promise<unknown>): Promise<boolean> {
  try {
    await pass();
    return true;
  } catch (error) {
    if (error instanceof WrongChild) return false;
    throw error;
  }
}

async function onePass(
  file: string,
  options: ImportOptions,
  { images, given, copies, births, write }: Pass,
): Promise<ImportCounts> {
  const clock = new Clock();
  const report = new ImportLog(file, options.strict === true);
  const name = basename(file).replace(/(\.(gz|txt|strace|kdump|truss|out|log))+$/, '');
  const note = `imported from ${options.format}${options.faults === undefined ? '' : ' and perf'}`;
  const os = options.format === 'strace' ? 'Linux' : 'FreeBSD';
  const merged = options.faults !== undefined;
  const recorder = `pmapdiff import ${options.format}${merged ? ' --faults' : ''}`;
  const faults = merged || options.format === 'kdump';
  const recording = new Recording({ name, note, os, recorder, faults, clock, report, images, births, given, write });
  const importer = new IMPORTERS[options.format](recording, report, clock);
  const merge =
    options.faults === undefined || !(importer instanceof StraceImporter)
      ? null
      : new FaultMerge(recording, report, importer, options.faults, await copies.of(options.faults));
  let lines = 0;
  for await (const block of readBlocks(file, () => NO_LIMIT, await copies.of(file))) {
    for (const raw of linesOf(block)) {
      report.line = ++lines;
      const text = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
      await merge?.before(text);
      importer.line(text);
      merge?.behind();
    }
  }
  importer.finish();
  await merge?.finish();
  recording.finish();
  if (recording.empty)
    throw new WorkloadError({ file, line: Math.max(lines, 1) }, `lines of ${options.format}`, 'none');
  const { unknown, repairs, ignored } = report;
  if (write !== null && recording.events === 0)
    throw new WorkloadError({ file, line: lines }, `an event of a process in ${options.format}`, nothingIn(report));
  // Linux has no shared page; what stands for it is found in another way.
  const withoutSharedPage = options.format === 'kdump' ? recording.withoutSharedPage : 0;
  return { lines, events: recording.events, withoutSharedPage, unknown, repairs, ignored };
}

/** What a recording without an event has instead: what most of its lines are. */
function nothingIn({ unknown, ignored }: ImportLog): string {
  const kinds = [...unknown, ...ignored].toSorted(([, a], [, b]) => b.count - a.count);
  return ['none', ...kinds.slice(0, 2).map(([kind, { count }]) => `${count} times ${kind}`)].join(', ');
}

/**
 * Imports `file` into `out`, or to stdout if `out` is null. `*.workload` is written as workload text, `*.gz` gzipped,
 * everything else as JSON lines. On an error nothing is written, and an existing file stays unchanged.
 */
export async function importRecording(file: string, out: string | null, options: ImportOptions): Promise<ImportCounts> {
  const inputs = [file, options.faults, options.procstat].filter((input) => input !== undefined);
  return new OutputFile(out, inputs).write(async (made) => {
    const trace = `${made}.jsonl`;
    const lines = new LineFile(trace);
    const counts = await importLines(file, options, (line) => lines.write(line)).finally(() => lines.close());
    if (out?.endsWith('.workload') === true) writeFileSync(made, printWorkload(await loadWorkload(trace)));
    else if (out?.endsWith('.gz') === true)
      await pipeline(createReadStream(trace), createGzip(), createWriteStream(made));
    else renameSync(trace, made);
    return counts;
  });
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
