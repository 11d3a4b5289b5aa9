/** The simulated machine in the terms of the VM recordings: their ops, and their view of its state. */
import {
  DEMOTIONS,
  PMAP_LOCKS,
  PMAP_TRY_LOCKS,
  PROMOTIONS,
  PROMOTION_FAILURES,
  SUPERPAGE_MAPPINGS,
  SWAPOUT_CANDIDATES,
  SWAPOUT_DEACTIVATED,
  SWAPOUT_ENTRIES,
  SWAPOUT_LOOKUPS,
  SWAPOUT_OBJECTS,
  SWAPOUT_PAGES,
  SWAPOUT_REFERENCED,
  SWAPOUT_STOPS,
  SWAPOUT_UNMAPPED,
  USER_PT_PAGE_COUNT,
  VM_MAP_DOWNGRADES,
  VM_MAP_LOCKS,
  VM_MAP_LOOKUPS,
  VM_MAP_READ_LOCKS,
  VM_MAP_SPLAY_STEPS,
  VM_MAP_TRY_LOCKS,
  VM_MAP_UPGRADES,
  VM_OBJECT_READ_LOCKS,
  VM_OBJECT_WRITE_LOCKS,
} from '../../core/counters.ts';
import { EVENT_WORDS } from '../../core/events.ts';
import type { Machine } from '../../core/hunks.ts';
import { access, peek, poke } from '../../core/kern/access.ts';
import { pageDaemonLook, vmDaemonVisit } from '../../core/kern/daemons.ts';
import { execCleanup } from '../../core/kern/exec-cleanup.ts';
import { execMapStack, execNewVmspace, mapSharedPage } from '../../core/kern/exec.ts';
import { exit1 } from '../../core/kern/exit.ts';
import { sysFork, sysRfork } from '../../core/kern/fork.ts';
import { procCreate, runOn } from '../../core/kern/run.ts';
import {
  sysMadvise,
  sysMinherit,
  sysMlock,
  sysMmap,
  sysMprotect,
  sysMunlock,
  sysMunmap,
  sysUnshare,
} from '../../core/kern/syscalls.ts';
import { DEFAULT_CONFIG, bootMachine, resetMachine } from '../../core/machine.ts';
import { EVENT_KINDS } from '../../core/places.ts';
import { type Proc, SYSENT_NATIVE_LA48 } from '../../core/state/proc.ts';
import type { VmMapEntry, VmObject } from '../../core/state/vm.ts';
import { VM_PROT_EXECUTE, VM_PROT_READ, VM_PROT_WRITE } from '../../core/units.ts';
import type { Variant } from '../../core/variant.ts';
import { KERN_NAMES } from '../../core/vm/codes.ts';
import { fileCreate } from '../../core/vm/pager.ts';
import { ADVICES, type COST_NAMES, INHERITANCES, MMAP_FLAGS, type VmOp } from './vm-vectors.ts';

/** Costs by their names in the recordings. */
export const COSTS: Readonly<Record<(typeof COST_NAMES)[number], readonly number[]>> = {
  mx: [VM_MAP_LOCKS],
  ms: [VM_MAP_READ_LOCKS],
  mt: [VM_MAP_TRY_LOCKS],
  mu: [VM_MAP_UPGRADES],
  md: [VM_MAP_DOWNGRADES],
  lu: [VM_MAP_LOOKUPS],
  sp: [VM_MAP_SPLAY_STEPS],
  ow: [VM_OBJECT_WRITE_LOCKS],
  or: [VM_OBJECT_READ_LOCKS],
  pl: [PMAP_LOCKS, PMAP_TRY_LOCKS],
  pr: [PROMOTIONS],
  pf: [PROMOTION_FAILURES],
  de: [DEMOTIONS],
  mp: [SUPERPAGE_MAPPINGS],
};

/** What a swap-out counts, in the order of the recordings. */
export const SWAPOUT: readonly number[] = [
  SWAPOUT_CANDIDATES,
  SWAPOUT_ENTRIES,
  SWAPOUT_OBJECTS,
  SWAPOUT_PAGES,
  SWAPOUT_LOOKUPS,
  SWAPOUT_REFERENCED,
  SWAPOUT_UNMAPPED,
  SWAPOUT_DEACTIVATED,
  SWAPOUT_STOPS,
];

/** mmap flags in the order of MMAP_FLAGS. FreeBSD: sys/sys/mman.h */
const MMAP_BITS = [0x2, 0x1, 0x1000, 0x10, 0x2000, 0x400, 0x800, 0x20000, 0x4000, 0x40000, 21 << 24, 1 << 24];

const ERRNO_NAMES: Readonly<Record<number, string>> = {
  12: 'ENOMEM',
  13: 'EACCES',
  16: 'EBUSY',
  22: 'EINVAL',
  45: 'ENOTSUP',
};

