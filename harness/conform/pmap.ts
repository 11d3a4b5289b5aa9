/**
 * pmapdiff conform pmap: the simulated pmap against what the kernel's own pmap code answered, op by op: statistics, tables,
 * results and event counts, each revision separately.
 */
import { basename } from 'node:path';
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
import { resetCpus } from '../../core/hw/cpu.ts';
import { physInit } from '../../core/hw/phys.ts';
import { ACCESS_USER, ACCESS_WRITE, walk } from '../../core/hw/walk.ts';
import type { Machine } from '../../core/hunks.ts';
import { LIMIT_FAILURES, pageClaim, pageLimit } from '../../core/page/page.ts';
import { reservSetFull } from '../../core/page/reserv.ts';
import { KernelPanic } from '../../core/panic.ts';
import {
  newPmap,
  pmapActivate,
  pmapAdvise,
  pmapBootstrap,
  pmapClearModify,
  pmapCopy,
  pmapEnter,
  pmapEnterObject,
  pmapEnterQuick,
  pmapExtract,
  pmapIsModified,
  pmapIsReferenced,
  pmapPageWiredMappings,
  pmapPinit,
  pmapProtect,
  pmapRelease,
  pmapRemove,
  pmapRemoveAll,
  pmapRemovePages,
  pmapRemoveWrite,
  pmapTsReferenced,
  pmapUnwire,
} from '../../core/pmap/index.ts';
import { MachineState } from '../../core/state/machine.ts';
import { PGA_REFERENCED, PGA_WRITEABLE, RUN_PAGES, VPO_UNMANAGED } from '../../core/state/page.ts';
import type { Pmap } from '../../core/state/pmap.ts';
import {
  MADV_DONTNEED,
  MADV_FREE,
  PAGE_SIZE,
  PMAP_ENTER_NOSLEEP,
  PMAP_ENTER_WIRED,
  VM_PROT_EXECUTE,
  VM_PROT_NONE,
  VM_PROT_READ,
  VM_PROT_WRITE,
  vaHi,
  vaLo,
} from '../../core/units.ts';
import type { Variant } from '../../core/variant.ts';
import { countTables, dumpLeaves } from './pmap-state.ts';
import { type PmapAnswer, type PmapFile, type PmapOp, answersOf, pmapFile } from './pmap-vectors.ts';
import { type ConformReport, type Mismatch, readVectors, vectorFiles } from './report.ts';

