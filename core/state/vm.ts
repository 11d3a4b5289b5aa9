/**
 * State of the machine-independent VM: objects, map entries, maps, vmspaces, files. No behaviour.
 * FreeBSD: sys/vm/vm_map.h, sys/vm/vm_object.h.
 */
import type { Frame, Pages, Va } from '../units.ts';
import { anyNumberIn } from './layout.ts';
import { PageIndex } from './page-index.ts';
import { Pmap } from './pmap.ts';

/** Object types. FreeBSD: vm.h OBJT_*. Pages are never paged out, so OBJT_SWAP does not occur. */
export const OBJT_DEFAULT = 0;
export const OBJT_VNODE = 2;
export const OBJT_PHYS = 4;
export const OBJT_DEAD = 5;

/** VmObject.flags */
export const OBJ_UNMANAGED = 0x0002;
export const OBJ_POPULATE = 0x0004;
export const OBJ_DEAD = 0x0008;
export const OBJ_ANON = 0x0010;
export const OBJ_SHADOWLIST = 0x0100;
export const OBJ_COLLAPSING = 0x0800;
export const OBJ_COLORED = 0x1000;
export const OBJ_ONEMAPPING = 0x2000;

/** pg_color is an unsigned short. */
export const PG_COLORS = 65536;

/**
 * struct vm_object. Its resident pages are on a list in index order (page.listNext) and in the machine's PageIndex.
 * FreeBSD: struct vm_object
 */
export class VmObject {
  /** Number in order of creation, from 1 up; used in page.object and in events. */
  readonly id: number;
  type: number;
  flags: number;
  size: Pages;
  /** Map entries, objects that shadow this one, and special holders. */
  refCount = 1;
  shadowCount = 0;
  /** The object that this one shadows, and the offset in it (bytes). */
  backing: VmObject | null = null;
  backingOffset = 0;
  /** pg_color, below PG_COLORS; meaningful with OBJ_COLORED. */
  color = 0;
  /** cred: is swap charged to this object? charge: the amount in bytes. */
  charged = false;
  charge = 0;
  /** Anonymous objects: the vnode object at the root of the chain, if any. */
  handle: VmObject | null = null;
  /** Vnode objects: the file. */
  file: VmFile | null = null;
  residentCount = 0;
  memqFirst: Frame = 0;
  memqLast: Frame = 0;
  /** Root node in the PageIndex and number of levels below it; 0 if empty. */
  indexRoot = 0;
  indexHeight = 0;
  /** Anonymous objects that shadow this one, newest first, and this object's links in its backing object's list. */
  shadowHead: VmObject | null = null;
  shadowNext: VmObject | null = null;
  shadowPrev: VmObject | null = null;
  /** vm_object_list: all live objects in order of creation. */
  listNext: VmObject | null = null;
  listPrev: VmObject | null = null;
  /** Its newest run (rvq), by number of the 2M frame; 0 if none. */
  runHead = 0;
  /** Vnode objects: bytes mapped writable and shared. generation counts writable mappings, for msync. */
  writeMappings = 0;
  generation = 1;
  cleanGeneration = 1;
  /** Grows whenever its pages, the validity of one, or what backs it change: PageIndex.changes then. See core/digest.ts. */
  contents = 0;
  /** The newest `contents` of it and all that backs it, in the numbering of that stamp. */
  chainContents = 0;
  chainDigest = 0;

  static readonly layout = anyNumberIn(new VmObject(0, 0, 0, 0), 'size', 'backingOffset', 'charge', 'writeMappings');

  constructor(id: number, type: number, size: Pages, flags: number) {
    this.id = id;
    this.type = type;
    this.size = size;
    this.flags = flags;
  }
}

