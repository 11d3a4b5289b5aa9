/**
 * The op vocabulary: what a process can be asked to do, and how millions of such requests are stored in memory.
 *
 * Text, recorded traces and generators all become an OpList: parallel arrays in chunks, without an object per op.
 * Operands that do not fit in three numbers (the parameters of mmap, the maps of an exec) are in side tables of the
 * Workload.
 */
import { namesOf, numbersOf } from '../../core/numbered.ts';
import type { MmapOperands } from './mmap.ts';

// Operands by code. `child`, `target` = index into Workload.processes; `program` = index into Workload.programs.
/** arg: child */
export const OP_FORK = 0;
/** arg: child */
export const OP_VFORK = 1;
/** posix_spawn. arg: child; len: program, or minus the errno with which the child's exec fails */
export const OP_SPAWN = 2;
/** rfork(RFPROC | RFMEM). arg: child */
export const OP_RFORK_MEM = 3;
/** rfork(RFPROC | RFMEM | RFTHREAD). arg: child */
export const OP_RFORK_THREAD = 4;
/** rfork without RFPROC and RFMEM: makes a private copy of a shared address space */
export const OP_UNSHARE = 5;
/** arg: program */
export const OP_EXEC = 6;
/** arg: errno; len: 1 if the exec fails after the old address space is gone (the process then dies), else 0 */
export const OP_EXEC_FAIL = 7;
/** arg: status */
export const OP_EXIT = 8;
/** arg: target */
export const OP_WAIT = 9;
/** arg: target; len: signal */
export const OP_KILL = 10;
/** catches a signal. arg: signal */
export const OP_HANDLER = 11;
/** arg: index into Workload.mmaps; addr, base: the requested address, if fixed; len */
export const OP_MMAP = 12;
/** addr, base, len */
export const OP_MUNMAP = 13;
/** addr, base, len; arg: VM_PROT_ bits */
export const OP_MPROTECT = 14;
/** addr, base, len; arg: index into INHERITANCES */
export const OP_MINHERIT = 15;
/** addr, base, len; arg: index into ADVICES */
export const OP_MADVISE = 16;
/** addr, base, len; arg: MS_ bits */
export const OP_MSYNC = 17;
/** addr, base, len */
export const OP_MLOCK = 18;
/** addr, base, len */
export const OP_MUNLOCK = 19;
/** len: bytes that the break moves, negative to shrink */
export const OP_BRK = 20;
/** addr, base, len; arg: step in bytes. Accesses addr, addr + step, .. below addr + len: opAccesses() in total. */
export const OP_READ = 21;
/** like OP_READ */
export const OP_WRITE = 22;
/** like OP_READ: instruction fetches */
export const OP_RUN = 23;
/** reads the first byte of the shared page */
export const OP_TOUCH = 24;
/** reads the time from the shared page; the value read is part of the outcome */
export const OP_CLOCK = 25;
/**
 * the next op of this process, or the rest of its stopped op, runs only up to a yield point: the first of those that
 * stops before it name. arg: index into STOP_POINTS
 */
export const OP_STOP = 26;
/** finishes the stopped op */
export const OP_GO = 27;
/** compares the whole state of the machine here */
export const OP_SNAPSHOT = 28;
/** the kernel frees a page of its own; the value is kernel_pmap's resident_count */
export const OP_KMEM_FREE = 29;
/** the kernel takes all free pages but some, until somebody waits for memory. arg: pages that stay free */
export const OP_KMEM_TAKE = 30;
/** vm_daemon visits a process: its pages are unmapped until few enough are resident. arg: target; len: that many pages */
export const OP_SWAPOUT = 31;
/** the page daemon collects and clears the reference bits of a process's pages. arg: target */
export const OP_UNREF = 32;

/** Name of each op, which is its verb in workload text. In report order; the codes follow core/numbered.ts. */
const OPS = [
  [OP_FORK, 'fork'],
  [OP_VFORK, 'vfork'],
  [OP_SPAWN, 'spawn'],
  [OP_RFORK_MEM, 'rfork-mem'],
  [OP_RFORK_THREAD, 'rfork-thread'],
  [OP_UNSHARE, 'unshare'],
  [OP_EXEC, 'exec'],
  [OP_EXEC_FAIL, 'execfail'],
  [OP_EXIT, 'exit'],
  [OP_WAIT, 'wait'],
  [OP_KILL, 'kill'],
  [OP_HANDLER, 'handler'],
  [OP_MMAP, 'mmap'],
  [OP_MUNMAP, 'munmap'],
  [OP_MPROTECT, 'mprotect'],
  [OP_MINHERIT, 'minherit'],
  [OP_MADVISE, 'madvise'],
  [OP_MSYNC, 'msync'],
  [OP_MLOCK, 'mlock'],
  [OP_MUNLOCK, 'munlock'],
  [OP_BRK, 'brk'],
  [OP_READ, 'read'],
  [OP_WRITE, 'write'],
  [OP_RUN, 'run'],
  [OP_TOUCH, 'touch-shared'],
  [OP_CLOCK, 'clock'],
  [OP_STOP, 'stop'],
  [OP_GO, 'go'],
  [OP_SNAPSHOT, 'snapshot'],
  [OP_KMEM_FREE, 'kmem-free'],
  [OP_KMEM_TAKE, 'kmem-take'],
  [OP_SWAPOUT, 'swapout'],
  [OP_UNREF, 'unref'],
] as const;

