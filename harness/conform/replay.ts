/**
 * pmapdiff conform replay: recorded programs replayed through each revision; every number and every process row is
 * compared with the answers of the kernel's own VM code.
 */
import { statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { KernelPanic, type Machine, type Variant, machineFor } from '../../core/index.ts';
import { loadWorkload } from '../input/load.ts';
import { countOps } from '../workload/counts.ts';
import type { TouchPolicy, Workload } from '../workload/ops.ts';
import { type ReplayAnswer, type ReplayRow, replayRecording } from './replay-run.ts';
import { type ReplayFile, replayFile } from './replay-vectors.ts';
import type { ReplayConformReport, ReplayMismatch } from './report.ts';
import { VECTOR_NAMES, VectorError, readVectors, vectorFiles } from './vector-files.ts';

/** Which of the summaries' answers a revision is compared with. */
export interface ReplayRevision {
  readonly variant: Variant;
  readonly answers: string;
}

/**
 * The row of a summary that one revision should answer. Its entries and resident_count before the op are baseline's.
 */
function expectedRow(row: ReplayFile['processes'][number], revision: number, baseline: boolean): Partial<ReplayRow> {
  const [pid, kind, place, entries, resident, calls, early] = row;
  const common = { pid, kind, place, calls: calls[revision], early: early[revision] };
  return baseline ? { ...common, entries, resident } : common;
}

function gotRow({ entries, resident, ...common }: ReplayRow, baseline: boolean): Partial<ReplayRow> {
  return baseline ? { ...common, entries, resident } : common;
}

const isTree = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

/** Compares one summary with each revision's answers. */
class Comparison {
  readonly #name: string;
  readonly #file: ReplayFile;
  readonly #found: ReplayMismatch[] = [];
  readonly #wrongRows = new Set<number>();
  numbers = 0;

  constructor(name: string, file: ReplayFile) {
    this.#name = name;
    this.#file = file;
  }

  get rowsMatching(): number {
    return this.#file.processes.length - this.#wrongRows.size;
  }

  get mismatches(): readonly ReplayMismatch[] {
    return this.#found;
  }

  conversion({ ops, files, trace }: Workload): void {
    const { ops: count, opsByKind, accessesByKind, files: named, leftOut } = this.#file;
    const expected = { ops: count, opsByKind, accessesByKind, files: named, leftOut };
    const got = { ...countOps(ops), files: files.length, leftOut: trace!.leftOut };
    this.#compare(null, 'conversion', '', expected, got);
  }

  revision({ variant, answers }: ReplayRevision, answer: ReplayAnswer): void {
    const { processes, revisionOrder, revisions, accesses, failedOps } = this.#file;
    const baseline = answers === 'baseline';
    const { numbers, rows } = answer;
    this.#compare(variant.id, 'totals', '', revisions[answers], numbers);
    if (baseline)
      this.#compare(
        variant.id,
        'top',
        '',
        { accesses, failedOps },
        { accesses: numbers.accesses, failedOps: numbers.failedOps },
      );
    const column = revisionOrder.indexOf(answers);
    for (const [index, row] of processes.entries()) {
      const got = rows[index];
      const at = `process row ${index}`;
      const wrong =
        got === undefined
          ? this.#mismatch(variant.id, at, 'row', row, null)
          : this.#compare(variant.id, at, '', expectedRow(row, column, baseline), gotRow(got, baseline));
      if (wrong > 0) this.#wrongRows.add(index);
    }
    for (const [index, row] of rows.entries())
      if (index >= processes.length) this.#mismatch(variant.id, `process row ${index}`, 'row', null, row);
  }

  panic({ variant }: ReplayRevision, message: string): void {
    this.#mismatch(variant.id, 'replay', 'outcome', 'done', `panic: ${message}`);
    for (const index of this.#file.processes.keys()) this.#wrongRows.add(index);
  }

  /** Compares leaf by leaf, including those that only one side has. Returns the number of differences. */
  #compare(variant: string | null, at: string, path: string, expected: unknown, got: unknown): number {
    if (isTree(expected) && isTree(got)) {
      let wrong = 0;
      for (const key of new Set([...Object.keys(expected), ...Object.keys(got)]))
        wrong += this.#compare(variant, at, path === '' ? key : `${path}.${key}`, expected[key], got[key]);
      return wrong;
    }
    if (typeof expected === 'number' || typeof got === 'number') this.numbers++;
    return expected === got ? 0 : this.#mismatch(variant, at, path, expected ?? null, got ?? null);
  }

  #mismatch(variant: string | null, at: string, what: string, expected: unknown, got: unknown): 1 {
    this.#found.push({ file: this.#name, at, what, ...(variant === null ? {} : { variant }), expected, got });
    return 1;
  }
}

/** The recording with that name in a folder, gzipped or not. */
async function loadRecording(summary: string, folder: string, name: string, touch: TouchPolicy): Promise<Workload> {
  const path = [`${name}.jsonl`, `${name}.jsonl.gz`]
    .map((base) => join(folder, base))
    .find((candidate) => statSync(candidate, { throwIfNoEntry: false })?.isFile() === true);
  if (path === undefined)
    throw new VectorError(
      basename(summary),
      `expected its recording ${name}.jsonl or .jsonl.gz where --traces says (or in the corpus), found none`,
    );
  const workload = await loadWorkload(path, { touch });
  if (workload.trace === null) throw new VectorError(path, 'expected a recording, found workload text');
  return workload;
}

/**
 * Answers every summary that the paths name, under each revision it covers; recordings are in the folder `traces`.
 * Throws VectorError or WorkloadError for a file that cannot be read.
 */
export async function conformReplay(
  paths: readonly string[],
  traces: string,
  revisions: readonly ReplayRevision[],
): Promise<ReplayConformReport> {
  const summaries = vectorFiles(paths, VECTOR_NAMES.replay);
  const perRevision = revisions.map(({ variant }) => ({ variant: variant.id, checked: 0, mismatches: 0 }));
  const total = { checked: 0, rowsMatching: 0, numbers: 0 };
  const mismatches: ReplayMismatch[] = [];
  let m: Machine | null = null;
  for (const path of summaries) {
    const file = readVectors(path, replayFile);
    const workload = await loadRecording(path, traces, file.trace, file.touch);
    const comparison = new Comparison(basename(path), file);
    comparison.conversion(workload);
    const asked = revisions.some(({ answers }) => Object.hasOwn(file.revisions, answers));
    for (const [index, revision] of revisions.entries()) {
      if (!Object.hasOwn(file.revisions, revision.answers)) continue;
      const { hunks } = revision.variant;
      m = machineFor(m, workload.machine, hunks);
      const before = comparison.mismatches.length;
      try {
        comparison.revision(revision, replayRecording(m, workload));
      } catch (error) {
        if (!(error instanceof KernelPanic)) throw error;
        comparison.panic(revision, error.message);
      }
      perRevision[index].checked += file.processes.length;
      perRevision[index].mismatches += comparison.mismatches.length - before;
    }
    if (asked) {
      total.checked += file.processes.length;
      total.rowsMatching += comparison.rowsMatching;
    }
    total.numbers += comparison.numbers;
    mismatches.push(...comparison.mismatches);
  }
  return {
    schema: 'pmapdiff.conform/1',
    kind: 'replay',
    files: summaries.length,
    checked: total.checked,
    rowsMatching: total.rowsMatching,
    numbers: total.numbers,
    revisions: perRevision.filter(({ checked }) => checked > 0),
    mismatches,
  };
}