/** A file: a vnode with its object. The first 8 bytes of page i hold its tag: ((id + 1) << 32) | (i + 1). */
export class VmFile {
  readonly id: number;
  readonly object: VmObject;
  /** Is the descriptor passed to mmap open for writing? */
  readonly writable: boolean;
  /** Do its pages contain their tag? Otherwise they are all 0. */
  readonly tagged: boolean;
  /** Does a read also bring in absent neighbours within the fault's window, not just one page? */
  readonly clusters: boolean;
  /** Which pages are in memory without having been read. */
  readonly resident: 'all' | 'even' | 'none';
  /** Number of resident pages without a frame, because none was looked up yet. They count as resident in the object. */
  unread = 0;
  /** Pages that were in memory and unread once, and have or had a frame. */
  readonly read = new Set<number>();
  /** Unread pages that are not in the active queue, where the others are. */
  readonly inactive = new Set<number>();

  constructor(
    id: number,
    object: VmObject,
    writable: boolean,
    tagged: boolean,
    clusters: boolean,
    resident: 'all' | 'even' | 'none',
  ) {
    this.id = id;
    this.object = object;
    this.writable = writable;
    this.tagged = tagged;
    this.clusters = clusters;
    this.resident = resident;
  }
}

/** VmMapEntry.eflags */
export const MAP_ENTRY_NOSYNC = 0x1;
export const MAP_ENTRY_COW = 0x4;
export const MAP_ENTRY_NEEDS_COPY = 0x8;
export const MAP_ENTRY_USER_WIRED = 0x20;
export const MAP_ENTRY_BEHAV_SEQUENTIAL = 0x40;
export const MAP_ENTRY_BEHAV_RANDOM = 0x80;
export const MAP_ENTRY_BEHAV_MASK = 0xc0;
export const MAP_ENTRY_IN_TRANSITION = 0x100;
export const MAP_ENTRY_NOCOREDUMP = 0x400;
export const MAP_ENTRY_VN_EXEC = 0x800;
export const MAP_ENTRY_GROWS_DOWN = 0x1000;
export const MAP_ENTRY_WIRE_SKIPPED = 0x4000;
export const MAP_ENTRY_WRITECNT = 0x8000;
export const MAP_ENTRY_GUARD = 0x10000;
export const MAP_ENTRY_STACK_GAP_DN = 0x20000;
export const MAP_ENTRY_HEADER = 0x80000;

/** VmMapEntry.inheritance */
export const VM_INHERIT_SHARE = 0;
export const VM_INHERIT_COPY = 1;
export const VM_INHERIT_NONE = 2;
export const VM_INHERIT_ZERO = 3;

/** struct vm_map_entry: a node of its map's threaded tree. FreeBSD: struct vm_map_entry */
export class VmMapEntry {
  /** Left child, or the predecessor if there is none; right likewise. The header is the thread at both ends. */
  left: VmMapEntry;
  right: VmMapEntry;
  start: Va = 0;
  end: Va = 0;
  /** Next address of a sequential read; in a stack gap, the size of the stack guard in bytes. */
  nextRead = 0;
  /** Largest free gap next to any entry of this subtree. */
  maxFree = 0;
  /** null for a guard, or for anonymous memory that was never touched. */
  object: VmObject | null = null;
  offset = 0;
  eflags = 0;
  protection = 0;
  maxProtection = 0;
  inheritance = VM_INHERIT_COPY;
  readAhead = 0;
  wiredCount = 0;
  /** cred: does this entry hold its own swap charge? */
  charged = false;
  /** Put in transition by the wiring in progress. */
  wiring = false;
  /** Next on the list of deleted entries waiting for release. */
  deferNext: VmMapEntry | null = null;

  static readonly layout = anyNumberIn(new VmMapEntry(), 'start', 'end', 'nextRead', 'maxFree', 'offset');

  constructor() {
    this.left = this;
    this.right = this;
  }
}

/**
 * The splay of a map's tree in progress: its two spines (the header if empty), and the steps not yet counted.
 * beginSplay initialises all of it. FreeBSD: llist, rlist of vm_map_splay
 */
export class Splay {
  left = new VmMapEntry();
  right = this.left;
  steps = 0;
}

/** Result of looking up an address in a map. FreeBSD: the results of vm_map_lookup */
export class Lookup {
  entry: VmMapEntry | null = null;
  /** Protection with which the page may be mapped. */
  prot = 0;
  wired = false;
}

