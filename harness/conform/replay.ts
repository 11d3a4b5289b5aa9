/**
 * pmapdiff conform replay: recorded programs replayed through each revision; every number and every process row is
 * compared with the answers of the kernel's own VM code.
 */
import { KernelPanic, type Machine, type Variant, machineFor } from '../../core/index.ts';
import { countOps } from '../workload/counts.ts';
import type { Workload } from '../workload/ops.ts';
import { type ReplayAnswer, type ReplayRow, replayRecording } from './replay-run.ts';
import type { ReplayFile } from './replay-vectors.ts';
import type { ReplayConformReport, ReplayMismatch } from './report.ts';
import type { Answers } from './vector-files.ts';

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

/** A summary, and the recorded process tree that it is about. */
export interface ReplayRecording {
  readonly file: ReplayFile;
  readonly workload: Workload;
}

/** Answers summaries under each revision that they cover. */
export class ReplayAnswers implements Answers<ReplayRecording, ReplayConformReport> {
  readonly #revisions: readonly ReplayRevision[];
  readonly #mismatches: ReplayMismatch[] = [];
  readonly #perRevision: { readonly variant: string; checked: number; mismatches: number }[];
  #m: Machine | null = null;
  #files = 0;
  #checked = 0;
  #rowsMatching = 0;
  #numbers = 0;

  constructor(revisions: readonly ReplayRevision[]) {
    this.#revisions = revisions;
    this.#perRevision = revisions.map(({ variant }) => ({ variant: variant.id, checked: 0, mismatches: 0 }));
  }

  take(name: string, { file, workload }: ReplayRecording): void {
    this.#files++;
    const comparison = new Comparison(name, file);
    comparison.conversion(workload);
    const asked = this.#revisions.some(({ answers }) => Object.hasOwn(file.revisions, answers));
    for (const [index, revision] of this.#revisions.entries()) {
      if (!Object.hasOwn(file.revisions, revision.answers)) continue;
      const m = (this.#m = machineFor(this.#m, workload.machine, revision.variant.hunks));
      const before = comparison.mismatches.length;
      try {
        comparison.revision(revision, replayRecording(m, workload));
      } catch (error) {
        if (!(error instanceof KernelPanic)) throw error;
        comparison.panic(revision, error.message);
      }
      this.#perRevision[index].checked += file.processes.length;
      this.#perRevision[index].mismatches += comparison.mismatches.length - before;
    }
    if (asked) {
      this.#checked += file.processes.length;
      this.#rowsMatching += comparison.rowsMatching;
    }
    this.#numbers += comparison.numbers;
    this.#mismatches.push(...comparison.mismatches);
  }

  report(): ReplayConformReport {
    return {
      schema: 'pmapdiff.conform/1',
      kind: 'replay',
      files: this.#files,
      checked: this.#checked,
      rowsMatching: this.#rowsMatching,
      numbers: this.#numbers,
      revisions: this.#perRevision.filter(({ checked }) => checked > 0),
      mismatches: this.#mismatches,
    };
  }
}