const ADVISE_FREE = 5;

/** The answer of an op, apart from the resulting state. */
export interface VmOutcome {
  out?: string;
  val?: string;
  n?: number[];
}

const protOf = (letters: string): number =>
  (letters.includes('r') ? VM_PROT_READ : 0) |
  (letters.includes('w') ? VM_PROT_WRITE : 0) |
  (letters.includes('x') ? VM_PROT_EXECUTE : 0);

const PROT_NAMES = ['-', 'r', 'w', 'rw', 'x', 'rx', 'wx', 'rwx'];
const hex = (n: number): string => n.toString(16);
const errno = (number: number): VmOutcome => (number === 0 ? {} : { out: ERRNO_NAMES[number] ?? `errno ${number}` });

export class VmWorld {
  readonly m: Machine;
  readonly procs: Map<number, Proc> = new Map();
  /** Number of an object by VmObject.id: 1 for the shared page, others in the order of their first mention. */
  private readonly numbers: Map<number, number> = new Map();

  constructor(variant: Variant) {
    this.m = bootMachine({ ...DEFAULT_CONFIG, pti: true }, variant.hunks);
  }

  start(variant: Variant, superpages: boolean): void {
    const { m } = this;
    resetMachine(m, { ...DEFAULT_CONFIG, pti: true, superpages }, variant.hunks);
    for (const cpu of m.cpus) cpu.caching = false; // the recordings set A and M at every access
    this.procs.clear();
    this.numbers.clear();
    this.objectNumber(m.vm.sharedPage!.id);
  }

  /** Executes one op and records its calls in m.events. Throws KernelPanic. */
  step(op: VmOp): VmOutcome {
    const { m } = this;
    if (op.op === 'proc') {
      m.recording = true;
      this.procs.set(op.p, procCreate(m, SYSENT_NATIVE_LA48, op.kpti));
      return {};
    }
    if (op.op === 'file') {
      const id = fileCreate(m, op.pages, op.resident, op.mode, true);
      if (id !== op.id) throw new RangeError(`file: expected number ${id}, got ${op.id}`);
      this.objectNumber(m.files[id].object.id);
      return {};
    }
    const p = this.procs.get(op.p);
    if (p === undefined) throw new RangeError(`${op.op}: no process ${op.p}`);
    m.recording = false; // the recordings omit switches between processes
    runOn(m, p, 0);
    m.recording = true;
    return this.onProcess(p, op);
  }

  private onProcess(p: Proc, op: Exclude<VmOp, { op: 'proc' | 'file' }>): VmOutcome {
    const { m } = this;
    switch (op.op) {
      case 'mapshared':
        return errno(mapSharedPage(m, p, p.sysent));
      case 'mapstack':
        return errno(execMapStack(m, p, op.size));
      case 'mmap':
        return this.mmap(p, op);
      case 'munmap':
        return errno(sysMunmap(m, p, op.addr, op.len));
      case 'mlock':
        return errno(sysMlock(m, p, op.addr, op.len));
      case 'munlock':
        return errno(sysMunlock(m, p, op.addr, op.len));
      case 'mprotect':
        return errno(sysMprotect(m, p, op.addr, op.len, protOf(op.prot), op.max === undefined ? 0 : protOf(op.max)));
      case 'minherit':
        return errno(sysMinherit(m, p, op.addr, op.len, INHERITANCES.indexOf(op.inh)));
      case 'madvise':
        return errno(sysMadvise(m, p, op.addr, op.len, ADVICES.indexOf(op.advice)));
      case 'fault':
        return { out: this.outcome(access(m, p, op.va, protOf(op.acc))) };
      case 'fill':
        return this.fill(p, op.va, op.npages, protOf(op.acc));
      case 'poke':
        return { out: this.outcome(poke(m, p, op.va, op.val)) };
      case 'peek': {
        const signal = peek(m, p, op.va);
        const out = this.outcome(signal);
        return signal === 0 ? { out, val: hex(m.retval) } : { out };
      }
      case 'fork':
        sysFork(m, p);
        this.procs.set(op.child, m.procs.get(m.retval)!);
        return {};
      case 'share':
        sysRfork(m, p, 'mem');
        this.procs.set(op.child, m.procs.get(m.retval)!);
        return {};
      case 'unshare':
        return errno(sysUnshare(m, p));
      case 'exit':
        exit1(m, p, 0, 0);
        this.procs.delete(op.p);
        return {};
      case 'swapout':
        return errno(vmDaemonVisit(m, p, op.desired));
      case 'unref':
        pageDaemonLook(m, p);
        return { val: hex(m.retval) };
      case 'exec':
      case 'execfail': {
        if (op.kpti !== undefined) p.kpti = op.kpti;
        const reused = execNewVmspace(m, p, p.sysent);
        execCleanup(m, p);
        if (op.op === 'execfail') {
          exit1(m, p, 0, 6);
          this.procs.delete(op.p);
        }
        return { out: reused ? 'reused' : 'new' };
      }
    }
  }

