/** The state of one simulated machine, generic over its hunks so that the state layer does not depend on the seam. */
import { COUNTER_COUNT, type Counters, type CountersType, SWAP_RESERVED } from '../counters.ts';
import { EventLog } from '../events.ts';
import { type Frame, LOW_FRAMES, MAX_RAM, PAGE_SIZE, WORDS_PER_PAGE } from '../units.ts';
import { Cpu } from './cpu.ts';
import { anyNumberIn } from './layout.ts';
import { Names } from './names.ts';
import { VmPages } from './page.ts';
import { KERNEL_PMAP_ID, PMAP0_ID, Pmap } from './pmap.ts';
import type { Proc } from './proc.ts';
import { type VmFile, VmState, type Vmspace } from './vm.ts';

/** The machine that a workload asks for. */
export interface MachineConfig {
  /** Number of CPUs, 1..64. */
  readonly cpus: number;
  /** Page-table isolation: user mode has its own root. */
  readonly pti: boolean;
  /** Process-context identifiers (PCID) and INVPCID. */
  readonly pcid: boolean;
  /** Five page-table levels. */
  readonly la57: boolean;
  /** vm.pmap.pg_ps_enabled: 2M mappings and promotion. */
  readonly superpages: boolean;
  /** Bytes of physical memory; a power of two. */
  readonly ram: number;
  /** The shared page is one page lower (some AMD processors). */
  readonly lowerShared: boolean;
  /** Initial resident_count of kernel_pmap; KERNEL_RESIDENT if absent. */
  readonly kernelResident?: number;
  /** Single frames are taken from so many 2M frames in turn. @default 1: in sequence */
  readonly agedRuns?: number;
}

/** First frames of the kernel's page-table pages that the roots of user pmaps point to. FreeBSD: KPDPphys, DMPDPphys.. */
export interface KernelPages {
  /** Direct map, one PDP page per 512 GiB. */
  direct: Frame;
  /** Large map, LM_ENTS PDP pages. */
  large: Frame;
  /** Kernel text and data, NKPML4E PDP pages. */
  kernel: Frame;
  /** LA57: the kernel's PML4 page. */
  pml4: Frame;
  /** Page-table isolation: the PML4 page of user mode, and its NKPML4E PDP pages. */
  ptiPml4: Frame;
  ptiKernel: Frame;
}

/** RAM is a power of two, so that a mask keeps the address of any table within it. */
const MIN_RAM = 2 ** 22;

/**
 * Memory and the per-page arrays are allocated once and never replaced, so that V8 may rely on their location. A machine
 * with less RAM than they have room for uses their first part.
 */
export class MachineState<H> {
  config: MachineConfig;
  hunks: H;
  /** SWAP_RESERVED is in vm.swapReserved instead, in bytes. */
  readonly counters: Counters;
  recording = false;
  readonly events = new EventLog();
  /** The CPU and the process that the running code belongs to. */
  curcpu = 0;
  curproc: Proc | null = null;
  readonly cpus: Cpu[] = [];

  /** Physical memory: RAM below 4 GiB, 1,024 words per frame, and whatever was written above. See core/hw/phys.ts. */
  readonly words: Int32Array;
  /** Frames of RAM, and those of them that `words` holds: of config, from the next pageInit on. */
  frames: number;
  lowFrames: number;
  readonly physBeyond: Map<Frame, Int32Array> = new Map();
  /** Physical byte address of the last permitted access. */
  accessPa = 0;
  readonly page: VmPages;

