/**
 * pmapdiff conform pmap: compares the simulated pmap with the answers of the kernel's own pmap code, op by op:
 * statistics, tables, results and event counts, separately for each revision.
 */
import {
  ALLOC_FAILURES,
  DELAYED_INVALIDATIONS,
  DEMOTIONS,
  INVALIDATE_ALLS,
  INVALIDATE_PAGES,
  INVALIDATE_RANGES,
  INVALIDATE_RANGE_PAGES,
  INVLPGS,
  INVLTLBS,
  INVPCIDS,
  IPIS,
  NON_ZERO_FREES,
  PAGES_DIRTIED,
  PMAP_LOCKS,
  PMAP_TRY_LOCKS,
  PROMOTIONS,
  PROMOTION_FAILURES,
  PT_PAGE_ALLOCS,
  PT_PAGE_FREES,
  PV_CHUNK_ALLOCS,
  PV_CHUNK_FREES,
  PV_CHUNK_LIST_LOCKS,
  PV_ENTRY_COUNT,
  PV_LIST_READ_LOCKS,
  PV_LIST_WRITE_LOCKS,
  PV_PAGE_COUNT,
  REMOVE_EARLY_EXITS,
  REMOVE_LOOPS,
  REMOVE_LOOP_BREAKS,
  SHOOTDOWNS,
  SUPERPAGE_MAPPINGS,
  USER_PT_PAGE_COUNT,
  VM_WAITS,
} from '../../core/counters.ts';
import { KernelPanic } from '../../core/panic.ts';
import type { Frame } from '../../core/units.ts';
import type { Variant } from '../../core/variant.ts';
import { samePanic } from './panic.ts';
import { PmapBench } from './pmap-bench.ts';
import { COUNT_NAMES, type PmapAnswer, type PmapFile, answersOf, isStopped, pmapFile } from './pmap-vectors.ts';
import type { OpMismatch, PmapConformReport } from './report.ts';
import { type Answers, VECTOR_NAMES, answered } from './vector-files.ts';

/** Event counts by their names in the recordings. */
const COUNTS: Readonly<Record<(typeof COUNT_NAMES)[number], number>> = {
  lk: PMAP_LOCKS,
  tl: PMAP_TRY_LOCKS,
  pv: PV_LIST_WRITE_LOCKS,
  pvr: PV_LIST_READ_LOCKS,
  pvc: PV_CHUNK_LIST_LOCKS,
  di: DELAYED_INVALIDATIONS,
  ip: INVALIDATE_PAGES,
  ir: INVALIDATE_RANGES,
  irp: INVALIDATE_RANGE_PAGES,
  ia: INVALIDATE_ALLS,
  invlpg: INVLPGS,
  invpcid: INVPCIDS,
  invltlb: INVLTLBS,
  sd: SHOOTDOWNS,
  ipi: IPIS,
  pa: PT_PAGE_ALLOCS,
  pf: PT_PAGE_FREES,
  ca: PV_CHUNK_ALLOCS,
  cf: PV_CHUNK_FREES,
  pr: PROMOTIONS,
  prf: PROMOTION_FAILURES,
  de: DEMOTIONS,
  mp: SUPERPAGE_MAPPINGS,
  er: REMOVE_EARLY_EXITS,
  it: REMOVE_LOOPS,
  br: REMOVE_LOOP_BREAKS,
  af: ALLOC_FAILURES,
  vw: VM_WAITS,
  dirty: PAGES_DIRTIED,
  zb: NON_ZERO_FREES,
};

/** Number of mismatches after which the rest of a file is skipped: later ones are consequences. */
const ENOUGH = 20;

/** Which of the recorded answers a revision is compared with. */
export interface PmapRevision {
  readonly variant: Variant;
  readonly answers: string;
}

const same = (a: unknown, b: unknown): boolean => a === b || JSON.stringify(a) === JSON.stringify(b);