  private mmap(p: Proc, op: Extract<VmOp, { op: 'mmap' }>): VmOutcome {
    const { m } = this;
    const flags = op.flags.reduce((bits, flag) => bits | MMAP_BITS[MMAP_FLAGS.indexOf(flag)], 0);
    const [file, off] = op.file ?? [-1, 0];
    const max = op.max === undefined ? 0 : protOf(op.max);
    const error = sysMmap(m, p, op.addr, op.len, protOf(op.prot), max, flags, file, off);
    return error === 0 ? { val: hex(m.retval) } : errno(error);
  }

  private outcome(signal: number): string {
    const { faults, faultResult } = this.m;
    if (signal !== 0) return `${KERN_NAMES[faultResult]} ${signal === 10 ? 'SIGBUS' : 'SIGSEGV'}`;
    if (faults === 0) return 'hit';
    return faults === 1 ? 'faulted' : `faulted x${faults}`;
  }

  private fill(p: Proc, va: number, pages: number, kind: number): VmOutcome {
    const n = [0, 0, 0];
    for (let page = 0; page < pages; page++) {
      const signal = access(this.m, p, va + page * 4096, kind);
      if (signal !== 0) return { out: this.outcome(signal), n };
      n[Math.min(this.m.faults, 2)]++;
    }
    return { n };
  }

  objectNumber(id: number): number {
    let number = this.numbers.get(id);
    if (number === undefined) {
      number = this.numbers.size + 1;
      this.numbers.set(id, number);
    }
    return number;
  }

  /** The recorded calls of the last op, and the objects they name. */
  takeCalls(): unknown[][] {
    const { events } = this.m;
    const calls: unknown[][] = [];
    for (let i = 0; i < events.length; i++) {
      const at = i * EVENT_WORDS;
      calls.push(this.call(events.words.subarray(at, at + EVENT_WORDS)));
    }
    events.clear();
    return calls;
  }

  private call(words: Float64Array): unknown[] {
    const [kindNumber, subject, a, b, c, d, e, f] = words as unknown as [number, ...number[]];
    const kind = EVENT_KINDS[kindNumber];
    switch (kind) {
      case 'pinit':
      case 'release':
      case 'activate':
      case 'remove_pages':
        return [kind, subject];
      case 'remove':
        return [kind, subject, hex(a!), hex(b!), c];
      case 'protect':
        return [kind, subject, hex(a!), hex(b!), PROT_NAMES[c!]];
      case 'copy':
        return [kind, subject, a, hex(b!), hex(c!)];
      case 'unwire':
        return [kind, subject, hex(a!), hex(b!)];
      case 'advise':
        return [c === ADVISE_FREE ? 'advise_free' : 'advise_dontneed', subject, hex(a!), hex(b!)];
      case 'enter': {
        const call = [kind, subject, hex(a!), PROT_NAMES[b!], hex(c!), this.objectNumber(d!), e];
        if (f !== 0) call.push('2m');
        return call;
      }
      case 'enter_quick':
        return [kind, subject, hex(a!), PROT_NAMES[b!], this.objectNumber(c!), d];
      case 'enter_object':
        return [kind, subject, hex(a!), hex(b!), PROT_NAMES[c!], this.objectNumber(d!), e];
      case 'copy_page':
        return [kind, this.objectNumber(a!), b, this.objectNumber(c!), d];
      default:
        return [kind, this.objectNumber(a!), b];
    }
  }

  /** An entry in the recordings' notation. */
  entry(entry: VmMapEntry): string {
    const { start, end, object, offset, protection, maxProtection, inheritance, eflags, wiredCount } = entry;
    const number = object === null ? 0 : this.objectNumber(object.id);
    const prots = `${PROT_NAMES[protection]},${PROT_NAMES[maxProtection]}`;
    return `${hex(start)},${hex(end)},${number},${hex(offset)},${prots},${inheritance},${hex(eflags)},${wiredCount}`;
  }

  /** An object in the recordings' notation; its backing object must have a number. */
  object(object: VmObject): string {
    const { type, refCount, shadowCount, backing, backingOffset, flags, size, residentCount } = object;
    const number = backing === null ? 0 : this.objectNumber(backing.id);
    return `${type},${refCount},${shadowCount},${number},${hex(backingOffset)},${hex(flags)},${size},${residentCount}`;
  }

  /** [page-table pages of user pmaps, swap charged] */
  globals(): number[] {
    return [this.m.counters[USER_PT_PAGE_COUNT], this.m.vm.swapReserved];
  }
}
