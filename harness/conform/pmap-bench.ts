/** The machine that answers the recordings of the kernel's pmap code, one op at a time. */
import type { Machine } from '../../core/hunks.ts';
import { resetCpus } from '../../core/hw/cpu.ts';
import { returnToUser } from '../../core/hw/tlb.ts';
import { ACCESS_USER, ACCESS_WRITE, walk } from '../../core/hw/walk.ts';
import { LIMIT_FAILURES, pageClaim, pageLimit } from '../../core/page/page.ts';
import { reservSetFull } from '../../core/page/reserv.ts';
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
  pmapIsPrefaultable,
  pmapIsReferenced,
  pmapMincore,
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
  type Frame,
  MADV_DONTNEED,
  MADV_FREE,
  MAX_RAM,
  PAGE_SIZE,
  PMAP_ENTER_LARGEPAGE,
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
import { type PmapAnswer, type PmapFile, type PmapOp, pmapsOf } from './pmap-vectors.ts';

/** The recordings name frames 1..262143; page-table pages and pv chunks come from the frames above. */
const FIRST_FREE_FRAME = 262144;
const RAM = 2 ** 31;

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
  (letters.includes('n') ? PMAP_ENTER_NOSLEEP : 0) |
  (letters.includes('l') ? PMAP_ENTER_LARGEPAGE : 0);

/** The page of a 64-bit address, which a number can hold, and the byte offset in it. */
const pageOf = (hex: string): number => Number(BigInt(hex) & ~0xfffn);
const offsetOf = (hex: string): number => Number(BigInt(hex) & 0xfffn);

/** A machine that answers files one after another. */
export class PmapBench {
  readonly m: Machine;
  private readonly base: Frame;
  private pmaps: Pmap[] = [];
  private released: boolean[] = [];

  constructor(variant: Variant, base: Frame = 0) {
    const ram = base === 0 ? RAM : MAX_RAM;
    const config = { cpus: 1, pti: true, pcid: true, la57: false, superpages: true, ram, lowerShared: false };
    this.base = base;
    this.m = new MachineState(config, variant.hunks);
  }

  start(file: PmapFile, variant: Variant): void {
    const { m } = this;
    m.hunks = variant.hunks;
    const { cpus, kpti, pcid, la57 } = file;
    m.config = { ...m.config, cpus, pti: kpti !== 'nokpti', pcid: pcid === 1, la57: la57 === 1 };
    m.counters.fill(0);
    resetCpus(m);
    pmapBootstrap(m, FIRST_FREE_FRAME);
    pageClaim(m, FIRST_FREE_FRAME - 1);
    m.page.next = Math.max(m.page.next, this.base + FIRST_FREE_FRAME);
    this.pmaps = [];
    this.released = [];
    for (const id of pmapsOf(file.ops)) {
      while (this.pmaps.length <= id) {
        this.pmaps.push(newPmap(m));
        this.released.push(true);
      }
    }
  }

  private pmap(id: number): Pmap {
    return this.pmaps[id];
  }

  /** Statistics and tables of every live pmap, by number; 0 if it is not live. */
  tuples(): (readonly number[] | 0)[] {
    return this.pmaps.map((pmap, id) => {
      if (this.released[id]) return 0;
      const { tables, small, large } = countTables(this.m, pmap);
      const { residentCount, wiredCount } = pmap.stats;
      return [residentCount, wiredCount, tables, Number(pmap.topUser !== 0), pmap.reserved.size, small, large];
    });
  }

  /** Executes one op. Throws KernelPanic. */
  step(recorded: PmapOp): PmapAnswer {
    const { m, base } = this;
    const op = 'frame' in recorded ? { ...recorded, frame: recorded.frame + base } : recorded;
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
      case 'return_user': {
        const cpu = m.cpus[op.cpu];
        if (cpu.isolated) returnToUser(cpu);
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
        return { val: this.recordedPa(pmapExtract(m, this.pmap(op.p), pageOf(op.va), offsetOf(op.va))) };
      case 'mincore': {
        const bits = pmapMincore(m, this.pmap(op.p), Number(op.va));
        return { val: `${bits}:${this.recordedPa(m.accessPa)}` };
      }
      case 'is_prefaultable':
        return { val: Number(pmapIsPrefaultable(m, this.pmap(op.p), Number(op.va))) };
      case 'touch':
        return this.touch(this.pmap(op.p), Number(op.va), op.rw === 'w') ? {} : { out: 'fault' };
      case 'dump':
        return { map: dumpLeaves(m, this.pmap(op.p), base) };
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
        const aflags = m.page.aflags[frame];
        const dirty = m.page.dirty[frame] !== 0 ? 1 : 0;
        const writeable = (aflags & PGA_WRITEABLE) !== 0 ? 2 : 0;
        return { val: dirty | writeable | ((aflags & PGA_REFERENCED) !== 0 ? 4 : 0) };
      }
      default:
        reservSetFull(m, frame, op.op === 'reserv');
        return {};
    }
  }

  /** A physical address as the recordings have it; one in no page of theirs is an offset in a page that is not mapped. */
  private recordedPa(pa: number): string {
    return `0x${(pa < this.base * PAGE_SIZE ? pa : pa - this.base * PAGE_SIZE).toString(16)}`;
  }

  /**
   * An access as in the recordings: without TLB, and without a return to user mode before it. Returns whether it was
   * allowed.
   */
  private touch(pmap: Pmap, va: number, write: boolean): boolean {
    const root = pmap.topUser !== 0 ? pmap.topUser : pmap.top;
    const access = write ? ACCESS_USER | ACCESS_WRITE : ACCESS_USER;
    return walk(this.m, this.m.cpus[this.m.curcpu], root, vaHi(va), vaLo(va), access) >= 0;
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
