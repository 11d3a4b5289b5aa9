/**
 * The state of one simulated machine, generic over its hunks so that the state layer knows nothing of the seam.
 */
import { COUNTER_COUNT } from '../counters.ts';
import { EventLog } from '../events.ts';
import { type Frame, PAGE_SIZE } from '../units.ts';
import { Cpu } from './cpu.ts';
import { Names } from './names.ts';
import { VmPages } from './page.ts';
import { KERNEL_PMAP_ID, PMAP0_ID, Pmap } from './pmap.ts';
import type { Proc, StopPoint } from './proc.ts';
import { type VmFile, VmState, type Vmspace } from './vm.ts';

/** What a workload states about its machine. */
export interface MachineConfig {
  /** Number of CPUs, 1..64. */
  readonly cpus: number;
  /** Page-table isolation: user mode has a root of its own. */
  readonly pti: boolean;
  /** Process-context identifiers, and INVPCID with them. */
  readonly pcid: boolean;
  /** Five page-table levels. */
  readonly la57: boolean;
  /** vm.pmap.pg_ps_enabled: 2M mappings and promotion. */
  readonly superpages: boolean;
  /** Bytes of physical memory; a power of two. */
  readonly ram: number;
  /** The shared page lies one page lower (some AMD processors). */
  readonly lowerShared: boolean;
  /** resident_count that kernel_pmap starts with; absent: KERNEL_RESIDENT. */
  readonly kernelResident?: number;
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

/** RAM is a power of two, so that a mask keeps any address in it; frames of all of it have a low word of an entry. */
const MIN_RAM = 2 ** 22;
const MAX_RAM = 2 ** 32;

/** Memory, and what stands for it page by page, is made once and never replaced: the compiler may rely on where it is. */
export class MachineState<H> {
  config: MachineConfig;
  hunks: H;
  readonly counters = new Float64Array(COUNTER_COUNT);
  recording = false;
  readonly events = new EventLog();
  /** The CPU and the process that the running code belongs to. */
  curcpu = 0;
  curproc: Proc | null = null;
  readonly cpus: Cpu[] = [];

  /** Physical memory: RAM, 1,024 words a frame, and whatever was written beyond it. See core/hw/phys.ts. */
  readonly words: Int32Array;
  readonly frames: number;
  readonly physBeyond: Map<Frame, Int32Array> = new Map();
  /** Physical byte address of the last access that was allowed. */
  accessPa = 0;
  readonly page: VmPages;

  // pmap: core/pmap. Page-table levels and superpages as configured, where the hot paths read them.
  la57 = false;
  psEnabled = false;
  /** Pmap of the processes that have no user memory. Its root is the kernel's. */
  readonly pmap0 = new Pmap(PMAP0_ID);
  readonly kernelPmap = new Pmap(KERNEL_PMAP_ID);
  /** By id, as many as were made since the machine was booted; null: it is gone. */
  readonly pmaps: (Pmap | null)[] = [this.pmap0];
  /** What pmaps that are gone leave behind for new ones. */
  readonly sparePmaps: Pmap[] = [];
  /** Where the kernel slots of user roots lead; 0: the machine has no such page. */
  readonly kernelPages: KernelPages = { direct: 0, large: 0, kernel: 0, pml4: 0, ptiPml4: 0, ptiKernel: 0 };
  /** pv_chunks: all chunks, least recently made first. */
  pvChunkLruHead: Frame = 0;
  pvChunkLruTail: Frame = 0;
  /** The pv list lock that the running code holds: 2M frame + 1, 0 none. */
  pvListLocked = 0;
  /** Page-table pages to free once TLBs are clean, linked by page.listNext. */
  delayedFree: Frame = 0;
  /** End of the span that the last step of a walk over a range looked at. */
  spanEnd = 0;
  /** Word of the leaf that the last search for one found. */
  leafWord = 0;
  /** Delayed invalidation: the block that is open (0 none), the newest one begun, the newest one finished. */
  invlOpen = 0;
  invlBegun = 0;
  invlFinished = 0;

  readonly vm = new VmState();
  /** Live vmspaces in order of creation; vmspace0 is not among them. */
  readonly vmspaces: Vmspace[] = [];
  /** Of proc0, and of every process between the release of its own vmspace and its reaping. Made at boot. */
  vmspace0: Vmspace | null = null;
  /** By pid, zombies included; init (1) is not among them. */
  readonly procs: Map<number, Proc> = new Map();
  /** Those that have not exited, in order of creation. */
  readonly live: Set<Proc> = new Set();
  lastPid = 1;
  /** What ran last on each CPU, null: it is idle. The thread is a number that the caller gives it, 0 the main one. */
  readonly running: (Proc | null)[] = [];
  readonly runningThread: number[] = [];
  /** By number. */
  readonly files: VmFile[] = [];
  /** td_retval: value of the last system call that succeeded. */
  retval = 0;
  /** Faults taken by the last access, and the KERN_ code of the last of them. */
  faults = 0;
  faultResult = 0;
  /** The yield point at which the next call stops, or null. See core/kern/stop.ts. */
  stopAt: StopPoint | null = null;
  /** What a snapshot numbers frames and objects by. */
  readonly names = new Names();

  /** Throws RangeError for an amount of RAM that is no power of two in 4 MiB..4 GiB. */
  constructor(config: MachineConfig, hunks: H) {
    const { ram } = config;
    if (!Number.isInteger(Math.log2(ram)) || ram < MIN_RAM || ram > MAX_RAM)
      throw new RangeError(`ram: expected a power of two of ${MIN_RAM}..${MAX_RAM} bytes, got ${ram}`);
    this.config = config;
    this.hunks = hunks;
    this.frames = ram / PAGE_SIZE;
    this.words = new Int32Array(ram / 4);
    this.page = new VmPages(this.frames);
    for (let id = 0; id < config.cpus; id++) this.cpus.push(new Cpu(id));
  }
}

/** A machine as it is seen from below the seam. */
export type Hardware = MachineState<unknown>;