/** Runs one file under one revision. Returns the number of answers compared. */
function runFile(bench: PmapBench, name: string, file: PmapFile, revision: PmapRevision, found: OpMismatch[]): number {
  const answers = answersOf(file, revision.answers);
  if (answers === undefined) return 0;
  bench.start(file, revision.variant);
  const { m } = bench;
  const tuples: (readonly number[] | 0 | null)[] = bench.tuples();
  let gauges: readonly number[] = [0, 0, 0];
  const before = new Float64Array(m.counters.length);
  let faults = 0;
  let dead = false;
  const check = (index: number, key: string, expected: unknown, got: unknown): void => {
    if (same(expected, got)) return;
    faults++;
    const variant = revision.variant.id;
    const what = `${key} of ${JSON.stringify(file.ops[index])}`;
    const difference = { expected: expected ?? null, got: got ?? null };
    found.push({ file: name, at: `op ${index}`, what, variant, op: index, key, ...difference });
  };
  for (const [index, op] of file.ops.entries()) {
    if (faults >= ENOUGH) return index;
    const expected = answers[index];
    if (dead) {
      check(index, 'out', expected.out, 'dead');
      continue;
    }
    before.set(m.counters);
    let got: PmapAnswer;
    try {
      got = bench.step(op);
    } catch (error) {
      if (!(error instanceof KernelPanic)) throw error;
      dead = true;
      got = { out: samePanic(expected.out ?? '', error) ? expected.out : `panic: ${error.message}` };
    }
    check(index, 'out', expected.out, got.out);
    // After the kernel stopped, the rest of the script has nothing to be compared with.
    dead ||= isStopped(expected);
    check(index, 'val', expected.val, got.val);
    check(index, 'map', expected.map, got.map);
    for (const [id, tuple] of Object.entries(expected.pm ?? {})) tuples[Number(id)] = tuple;
    for (const [id, tuple] of bench.tuples().entries())
      if (tuples[id] !== null) check(index, `pm ${id}`, tuples[id], tuple);
    gauges = expected.g ?? gauges;
    const { counters } = m;
    check(index, 'g', gauges, [counters[USER_PT_PAGE_COUNT], counters[PV_PAGE_COUNT], counters[PV_ENTRY_COUNT]]);
    const counts = expected.c ?? {};
    for (const key of COUNT_NAMES)
      check(index, `c.${key}`, counts[key] ?? 0, counters[COUNTS[key]] - before[COUNTS[key]]);
  }
  return file.ops.length;
}

/** Ops whose recorded answers differ between two revisions. */
function differingOps(file: PmapFile, a: string, b: string): number {
  const left = answersOf(file, a);
  const right = answersOf(file, b);
  if (left === undefined || right === undefined || left === right) return 0;
  return left.filter((answer, index) => !same(answer, right[index])).length;
}

/** Answers recordings under each revision. */
export class PmapAnswers implements Answers<PmapFile, PmapConformReport> {
  readonly #revisions: readonly PmapRevision[];
  readonly #mismatches: OpMismatch[] = [];
  readonly #perRevision: { readonly variant: string; checked: number; mismatches: number }[];
  readonly #d33276 = { files: 0, ops: 0 };
  readonly #base: Frame;
  #bench: PmapBench | null = null;
  #files = 0;
  #ops = 0;

  /** base: the frame of the machine that stands for frame 0 of the recordings. A multiple of a 1G page's frames. */
  constructor(revisions: readonly PmapRevision[], base: Frame = 0) {
    this.#base = base;
    this.#revisions = revisions;
    this.#perRevision = revisions.map(({ variant }) => ({ variant: variant.id, checked: 0, mismatches: 0 }));
  }

  take(name: string, file: PmapFile): void {
    this.#files++;
    this.#ops += file.ops.length;
    const telling = differingOps(file, 'landed', 'd33276');
    this.#d33276.ops += telling;
    if (telling > 0) this.#d33276.files++;
    for (const [index, revision] of this.#revisions.entries()) {
      this.#bench ??= new PmapBench(revision.variant, this.#base);
      const found: OpMismatch[] = [];
      this.#perRevision[index].checked += runFile(this.#bench, name, file, revision, found);
      this.#perRevision[index].mismatches += found.length;
      this.#mismatches.push(...found);
    }
  }

  report(): PmapConformReport {
    return {
      schema: 'pmapdiff.conform/1',
      kind: 'pmap',
      files: this.#files,
      ops: this.#ops,
      checked: this.#perRevision.reduce((sum, { checked }) => sum + checked, 0),
      revisions: this.#perRevision,
      d33276: this.#d33276,
      mismatches: this.#mismatches,
    };
  }
}

/**
 * Answers every recording that the paths name, under each revision. Throws VectorError for a file that cannot be read.
 */
export const conformPmap = (paths: readonly string[], revisions: readonly PmapRevision[]): PmapConformReport =>
  answered(paths, VECTOR_NAMES.pmap, pmapFile, new PmapAnswers(revisions));