/** VmMap.locked */
export const MAP_UNLOCKED = 0;
export const MAP_READ_LOCKED = 1;
export const MAP_WRITE_LOCKED = 2;

/** struct vm_map FreeBSD: struct vm_map, vm_map_min, vm_map_max, vm_map_pmap */
export class VmMap {
  /**
   * Sentinel: header.end is the map's minimum, header.start its maximum; left and right are the last and first entry.
   */
  readonly header = new VmMapEntry();
  root: VmMapEntry | null = null;
  nentries = 0;
  /** Total bytes of all entries except guards. */
  size = 0;
  timestamp = 0;
  locked = MAP_UNLOCKED;
  /** Above 0 while pages are being wired with the map unlocked. */
  busy = 0;
  readonly pmap: Pmap;

  static readonly layout = anyNumberIn(new VmMap(new Pmap(0), 0, 0), 'size');

  constructor(pmap: Pmap, min: Va, max: Va) {
    this.pmap = pmap;
    this.header.eflags = MAP_ENTRY_HEADER;
    this.header.end = min;
    this.header.start = max;
  }

  get minOffset(): Va {
    return this.header.end;
  }

  get maxOffset(): Va {
    return this.header.start;
  }
}

/** struct vmspace. vm_refcnt counts processes, not threads. FreeBSD: struct vmspace, vmspace_pmap */
export class Vmspace {
  /** The number of its pmap. */
  readonly id: number;
  readonly map: VmMap;
  readonly pmap: Pmap;
  refcnt = 1;
  /** Text, data and stack as set by exec: addresses in bytes, sizes in pages. */
  taddr: Va = 0;
  tsize: Pages = 0;
  daddr: Va = 0;
  dsize: Pages = 0;
  ssize: Pages = 0;
  maxsaddr: Va = 0;
  stacktop: Va = 0;

  static readonly layout = anyNumberIn(
    new Vmspace(new Pmap(0), 0, 0),
    'taddr',
    'tsize',
    'daddr',
    'dsize',
    'ssize',
    'maxsaddr',
    'stacktop',
  );

  constructor(pmap: Pmap, min: Va, max: Va) {
    this.id = pmap.id;
    this.pmap = pmap;
    this.map = new VmMap(pmap, min, max);
  }
}

/** State of a fault; every fault sets a field before it reads it. FreeBSD: sys/vm/vm_fault.c struct faultstate */
export class FaultState extends Lookup {
  va: Va = 0;
  faultType = 0;
  flags = 0;
  map!: VmMap;
  mapGeneration = 0;
  lookupStillValid = false;
  /** Read-ahead of this fault in pages; -1 if not decided yet. */
  nera = -1;
  /** Current position of the search. */
  object!: VmObject;
  pindex = 0;
  frame: Frame = 0;
  /** The object and index to be mapped. firstFrame: a page held there while the search continues in backing objects. */
  firstObject!: VmObject;
  firstPindex = 0;
  firstFrame: Frame = 0;
  /** Pages that the pager read around the requested one. */
  behind = 0;
  ahead = 0;

  static readonly layout = anyNumberIn(new FaultState(), 'va', 'pindex', 'firstPindex');
}

/** VM state of a machine outside its vmspaces. */
export class VmState {
  objectCount = 0;
  /** Live objects in order of creation. */
  objectsHead: VmObject | null = null;
  objectsTail: VmObject | null = null;
  readonly index = new PageIndex();
  readonly splay = new Splay();
  /** One is enough: a machine handles one fault at a time. */
  readonly fault = new FaultState();
  /** The page with the signal trampoline and the timekeep word; made at boot. */
  sharedPage: VmObject | null = null;
  /** td_map_def_user: entries deleted under the map lock, newest first. */
  deferred: VmMapEntry | null = null;
  /** Entries freed for reuse, linked through deferNext. */
  freeEntries: VmMapEntry | null = null;
  /** vm_cnt.v_user_wire_count, pages. */
  userWired = 0;
  /** swap_reserved, bytes. */
  swapReserved = 0;

  static readonly layout = anyNumberIn(new VmState(), 'userWired', 'swapReserved');
}