export type OpName = (typeof OPS)[number][1];

/** Names by code, and codes in report order. */
export const OP_NAMES: readonly OpName[] = namesOf<OpName>(OPS);
export const OP_ORDER: readonly number[] = numbersOf(OPS);

/** Does the op access a span of memory? */
export const isAccess = (code: number): boolean => code === OP_READ || code === OP_WRITE || code === OP_RUN;
/** Is the op about another process (its arg), which exists already? */
export const hasTarget = (code: number): boolean =>
  code === OP_WAIT || code === OP_KILL || code === OP_SWAPOUT || code === OP_UNREF;
/** Does the op create a process (its arg)? */
export const makesProcess = (code: number): boolean =>
  code === OP_FORK || code === OP_VFORK || code === OP_SPAWN || code === OP_RFORK_MEM || code === OP_RFORK_THREAD;

/** Operand of minherit: VM_INHERIT_ value. FreeBSD: sys/vm/vm.h */
export const INHERITANCES = ['share', 'copy', 'none', 'zero'] as const;
/** Operand of madvise: MADV_ value. FreeBSD: sys/sys/mman.h */
export const ADVICES = ['normal', 'random', 'sequential', 'willneed', 'dontneed', 'free'] as const;
/** Operand of msync, MS_INVALIDATE: the flag that removes mappings. FreeBSD: sys/sys/mman.h */
export const MS_INVALIDATE = 2;
/** Operand of stop: the yield points inside exit, exec and fork. */
export const STOP_POINTS = [
  'refcnt-tested',
  'release-failed',
  'ppwait-cleared',
  'fork-unlocked',
  'pages-removed',
  'vmspace0-active',
] as const;
/** What of a file lies in memory before the first op: all pages, every second one, none. */
export const RESIDENCES = ['all', 'even', 'none'] as const;
export type Residence = (typeof RESIDENCES)[number];

/** Origin of an access op, used to judge a replay. */
export const ORIGIN_PLAIN = 0;
/** a page that the recording found resident at exec, before the first user instruction */
export const ORIGIN_RESIDENT = 1;
/** a recorded fault on an absent page */
export const ORIGIN_FAULT = 2;
/** a recorded fault on a present page: copy-on-write, or the first write after a read */
export const ORIGIN_FAULT_PRESENT = 3;
/** a touch of the shared page, recorded or added by the touch policy */
export const ORIGIN_TOUCH = 4;

/** The machine that a workload asks for: every key, with defaults filled in. */
export interface MachineSettings {
  readonly cpus: number;
  readonly pti: boolean;
  readonly pcid: boolean;
  readonly la57: boolean;
  readonly superpages: boolean;
  /** bytes, a power of two */
  readonly ram: number;
  readonly lowerShared: boolean;
  /** resident_count of kernel_pmap after boot */
  readonly kernelResident: number;
  /** 2M frames over which single pages are spread in turn; 1: in sequence */
  readonly agedRuns: number;
}

export type MapKind = 'file' | 'anon' | 'stack' | 'guard';

/** One mapping of a program, in the order in which exec makes them. Private, fixed, page-aligned. */
export interface ProgramMap {
  readonly kind: MapKind;
  readonly start: number;
  /** bytes; for a stack, its whole reservation, including gap and guard */
  readonly len: number;
  readonly prot: number;
  readonly maxProt: number;
  /** index into Workload.files; -1 if it does not map a file */
  readonly file: number;
  /** byte offset in the file */
  readonly off: number;
}

/** Pages that a new program accesses before its first op, through the kernel's loader and rtld. */
export interface ProgramTouch {
  readonly start: number;
  readonly pages: number;
  /** VM_PROT_READ, _WRITE or _EXECUTE */
  readonly access: number;
}

/** The contents of a `program` line, with defaults filled in. Sizes in bytes, multiples of a page. */
export interface ProgramSpec {
  readonly name: string;
  /** map entries after exec, including the shared page's; 1 means that one alone */
  readonly entries: number;
  readonly guards: number;
  /** anonymous entries not touched yet, which therefore have no object */
  readonly untouched: number;
  readonly libs: number;
  readonly text: number;
  readonly data: number;
  readonly bss: number;
  readonly abi: Abi;
}

/**
 * native: that of the machine. lowered: its user memory ends one page lower. linux: like native, but with two pages
 * above the shared page, left for a vdso. no-shared: without a shared page.
 */
export const ABIS = ['native', 'lowered', 'linux', 'no-shared'] as const;
export type Abi = (typeof ABIS)[number];