/** Event counts by the recordings' names. */
const COUNTS: Readonly<Record<string, number>> = {
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
const COUNT_NAMES = Object.keys(COUNTS);

/** Recorded, but an artefact of the recording: failed lock assertions of the rebuilt initial revision. */
const IGNORED_COUNT = 'la';

/** The recordings name frames 1..262143; page-table pages and pv chunks come from the frames above. */
const FIRST_FREE_FRAME = 262144;
const CPUS = 16;
const RAM = 2 ** 31;
const MAX_PMAPS = 1024;

/** Mismatches after which a file is given up: what follows them is their consequence. */
const ENOUGH = 20;

export interface PmapMismatch extends Mismatch {
  readonly variant: string;
  /** Index of the op in the file. */
  readonly op: number;
  /** What differs: out, val, map, g, pm N or c.NAME. */
  readonly key: string;
}

/** Which answers of the recordings a revision is to be measured by. */
export interface PmapRevision {
  readonly variant: Variant;
  readonly answers: string;
}

const protOf = (letters: string | null): number =>
  letters === null
    ? VM_PROT_NONE
    : (letters.includes('r') ? VM_PROT_READ : 0) |
      (letters.includes('w') ? VM_PROT_WRITE : 0) |
      (letters.includes('x') ? VM_PROT_EXECUTE : 0);

const flagsOf = (letters: string): number =>
  VM_PROT_READ |
  (letters.includes('m') ? VM_PROT_WRITE : 0) |
  (letters.includes('w') ? PMAP_ENTER_WIRED : 0) |
  (letters.includes('n') ? PMAP_ENTER_NOSLEEP : 0);

/** A machine that answers one file after the other. */
class Bench {
  readonly m: Machine;
  private pmaps: Pmap[] = [];
  private released: boolean[] = [];

  constructor(variant: Variant) {
    const config = { cpus: CPUS, pti: true, pcid: true, la57: false, superpages: true, ram: RAM, lowerShared: false };
    this.m = new MachineState(config, variant.hunks);
    physInit(this.m);
  }

  start(file: PmapFile, variant: Variant): void {
    const { m } = this;
    m.hunks = variant.hunks;
    m.config = { ...m.config, pti: file.kpti !== 'nokpti' };
    m.counters.fill(0);
    resetCpus(m);
    pmapBootstrap(m, FIRST_FREE_FRAME);
    pageClaim(m, FIRST_FREE_FRAME - 1);
    this.pmaps = [];
    this.released = [];
    for (const id of pmapsOf(file)) {
      while (this.pmaps.length <= id) {
        this.pmaps.push(newPmap(m));
        this.released.push(true);
      }
    }
  }

  private pmap(id: number): Pmap {
    return this.pmaps[id]!;
  }

  /** Statistics and tables of every pmap that lives, by number; 0: it does not. */
  tuples(): (readonly number[] | 0)[] {
    return this.pmaps.map((pmap, id) => {
      if (this.released[id]) return 0;
      const { tables, small, large } = countTables(this.m, pmap);
      const { residentCount, wiredCount } = pmap.stats;
      return [residentCount, wiredCount, tables, Number(pmap.topUser !== 0), pmap.reserved.size, small, large];
    });
  }

  /** Does one op. Throws KernelPanic. */
  step(op: PmapOp): PmapAnswer {
    const { m } = this;
    if (m.page.limit >= 0) m.page.failuresLeft = LIMIT_FAILURES;
    switch (op.op) {
      case 'pinit':
        this.released[op.p] = false;
        pmapPinit(m, this.pmap(op.p), op.mode === 'kpti');
        return {};
      case 'release':
        pmapRelease(m, this.pmap(op.p));
        this.released[op.p] = true;
        return {};
      case 'cpu':
        m.curcpu = op.cpu;
        return {};
      case 'activate': {
        const { curcpu } = m;
        m.curcpu = op.cpu;
        pmapActivate(m, op.p === null ? m.pmap0 : this.pmap(op.p));
        m.curcpu = curcpu;
        return {};
      }
      case 'enter':
        this.setManaged(op.frame, op.psind === 1 ? RUN_PAGES : 1, op.flags);
        return { val: this.enter(op.p, Number(op.va), op.frame, op.prot, op.flags, op.psind) };
      case 'enter_run': {
        this.setManaged(op.frame, op.n, op.flags);
        let val = 0;
        for (let i = 0; i < op.n && val === 0; i++)
          val = this.enter(op.p, Number(op.va) + i * PAGE_SIZE, op.frame + i, op.prot, op.flags, 0);
        return { val };
      }
      case 'enter_quick':
        pmapEnterQuick(m, this.pmap(op.p), Number(op.va), op.frame, protOf(op.prot));
        return {};
      case 'enter_object':
        this.linkObject(op.frame, op.n);
        pmapEnterObject(m, this.pmap(op.p), Number(op.sva), Number(op.eva), op.frame, protOf(op.prot));
        return {};
      case 'remove':
        pmapRemove(m, this.pmap(op.p), Number(op.sva), Number(op.eva));
        return {};
      case 'remove_pages':
        pmapRemovePages(m, this.pmap(op.p));
        return {};
      case 'protect':
        pmapProtect(m, this.pmap(op.p), Number(op.sva), Number(op.eva), protOf(op.prot));
        return {};
      case 'copy':
        pmapCopy(m, this.pmap(op.dst), this.pmap(op.src), Number(op.va), Number(op.len), Number(op.va));
        return {};
      case 'unwire':
        pmapUnwire(m, this.pmap(op.p), Number(op.sva), Number(op.eva));
        return {};
      case 'advise': {
        const advice = op.advice === 'free' ? MADV_FREE : MADV_DONTNEED;
        pmapAdvise(m, this.pmap(op.p), Number(op.sva), Number(op.eva), advice);
        return {};
      }
      case 'extract':
        return { val: `0x${pmapExtract(m, this.pmap(op.p), Number(op.va)).toString(16)}` };
      case 'touch':
        return this.touch(this.pmap(op.p), Number(op.va), op.rw === 'w') ? {} : { out: 'fault' };
      case 'dump':
        return { map: dumpLeaves(m, this.pmap(op.p)) };
      case 'limit':
        pageLimit(m, op.n === 'off' || op.n === null ? -1 : op.n);
        return {};
      default:
        return this.pageStep(op);
    }
  }

  private pageStep(op: Extract<PmapOp, { frame: number }>): PmapAnswer {
    const { m } = this;
    const { frame } = op;
    switch (op.op) {
      case 'remove_all':
        pmapRemoveAll(m, frame);
        return {};
      case 'remove_write':
        pmapRemoveWrite(m, frame);
        return {};
      case 'clear_modify':
        pmapClearModify(m, frame);
        return {};
      case 'ts_referenced':
        return { val: pmapTsReferenced(m, frame) };
      case 'is_modified':
        return { val: Number(pmapIsModified(m, frame)) };
      case 'is_referenced':
        return { val: Number(pmapIsReferenced(m, frame)) };
      case 'wired_mappings':
        return { val: pmapPageWiredMappings(m, frame) };
      case 'frame_flags': {
        const aflags = m.page.aflags[frame]!;
        const dirty = m.page.dirty[frame] !== 0 ? 1 : 0;
        const writeable = (aflags & PGA_WRITEABLE) !== 0 ? 2 : 0;
        return { val: dirty | writeable | ((aflags & PGA_REFERENCED) !== 0 ? 4 : 0) };
      }
      default:
        reservSetFull(m, frame, op.op === 'reserv');
        return {};
    }
  }

  /** An access as the recordings have it: no TLB, and no return to user mode before it. Returns whether it was allowed. */
  private touch(pmap: Pmap, va: number, write: boolean): boolean {
    const root = pmap.topUser !== 0 ? pmap.topUser : pmap.top;
    const access = write ? ACCESS_USER | ACCESS_WRITE : ACCESS_USER;
    return walk(this.m, this.m.cpus[this.m.curcpu]!, root, vaHi(va), vaLo(va), access) >= 0;
  }

  private enter(p: number, va: number, frame: number, prot: string, flags: string, psind: number): number {
    return pmapEnter(this.m, this.pmap(p), va, frame, protOf(prot), flagsOf(flags), psind);
  }

  private setManaged(first: number, count: number, flags: string): void {
    if (flags.includes('u')) this.m.page.oflags.fill(VPO_UNMANAGED, first, first + count);
  }

  /** Makes consecutive frames the resident pages of one object. */
  private linkObject(first: number, count: number): void {
    const { pindex, listNext } = this.m.page;
    for (let i = 0; i < count; i++) {
      pindex[first + i] = i;
      listNext[first + i] = i === count - 1 ? 0 : first + i + 1;
    }
  }
}

function pmapsOf(file: PmapFile): Set<number> {
  const ids = new Set<number>();
  for (const op of file.ops) {
    if ('p' in op && op.p !== null) ids.add(Math.min(op.p, MAX_PMAPS));
    if ('dst' in op) ids.add(op.dst).add(op.src);
  }
  return ids;
}

/** A recorded panic begins with the function's name, or else gives the reason only. Pointers and lines do not count. */
function samePanic(recorded: string, panic: KernelPanic): boolean {
  const named = /^panic: ([a-z_][a-z0-9_]*): /.exec(recorded);
  if (named !== null) return named[1] === panic.where;
  return recorded.replaceAll(/ 0x[0-9a-f]+/g, '') === `panic: ${panic.reason}`;
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** Runs one file under one revision. Returns the number of answers compared. */
function runFile(bench: Bench, name: string, file: PmapFile, revision: PmapRevision, found: PmapMismatch[]): number {
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
    const what = `${variant}: ${key} of ${JSON.stringify(file.ops[index])}`;
    const difference = { expected: expected ?? null, got: got ?? null };
    found.push({ file: name, at: `op ${index}`, what, variant, op: index, key, ...difference });
  };
  for (const [index, op] of file.ops.entries()) {
    if (faults >= ENOUGH) return index;
    const expected = answers[index]!;
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
      check(index, `c.${key}`, counts[key] ?? 0, counters[COUNTS[key]!]! - before[COUNTS[key]!]!);
    for (const key of Object.keys(counts))
      if (!(key in COUNTS) && key !== IGNORED_COUNT) check(index, `c.${key}`, counts[key], undefined);
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

export interface PmapConformReport extends ConformReport {
  readonly kind: 'pmap';
  readonly mismatches: readonly PmapMismatch[];
  /** Ops in the files: each is answered by every revision. */
  readonly ops: number;
  readonly revisions: readonly { readonly variant: string; readonly checked: number; readonly mismatches: number }[];
  /** What in these files can tell d33276 from landed. */
  readonly d33276: { readonly files: number; readonly ops: number };
}

/** Answers every recording that the paths name, under each revision. Throws VectorError for one that cannot be read. */
export function conformPmap(paths: readonly string[], revisions: readonly PmapRevision[]): PmapConformReport {
  const files = vectorFiles(paths, /\.json$/);
  const mismatches: PmapMismatch[] = [];
  const perRevision = revisions.map(({ variant }) => ({ variant: variant.id, checked: 0, mismatches: 0 }));
  const d33276 = { files: 0, ops: 0 };
  let ops = 0;
  let bench: Bench | null = null;
  for (const path of files) {
    const file = readVectors(path, pmapFile);
    ops += file.ops.length;
    const telling = differingOps(file, 'landed', 'd33276');
    d33276.ops += telling;
    if (telling > 0) d33276.files++;
    for (const [index, revision] of revisions.entries()) {
      bench ??= new Bench(revision.variant);
      const found: PmapMismatch[] = [];
      perRevision[index]!.checked += runFile(bench, basename(path), file, revision, found);
      perRevision[index]!.mismatches += found.length;
      mismatches.push(...found);
    }
  }
  return {
    schema: 'pmapdiff.conform/1',
    kind: 'pmap',
    files: files.length,
    ops,
    checked: perRevision.reduce((sum, { checked }) => sum + checked, 0),
    revisions: perRevision,
    d33276,
    mismatches,
  };
}