  // pmap: core/pmap. Copies of the configured page-table levels and superpages for the hot paths.
  la57 = false;
  psEnabled = false;
  /** Pmap of processes without user memory. Its root is the kernel's. */
  readonly pmap0 = new Pmap(PMAP0_ID);
  readonly kernelPmap = new Pmap(KERNEL_PMAP_ID);
  /** By id: all pmaps made since boot; null if freed. */
  readonly pmaps: (Pmap | null)[] = [this.pmap0];
  /** Freed pmap objects for reuse. */
  readonly sparePmaps: Pmap[] = [];
  /** Targets of the kernel slots of user roots; 0 if the machine has no such page. */
  readonly kernelPages: KernelPages = { direct: 0, large: 0, kernel: 0, pml4: 0, ptiPml4: 0, ptiKernel: 0 };
  /** pv_chunks: all chunks, oldest first. */
  pvChunkLruHead: Frame = 0;
  pvChunkLruTail: Frame = 0;
  /** The pv list lock held by the running code: 2M frame + 1, or 0 for none. */
  pvListLocked = 0;
  /** Page-table pages to be freed after the TLB flush, linked by page.listNext. */
  delayedFree: Frame = 0;
  /** End of the span examined by the last step of a walk over a range. */
  spanEnd = 0;
  /** Word of the leaf found by the last search. */
  leafWord = 0;
  /** Delayed invalidation: the open block (0: none), the newest one begun, the newest one finished. */
  invlOpen = 0;
  invlBegun = 0;
  invlFinished = 0;

  readonly vm = new VmState();
  /** Live vmspaces in order of creation, without vmspace0. */
  readonly vmspaces: Vmspace[] = [];
  /** Vmspace of proc0, and of every process from the release of its own vmspace until it is reaped. Made at boot. */
  vmspace0: Vmspace | null = null;
  /** Processes by pid, including zombies but not init (1). */
  readonly procs: Map<number, Proc> = new Map();
  /** Processes that have not exited, in order of creation. */
  readonly live: Set<Proc> = new Set();
  /** Processes that a signal has killed, in that order. The reader empties the list. */
  readonly killed: Proc[] = [];
  lastPid = 1;
  /** What runs on each CPU; null if it is idle. The caller numbers the threads; 0 is the main one. */
  readonly running: (Proc | null)[] = [];
  readonly runningThread: number[] = [];
  /** Files by number. */
  readonly files: VmFile[] = [];
  /** td_retval: value of the last system call that succeeded. */
  retval = 0;
  /** Number of faults taken by the last access, and the KERN_ code of the last one. */
  faults = 0;
  faultResult = 0;
  /** Bit N is set if the next call stops at yield point N. See core/kern/stop.ts. */
  stopAt = 0;
  /** Numbers that a snapshot gives to frames and objects. */
  readonly names: Names;

  /** Throws RangeError if the amount of RAM is not a power of two in 4 MiB..64 GiB. */
  constructor(config: MachineConfig, hunks: H, counters: CountersType = Int32Array) {
    const { ram } = config;
    refuseRam(ram, MAX_RAM);
    this.config = config;
    this.hunks = hunks;
    this.counters = new counters(COUNTER_COUNT);
    this.frames = ram / PAGE_SIZE;
    this.lowFrames = Math.min(this.frames, LOW_FRAMES);
    this.words = new Int32Array(this.lowFrames * WORDS_PER_PAGE);
    this.page = new VmPages(this.frames);
    this.names = new Names(this.frames);
    for (let id = 0; id < config.cpus; id++) this.cpus.push(new Cpu(id));
    anyNumberIn<Pick<Hardware, 'spanEnd' | 'retval'>>(this, 'spanEnd', 'retval');
  }

  /** A copy of the counters, SWAP_RESERVED among them. */
  counts(): Float64Array {
    const counts = Float64Array.from(this.counters);
    counts[SWAP_RESERVED] = this.vm.swapReserved;
    return counts;
  }
}

/** Throws RangeError if the amount of RAM is not a power of two from 4 MiB to `most` bytes. */
export function refuseRam(ram: number, most: number): void {
  if (!Number.isInteger(Math.log2(ram)) || ram < MIN_RAM || ram > most)
    throw new RangeError(`ram: expected a power of two of ${MIN_RAM}..${most} bytes, got ${ram}`);
}

/** A machine as seen from below the seam. */
export type Hardware = MachineState<unknown>;