/** What exec puts into an address space in addition to the shared page. */
export interface Program {
  readonly name: string;
  readonly spec: ProgramSpec;
  readonly maps: readonly ProgramMap[];
  readonly touched: readonly ProgramTouch[];
  /** first byte of the text; 0 for a program without maps */
  readonly text: number;
  /** first byte of the writable data (vm_daddr); 0 for a program without maps */
  readonly data: number;
  /** initial break: end of data and bss (vm_daddr + vm_dsize); 0 for a program without maps */
  readonly heap: number;
}

/** A file that mappings refer to: one object, whose pages all mappings share. */
export interface WorkloadFile {
  readonly name: string;
  pages: number;
  readonly resident: Residence;
  readonly mode: 'rw' | 'ro';
}

/** One lifetime of a process: a name or pid reused after an exit is a different process. */
export interface Process {
  readonly name: string;
  /**
   * index of the process that creates it; -1: a child of init with an empty address space, created before its first op
   */
  readonly parent: number;
  /** pid in the recording, 0 otherwise */
  readonly pid: number;
}

/** The actor of an op: a process, through one of its threads, on a CPU. */
export interface Actor {
  readonly process: number;
  /** '' = the main thread */
  readonly thread: string;
  readonly cpu: number;
}

/**
 * Which processes read the shared page in a replay: as recorded, also every exec'd dynamic program, none, every
 * process.
 */
export const TOUCH_POLICIES = ['recorded', 'exec', 'never', 'all'] as const;
export type TouchPolicy = (typeof TOUCH_POLICIES)[number];

/** Trace lines that produced no op, by reason. */
export interface LeftOut {
  faultsInVdso: number;
  faultsInVvar: number;
  touches: number;
  madviseDontfork: number;
  brkQueries: number;
  brkWithinPage: number;
}

/** Facts about a trace in addition to its ops. */
export interface TraceFacts {
  readonly touch: TouchPolicy;
  /** number of lines, including the meta line */
  readonly lines: number;
  /** the command that was recorded */
  readonly command: string;
  /** what recorded it, '' if it does not say */
  readonly recorder: string;
  readonly leftOut: Readonly<LeftOut>;
  /**
   * processes whose exit is not in the trace: they exit at its end. A complete recording has none; one that was cut off
   * does.
   */
  readonly exitsAdded: number;
  /** frames that its processes take at most, those of files that lie in memory from the start left out */
  readonly pages: number;
}

/** A workload: plain data throughout, so that structured clone can pass it to another process. */
export interface Workload {
  readonly name: string;
  readonly title: string;
  readonly machine: MachineSettings;
  /**
   * kill: an access that ends in a signal ends the process, unless the process catches it. report: it is only recorded.
   */
  readonly signals: 'kill' | 'report';
  readonly files: readonly WorkloadFile[];
  readonly programs: readonly Program[];
  readonly processes: readonly Process[];
  readonly actors: readonly Actor[];
  readonly mmaps: readonly MmapOperands[];
  /** Names of mmap results. An op with base b > 0 acts at the address last stored under results[b - 1], plus addr. */
  readonly results: readonly string[];
  readonly ops: OpList;
  /** null unless the workload is a recording */
  readonly trace: TraceFacts | null;
}

export const CHUNK_OPS = 65_536;

/** Parallel arrays of CHUNK_OPS ops; the last chunk of a list may be shorter. */
export interface OpChunk {
  readonly code: Uint8Array;
  /** ORIGIN_ */
  readonly origin: Uint8Array;
  /** 0: nothing expected; otherwise the expected outcome code + 1 (names.ts) */
  readonly expect: Uint16Array;
  /** 0: addr is absolute; otherwise index into Workload.results + 1 */
  readonly base: Uint16Array;
  /** index into Workload.actors */
  readonly who: Int32Array;
  readonly arg: Int32Array;
  /** source line of the op, 0 if none */
  readonly line: Uint32Array;
  readonly addr: Float64Array;
  readonly len: Float64Array;
}

/** Op i is chunks[floor(i / CHUNK_OPS)], entry i % CHUNK_OPS. */
export interface OpList {
  readonly length: number;
  readonly chunks: readonly OpChunk[];
}

/** One op as an object, for printing and messages, not for running. */
export interface Op {
  code: number;
  origin: number;
  expect: number;
  base: number;
  who: number;
  arg: number;
  line: number;
  addr: number;
  len: number;
}

/** Op i of a list, as an object. */
export function opAt(ops: OpList, i: number): Op {
  if (!(i >= 0 && i < ops.length)) throw new RangeError(`op ${i}: the list has ${ops.length} ops`);
  const at = i % CHUNK_OPS;
  const c = ops.chunks[Math.floor(i / CHUNK_OPS)];
  return {
    code: c.code[at],
    origin: c.origin[at],
    expect: c.expect[at],
    base: c.base[at],
    who: c.who[at],
    arg: c.arg[at],
    line: c.line[at],
    addr: c.addr[at],
    len: c.len[at],
  };
}

/** Number of page accesses that a read, write or run op makes. */
export const opAccesses = (len: number, step: number): number => Math.ceil(len / step);
