/**
 * State of physical pages: flat arrays by frame, and the free lists. No behaviour. FreeBSD: sys/vm/vm_page.h struct
 * vm_page; pv_list is in its md member, pv_table in sys/amd64/amd64/pmap.c.
 */
import type { Frame } from '../units.ts';
import type { VmObject } from './vm.ts';

/** VmPages.aflags. FreeBSD: PGA_WRITEABLE, PGA_REFERENCED. */
export const PGA_WRITEABLE = 1;
export const PGA_REFERENCED = 2;

/** VmPages.oflags. FreeBSD: VPO_UNMANAGED: mappings of the page are not tracked. */
export const VPO_UNMANAGED = 4;

/** VmPages.queue. Nothing asks whether a page is inactive or in the laundry. FreeBSD: PQ_NONE, PQ_INACTIVE, PQ_ACTIVE */
export const PQ_NONE = 0;
export const PQ_INACTIVE = 1;
export const PQ_ACTIVE = 2;

/** VmPages.valid and .dirty of a page that is entirely valid or dirty. FreeBSD: VM_PAGE_BITS_ALL. */
export const VM_PAGE_BITS_ALL = 0xff;

/** Pages in a superpage reservation, and in a 2M frame. FreeBSD: VM_LEVEL_0_NPAGES. */
export const RUN_PAGES = 512;
/** 32-bit words of a run's bitmap. */
export const RUN_MAP_WORDS = RUN_PAGES / 32;

/**
 * A set of frames that returns its lowest first. Bit f of level 0 stands for frame f; bit w of each level above stands
 * for word w of the level below and is set while that word is not 0.
 */
export class FrameSet {
  count = 0;
  readonly level0: Int32Array;
  readonly level1: Int32Array;
  readonly level2: Int32Array;
  readonly level3: Int32Array;

  constructor(frames: number) {
    const words = (bits: number): number => Math.ceil(bits / 32);
    this.level0 = new Int32Array(words(frames));
    this.level1 = new Int32Array(words(this.level0.length));
    this.level2 = new Int32Array(words(this.level1.length));
    this.level3 = new Int32Array(words(this.level2.length));
  }
}

/** Frame 0 is never used: 0 in any link or field means none. FreeBSD: struct vm_page */
export class VmPages {
  /**
   * Reference count: for a page-table page, its valid entries; for any other page, its wirings plus one reference held
   * by its object.
   */
  readonly refCount: Int32Array;
  readonly aflags: Uint8Array;
  readonly oflags: Uint8Array;
  readonly valid: Uint8Array;
  readonly dirty: Uint8Array;
  /** 1 for the first page of a fully populated reservation, which a 2M mapping can cover. */
  readonly psind: Uint8Array;
  readonly busy: Uint8Array;
  /** a.queue: the paging queue that it is in, a PQ_ number. */
  readonly queue: Uint8Array;
  /** 0: every word of the page is known to be 0. */
  readonly nonZero: Uint8Array;
  /** For page-table pages, their index in the pmap (36 bits); for others, the page offset in their object. */
  readonly pindex: Float64Array;
  /** VmObject.id; 0 if none. */
  readonly object: Int32Array;
  /**
   * Neighbours in the object's list, ordered by pindex. Delayed-free lists and the list of free runs use listNext only.
   */
  readonly listNext: Int32Array;
  readonly listPrev: Int32Array;
  /** md.pv_list: pv entries of the page's 4K mappings, oldest first. An entry's id is its word index in memory. */
  readonly pvHead: Int32Array;
  readonly pvTail: Int32Array;

  // Arrays indexed by 2M frame, runOf(frame). FreeBSD: pv_table, vm_reserv_array.
  /** pv entries of 2M mappings. */
  readonly pvHead2m: Int32Array;
  readonly pvTail2m: Int32Array;
  /** pv_invl_gen: the newest delayed invalidation that has yet to flush a removed mapping of the 2M frame. */
  readonly invlGen: Float64Array;
  /** The 2M frame is a fully populated reservation. */
  readonly runFull: Uint8Array;
  /** The 2M frame holds pages without an object: page-table pages and pv chunks. */
  readonly runTables: Uint8Array;
  /** Object that owns the run, or null; frame s of the run holds page index runFirst + s. */
  readonly runOwner: (VmObject | null)[];
  readonly runFirst: Float64Array;
  /** Number of the run's frames in use, and a bitmap of them, 16 words per run. */
  readonly runCount: Int32Array;
  readonly runMap: Int32Array;
  /**
   * Neighbours among the owner's runs, and among the partly used runs, in the order in which they became partly used.
   */
  readonly runNext: Int32Array;
  readonly runPrev: Int32Array;
  readonly partNext: Int32Array;
  readonly partPrev: Int32Array;

  // The allocator. Frames [first, next) have been allocated at least once; frames from runLow up belong to runs.
  first: Frame = 0;
  next: Frame = 0;
  runLow: Frame;
  /** Frames are spread over `agedRuns` runs at a time, in [agedFrom, agedTo): see core/page/free-list.ts. */
  agedRuns = 1;
  agedFrom: Frame = 0;
  agedTo: Frame = 0;
  /** Free single frames: those known to be zero, and the others. */
  readonly freeZero: FrameSet;
  readonly freeOther: FrameSet;
  /** Free runs, by first frame, linked by listNext. */
  freeRun: Frame = 0;
  /**
   * Frames for pages without an object: free ones, linked by listNext, and those of the newest run not yet allocated.
   */
  tableZero: Frame = 0;
  tableOther: Frame = 0;
  tableNext: Frame = 0;
  tableEnd: Frame = 0;
  /** Partly used runs, by number of their 2M frame; when memory is short they are broken in this order. */
  partHead = 0;
  partTail = 0;
  /** End of the frames below `first` that the caller uses without allocating them. */
  claimed: Frame = 0;

  // Simulated memory shortage: how many allocations still succeed (-1: no limit), and how many may fail before memory
  // becomes available again.
  limit = -1;
  failuresLeft = 0;

  constructor(frames: number) {
    const runs = Math.ceil(frames / RUN_PAGES);
    this.runLow = frames;
    this.freeZero = new FrameSet(frames);
    this.freeOther = new FrameSet(frames);
    this.refCount = new Int32Array(frames);
    this.aflags = new Uint8Array(frames);
    this.oflags = new Uint8Array(frames);
    this.valid = new Uint8Array(frames);
    this.dirty = new Uint8Array(frames);
    this.psind = new Uint8Array(frames);
    this.busy = new Uint8Array(frames);
    this.queue = new Uint8Array(frames);
    this.nonZero = new Uint8Array(frames);
    this.pindex = new Float64Array(frames);
    this.object = new Int32Array(frames);
    this.listNext = new Int32Array(frames);
    this.listPrev = new Int32Array(frames);
    this.pvHead = new Int32Array(frames);
    this.pvTail = new Int32Array(frames);
    this.pvHead2m = new Int32Array(runs);
    this.pvTail2m = new Int32Array(runs);
    this.invlGen = new Float64Array(runs);
    this.runFull = new Uint8Array(runs);
    this.runTables = new Uint8Array(runs);
    this.runOwner = Array.from({ length: runs }, () => null);
    this.runFirst = new Float64Array(runs);
    this.runCount = new Int32Array(runs);
    this.runMap = new Int32Array(runs * RUN_MAP_WORDS);
    this.runNext = new Int32Array(runs);
    this.runPrev = new Int32Array(runs);
    this.partNext = new Int32Array(runs);
    this.partPrev = new Int32Array(runs);
  }
}
