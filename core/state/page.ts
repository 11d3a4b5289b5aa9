/**
 * State of physical pages: flat arrays by frame, and the free lists. No behaviour.
 * FreeBSD: sys/vm/vm_page.h struct vm_page; pv_list lives in its md member, pv_table in sys/amd64/amd64/pmap.c.
 */
import type { Frame } from '../units.ts';
import type { VmObject } from './vm.ts';

/** VmPages.aflags. FreeBSD: PGA_WRITEABLE, PGA_REFERENCED. */
export const PGA_WRITEABLE = 1;
export const PGA_REFERENCED = 2;

/** VmPages.oflags. FreeBSD: VPO_UNMANAGED: mappings of the page are not tracked. */
export const VPO_UNMANAGED = 4;

/** VmPages.valid and .dirty of a whole page. FreeBSD: VM_PAGE_BITS_ALL. */
export const VM_PAGE_BITS_ALL = 0xff;

/** Pages of a superpage reservation, and of a 2M frame. FreeBSD: VM_LEVEL_0_NPAGES. */
export const RUN_PAGES = 512;
/** 32-bit words of a run's bitmap. */
export const RUN_MAP_WORDS = RUN_PAGES / 32;

/**
 * A set of frames that gives out its lowest first: bit f of level 0 stands for frame f, bit w of each level above for word
 * w of the level below, set while that word is not 0.
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

/** Frame 0 is never used: 0 in any link or field means none. */
export class VmPages {
  /** References: of a page-table page, its valid entries; of any other page, wirings and its object. */
  readonly refCount: Int32Array;
  readonly aflags: Uint8Array;
  readonly oflags: Uint8Array;
  readonly valid: Uint8Array;
  readonly dirty: Uint8Array;
  /** 1: first page of a fully populated reservation, a 2M mapping of it is possible. */
  readonly psind: Uint8Array;
  readonly busy: Uint8Array;
  /** 0: every word of the page is 0. */
  readonly nonZero: Uint8Array;
  /** Page-table pages: their index among the pmap's (36 bits). Others: offset in their object, in pages. */
  readonly pindex: Float64Array;
  /** VmObject.id, 0 none. */
  readonly object: Int32Array;
  /** Neighbours in the object's list by pindex; in a delayed-free list and that of free runs, next only. */
  readonly listNext: Int32Array;
  readonly listPrev: Int32Array;
  /** md.pv_list: pv entries of the page's 4K mappings, oldest first. An entry's id is its word index in memory. */
  readonly pvHead: Int32Array;
  readonly pvTail: Int32Array;

  // By 2M frame runOf(frame). FreeBSD: pv_table, vm_reserv_array.
  /** pv entries of 2M mappings. */
  readonly pvHead2m: Int32Array;
  readonly pvTail2m: Int32Array;
  /** pv_invl_gen: generation of the newest delayed invalidation that a removed mapping of the 2M frame awaits. */
  readonly invlGen: Float64Array;
  /** The 2M frame is a fully populated reservation. */
  readonly runFull: Uint8Array;
  /** The 2M frame holds pages without an object, so page-table pages and pv chunks. */
  readonly runTables: Uint8Array;
  /** Object that owns the run, null: nobody; its frame s is for page index runFirst + s. */
  readonly runOwner: (VmObject | null)[];
  readonly runFirst: Float64Array;
  /** Frames of the run in use, and which: a bit each, 16 words a run. */
  readonly runCount: Int32Array;
  readonly runMap: Int32Array;
  /** Neighbours among the runs of the owner, and among those partly in use, in the order in which they became so. */
  readonly runNext: Int32Array;
  readonly runPrev: Int32Array;
  readonly partNext: Int32Array;
  readonly partPrev: Int32Array;

  // The allocator. Frames [first, next) have been handed out at least once, frames from runLow up belong to runs.
  first: Frame = 0;
  next: Frame = 0;
  runLow: Frame;
  /** Free single frames: those that hold zeroes, and the others. */
  readonly freeZero: FrameSet;
  readonly freeOther: FrameSet;
  /** Free runs, by first frame, linked by listNext. */
  freeRun: Frame = 0;
  /** Frames for pages without an object: free ones, linked by listNext, and those of the newest run not yet handed out. */
  tableZero: Frame = 0;
  tableOther: Frame = 0;
  tableNext: Frame = 0;
  tableEnd: Frame = 0;
  /** Runs partly in use, the first to be broken when memory is short first; by number of the 2M frame. */
  partHead = 0;
  partTail = 0;
  /** Frames below `first` that the outside uses without allocating them end here. */
  claimed: Frame = 0;

  // Memory shortage made on purpose: how many allocations still succeed (-1: no limit), and how many may fail before
  // memory is plentiful again.
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
